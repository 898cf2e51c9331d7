"""Prices rows of a batch that have found their place: the rate card, tier, zone and hour make the lines.

Shared by quoting and posting, so that a posted row costs what its quote said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.batches.place import PlacedRow, Spot
from marketplace.batches.request import (
    RowProblem,
    load_of,
)
from marketplace.core.window import zone
from marketplace.pricing import (
    PricedFacts,
    PriceLine,
    price_delivery,
    total_minor,
    with_surge,
    with_tier,
    with_zone,
)
from marketplace.rural import RuralZone
from marketplace.shippers import ServiceLevel


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
class Drive:
    """The way by street from where a row could come from to its door."""

    distance_m: int
    duration_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """All priced rows, by position; `is_degraded` where the street router did not answer.

    Further parts of a row that comes from several hubs stand at positions after those of the request. `drives` are
    those to all hubs that were asked about, so that another one can be chosen without asking again.
    """

    rows: dict[int, PricedRow]
    problems: dict[int, RowProblem]
    unplaced: dict[int, PlacedRow]
    drives: Mapping[Spot, Drive]
    is_degraded: bool

    @property
    def total_minor(self) -> int:
        """The price of all rows together."""
        return sum(row.price_minor for row in self.rows.values())


def price_row(placed: PlacedRow, drive: Drive) -> PricedRow:
    """The row with what its rate card, its tier and a busy hour make of such a drive."""
    request = placed.request
    _, weight_g, volume_dm3 = load_of(placed.packages)
    facts = PricedFacts(
        opens=placed.dropoff_window.opens_at.astimezone(zone(placed.time_zone)).replace(tzinfo=None),
        requirements=request.needs,
        weight_g=weight_g,
        volume_dm3=volume_dm3,
    )
    plain = price_delivery(placed.card, distance_m=drive.distance_m, facts=facts)
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
        distance_m=drive.distance_m,
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
