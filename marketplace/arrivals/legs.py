"""The legs of routes: remembered with the route, and asked of the router together where they are not.

A leg is asked for anew when its quarter of an hour of departure is another, or when it begins elsewhere. Of a route
under way that is the leg from the driver to the next stop, for many drivers in one question; the others stay known.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from marketplace.arrivals.timeline import OpenRoute, OpenStop
from marketplace.core.geo import Point
from marketplace.routing import Router

QUARTER_S = 900
ASKED_AT_ONCE = 100
"""Legs in one question: a matrix has as many rows and columns at most."""


@dataclass(frozen=True, slots=True)
class WantedLeg:
    """A leg that a route does not know: to which stop, from where, and in which quarter of an hour."""

    route: OpenRoute
    stop_id: str
    origin: Point
    target: Point
    quarter: int


class KnownLegs:
    """The legs of one route as they are remembered; `wanted` gathers those that it was asked for and does not know."""

    def __init__(self, route: OpenRoute) -> None:
        self._route = route
        self.wanted: dict[str, WantedLeg] = {}

    def seconds(self, origin: Point, stop: OpenStop, departs_at: datetime) -> float:
        """How long the leg takes; until the router is asked, what was known last, or what was planned."""
        quarter, stop_id = quarter_of(departs_at), str(stop.id)
        known = self._route.legs.get(stop_id)
        if known is not None and known[:2] == [name_of(origin), quarter]:
            return float(known[2])  # type: ignore[arg-type]  # JSON: a name, a quarter and seconds
        if origin == stop.point:
            return 0.0
        self.wanted[stop_id] = WantedLeg(self._route, stop_id, origin, stop.point, quarter)
        is_same_way = known is not None and known[0] == name_of(origin)
        return float(known[2]) if known is not None and is_same_way else stop.planned_leg_s  # type: ignore[arg-type]


def quarter_of(departs_at: datetime) -> int:
    """The quarter of an hour of a departure, counted from 1970."""
    return int(departs_at.timestamp()) // QUARTER_S


def name_of(origin: Point) -> str:
    """A place as legs are remembered by it, to about a metre."""
    return f"{origin.lat:.5f},{origin.lon:.5f}"


async def ask_for(router: Router, wanted: Iterable[WantedLeg]) -> int:
    """Asks the router for legs, many at a time, and has their routes remember them; returns how many there were.

    A leg that no street leads along is not remembered: then the plan's own time stands.
    """
    asked = 0
    by_quarter: dict[int, list[WantedLeg]] = {}
    for leg in wanted:
        by_quarter.setdefault(leg.quarter, []).append(leg)
    for quarter, legs in sorted(by_quarter.items()):
        departs_at = datetime.fromtimestamp(quarter * QUARTER_S, tz=UTC)
        for some in _in_parts(legs):
            asked += len(some)
            origins = list(dict.fromkeys(leg.origin for leg in some))
            targets = list(dict.fromkeys(leg.target for leg in some))
            matrix = await router.matrix(origins, targets, depart_at=departs_at)
            row, column = _numbers(origins), _numbers(targets)
            for leg in some:
                cell = row[leg.origin], column[leg.target]
                if matrix.is_reachable[cell]:
                    leg.route.legs[leg.stop_id] = [name_of(leg.origin), quarter, int(matrix.durations_s[cell])]
    return asked


def _in_parts(legs: Sequence[WantedLeg]) -> Iterator[Sequence[WantedLeg]]:
    for begin in range(0, len(legs), ASKED_AT_ONCE):
        yield legs[begin : begin + ASKED_AT_ONCE]


def _numbers(points: Sequence[Point]) -> dict[Point, int]:
    return {point: number for number, point in enumerate(points)}
