"""Places rows of a batch: which hubs each could come from, its windows, its rate card and the terms that hold.

Shared by quoting and posting, so that a posted row is what its quote said.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from marketplace.batches.appointments import appointed_windows
from marketplace.batches.at_point import points_of, put_at_points, while_open
from marketplace.batches.request import (
    BadDelivery,
    Checked,
    DeliveryRequest,
    PackageRequest,
    RowProblem,
    check_rows,
    check_windows,
    problem_of,
)
from marketplace.batches.served_day import Origin, check_served_day, served_windows
from marketplace.batches.source import Agreed, wishes_of
from marketplace.batches.tiers import Promised, level_of, promised_windows
from marketplace.core.errors import Invalid
from marketplace.core.geo import Point
from marketplace.core.window import Window
from marketplace.core.work import Work
from marketplace.docks import KeptSlot, find_slots
from marketplace.hubs import (
    HubClosed,
    NoHubServes,
    Opening,
    Search,
    Slot,
    StockLine,
    Supply,
    Wish,
    begin_search,
    check_open,
    look_at_supply,
    opening_of,
)
from marketplace.markets import Dials, dials, open_pauses, paused_until
from marketplace.points import OpenPoint
from marketplace.pricing import (
    RateCard,
)
from marketplace.rural import KeptZone, RuralZone, rural_zones_at, zone_around
from marketplace.shippers import KeptLevel, ServiceArea, ServiceLevel, Tier, area_of, rate_card_row, service_levels_at
from marketplace.surge import NO_SURGE, Surge, surge_of_cells

MOST_DELIVERIES = 1_000


class TooManyDeliveries(Invalid):
    """A batch is larger than one posting may be."""

    code = "TOO_MANY_DELIVERIES"


class ZonePaused(Invalid):
    """Operations have paused the part of the city in which a delivery begins or ends."""

    code = "ZONE_PAUSED"


class OutOfArea(Invalid):
    """A place where the shipper is not served."""

    code = "OUT_OF_AREA"


class Spot(NamedTuple):
    """A row by its position, and a hub that it could come from; none where it comes from a place."""

    number: int
    hub_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedRow:
    """A checked row with its pickup place, its windows as instants, its rate card, its tier's and its zone's terms.

    Once its hubs are chosen what comes from stock has lines of it, and where it comes from several hubs there is a row
    for each: `part_of` is the position of the first. What was `asked` differs from the request where that ends at a
    hand-over point.
    """

    asked: DeliveryRequest
    request: DeliveryRequest
    packages: Sequence[PackageRequest]
    hub_id: UUID | None
    lines: Sequence[StockLine] = ()
    part_of: int | None = None
    origin: Point
    pickup_address: str
    pickup_name: str
    pickup_phone: str
    time_zone: str
    pickup_window: Window
    dropoff_window: Window
    card: RateCard
    level: KeptLevel | None = None
    rural: KeptZone | None = None
    surge: Surge = NO_SURGE


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What rows are placed by: hubs and what they have, the shipper's terms, rural zones, and moments that count."""

    asked: Sequence[DeliveryRequest]
    points: Mapping[UUID, OpenPoint]
    supply: Supply
    wishes: Mapping[int, Wish]
    cards: Mapping[str, RateCard]
    slots: Mapping[UUID, KeptSlot]
    levels: Mapping[Tier, KeptLevel]
    area: ServiceArea | None
    zones: Sequence[KeptZone]
    time_zone: str
    now: datetime
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """All rows that can be priced, from each hub that they could come from, and what is wrong with the others.

    `count` is how many rows were asked for; `search` chooses the hubs, once the drives are known.
    """

    market_id: UUID
    currency: str
    now: datetime
    plan_ahead: timedelta
    count: int
    rows: dict[Spot, PlacedRow]
    problems: dict[int, RowProblem]
    unplaced: dict[int, PlacedRow] = field(default_factory=dict)
    """Rows whose drop-off has an address and no coordinates; they are priced when it is found."""
    search: Search | None = None

    def without(self, refusals: Mapping[Spot, Invalid]) -> "Placed":
        """The same without some spots; a row that has none left has a problem."""
        rows = {spot: row for spot, row in self.rows.items() if spot not in refusals}
        left = {spot.number for spot in rows}
        problems: dict[int, RowProblem] = {}
        for spot, refusal in refusals.items():
            if spot.number not in left:
                problems.setdefault(spot.number, problem_of(self.rows[spot].request, refusal))
        return replace(self, rows=rows, problems=self.problems | problems)


