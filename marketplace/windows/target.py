"""What is asked about: a delivery that is wanted at another time, or one that is still to be posted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg
import orjson

from marketplace.batches import SKILLS, PromiseActor, check_changeable, pickup_for, promises_of, windows_within
from marketplace.core.errors import NotFound
from marketplace.core.geo import Point
from marketplace.core.window import Window
from marketplace.core.work import Work
from marketplace.hubs import Opening, reach_cell
from marketplace.pricing import Promises, RateCard
from marketplace.rural import RuralZone, local_day, rural_zone_of, terms_now
from marketplace.shippers import ServiceLevel, Tier, find_service_level, rate_card_row
from marketplace.windows.refusals import BadWish

DELIVERY = """
SELECT d.*, h.opening, h.reach_s FROM delivery d LEFT JOIN hub h ON h.id = d.hub_id
WHERE d.id = $1 AND ($2::uuid IS NULL OR d.shipper_id = $2)
"""
HUB = """
SELECT id, market_id, time_zone, lat, lon, opening, reach_s FROM hub
WHERE id = $1 AND (shipper_id IS NULL OR shipper_id = $2)
"""
WITHIN_REACH = "SELECT EXISTS (SELECT FROM hub_cell WHERE market_id = $1 AND cell = $2 AND hub_id = $3)"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowQuestion:
    """A day in question, for a delivery or for a hub, a place and what is to be brought there.

    `shipper_id` is the asking shipper; None for a recipient, whose link is for the one delivery.
    """

    day: date
    shipper_id: UUID | None
    delivery_id: UUID | None = None
    hub_id: UUID | None = None
    place: Point | None = None
    load: Sequence[int] = (1, 1_000, 10)
    skills: frozenset[str] = frozenset()
    service_level: str = "STANDARD"

    @property
    def actor(self) -> PromiseActor:
        """Who asks."""
        return PromiseActor.RECIPIENT if self.shipper_id is None else PromiseActor.SHIPPER


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Everything about it that windows depend on. `price_minor` is what a difference is a part of."""

    market_id: UUID
    shipper_id: UUID
    hub_id: UUID | None
    delivery_id: UUID | None
    pickup: Point
    dropoff: Point
    ready_at: datetime
    load: tuple[int, ...]
    skills: frozenset[str]
    service_level: str
    time_zone: str
    opening: Opening
    is_in_reach: bool
    price_minor: int
    promises: Promises
    rural: RuralZone | None
    row: asyncpg.Record | None
    level: ServiceLevel | None = None

    def windows_on(self, day: date) -> list[Window]:
        """The windows of a local day, as far as the delivery's tier and the rural zone leave them open."""
        narrowest = timedelta(seconds=(self.rural.window_s or 0) if self.rural is not None else 0)
        return [one for one in self._left_by_tier(day) if one.closes_at - one.opens_at >= narrowest]

    def _left_by_tier(self, day: date) -> list[Window]:
        every = self.opening.windows_on(day, time_zone=self.time_zone)
        if self.row is None or self.level is None:
            return every
        promised = Window(self.row["dropoff_opens_at"], self.row["dropoff_closes_at"])
        if self.rural is not None and self.level.tier is not Tier.SCHEDULED:
            # What a tier says of hours is what it says of the town; of a zone it has promised the day.
            return every if day == local_day(promised.opens_at, self.time_zone) else []
        return windows_within(
            self.level,
            day,
            opening=self.opening,
            time_zone=self.time_zone,
            asked_at=self.row["created_at"],
            promised=promised,
        )

    def pickup_window(self, window: Window) -> Window:
        """When the parcel can be picked up for a window."""
        if self.row is None:
            return Window(min(self.ready_at, window.closes_at), window.closes_at)
        return pickup_for(self.row, window)


