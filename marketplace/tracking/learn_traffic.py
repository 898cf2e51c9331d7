"""A market learns from its own drivers how full the streets are at which time of day, and right now.

Positions of finished legs are matched to streets, and what the drives took is added to sums by slot, cell and kind of
road. A position counts once: it is marked in the same commit in which it is counted, under the lock of the market's
traffic, so that neither a crash nor a second learner counts it again or loses it. Time at a stop is no traffic.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import numpy as np

from marketplace.core.work import Work
from marketplace.markets import dials
from marketplace.routing import (
    FIXES_AT_ONCE,
    NO_SLOT,
    Fix,
    Layer,
    RoadGroup,
    SpeedSum,
    TrackMatcher,
    Traffic,
    Traversal,
    add_speeds,
    fade,
    lock_traffic,
    read_traffic,
    release_traffic,
    slot_at,
)

SETTLED_AFTER = timedelta(seconds=60)
"""Positions are reported some at a time; younger ones may still get company."""
GIVEN_UP_AFTER = timedelta(hours=6)
"""A leg that has not ended by then tells nothing any more."""
LIVE_FOR = timedelta(hours=2)
"""Older drives say nothing about now."""
RELEASE_EVERY = timedelta(minutes=5)
"""Routers take over what was learnt at most so often: they forget what they remember each time."""
USUAL_ACCURACY_M = 10.0

# A driver who is on the way to a stop is waited for: the leg ends with its arrival.
UNDIGESTED = """
SELECT p.id, p.driver_id, p.lat, p.lon, p.accuracy_m, p.occurred_at
FROM position p LEFT JOIN (
    SELECT r.driver_id, max(coalesce(s.arrived_at, r.started_at - interval '1 microsecond')) AS until
    FROM route r LEFT JOIN stop s ON s.route_id = r.id
    WHERE r.market_id = $1 AND r.state = 'STARTED' GROUP BY r.driver_id
) busy ON busy.driver_id = p.driver_id
WHERE p.market_id = $1 AND NOT p.is_digested
  AND (p.occurred_at <= least($2, busy.until) OR p.occurred_at <= $3)
ORDER BY p.driver_id, p.occurred_at LIMIT $4
"""
LEGS = """
SELECT r.driver_id, s.arrived_at,
       coalesce(lag(coalesce(s.ended_at, s.arrived_at)) OVER (PARTITION BY r.id ORDER BY s.arrived_at), r.started_at)
           AS departed_at
FROM route r JOIN stop s ON s.route_id = r.id
WHERE r.market_id = $1 AND r.driver_id = ANY($2) AND r.started_at <= $4
  AND coalesce(r.ended_at, $4) >= $3 AND s.arrived_at IS NOT NULL
