"""Where the next hub would save most, from where things went: facility location over the cells that were delivered to.

What is reckoned is the drive from hub to door as if each parcel went alone. Parcels share routes, so that this is the
most that a site can save; what it would save of a day's routes is seen by `doorstep simulate --hub lat,lon`.
"""

import asyncio
import importlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import h3
import numpy as np
import numpy.typing as npt

from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.geo import Point, cell_centre
from marketplace.core.ids import first_id
from marketplace.core.window import local_instant
from marketplace.core.work import Work
from marketplace.routing import Matrix, Router

SITE_RESOLUTION = 8
"""H3 resolution of demand and of candidate sites: cells of about 0.7 km²."""
DAYS_AT_MOST = 92
SITES_AT_MOST = 5
CANDIDATES_AT_MOST = 200
CELLS_AT_MOST = 1_000
SPOTS_AT_MOST = 100_000
SOLVER = "marketplace.hubs.facility"

TIME_ZONE = "SELECT time_zone FROM market WHERE id = $1"
# A spot is a square of about a hundred metres, no door. Ids sort by time, so that their index finds the period.
WENT_TO = """
SELECT hub_id, round(dropoff_lat::numeric, 3)::float AS lat, round(dropoff_lon::numeric, 3)::float AS lon,
       count(*)::int AS deliveries
FROM delivery d
WHERE market_id = $1 AND id >= $2 AND id < $3 AND hub_id IS NOT NULL AND return_of IS NULL
  AND dropoff_lat IS NOT NULL AND NOT EXISTS (SELECT FROM stock_transfer t WHERE t.delivery_id = d.id)
GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT $4
"""
HUBS = "SELECT id, lat, lon FROM hub WHERE market_id = $1 AND id = ANY($2) ORDER BY id"