async def place_rows(
    work: Work,
    *,
    shipper_id: UUID,
    market_id: UUID,
    requests: Sequence[DeliveryRequest],
    leave_out: Container[int] = (),
    refuse_addresses: Invalid | None = None,
    may_split: bool = False,
    is_transfer: bool = False,
    agreed: Mapping[str, Agreed] | None = None,
    asked_at: datetime | None = None,
) -> Placed:
    """Checks every row and finds its hubs and rate card; a bad row becomes a problem and stops no other.

    With `refuse_addresses` a row without coordinates is such a problem too. With `may_split` a row that no hub has all
    of may come from several. `agreed` is from which hubs rows come, by their reference, where a quote has said so.
    Tiers and rural zones promise by the terms and the clock of `asked_at`: that of the quote, where there is one.
    Positions in `leave_out` were posted before and are neither placed nor priced again.
    """
    if not 1 <= len(requests) <= MOST_DELIVERIES:
        raise TooManyDeliveries(f"a batch has 1 to {MOST_DELIVERIES} deliveries", field="deliveries")
    settings = await dials(work, market_id=market_id)
    checked = check_rows(requests, leave_out)
    points = await points_of(work, checked, market_id=market_id, shipper_id=shipper_id)
    checked = put_at_points(checked, points)
    wishes = wishes_of(checked.rows, may_split=may_split, is_transfer=is_transfer, agreed=agreed or {})
    cards = await _rate_cards(work, shipper_id, market_id, {row.service_level for row in checked.rows.values()})
    asked_at = asked_at or work.now
    found = Found(
        asked=requests,
        points=points,
        supply=await look_at_supply(work, market_id=market_id, shipper_id=shipper_id, wishes=wishes),
        wishes=wishes,
        cards=cards,
        slots=await find_slots(work, market_id=market_id, shipper_id=shipper_id, ids=_appointments(checked)),
        levels=await _levels(work, shipper_id, market_id, checked, asked_at),
        area=await area_of(work, market_id=market_id, shipper_id=shipper_id),
        zones=await rural_zones_at(work, market_id=market_id, moment=asked_at),
        time_zone=settings.time_zone,
        now=work.now,
        asked_at=asked_at,
    )
    placed = _place(checked, found, settings, refuse_addresses, len(requests))
    placed = await _without_paused(work, placed)
    placed = await _with_surge(work, settings, placed)
    return replace(placed, search=await _begin_search(work, shipper_id, placed, found))


async def _begin_search(work: Work, shipper_id: UUID, placed: Placed, found: Found) -> Search:
    slots = {
        (number, row.hub_id): Slot.of(row.pickup_window, row.dropoff_window)
        for number, row in [*((spot.number, row) for spot, row in placed.rows.items()), *placed.unplaced.items()]
        if row.hub_id is not None
    }
    return await begin_search(
        work,
        market_id=placed.market_id,
        shipper_id=shipper_id,
        supply=found.supply,
        wishes=found.wishes,
        slots=slots,
    )


def _appointments(checked: Checked) -> set[UUID]:
    ends = [end for row in checked.rows.values() for end in (row.pickup_appointment_id, row.dropoff_appointment_id)]
    return {end for end in ends if end is not None}


async def _without_paused(work: Work, placed: Placed) -> Placed:
    """The rows that may be promised: none that begins or ends in a paused part of the city before the pause is over."""
    pauses = await open_pauses(work.connection, market_id=placed.market_id, at=work.now)
    if not pauses:
        return placed
    refusals: dict[Spot, Invalid] = {}
    for spot, row in placed.rows.items():
        until = paused_until(pauses, row.origin, target_of(row))
        if until is not None and row.dropoff_window.opens_at < until:
            refusals[spot] = ZonePaused(
                f"nothing new is promised there before {until:%Y-%m-%dT%H:%MZ}; choose a later window",
                field="dropoffWindow",
            )
    return placed.without(refusals)


async def _levels(
    work: Work, shipper_id: UUID, market_id: UUID, checked: Checked, moment: datetime
) -> Mapping[Tier, KeptLevel]:
    if all(row.tier is None for row in checked.rows.values()):
        return {}
    return await service_levels_at(work, shipper_id=shipper_id, market_id=market_id, moment=moment)


async def _with_surge(work: Work, settings: Dials, placed: Placed) -> Placed:
    """The rows with what the last look at their pickups' cells says: a busy hour costs where it keeps drivers busy."""
    if settings.surge_surcharge_cap_percent == 0:
        return placed
    cells = {row.origin.cell for row in placed.rows.values()}
    surges = await surge_of_cells(work, market_id=settings.market_id, cells=cells, at=work.now)
    rows = {spot: replace(row, surge=surges.get(row.origin.cell, NO_SURGE)) for spot, row in placed.rows.items()}
    return replace(placed, rows=rows)


def _place(checked: Checked, found: Found, settings: Dials, refuse_addresses: Invalid | None, count: int) -> Placed:
    rows: dict[Spot, PlacedRow] = {}
    unplaced: dict[int, PlacedRow] = {}
    problems = dict(checked.problems)
    for i, request in checked.rows.items():
        try:
            if request.dropoff.point is None and refuse_addresses is not None:
                raise refuse_addresses
            spots = {spot: replace(row, asked=found.asked[i]) for spot, row in _spots(i, request, found).items()}
            if request.dropoff.point is None:
                [unplaced[i]] = spots.values()
            else:
                rows |= spots
        except Invalid as refusal:
            problems[i] = problem_of(request, refusal)
    return Placed(
        market_id=settings.market_id,
        currency=settings.currency,
        now=found.now,
        plan_ahead=timedelta(seconds=settings.plan_ahead_s),
        count=count,
        rows=rows,
        problems=problems,
        unplaced=unplaced,
    )


