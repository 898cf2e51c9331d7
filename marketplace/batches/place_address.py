"""Finds where an address is that was posted without coordinates; then the delivery has a price and can be planned.

The geocoder is asked after the posting, so that posting stays fast. What it does not find surely enough waits for
operations, and is neither dropped nor guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

import asyncpg

from marketplace.accounts import note_action
from marketplace.addresses import (
    Candidate,
    Geocoder,
    Precision,
    drop_point_id,
    is_sure,
    keep_answer,
    kept_answer,
    learned_points,
)
from marketplace.batches.change_promise import change_promise
from marketplace.batches.events import AddressDoubted, DeliveryPlaced
from marketplace.batches.place import check_area
from marketplace.batches.price_one import RowFacts, price_one
from marketplace.batches.served_day import UnservedDay, check_served_day
from marketplace.batches.states import DeliveryState, PromiseActor
from marketplace.core.errors import Conflict, NotFound, Refusal
from marketplace.core.geo import Point
from marketplace.core.ids import OperatorId
from marketplace.core.money import Money
from marketplace.core.window import Window
from marketplace.core.work import Work
from marketplace.markets import dials
from marketplace.routing import Router
from marketplace.rural import RuralZone, local_day, rural_zone_of
from marketplace.shippers import area_of

FIND = """
SELECT id, market_id, shipper_id, batch_id, state, sequence, service_level, rate_card_version, service_level_id,
       dropoff_address, pickup_lat, pickup_lon, pickup_opens_at, dropoff_opens_at, dropoff_closes_at, time_zone,
       requirements, load, currency, needs_review
FROM delivery WHERE id = $1 AND ($2::uuid IS NULL OR market_id = $2)
"""
LOCK = f"{FIND} FOR UPDATE"
PLACE = """
UPDATE delivery SET state = 'SCHEDULED', dropoff_lat = $2, dropoff_lon = $3, given_lat = $4, given_lon = $5,
       price_minor = $6, zone_minor = $7, rural_zone_id = $8, plan_after = greatest(plan_after, $9),
       needs_review = false, sequence = sequence + 1, changed_at = $10
