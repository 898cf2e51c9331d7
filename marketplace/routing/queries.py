"""Every read and write of learnt traffic."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.core.work import Work
from marketplace.routing.learning import HALF_LIFE, Layer, SpeedSum, fade, traffic_of
from marketplace.routing.traffic import RoadGroup, Traffic

SUMS_AT_MOST = 500_000
"""A city of 3,000 cells has 72 sums in each at most."""
LIVE_IS_GONE_AFTER = timedelta(hours=4)
"""By then a live sum counts one part in four thousand."""

SUMS = """
SELECT layer, slot, cell, road_group, free_s, driven_s, counted_at FROM speed_factor
WHERE market_id = ANY($1) ORDER BY id LIMIT $2
"""
RELEASES = """
SELECT coalesce(sum(version), 0) AS version, max(released_at) AS released_at FROM traffic_release
WHERE market_id = ANY($1)
"""
MAKE_RELEASE = "INSERT INTO traffic_release (market_id) VALUES ($1) ON CONFLICT DO NOTHING"
LOCK_RELEASE = "SELECT released_at FROM traffic_release WHERE market_id = $1 FOR UPDATE"
RAISE_RELEASE = "UPDATE traffic_release SET version = version + 1, released_at = $2 WHERE market_id = $1"
# What was counted before fades to the moment of what is added. The bound keeps a row of years ago from an underflow.
ADD = """
INSERT INTO speed_factor AS kept (market_id, layer, slot, cell, road_group, free_s, driven_s, counted_at)
SELECT $1, added.*, $8
FROM unnest($2::text[], $3::smallint[], $4::bigint[], $5::smallint[], $6::float8[], $7::float8[]) AS added
ON CONFLICT (market_id, layer, slot, cell, road_group) DO UPDATE SET
    free_s = kept.free_s * half.left_of + excluded.free_s,
    driven_s = kept.driven_s * half.left_of + excluded.driven_s,
    counted_at = excluded.counted_at
"""
LEFT_OF = (
    "power(0.5, least(100, greatest(0, extract(epoch FROM excluded.counted_at - kept.counted_at)::float8"
    " / CASE kept.layer WHEN 'LIVE' THEN $9::float8 ELSE $10::float8 END)))"
)
FORGET_LIVE = "DELETE FROM speed_factor WHERE market_id = $1 AND layer = 'LIVE' AND counted_at < $2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Which version of learnt traffic is to be answered by, and since when."""

    version: int
    released_at: datetime | None


async def released_traffic(work: Work, *, market_ids: Sequence[UUID]) -> Release:
    """The version of the traffic that some markets of one city have learnt together; 0 before the first."""
    row = await work.fetch_row(RELEASES, market_ids)
    assert row is not None, "a sum always has a row"
    return Release(version=row["version"], released_at=row["released_at"])


async def read_traffic(work: Work, *, market_ids: Sequence[UUID], time_zone: str) -> Traffic:
    """The traffic that some markets of one city have learnt together, as it is known now."""
    release = await released_traffic(work, market_ids=market_ids)
    rows = await work.fetch(SUMS, market_ids, SUMS_AT_MOST)
    sums = []
    for row in rows:
        layer = Layer(row["layer"])
        left = fade(layer, work.now - row["counted_at"])
        group = RoadGroup(row["road_group"])
        sums.append(SpeedSum(layer, row["slot"], row["cell"], group, row["free_s"] * left, row["driven_s"] * left))
    return traffic_of(sums, version=release.version, time_zone=time_zone, live_from=release.released_at)


async def lock_traffic(work: Work, *, market_id: UUID) -> datetime | None:
    """Makes whoever holds it the only one to count a market's drives; returns when the last release was."""
    await work.execute(MAKE_RELEASE, market_id)
    released_at: datetime | None = await work.fetch_value(LOCK_RELEASE, market_id)
    return released_at


async def add_speeds(work: Work, *, market_id: UUID, sums: Sequence[SpeedSum]) -> None:
    """Adds sums to what was counted before, which fades by its age; the lock on the market's traffic is held."""
    ordered = sorted(sums, key=lambda one: (one.layer, one.slot, one.cell, one.group))
    await work.execute(
        ADD.replace("half.left_of", LEFT_OF),
        market_id,
        [one.layer for one in ordered],
        [one.slot for one in ordered],
        [one.cell for one in ordered],
        [one.group for one in ordered],
        [one.free_s for one in ordered],
        [one.driven_s for one in ordered],
        work.now,
        HALF_LIFE[Layer.LIVE].total_seconds(),
        HALF_LIFE[Layer.USUAL].total_seconds(),
    )
    await work.execute(FORGET_LIVE, market_id, work.now - LIVE_IS_GONE_AFTER)


async def release_traffic(work: Work, *, market_id: UUID) -> None:
    """Has routers take over what has been learnt."""
    await work.execute(RAISE_RELEASE, market_id, work.now)