ORDER BY s.arrived_at
"""
STILL_UNDIGESTED = "SELECT count(*) FROM position WHERE id = ANY($1) AND NOT is_digested"
DIGEST = "UPDATE position SET is_digested = true WHERE id = ANY($1)"


class Leg(NamedTuple):
    """One finished drive of a driver, from one stop to the next."""

    departed_at: datetime
    arrived_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Undigested:
    """Positions that have not been counted yet, as tracks of finished legs, and what is known so far."""

    position_ids: Sequence[int]
    tracks: Sequence[Sequence[Fix]]
    traffic: Traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnTraffic:
    """The errand of learning: reads positions, has them matched with no Work open, counts them once."""

    matcher: TrackMatcher
    market_id: UUID

    async def read(self, work: Work) -> Undigested | None:
        """The oldest positions of each driver that can be counted; None where there are none."""
        rows = await work.fetch(
            UNDIGESTED, self.market_id, work.now - SETTLED_AFTER, work.now - GIVEN_UP_AFTER, FIXES_AT_ONCE
        )
        if not rows:
            return None
        market = await dials(work, market_id=self.market_id)
        moments = [row["occurred_at"] for row in rows]
        drivers = list({row["driver_id"] for row in rows})
        legs: dict[UUID, list[Leg]] = defaultdict(list)
        for leg in await work.fetch(LEGS, self.market_id, drivers, min(moments), max(moments)):
            legs[leg["driver_id"]].append(Leg(leg["departed_at"], leg["arrived_at"]))
        fixes = (
            (
                row["driver_id"],
                Fix(row["occurred_at"], row["lat"], row["lon"], row["accuracy_m"] or USUAL_ACCURACY_M),
            )
            for row in rows
        )
        return Undigested(
            position_ids=[row["id"] for row in rows],
            tracks=tracks_of(fixes, legs),
            traffic=await read_traffic(work, market_ids=[self.market_id], time_zone=market.time_zone),
        )

    async def call(self, found: Undigested) -> list[Traversal]:
        """Matches the tracks to streets."""
        return await self.matcher.match(found.tracks)

    async def record(self, work: Work, found: Undigested, answer: list[Traversal]) -> int:
        """Counts the drives and marks their positions; of two who learn from the same positions the first one counts.

        The lock on the market's traffic closes the race between them.
        """
        released_at = await lock_traffic(work, market_id=self.market_id)
        if await work.fetch_value(STILL_UNDIGESTED, found.position_ids) != len(found.position_ids):
            return 0
        sums = sums_of(answer, found.traffic, now=work.now)
        await work.execute(DIGEST, found.position_ids)
        if sums:
            await add_speeds(work, market_id=self.market_id, sums=sums)
            if released_at is None or work.now - released_at >= RELEASE_EVERY:
                await release_traffic(work, market_id=self.market_id)
        return len(found.position_ids)


def tracks_of(fixes: Iterable[tuple[UUID, Fix]], legs: Mapping[UUID, Sequence[Leg]]) -> list[list[Fix]]:
    """The fixes that were taken on finished legs, a track for each leg; the others tell nothing about streets."""
    arrivals = {driver_id: [leg.arrived_at for leg in of_driver] for driver_id, of_driver in legs.items()}
    tracks: dict[tuple[UUID, int], list[Fix]] = defaultdict(list)
    for driver_id, fix in fixes:
        number = bisect_left(arrivals.get(driver_id, []), fix.at)
        of_driver = legs.get(driver_id, [])
        if number < len(of_driver) and of_driver[number].departed_at <= fix.at:
            tracks[driver_id, number].append(fix)
    return [track for track in tracks.values() if len(track) > 1]


def sums_of(traversals: Sequence[Traversal], traffic: Traffic, *, now: datetime) -> list[SpeedSum]:
    """What traversals add: to what is usual in their slots, and, if they are fresh, to how now differs from that."""
    sums: dict[tuple[Layer, int, int, RoadGroup], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for one, expected_s in zip(traversals, _expected_s(traversals, traffic), strict=True):
        slot, age = slot_at(one.at, traffic.time_zone), now - one.at
        counted = [(Layer.USUAL, slot, one.free_s)]
        if age < LIVE_FOR:
            counted.append((Layer.LIVE, NO_SLOT, expected_s))
        for layer, of_slot, base_s in counted:
            left = fade(layer, age)
            kept = sums[layer, of_slot, one.cell, one.group]
            kept[0] += base_s * left
            kept[1] += one.driven_s * left
    return [
        SpeedSum(layer, slot, cell, group, free_s, driven_s)
        for (layer, slot, cell, group), (free_s, driven_s) in sums.items()
    ]


def _expected_s(traversals: Sequence[Traversal], traffic: Traffic) -> list[float]:
    """What each traversal was to be expected to take at its time of day."""
    slots = np.array([slot_at(one.at, traffic.time_zone) for one in traversals], np.int64)
    cells = np.array([one.cell for one in traversals], np.int64)
    groups = np.array([one.group for one in traversals], np.int64)
    free_s = np.array([one.free_s for one in traversals])
    expected: list[float] = (free_s * traffic.usual(slots, cells, groups)).tolist()
    return expected
