"""Rows get the hubs that they come from and their prices: the router is asked once about all that could be.

What is chosen depends on what hubs have; so it is chosen again, with the same drives, under the locks of a posting.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace

from marketplace.batches.place import Placed, PlacedRow, Spot, target_of
from marketplace.batches.price import Drive, Priced, PricedRow, price_row
from marketplace.batches.request import RowProblem, problem_of
from marketplace.batches.source import packages_from
from marketplace.core.errors import Invalid
from marketplace.core.geo import Point
from marketplace.hubs import Source
from marketplace.routing import Router

Pricing = Callable[[PlacedRow, Drive], PricedRow]


async def price_rows(router: Router, placed: Placed, *, pricing: Pricing = price_row) -> Priced:
    """Asks the router how far each row's drives are, one question for each origin, and applies the rate cards."""
    by_origin: dict[Point, list[Spot]] = defaultdict(list)
    for spot, row in placed.rows.items():
        by_origin[row.origin].append(spot)
    drives: dict[Spot, Drive] = {}
    is_degraded = False
    for origin, spots in by_origin.items():
        targets = [target_of(placed.rows[spot]) for spot in spots]
        matrix = await router.matrix([origin], targets, depart_at=placed.now)
        is_degraded = is_degraded or matrix.is_degraded
        for column, spot in enumerate(spots):
            if matrix.is_reachable[0, column]:
                drives[spot] = Drive(
                    distance_m=int(matrix.distances_m[0, column]), duration_s=int(matrix.durations_s[0, column])
                )
    return arrange(placed, drives, pricing=pricing, is_degraded=is_degraded)


def arrange(placed: Placed, drives: Mapping[Spot, Drive], *, pricing: Pricing, is_degraded: bool) -> Priced:
    """Chooses the hubs of every row with what there is, and prices it from there."""
    requests = {spot.number: row.request for spot, row in placed.rows.items()}
    requests |= {i: row.request for i, row in placed.unplaced.items()}
    with_way = {spot.number for spot in drives}
    problems = {spot.number: _no_way(row) for spot, row in placed.rows.items() if spot.number not in with_way}
    rows = {spot.number: pricing(placed.rows[spot], drive) for spot, drive in drives.items() if spot.hub_id is None}
    unplaced, parts = dict(placed.unplaced), list[PricedRow]()
    for i, sources in _chosen(placed, drives).items():
        if isinstance(sources, Invalid):
            problems[i] = problem_of(requests[i], sources)
            unplaced.pop(i, None)
        elif i not in unplaced:
            first, *further = (
                pricing(_from(placed.rows[spot], source, i if n else None), drives[spot])
                for n, source in enumerate(sources)
                for spot in [Spot(i, source.hub_id)]
            )
            rows[i] = first
            parts += further
    return Priced(
        rows=dict(sorted(rows.items())) | dict(enumerate(parts, start=placed.count)),
        problems=placed.problems | problems,
        unplaced=unplaced,
        drives=drives,
        is_degraded=is_degraded,
    )


def _chosen(placed: Placed, drives: Mapping[Spot, Drive]) -> Mapping[int, list[Source] | Invalid]:
    if placed.search is None:
        return {}
    drives_s = {(i, hub_id): drive.duration_s for (i, hub_id), drive in drives.items() if hub_id is not None}
    # Where it is not known yet how far it is, it comes from the one hub that is named, however far that is.
    drives_s |= {(i, row.hub_id): 0 for i, row in placed.unplaced.items() if row.hub_id is not None}
    return placed.search.choose(drives_s)


def _from(row: PlacedRow, source: Source, part_of: int | None) -> PlacedRow:
    if not source.lines:
        return row
    return replace(row, packages=packages_from(row.request, source), lines=source.lines, part_of=part_of)


def _no_way(row: PlacedRow) -> RowProblem:
    return RowProblem(
        external_id=row.request.external_id,
        code="OUT_OF_AREA",
        message="no street leads from the pickup to this drop-off; check both places",
        field="dropoff",
    )