async def read_target(work: Work, question: WindowQuestion) -> Target:
    """Finds what is asked about; what belongs to somebody else looks like none."""
    if question.delivery_id is not None:
        if question.hub_id is not None or question.place is not None:
            raise BadWish("ask about a delivery, or about a hub and a place", field="deliveryId")
        return await _of_delivery(work, question)
    if question.hub_id is None or question.place is None or question.shipper_id is None:
        raise BadWish("ask about a delivery, or about a hub and a place", field="deliveryId")
    return await _of_hub(work, question, question.place, question.shipper_id)


async def _of_delivery(work: Work, question: WindowQuestion) -> Target:
    row = await work.fetch_row(DELIVERY, question.delivery_id, question.shipper_id)
    if row is None:
        raise NotFound("there is no such delivery", field="deliveryId")
    check_changeable(row["state"])
    dropoff = Point(lat=row["dropoff_lat"], lon=row["dropoff_lon"])
    rural = await terms_now(work, zone_id=row["rural_zone_id"])
    return Target(
        market_id=row["market_id"],
        shipper_id=row["shipper_id"],
        hub_id=row["hub_id"],
        delivery_id=row["id"],
        pickup=Point(lat=row["pickup_lat"], lon=row["pickup_lon"]),
        dropoff=dropoff,
        ready_at=row["pickup_opens_at"],
        load=tuple(row["load"]),
        skills=frozenset(name for name in row["requirements"] if name in SKILLS),
        service_level=row["service_level"],
        time_zone=row["time_zone"],
        opening=_opening(row, rural),
        is_in_reach=await _is_in_reach(work, row["market_id"], row["hub_id"], row["reach_s"], dropoff),
        price_minor=row["price_minor"],
        promises=await promises_of(work, row),
        rural=rural,
        row=row,
        level=await _level_of(work, row),
    )


async def _of_hub(work: Work, question: WindowQuestion, place: Point, shipper_id: UUID) -> Target:
    row = await work.fetch_row(HUB, question.hub_id, shipper_id)
    if row is None:
        raise NotFound("there is no such hub", field="hubId")
    level = question.service_level
    kept = await rate_card_row(
        work, shipper_id=shipper_id, market_id=row["market_id"], service_level=level, moment=work.now
    )
    if kept is None:
        raise BadWish("you have no rate card for this service level here", field="serviceLevel")
    card = RateCard.of(dict(kept))
    zone = await rural_zone_of(work, market_id=row["market_id"], place=place)
    rural = zone.terms if zone is not None else None
    return Target(
        market_id=row["market_id"],
        shipper_id=shipper_id,
        hub_id=row["id"],
        delivery_id=None,
        pickup=Point(lat=row["lat"], lon=row["lon"]),
        dropoff=place,
        ready_at=work.now,
        load=tuple(question.load),
        skills=question.skills,
        service_level=level,
        time_zone=row["time_zone"],
        opening=_opening(row, rural),
        is_in_reach=await _is_in_reach(work, row["market_id"], row["id"], row["reach_s"], place),
        price_minor=max(card.minimum_minor, card.base_minor),
        promises=card.promises,
        rural=rural,
        row=None,
    )


async def _level_of(work: Work, row: asyncpg.Record) -> ServiceLevel | None:
    if row["service_level_id"] is None:
        return None
    return await find_service_level(work, level_id=row["service_level_id"], shipper_id=row["shipper_id"])


def _opening(row: asyncpg.Record, rural: RuralZone | None) -> Opening:
    """The hub's terms, with windows as wide as a rural zone wants them."""
    opening = Opening.of(orjson.loads(row["opening"]) if row["opening"] else None)
    if rural is None or rural.window_s is None:
        return opening
    return replace(opening, window_s=max(opening.window_s, rural.window_s))


async def _is_in_reach(work: Work, market_id: UUID, hub_id: UUID | None, reach_s: int | None, place: Point) -> bool:
    if hub_id is None or reach_s is None:
        return True
    return bool(await work.fetch_value(WITHIN_REACH, market_id, reach_cell(place), hub_id))
