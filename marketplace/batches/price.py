"""Prices rows of a batch: finds hubs and rate cards, asks the router for road distances, applies the card.

Shared by quoting and posting, so that a posted row costs what its quote said.
"""

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

import asyncpg
import orjson

from marketplace.batches.at_point import points_of, put_at_points, while_open
from marketplace.batches.request import (
    BadDelivery,
    Checked,
    DeliveryRequest,
    PackageRequest,
    RowProblem,
    check_rows,
    check_windows,
    load_of,
    problem_of,
)
from marketplace.batches.served_day import Origin, served_windows
from marketplace.batches.source import packages_from, source_rows
from marketplace.batches.tiers import BadTier, Promised, promised_windows
from marketplace.core.errors import Invalid
from marketplace.core.geo import Point
from marketplace.core.window import Window, zone
from marketplace.core.work import Work
from marketplace.hubs import Opening, Source, StockLine, hubs_open_to
from marketplace.markets import Dials, dials, open_pauses, paused_until
from marketplace.points import OpenPoint
from marketplace.pricing import (
    PricedFacts,
    PriceLine,
    RateCard,
    price_delivery,
    total_minor,
    with_surge,
    with_tier,
    with_zone,
)
from marketplace.routing import Router
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedRow:
    """A checked row with its pickup place, its windows as instants, its rate card, its tier's and its zone's terms.

    What comes from stock has lines of it, and where it comes from several hubs a row for each: `part_of` is the
    position of the first. What was `asked` differs from the request where that ends at a hand-over point.
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
    """What rows are placed by: hubs, stock, cards, tiers and area of their shipper, rural zones, moments that count."""

    asked: Sequence[DeliveryRequest]
    points: Mapping[UUID, OpenPoint]
    hubs: Mapping[UUID, asyncpg.Record]
    sources: Mapping[int, Sequence[Source] | Invalid]
    cards: Mapping[str, RateCard]
    levels: Mapping[Tier, KeptLevel]
    area: ServiceArea | None
    zones: Sequence[KeptZone]
    time_zone: str
    now: datetime
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """All rows that can be priced, by position, and what is wrong with the others."""

    market_id: UUID
    currency: str
    now: datetime
    plan_ahead: timedelta
    rows: dict[int, PlacedRow]
    problems: dict[int, RowProblem]
    unplaced: dict[int, PlacedRow] = field(default_factory=dict)
    """Rows whose drop-off has an address and no coordinates; they are priced when it is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PricedRow:
    """A row with its road distance and its price."""

    placed: PlacedRow
    distance_m: int
    lines: Sequence[PriceLine]
    price_minor: int
    zone_minor: int = 0
    surge_minor: int = 0
    surge_decision_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """All priced rows, by position; `is_degraded` where the street router did not answer."""

    rows: dict[int, PricedRow]
    problems: dict[int, RowProblem]
    is_degraded: bool

    @property
    def total_minor(self) -> int:
        """The price of all rows together."""
        return sum(row.price_minor for row in self.rows.values())


async def place_rows(
    work: Work,
    *,
    shipper_id: UUID,
    market_id: UUID,
    requests: Sequence[DeliveryRequest],
    leave_out: Container[int] = (),
    refuse_addresses: Invalid | None = None,
    may_split: bool = False,
    asked_at: datetime | None = None,
) -> Placed:
    """Checks every row and finds its hub and rate card; a bad row becomes a problem and stops no other.

    With `refuse_addresses` a row without coordinates is such a problem too. With `may_split` a row that no hub has all
    of may come from several, whose further parts stand at positions after those of the request.
    Tiers and rural zones promise by the terms and the clock of `asked_at`: that of the quote, where there is one.
    Positions in `leave_out` were posted before and are neither placed nor priced again.
    """
    if not 1 <= len(requests) <= MOST_DELIVERIES:
        raise TooManyDeliveries(f"a batch has 1 to {MOST_DELIVERIES} deliveries", field="deliveries")
    settings = await dials(work, market_id=market_id)
    checked = check_rows(requests, leave_out)
    points = await points_of(work, checked, market_id=market_id, shipper_id=shipper_id)
    checked = put_at_points(checked, points)
    hub_ids = {row.hub_id for row in checked.rows.values() if row.hub_id is not None}
    hubs = await hubs_open_to(work, shipper_id=shipper_id, hub_ids=sorted(hub_ids))
    hubs = {key: hub for key, hub in hubs.items() if hub["market_id"] == market_id}
    cards = await _rate_cards(work, shipper_id, market_id, {row.service_level for row in checked.rows.values()})
    asked_at = asked_at or work.now
    found = Found(
        asked=requests,
        points=points,
        hubs=hubs,
        sources=await source_rows(
            work, market_id=market_id, shipper_id=shipper_id, rows=checked.rows, may_split=may_split
        ),
        cards=cards,
        levels=await _levels(work, shipper_id, market_id, checked, asked_at),
        area=await area_of(work, market_id=market_id, shipper_id=shipper_id),
        zones=await rural_zones_at(work, market_id=market_id, moment=asked_at),
        time_zone=settings.time_zone,
        now=work.now,
        asked_at=asked_at,
    )
    placed = _place(checked, found, settings, refuse_addresses)
    placed.rows.update(_further_parts(placed.rows, found.sources, len(requests)))
    placed = await _without_paused(work, placed)
    return await _with_surge(work, settings, placed)


