"""Where drivers are: reports are gathered in this process and written together, never a row for each request.

Every `FLUSH_EVERY_S` what has come in goes into the history by one COPY, and the latest place of each driver into its
presence by one UPDATE. A crash loses that quarter of a second, which is fine for places and for nothing else: reports
about stops and money never come this way.
"""

import asyncio
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import structlog

from marketplace.core.geo import Point
from marketplace.core.ids import DriverId, MarketId, RouteId
from marketplace.core.notices import GONE
from marketplace.core.work import DatabaseUnavailable, Work, Works
from marketplace.tracking.refusals import BadPosition, TooManyPositions

FLUSH_EVERY_S = 0.25
POINTS_IN_A_REPORT = 100
POINTS_IN_MEMORY = 20_000
POINTS_IN_A_FLUSH = 5_000
WORST_ACCURACY_M = 10_000.0
"""What claims to be less accurate than this is no measurement."""
ACCURACY_TO_PLAN_WITH_M = 250.0
"""Less accurate places are kept in the history and do not move the driver."""
OLDEST_REPORT = timedelta(hours=24)
"""An app that was offline may tell where it was; older than this nobody asks."""
DROPPED_AT_ONCE = 10_000

COLUMNS = ("market_id", "driver_id", "route_id", "lat", "lon", "accuracy_m", "occurred_at", "received_at")

# Rows are locked in order of id, as everybody who locks several presences does.
MOVE_PRESENCE = """
WITH reported AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::float8[], $4::float8[], $5::text[], $6::timestamptz[])
        AS t(driver_id, market_id, lat, lon, cell, occurred_at)
), locked AS (
    SELECT p.driver_id FROM presence p JOIN reported r ON r.driver_id = p.driver_id AND r.market_id = p.market_id
    WHERE p.position_at IS NULL OR p.position_at < r.occurred_at
    ORDER BY p.driver_id FOR NO KEY UPDATE OF p
)
UPDATE presence SET lat = reported.lat, lon = reported.lon, cell = reported.cell, position_at = reported.occurred_at
FROM reported JOIN locked USING (driver_id) WHERE presence.driver_id = reported.driver_id
"""

# No market keeps positions for less than a day.
DROP_OLD = """
DELETE FROM position WHERE id IN (
    SELECT p.id FROM position p JOIN market m ON m.id = p.market_id
    WHERE p.received_at < $1::timestamptz - interval '1 day'
      AND p.received_at < $1::timestamptz - make_interval(days => m.position_kept_days) AND p.is_digested
    ORDER BY p.received_at LIMIT $2)
"""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedPosition:
    """Where an app says that its driver was, and when."""

    place: Point
    occurred_at: datetime
    accuracy_m: float | None = None


@dataclass(frozen=True, slots=True)
class _Kept:
    market_id: MarketId
    driver_id: DriverId
    route_id: RouteId | None
    reported: ReportedPosition


class PositionBuffer:
    """The positions that this process has taken and not written yet; entered while it serves."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._kept: list[_Kept] = []
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def add(
        self,
        driver_id: DriverId,
        market_id: MarketId,
        points: Sequence[ReportedPosition],
        *,
        route_id: RouteId | None = None,
    ) -> None:
        """Takes a driver's report; all of it is written with the next flush, or none of it is taken."""
        if len(points) > POINTS_IN_A_REPORT:
            raise BadPosition(
                f"a report has at most {POINTS_IN_A_REPORT} positions; send it in parts", field="positions"
            )
        for point in points:
            _check(point)
        if len(self._kept) + len(points) > POINTS_IN_MEMORY:
            raise TooManyPositions("too many positions wait to be written; report again in a few seconds")
        self._kept += [_Kept(market_id, driver_id, route_id, point) for point in points]

    async def flush(self) -> int:
        """Writes what has been taken so far; returns how many positions went into the history.

        What could not be written, because the database is away, waits for the next time.
        """
        taken, self._kept = self._kept[:POINTS_IN_A_FLUSH], self._kept[POINTS_IN_A_FLUSH:]
        if not taken:
            return 0
        try:
            async with self._works.open() as work:
                return await _write(work, taken)
        except (DatabaseUnavailable, *GONE):
            self._kept = [*taken, *self._kept]
            raise

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._flush_until_stopped(), name="positions")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._stop.set()
        await self._task

    async def _flush_until_stopped(self) -> None:
        while not self._stop.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_EVERY_S):
                    await self._stop.wait()
            await self._flush_all()
        await self._flush_all()

    async def _flush_all(self) -> None:
        try:
            while self._kept:
                await self.flush()
        except (DatabaseUnavailable, *GONE) as failure:
            log.warning("positions wait for the database", count=len(self._kept), failure=type(failure).__name__)


async def drop_old_positions(work: Work) -> int:
    """Removes positions that are older than their market keeps them, once traffic has been learnt from them.

    Returns how many of a bounded number there were.
    """
    return await work.execute(DROP_OLD, work.now, DROPPED_AT_ONCE)


def _check(point: ReportedPosition) -> None:
    if point.occurred_at.tzinfo is None:
        raise BadPosition("a position's time needs an offset", field="occurredAt")
    accuracy = point.accuracy_m
    if accuracy is not None and not (math.isfinite(accuracy) and 0 <= accuracy <= WORST_ACCURACY_M):
        raise BadPosition(f"an accuracy is 0 to {WORST_ACCURACY_M:.0f} metres", field="accuracyM")


async def _write(work: Work, taken: Sequence[_Kept]) -> int:
    """Writes positions and presences. A time in the future is an app's clock that runs ahead: it counts as now."""
    recent = [(kept, min(kept.reported.occurred_at, work.now)) for kept in taken]
    recent = [(kept, at) for kept, at in recent if at > work.now - OLDEST_REPORT]
    rows = [
        (
            kept.market_id,
            kept.driver_id,
            kept.route_id,
            kept.reported.place.lat,
            kept.reported.place.lon,
            kept.reported.accuracy_m,
            at,
            work.now,
        )
        for kept, at in recent
    ]
    await work.insert_many("position", COLUMNS, rows)
    latest: dict[DriverId, tuple[_Kept, datetime]] = {}
    for kept, at in recent:
        is_later = kept.driver_id not in latest or at >= latest[kept.driver_id][1]
        if is_later and (kept.reported.accuracy_m or 0.0) <= ACCURACY_TO_PLAN_WITH_M:
            latest[kept.driver_id] = (kept, at)
    if moves := list(latest.values()):
        await _move_presences(work, moves)
    return len(rows)


async def _move_presences(work: Work, moves: Sequence[tuple[_Kept, datetime]]) -> None:
    await work.execute(
        MOVE_PRESENCE,
        [kept.driver_id for kept, _ in moves],
        [kept.market_id for kept, _ in moves],
        [kept.reported.place.lat for kept, _ in moves],
        [kept.reported.place.lon for kept, _ in moves],
        [kept.reported.place.cell for kept, _ in moves],
        [at for _, at in moves],
    )