class NoDemand(Conflict):
    """Nothing was delivered from a hub in the period, so there is nothing to learn from."""

    code = "NO_DEMAND"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drives:
    """A day's drives from hub to door, as if each parcel went alone."""

    hours_per_day: float
    km_per_day: float
    share_within: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisedSite:
    """A place for a hub, and what it takes over."""

    cell: str
    place: Point
    deliveries_per_day: float
    saved_hours_per_day: float
    saved_km_per_day: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Where to open hubs, what that saves, and how surely nothing better was missed."""

    days: int
    deliveries: int
    candidates: int
    sites: Sequence[AdvisedSite]
    before: Drives
    after: Drives
    within_s: int
    optimality_gap: float
    is_degraded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What went from which hub to which cell in so many days."""

    days: int
    hubs: dict[UUID, Point]
    wanted: list[tuple[UUID, str, int]]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviseHub:
    """The errand of asking where a market's next hubs would save most, over local days that are both included."""

    router: Router
    market_id: UUID
    first_day: date
    last_day: date
    candidates: int = 60
    sites: int = 1
    within_s: int = 900
    worth_hours_per_day: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= (self.last_day - self.first_day).days + 1 <= DAYS_AT_MOST:
            raise Invalid(f"ask about 1 to {DAYS_AT_MOST} days", field="to")
        if not 1 <= self.candidates <= CANDIDATES_AT_MOST:
            raise Invalid(f"there are 1 to {CANDIDATES_AT_MOST} candidates", field="candidates")
        if not 1 <= self.sites <= SITES_AT_MOST:
            raise Invalid(f"advice is given about 1 to {SITES_AT_MOST} sites", field="sites")
        if not 60 <= self.within_s <= 7_200 or not 0 <= self.worth_hours_per_day <= 1_000:
            raise Invalid(
                "drives are within 60 to 7,200 seconds, and a site is worth 0 to 1,000 hours", field="withinS"
            )

    async def read(self, work: Work) -> Demand:
        """Reads where things went, and from which hubs."""
        time_zone = await work.fetch_value(TIME_ZONE, self.market_id)
        if time_zone is None:
            raise NotFound("there is no such market", field="marketId")
        begins = local_instant(datetime.combine(self.first_day, time()), time_zone)
        ends = local_instant(datetime.combine(self.last_day + timedelta(days=1), time()), time_zone)
        spots = await work.fetch(WENT_TO, self.market_id, first_id(begins), first_id(ends), SPOTS_AT_MOST)
        if not spots:
            raise NoDemand("nothing was delivered from a hub on these days", field="from")
        hubs = await work.fetch(HUBS, self.market_id, list({row["hub_id"] for row in spots}))
        return Demand(
            days=(self.last_day - self.first_day).days + 1,
            hubs={row["id"]: Point(lat=row["lat"], lon=row["lon"]) for row in hubs},
            wanted=_by_cell(spots),
            now=work.now,
        )

    async def call(self, found: Demand) -> Advice:
        """Asks the router for all drives at once, and the solver in a thread of its own."""
        cells = list(dict.fromkeys(cell for _, cell, _ in found.wanted))[:CELLS_AT_MOST]
        known = set(cells)
        wanted = [one for one in found.wanted if one[1] in known]
        busiest = Counter[str]()
        for _, cell, count in wanted:
            busiest[cell] += count
        candidates = [cell for cell, _ in sorted(busiest.items(), key=lambda one: (-one[1], one[0]))][: self.candidates]
        origins = [*found.hubs.values(), *map(cell_centre, candidates)]
        matrix = await self.router.matrix(origins, [cell_centre(cell) for cell in cells], depart_at=found.now)
        return await asyncio.to_thread(self._advise, found, wanted, cells, candidates, matrix)

    async def record(self, _work: Work, _found: Demand, answer: Advice) -> Advice:
        """Keeps nothing: advice is asked for again when there is more to learn from."""
        return answer

    def _advise(
        self,
        found: Demand,
        wanted: Sequence[tuple[UUID, str, int]],
        cells: Sequence[str],
        candidates: Sequence[str],
        matrix: Matrix,
    ) -> Advice:
        solver: Any = importlib.import_module(SOLVER)
        hub_rows = {hub_id: row for row, hub_id in enumerate(found.hubs)}
        columns = {cell: column for column, cell in enumerate(cells)}
        # A door that no street leads to from its hub, or to the middle of its cell, tells nothing about sites.
        groups = [
            (hub_rows[hub_id], columns[cell], count)
            for hub_id, cell, count in wanted
            if matrix.is_reachable[hub_rows[hub_id], columns[cell]]
        ]
        if not groups:
            raise NoDemand("no street leads from the hubs to where things went", field="from")
        rows, places, counts = (np.array(column) for column in zip(*groups, strict=True))
        at_site = slice(len(found.hubs), None)
        gain_s = matrix.durations_s[rows, places].astype(float) - matrix.durations_s[at_site, :][:, places]
        savings = np.where(matrix.is_reachable[at_site, :][:, places], gain_s, 0).clip(min=0) * counts / found.days
        placing = solver.place_sites(savings, most=self.sites, worth=self.worth_hours_per_day * 3_600)
        served_by = np.array(placing.served_by)
        after = np.where(served_by >= 0, len(found.hubs) + served_by, rows)
        saved_m = (matrix.distances_m[rows, places] - matrix.distances_m[after, places]) * counts / found.days
        return Advice(
            days=found.days,
            deliveries=int(counts.sum()),
            candidates=len(candidates),
            sites=[
                AdvisedSite(
                    cell=candidates[site],
                    place=cell_centre(candidates[site]),
                    deliveries_per_day=float(counts[served_by == site].sum() / found.days),
                    saved_hours_per_day=float(savings[site][served_by == site].sum() / 3_600),
                    saved_km_per_day=float(saved_m[served_by == site].sum() / 1_000),
                )
                for site in placing.sites
            ],
            before=self._drives(matrix, rows, places, counts, found.days),
            after=self._drives(matrix, after, places, counts, found.days),
            within_s=self.within_s,
            optimality_gap=placing.optimality_gap,
            is_degraded=matrix.is_degraded,
        )

    def _drives(
        self,
        matrix: Matrix,
        origins: npt.NDArray[np.int64],
        places: npt.NDArray[np.int64],
        counts: npt.NDArray[np.int64],
        days: int,
    ) -> Drives:
        durations_s = matrix.durations_s[origins, places]
        return Drives(
            hours_per_day=float((durations_s * counts).sum() / days / 3_600),
            km_per_day=float((matrix.distances_m[origins, places] * counts).sum() / days / 1_000),
            share_within=float(counts[durations_s <= self.within_s].sum() / counts.sum()),
        )


def _by_cell(spots: Sequence[asyncpg.Record]) -> list[tuple[UUID, str, int]]:
    """Deliveries by hub and cell, the busiest first."""
    counted = Counter[tuple[UUID, str]]()
    for row in spots:
        cell = str(h3.latlng_to_cell(row["lat"], row["lon"], SITE_RESOLUTION))
        counted[row["hub_id"], cell] += row["deliveries"]
    return [
        (hub_id, cell, count) for (hub_id, cell), count in sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    ]
