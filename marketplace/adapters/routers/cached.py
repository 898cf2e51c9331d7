"""CachedRouter: remembers travel times between places, because every plan asks for the last plan's stops again.

Stops stay where they are while drivers move: of a plan's matrix most cells are known from the plan before, and what
is new are a few rows and columns. A cell is kept for its hour of departure and that hour's traffic only; a drive that
would run into other traffic is asked for anew, and estimates are never kept.
"""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from marketplace.adapters.city.arrays import Flags, Whole
from marketplace.adapters.routers.memory import Memory
from marketplace.adapters.routers.time_of_day import hand_traffic
from marketplace.core.geo import Point
from marketplace.routing import (
    EMPTY_STREETS,
    Journey,
    Matrix,
    Phase,
    Router,
    Traffic,
    check_departure,
    check_matrix_size,
)

PLACES_KEPT = 1_000
"""Places remembered for an hour of departure; all their cells together take about 10 MB."""

HOURS_KEPT = 3


class CachedRouter:
    """Answers matrices from memory where it can, and asks the router for the rows and columns that are new."""

    def __init__(self, router: Router, *, places_kept: int = PLACES_KEPT) -> None:
        """Owns the router and closes it."""
        self._router = router
        self._places_kept = places_kept
        self._hours: OrderedDict[tuple[datetime, tuple[int, bool]], Memory] = OrderedDict()
        self._traffic: Traffic | None = None

    async def matrix(
        self, sources: Sequence[Point], targets: Sequence[Point] | None = None, *, depart_at: datetime
    ) -> Matrix:
        """The same matrix as the router's own, with fewer searches."""
        check_departure(depart_at)
        check_matrix_size(sources, targets)
        columns = sources if targets is None else targets
        if len({*sources, *columns}) > self._places_kept:
            return await self._router.matrix(sources, targets, depart_at=depart_at)

        phase = self._traffic.phase_at(depart_at) if self._traffic else EMPTY_STREETS
        left_s = (phase.ends_at - depart_at).total_seconds()
        memory = self._memory(depart_at, phase)
        known = memory.recall(sources, columns, within_s=left_s)
        for rows, others in _questions(known.is_missing):
            part = await self._router.matrix(
                [sources[row] for row in rows], [columns[column] for column in others], depart_at=depart_at
            )
            is_other = known.dataset not in {part.dataset, ""} or known.traffic_version not in {
                part.traffic_version,
                -1,
            }
            if part.is_degraded or is_other:
                if not part.is_degraded:
                    memory.forget()  # the streets, or what is known of them, changed under what we remember
                return await self._router.matrix(sources, targets, depart_at=depart_at)
            known.fill(part, rows, others)
        memory.remember(sources, columns, known, within_s=left_s)
        return known.matrix()

    async def legs(self, points: Sequence[Point], *, depart_at: datetime) -> Journey:
        """Passes journeys on: they are drawn once, when a route is offered."""
        return await self._router.legs(points, depart_at=depart_at)

    async def take_traffic(self, traffic: Traffic) -> None:
        """Hands the traffic on and forgets what was by another."""
        await hand_traffic(self._router, traffic)
        self._traffic = traffic
        self._hours.clear()

    async def aclose(self) -> None:
        """Forgets everything and closes the router."""
        self._hours.clear()
        await self._router.aclose()

    def _memory(self, depart_at: datetime, phase: Phase) -> Memory:
        hour = depart_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0), phase.key
        memory = self._hours.pop(hour, None) or Memory(self._places_kept)
        self._hours[hour] = memory
        if len(self._hours) > HOURS_KEPT:
            self._hours.popitem(last=False)
        return memory


def _questions(is_missing: Flags) -> list[tuple[Whole, Whole]]:
    """Blocks of rows and columns that cover every missing cell with few searches."""
    if not is_missing.any():
        return [] if is_missing.size else [(np.arange(is_missing.shape[0]), np.arange(is_missing.shape[1]))]
    touched = np.flatnonzero(is_missing.any(axis=1))
    new_rows = np.flatnonzero(is_missing.all(axis=1))
    old_rows = np.flatnonzero(~is_missing.all(axis=1))
    new_columns = np.flatnonzero(is_missing[old_rows].any(axis=0))
    every_column = np.arange(is_missing.shape[1])
    if len(touched) <= len(new_rows) + len(new_columns):
        return [(touched, every_column)]
    blocks = [(new_rows, every_column), (old_rows, new_columns)]
    return [(rows, columns) for rows, columns in blocks if len(rows) and len(columns)]