def _spots(i: int, request: DeliveryRequest, found: Found) -> dict[Spot, PlacedRow]:
    """The row from each hub that it could come from, or from its place; refused where that is none."""
    wish = found.wishes.get(i)
    if wish is None:
        return {Spot(i, None): _place_row(request, found, None)}
    if not found.supply.hubs.keys() >= {*wish.named}:
        raise BadDelivery("there is no such hub in this market", field="hubId")
    spots, refusals = dict[Spot, PlacedRow](), list[Invalid]()
    for hub in found.supply.candidates(wish):
        try:
            spots[Spot(i, hub["id"])] = _place_row(request, found, hub)
        except Invalid as refusal:
            refusals.append(refusal)
    if refusals and (wish.named or not spots):
        if not wish.named and all(isinstance(refusal, HubClosed) for refusal in refusals):
            raise NoHubServes("the hubs that have it are closed then; choose another window", field="pickupWindow")
        raise refusals[0]
    return spots


def _place_row(request: DeliveryRequest, found: Found, hub: asyncpg.Record | None) -> PlacedRow:
    card = found.cards.get(request.service_level)
    if card is None:
        raise BadDelivery("you have no rate card for this service level here", field="serviceLevel")
    if hub is not None:
        origin = Point(lat=hub["lat"], lon=hub["lon"])
        address, name, phone, time_zone = hub["address"], hub["name"], "", hub["time_zone"]
        opening = opening_of(hub)
    else:
        assert request.pickup is not None, "checked rows have a hub or a pickup"
        assert request.pickup.point is not None, "a pickup has coordinates"
        origin, address = request.pickup.point, request.pickup.address
        name, phone, time_zone = request.pickup.name, request.pickup.phone, found.time_zone
        opening = Opening()
    check_area(found.area, origin, "pickup")
    check_area(found.area, request.dropoff.point, "dropoff")
    level = level_of(request, found.levels) if request.tier is not None else None
    rural = zone_around(found.zones, request.dropoff.point)
    promised = _windows_of(
        request,
        found,
        Origin(place=origin, opening=opening, time_zone=time_zone, is_hub=hub is not None),
        level.level if level is not None else None,
        rural.terms if rural is not None else None,
    )
    if request.hand_over_point_id is not None:
        point = found.points[request.hand_over_point_id]
        promised = replace(promised, dropoff=while_open(point, promised.dropoff))
    if request.hand_over_point_id is not None:
        point = found.points[request.hand_over_point_id]
        promised = replace(promised, dropoff=while_open(point, promised.dropoff))
    check_windows(promised.pickup, promised.dropoff, now=found.now)
    if hub is not None:
        check_open(hub, promised.pickup)
    return PlacedRow(
        asked=request,
        request=request,
        packages=request.packages,
        hub_id=hub["id"] if hub is not None else None,
        origin=origin,
        pickup_address=address,
        pickup_name=name,
        pickup_phone=phone,
        time_zone=time_zone,
        pickup_window=promised.pickup,
        dropoff_window=promised.dropoff,
        card=card,
        level=level,
        rural=rural,
    )


def _windows_of(
    request: DeliveryRequest, found: Found, origin: Origin, level: ServiceLevel | None, rural: RuralZone | None
) -> Promised:
    if rural is not None and not request.is_appointed:
        return served_windows(rural, level, request, origin=origin, now=found.asked_at)
    if level is not None:
        return promised_windows(level, request, opening=origin.opening, time_zone=origin.time_zone, now=found.asked_at)
    pickup, dropoff = appointed_windows(request, found.slots, origin=origin.place, time_zone=origin.time_zone)
    if rural is not None:
        check_served_day(rural, dropoff, now=found.asked_at, time_zone=origin.time_zone)
    return Promised(pickup=pickup, dropoff=dropoff)


def check_area(area: ServiceArea | None, place: Point | None, field_name: str) -> None:
    """Refuses a place where the shipper is not served; one that is not known yet is looked at when it is found."""
    if area is not None and place is not None and not area.holds(place):
        raise OutOfArea(f"this {field_name} lies outside the area in which you are served", field=field_name)


def target_of(row: PlacedRow) -> Point:
    """Where a placed row goes."""
    assert row.request.dropoff.point is not None, "placed rows have coordinates"
    return row.request.dropoff.point


async def _rate_cards(work: Work, shipper_id: UUID, market_id: UUID, levels: set[str]) -> dict[str, RateCard]:
    cards = {}
    for level in sorted(levels):
        row = await rate_card_row(
            work, shipper_id=shipper_id, market_id=market_id, service_level=level, moment=work.now
        )
        if row is not None:
            cards[level] = RateCard.of(dict(row))
    return cards