WHERE id = $1 RETURNING sequence
"""
DOUBT = """
UPDATE delivery SET needs_review = true, sequence = sequence + 1, changed_at = $2 WHERE id = $1 RETURNING sequence
"""


class Doubt(StrEnum):
    """Why an address has to be looked at."""

    NOT_FOUND = "NOT_FOUND"
    UNSURE = "UNSURE"
    OUT_OF_AREA = "OUT_OF_AREA"
    NO_CREDIT = "NO_CREDIT"


class AlreadyPlaced(Conflict):
    """The address is found, or the delivery is over."""

    code = "ALREADY_PLACED"


class NoWayThere(Conflict):
    """No street leads from the pickup to this place."""

    code = "NO_WAY_THERE"


class Gate(Protocol):
    """Decides, in the Work that prices, whether the shipper may owe so much more; a refusal is raised."""

    async def __call__(self, work: Work, *, shipper_id: UUID, market_id: UUID, wanted: Money) -> None:
        """Returns where the shipper may, and raises where not."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """A delivery without a place, and what was heard of its address before."""

    row: asyncpg.Record
    needed_percent: int
    now: datetime
    kept: Sequence[Candidate] | None

    @property
    def pickup(self) -> Point:
        """Where it comes from, and near which its address is looked for."""
        return Point(lat=self.row["pickup_lat"], lon=self.row["pickup_lon"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the geocoder said, and how far the drive to the surest place is; None where there is no way."""

    candidates: Sequence[Candidate]
    distance_m: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceAddress:
    """The errand of finding one address: by the geocoder, or by a person who says where it is."""

    router: Router
    gate: Gate
    delivery_id: UUID
    geocoder: Geocoder | None = None
    said: Point | None = None
    operator_id: OperatorId | None = None
    market_id: UUID | None = None

    async def read(self, work: Work) -> Unplaced | None:
        """The delivery, if it still waits for its place; for a person's word it is refused if it does not."""
        row = await work.fetch_row(FIND, self.delivery_id, self.market_id)
        if self.said is not None:
            _check_open(row)
        elif row is None or row["state"] != DeliveryState.CREATED or row["needs_review"] or self.geocoder is None:
            return None
        assert row is not None, "checked above"
        kept = None
        if self.geocoder is not None:
            kept = await kept_answer(
                work, geocoder=self.geocoder.name, market_id=row["market_id"], text=row["dropoff_address"]
            )
        needed_percent = (await dials(work, market_id=row["market_id"])).geocode_confidence_percent
        return Unplaced(row=row, needed_percent=needed_percent, now=work.now, kept=kept)

    async def call(self, found: Unplaced) -> Found:
        """Asks the geocoder, unless that is known, and the router how far the drive is."""
        candidates: Sequence[Candidate]
        if self.said is not None:
            candidates = [Candidate(point=self.said, label="", confidence_percent=100, precision=Precision.ROOFTOP)]
        elif found.kept is not None:
            candidates = found.kept
        else:
            assert self.geocoder is not None, "without one there is nothing to do"
            candidates = await self.geocoder.forward(found.row["dropoff_address"], near=found.pickup)
        if not is_sure(candidates, needed_percent=found.needed_percent):
            return Found(candidates=candidates)
        matrix = await self.router.matrix([found.pickup], [candidates[0].point], depart_at=found.now)
        distance_m = int(matrix.distances_m[0, 0]) if matrix.is_reachable[0, 0] else None
        return Found(candidates=candidates, distance_m=distance_m)

    async def record(self, work: Work, found: Unplaced, answer: Found) -> DeliveryState:
        """Prices the delivery and has it planned, or leaves it for operations."""
        # Closes the race of the job with a person, and of either with the shipper who calls the delivery off.
        row = await work.fetch_row(LOCK, self.delivery_id, self.market_id)
        if self.said is not None:
            _check_open(row)
        assert row is not None, "deliveries are not removed"
        if row["state"] != DeliveryState.CREATED or (row["needs_review"] and self.said is None):
            return DeliveryState(row["state"])
        if self.geocoder is not None and found.kept is None and self.said is None:
            told = {"market_id": row["market_id"], "text": row["dropoff_address"], "candidates": answer.candidates}
            await keep_answer(work, geocoder=self.geocoder.name, **told)
        if answer.distance_m is None:
            if self.said is not None:
                raise NoWayThere("no street leads from the pickup to this place; choose another", field="point")
            return await self._doubt(work, row, _doubt_of(answer, found.needed_percent))
        point = answer.candidates[0].point
        area = await area_of(work, market_id=row["market_id"], shipper_id=row["shipper_id"])
        if self.said is None and area is not None and not area.holds(point):
            return await self._doubt(work, row, Doubt.OUT_OF_AREA)
        check_area(area, point, "point")
        return await self._place(work, row, point, answer.distance_m)

    async def _place(self, work: Work, row: asyncpg.Record, point: Point, distance_m: int) -> DeliveryState:
        rural = await rural_zone_of(work, market_id=row["market_id"], place=point)
        terms = rural.terms if rural is not None else None
        price_minor, zone_minor = await price_one(work, RowFacts.of(row), distance_m=distance_m, rural=terms)
        try:
            wanted = Money(price_minor, row["currency"])
            await self.gate(work, shipper_id=row["shipper_id"], market_id=row["market_id"], wanted=wanted)
        except Refusal:
            if self.said is not None:
                raise
            return await self._doubt(work, row, Doubt.NO_CREDIT)
        key = drop_point_id(row["market_id"], row["dropoff_address"], point)
        door = (await learned_points(work, market_id=row["market_id"], ids=[key])).get(key, point)
        given = (point.lat, point.lon) if door != point else (None, None)
        zone_id = rural.id if rural is not None else None
        gathers_until = await self._gathers_until(work, row, terms) if terms is not None else work.now
        place = (door.lat, door.lon, *given, price_minor, zone_minor, zone_id, gathers_until)
        sequence = await work.fetch_value(PLACE, row["id"], *place, work.now)
        work.emit(
            DeliveryPlaced(
                **_about(row, sequence, DeliveryState.SCHEDULED), price_minor=price_minor, currency=row["currency"]
            )
        )
        if terms is not None:
            await self._move_to_served_day(work, row, terms)
        if self.operator_id is not None:
            await note_action(
                work,
                operator_id=self.operator_id,
                market_id=row["market_id"],
                verb="resolveAddress",
                subject_id=row["id"],
                details={"price_minor": price_minor},
            )
        return DeliveryState.SCHEDULED

    async def _gathers_until(self, work: Work, row: asyncpg.Record, terms: RuralZone) -> datetime:
        ahead = timedelta(seconds=(await dials(work, market_id=row["market_id"])).plan_ahead_s)
        return terms.gathers_until(_promised(row), row["time_zone"], plan_ahead=ahead)

    async def _move_to_served_day(self, work: Work, row: asyncpg.Record, terms: RuralZone) -> None:
        """Promises the next served day where nobody knew that the address lies in a rural zone."""
        try:
            check_served_day(terms, _promised(row), now=work.now, time_zone=row["time_zone"])
        except UnservedDay:
            today = local_day(max(work.now, row["dropoff_opens_at"]), row["time_zone"])
            day = terms.next_day(today, now=work.now, time_zone=row["time_zone"])
            assert day is not None, "a zone is served every week"
            hours = terms.hours(day, row["time_zone"])
            await change_promise(
                work,
                delivery_id=row["id"],
                opens_at=max(hours.opens_at, work.now),
                closes_at=hours.closes_at,
                actor=PromiseActor.MARKET,
            )

    async def _doubt(self, work: Work, row: asyncpg.Record, doubt: Doubt) -> DeliveryState:
        sequence = await work.fetch_value(DOUBT, row["id"], work.now)
        work.emit(AddressDoubted(**_about(row, sequence, DeliveryState.CREATED), reason=doubt.value))
        return DeliveryState.CREATED


def _promised(row: asyncpg.Record) -> Window:
    return Window(row["dropoff_opens_at"], row["dropoff_closes_at"])


def _check_open(row: asyncpg.Record | None) -> None:
    if row is None:
        raise NotFound("there is no such delivery", field="deliveryId")
    if row["state"] != DeliveryState.CREATED:
        raise AlreadyPlaced(f"a delivery that is {row['state']} does not wait for its place", field="deliveryId")


def _doubt_of(found: Found, needed_percent: int) -> Doubt:
    if not found.candidates:
        return Doubt.NOT_FOUND
    return Doubt.OUT_OF_AREA if is_sure(found.candidates, needed_percent=needed_percent) else Doubt.UNSURE


def _about(row: asyncpg.Record, sequence: int, state: DeliveryState) -> dict[str, Any]:
    return {
        "market_id": row["market_id"],
        "shipper_id": row["shipper_id"],
        "delivery_id": row["id"],
        "batch_id": row["batch_id"],
        "sequence": sequence,
        "state": state.value,
    }