async def _without_paused(work: Work, placed: Placed) -> Placed:
    """The rows that may be promised: none that begins or ends in a paused part of the city before the pause is over."""
    pauses = await open_pauses(work.connection, market_id=placed.market_id, at=work.now)
    if not pauses:
        return placed
    problems, rows = dict(placed.problems), dict(placed.rows)
    for i, row in placed.rows.items():
        until = paused_until(pauses, row.origin, _target(row))
        if until is not None and row.dropoff_window.opens_at < until:
            problems[i] = problem_of(
                row.request,
                ZonePaused(
                    f"nothing new is promised there before {until:%Y-%m-%dT%H:%MZ}; choose a later window",
                    field="dropoffWindow",
                ),
            )
            del rows[i]
    return replace(placed, rows=rows, problems=problems)


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
    rows = {i: replace(row, surge=surges.get(row.origin.cell, NO_SURGE)) for i, row in placed.rows.items()}
    return replace(placed, rows=rows)


def _place(checked: Checked, found: Found, settings: Dials, refuse_addresses: Invalid | None) -> Placed:
    rows: dict[int, PlacedRow] = {}
    unplaced: dict[int, PlacedRow] = {}
    problems = dict(checked.problems)
    for i, request in checked.rows.items():
        try:
            if request.dropoff.point is None and refuse_addresses is not None:
                raise refuse_addresses
            kept = rows if request.dropoff.point is not None else unplaced
            source = found.sources.get(i)
            if isinstance(source, Invalid):
                raise source
            kept[i] = replace(_place_row(request, found, source[0] if source else None), asked=found.asked[i])
        except Invalid as refusal:
            problems[i] = problem_of(request, refusal)
    return Placed(
        market_id=settings.market_id,
        currency=settings.currency,
        now=found.now,
        plan_ahead=timedelta(seconds=settings.plan_ahead_s),
        rows=rows,
        problems=problems,
        unplaced=unplaced,
    )


def _place_row(request: DeliveryRequest, found: Found, source: Source | None) -> PlacedRow:
    card = found.cards.get(request.service_level)
    if card is None:
        raise BadDelivery("you have no rate card for this service level here", field="serviceLevel")
    if request.hub_id is not None or source is not None:
        hub = source.hub if source is not None else found.hubs.get(cast("UUID", request.hub_id))
        if hub is None:
            raise BadDelivery("there is no such hub in this market", field="hubId")
        hub_id: UUID | None = hub["id"]
        origin = Point(lat=hub["lat"], lon=hub["lon"])
        address, name, phone, time_zone = hub["address"], hub["name"], "", hub["time_zone"]
        opening = Opening.of(orjson.loads(hub["opening"]) if hub["opening"] else None)
    else:
        hub_id = None
        assert request.pickup is not None, "checked rows have a hub or a pickup"
        assert request.pickup.point is not None, "a pickup has coordinates"
        origin, address = request.pickup.point, request.pickup.address
        name, phone, time_zone = request.pickup.name, request.pickup.phone, found.time_zone
        opening = Opening()
    check_area(found.area, origin, "pickup")
    check_area(found.area, request.dropoff.point, "dropoff")
    level, rural = _level_of(request, found), zone_around(found.zones, request.dropoff.point)
    promised = _windows_of(
        request,
        Origin(opening=opening, time_zone=time_zone, is_hub=hub_id is not None),
        level.level if level is not None else None,
        rural.terms if rural is not None else None,
        found.asked_at,
    )
    if request.hand_over_point_id is not None:
        point = found.points[request.hand_over_point_id]
        promised = replace(promised, dropoff=while_open(point, promised.dropoff))
    check_windows(promised.pickup, promised.dropoff, now=found.now)
    return PlacedRow(
        asked=request,
        request=request,
        packages=packages_from(request, source) if source is not None else request.packages,
        hub_id=hub_id,
        lines=source.lines if source is not None else (),
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
    request: DeliveryRequest, origin: Origin, level: ServiceLevel | None, rural: RuralZone | None, asked_at: datetime
) -> Promised:
    if rural is not None:
        return served_windows(rural, level, request, origin=origin, now=asked_at)
    if level is not None:
        return promised_windows(level, request, opening=origin.opening, time_zone=origin.time_zone, now=asked_at)
    pickup, dropoff = request.windows(time_zone=origin.time_zone)
    return Promised(pickup=pickup, dropoff=dropoff)


