"""What the matcher looks at: the deliveries of a market that want a route, and the drivers who could take one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import median
from uuid import UUID

import asyncpg

from marketplace.batches.states import SKILLS, UnassignedReason
from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.fleet.states import ContractKind
from marketplace.markets import Dials, dials, open_pauses, paused_until, pay_policy_at
from marketplace.matching.cutting import EVERYWHERE, Area
from marketplace.matching.learned import usual_chances
from marketplace.matching.nearby import FreeDriver, drivers_nearby
from marketplace.matching.queries import AROUND_THEM, LEFT_OVER, SET_ASIDE, TO_PLAN
from marketplace.matching.wishes import wishes_as_skills
from marketplace.matching.zoning import Zone, count_zones

FULL_ZONES_AT_ONCE = 2
"""A look takes as many deliveries as so many full zones hold; the most urgent first, the rest in the next look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDelivery:
    """A delivery that wants a route; `sequence` tells later whether it has changed since."""

    id: UUID
    sequence: int
    pickup: Point
    dropoff: Point
    pickup_opens_at: datetime
    pickup_closes_at: datetime
    dropoff_opens_at: datetime
    dropoff_closes_at: datetime
    load: Sequence[int]
    skills: Sequence[str]
    priority: int
    created_at: datetime
    out_of_cold_s: int | None = None
    reason: UnassignedReason | None = None
    """Why it got no route at a look before; None where it is new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One look at a market, or at one of its zones.

    `neighbours` are deliveries of other zones that may share a route with those that were left over. How they
    themselves wait is the affair of their own zone.
    """

    dials: Dials
    now: datetime
    policy_version: int
    rates: dict[str, int]
    deliveries: Sequence[OpenDelivery]
    drivers: Sequence[FreeDriver]
    accept_prob: Mapping[ContractKind, float] = field(default_factory=dict)
    """The chance that a usual offer is taken at this hour, by contract kind."""
    neighbours: frozenset[UUID] = frozenset()
    zone: Zone | None = None
    zone_count: int = 1


async def take_snapshot(work: Work, *, market_id: UUID, area: Area = EVERYWHERE) -> Snapshot | None:
    """Reads what there is to match in an area; None when no delivery wants a route."""
    settings = await dials(work, market_id=market_id)
    most = FULL_ZONES_AT_ONCE * settings.zone_limit
    rows = await work.fetch(TO_PLAN, market_id, work.now, *area.low, *area.high, most)
    rows = await _without_paused(work, market_id, rows)
    return await _snapshot(work, settings, rows) if rows else None


async def take_border_snapshot(work: Work, *, market_id: UUID, area: Area) -> Snapshot | None:
    """Reads what nobody in a zone could take, with the deliveries around it on either side of the zone's borders."""
    settings = await dials(work, market_id=market_id)
    left = await work.fetch(LEFT_OVER, market_id, work.now, *area.low, *area.high, settings.zone_limit // 2)
    left = await _without_paused(work, market_id, left)
    if not left:
        return None
    middle = (median(row["pickup_lat"] for row in left), median(row["pickup_lon"] for row in left))
    ids, room = [row["id"] for row in left], settings.zone_limit - len(left)
    around = await work.fetch(AROUND_THEM, market_id, work.now, *middle, ids, room)
    around = await _without_paused(work, market_id, around)
    found = await _snapshot(work, settings, left + around)
    return replace(found, neighbours=frozenset(row["id"] for row in around))


async def _without_paused(work: Work, market_id: UUID, rows: list[asyncpg.Record]) -> list[asyncpg.Record]:
    """What may be planned now; what begins or ends in a paused part of the city is set aside until that is over."""
    pauses = await open_pauses(work.connection, market_id=market_id, at=work.now) if rows else []
    if not pauses:
        return rows
    until = {
        row["id"]: paused_until(
            pauses,
            Point(lat=row["pickup_lat"], lon=row["pickup_lon"]),
            Point(lat=row["dropoff_lat"], lon=row["dropoff_lon"]),
        )
        for row in rows
    }
    aside = {key: moment for key, moment in until.items() if moment is not None}
    await work.execute(SET_ASIDE, sorted(aside), [aside[key] for key in sorted(aside)])
    return [row for row in rows if row["id"] not in aside]


async def _snapshot(work: Work, settings: Dials, rows: Sequence[asyncpg.Record]) -> Snapshot:
    policy = await pay_policy_at(work, market_id=settings.market_id, moment=work.now)
    waiting = [_open_delivery(row) for row in rows]
    pickups = {delivery.pickup for delivery in waiting}
    near = await drivers_nearby(work, dials=settings, pickups=pickups, delivery_count=len(waiting))
    needs, drivers = wishes_as_skills([(one.pickup, one.dropoff) for one in waiting], near)
    deliveries = [
        replace(one, skills=[*one.skills, *more]) if more else one for one, more in zip(waiting, needs, strict=True)
    ]
    return Snapshot(
        dials=settings,
        now=work.now,
        policy_version=policy.version,
        rates=policy.planning_rates(),
        deliveries=deliveries,
        drivers=drivers,
        accept_prob=await usual_chances(work, market_id=settings.market_id, time_zone=settings.time_zone),
        zone_count=await count_zones(work, market_id=settings.market_id),
    )


def _open_delivery(row: asyncpg.Record) -> OpenDelivery:
    return OpenDelivery(
        id=row["id"],
        sequence=row["sequence"],
        pickup=Point(lat=row["pickup_lat"], lon=row["pickup_lon"]),
        dropoff=Point(lat=row["dropoff_lat"], lon=row["dropoff_lon"]),
        pickup_opens_at=row["pickup_opens_at"],
        pickup_closes_at=row["pickup_closes_at"],
        dropoff_opens_at=row["dropoff_opens_at"],
        dropoff_closes_at=row["dropoff_closes_at"],
        load=[*row["load"], row["pallet_places"]],
        skills=[name for name in row["requirements"] if name in SKILLS],
        priority=row["priority"],
        created_at=row["created_at"],
        out_of_cold_s=row["out_of_cold_limit_s"],
        reason=UnassignedReason(row["unassigned_reason"]) if row["unassigned_reason"] else None,
    )