def _further_parts(
    rows: Mapping[int, PlacedRow], sources: Mapping[int, Sequence[Source] | Invalid], first: int
) -> dict[int, PlacedRow]:
    """The rows of what comes from further hubs, numbered from `first` on."""
    parts = [
        replace(
            rows[i],
            packages=packages_from(rows[i].request, source),
            hub_id=source.hub["id"],
            lines=source.lines,
            part_of=i,
            origin=Point(lat=source.hub["lat"], lon=source.hub["lon"]),
            pickup_address=source.hub["address"],
            pickup_name=source.hub["name"],
        )
        for i, found in sources.items()
        if i in rows and not isinstance(found, Invalid)
        for source in found[1:]
    ]
    return dict(enumerate(parts, start=first))


def check_area(area: ServiceArea | None, place: Point | None, field_name: str) -> None:
    """Refuses a place where the shipper is not served; one that is not known yet is looked at when it is found."""
    if area is not None and place is not None and not area.holds(place):
        raise OutOfArea(f"this {field_name} lies outside the area in which you are served", field=field_name)


def _level_of(request: DeliveryRequest, found: Found) -> KeptLevel | None:
    if request.tier is None:
        return None
    level = found.levels.get(request.tier)
    if level is None:
        raise BadTier(f"you have no {request.tier} in this market; see serviceLevels", field="tier")
    return level


async def price_rows(router: Router, placed: Placed) -> Priced:
    """Asks the router how far each row's drive is, one question for each origin, and applies the rate cards."""
    by_origin: dict[Point, list[int]] = defaultdict(list)
    for i, row in placed.rows.items():
        by_origin[row.origin].append(i)
    rows: dict[int, PricedRow] = {}
    problems = dict(placed.problems)
    is_degraded = False
    for origin, positions in by_origin.items():
        targets = [_target(placed.rows[i]) for i in positions]
        matrix = await router.matrix([origin], targets, depart_at=placed.now)
        is_degraded = is_degraded or matrix.is_degraded
        for column, i in enumerate(positions):
            if matrix.is_reachable[0, column]:
                rows[i] = _price_row(placed.rows[i], int(matrix.distances_m[0, column]))
            else:
                problems[i] = RowProblem(
                    external_id=placed.rows[i].request.external_id,
                    code="OUT_OF_AREA",
                    message="no street leads from the pickup to this drop-off; check both places",
                    field="dropoff",
                )
    for i, row in placed.rows.items():
        if row.part_of is not None and i in problems:
            problems[row.part_of] = problems.pop(i)
    whole = {i: row for i, row in rows.items() if i not in problems and row.placed.part_of not in problems}
    return Priced(rows=whole, problems=problems, is_degraded=is_degraded)


def _target(row: PlacedRow) -> Point:
    assert row.request.dropoff.point is not None, "placed rows have coordinates"
    return row.request.dropoff.point


def _price_row(placed: PlacedRow, distance_m: int) -> PricedRow:
    request = placed.request
    _, weight_g, volume_dm3 = load_of(placed.packages)
    facts = PricedFacts(
        opens=placed.dropoff_window.opens_at.astimezone(zone(placed.time_zone)).replace(tzinfo=None),
        requirements=request.needs,
        weight_g=weight_g,
        volume_dm3=volume_dm3,
    )
    plain = price_delivery(placed.card, distance_m=distance_m, facts=facts)
    if placed.level is not None:
        plain = with_level(plain, placed.level.level)
    in_town_minor = total_minor(plain)
    if placed.rural is not None:
        plain = with_rural_zone(plain, placed.rural.terms)
    surge, lines = placed.surge, plain
    if surge.decision_id is not None:
        lines = with_surge(plain, basis_points=surge.surcharge_basis_points, rule=surge.rule)
    surge_minor = total_minor(lines) - total_minor(plain)
    return PricedRow(
        placed=placed,
        distance_m=distance_m,
        lines=lines,
        price_minor=total_minor(lines),
        zone_minor=total_minor(plain) - in_town_minor,
        surge_minor=surge_minor,
        surge_decision_id=surge.decision_id if surge_minor else None,
    )


def with_level(lines: list[PriceLine], level: ServiceLevel) -> list[PriceLine]:
    """The lines of a delivery with what the terms of its tier add."""
    return with_tier(
        lines, basis_points=level.uplift_basis_points, amount_minor=level.uplift_minor, rule=level.rule("uplift")
    )


def with_rural_zone(lines: list[PriceLine], terms: RuralZone) -> list[PriceLine]:
    """The lines of a delivery with what the rural zone in which it ends adds."""
    return with_zone(
        lines, basis_points=terms.surcharge_basis_points, amount_minor=terms.surcharge_minor, rule=terms.rule
    )


async def _rate_cards(work: Work, shipper_id: UUID, market_id: UUID, levels: set[str]) -> dict[str, RateCard]:
    cards = {}
    for level in sorted(levels):
        row = await rate_card_row(
            work, shipper_id=shipper_id, market_id=market_id, service_level=level, moment=work.now
        )
        if row is not None:
            cards[level] = RateCard.of(dict(row))
    return cards
