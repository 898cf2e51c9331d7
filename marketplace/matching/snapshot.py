"""What the matcher looks at: the deliveries of a market that want a route, and the drivers who could take one."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from marketplace.batches.states import SKILLS
from marketplace.core.geo import Point, straight_line_m
from marketplace.core.work import Work
from marketplace.fleet.states import ContractKind
from marketplace.markets import Dials, dials, pay_policy_at
from marketplace.matching.request import Objective

DELIVERIES_AT_ONCE = 240
"""Most deliveries in one look; the most urgent first, the rest in the next."""
DRIVERS_AT_ONCE = 80
NEAREST_PER_PICKUP = 8
"""So many drivers close to each pickup are looked at, until there are `DRIVERS_AT_ONCE`."""

TO_PLAN = """
SELECT id, sequence, pickup_lat, pickup_lon, dropoff_lat, dropoff_lon, pickup_opens_at, pickup_closes_at,
       dropoff_opens_at, dropoff_closes_at, load, requirements, priority, created_at
FROM delivery
WHERE market_id = $1 AND state = 'SCHEDULED'
  AND (plan_after <= $2
       OR unassigned_reason IN ('NO_DRIVER', 'NO_CAPACITY', 'NO_SKILL', 'WINDOW', 'OUT_OF_REACH', 'HELD'))
ORDER BY priority DESC, dropoff_closes_at, id LIMIT $3
"""
FREE_DRIVERS = """
SELECT d.id, d.contract_kind, d.capacity, d.skills, d.max_stops, p.lat, p.lon, p.online_until,
       $2::timestamptz AS free_at
FROM presence p JOIN driver d ON d.id = p.driver_id
WHERE p.market_id = $1 AND p.state IN ('AVAILABLE', 'OFFERED') AND p.lat IS NOT NULL AND p.online_until > $2
  AND d.account_state = 'ACTIVE'
  AND NOT EXISTS (SELECT 1 FROM route r WHERE r.driver_id = d.id AND r.state IN ('ASSIGNED', 'STARTED'))
  AND NOT EXISTS (SELECT 1 FROM route r WHERE r.market_id = $1 AND r.planned_driver_id = d.id
                  AND r.state IN ('PLANNED', 'OFFERING'))
ORDER BY d.id
"""

# Free where the last stop is, and when it is planned to be done; whoever is late at the last stop so far stays as late.
SOON_FREE_DRIVERS = """
SELECT * FROM (
    SELECT d.id, d.contract_kind, d.capacity, d.skills, d.max_stops, p.online_until, last.lat, last.lon,
           greatest($2::timestamptz, last.planned_departure + greatest(coalesce(done.late, interval '0'), interval '0'))
               AS free_at
    FROM route r
    JOIN driver d ON d.id = r.driver_id AND d.account_state = 'ACTIVE'
    JOIN presence p ON p.driver_id = d.id AND p.state = 'ENGAGED' AND p.online_until > $2
    CROSS JOIN LATERAL (
        SELECT lat, lon, planned_departure FROM stop
        WHERE route_id = r.id AND state NOT IN ('SKIPPED', 'CANCELLED') ORDER BY place DESC LIMIT 1) last
    LEFT JOIN LATERAL (
        SELECT ended_at - planned_departure AS late FROM stop
        WHERE route_id = r.id AND state IN ('COMPLETED', 'FAILED') ORDER BY place DESC LIMIT 1) done ON true
    WHERE r.market_id = $1 AND r.state IN ('ASSIGNED', 'STARTED')
) soon WHERE free_at <= $2::timestamptz + $3::interval ORDER BY id
"""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeDriver:
    """A driver who is online and free, or will be at `free_at` and `place`."""

    id: UUID
    kind: ContractKind
    place: Point
    online_until: datetime
    capacity: Sequence[int]
    skills: Sequence[str]
    max_stops: int
    free_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One look at a market."""

    dials: Dials
    now: datetime
    policy_version: int
    rates: dict[str, int]
    deliveries: Sequence[OpenDelivery]
    drivers: Sequence[FreeDriver]
    busy: Set[UUID] = frozenset()
    """Those of the drivers who still have a route: they are planned with and not asked yet."""


async def take_snapshot(work: Work, *, market_id: UUID) -> Snapshot | None:
    """Reads what there is to match; None when no delivery wants a route."""
    rows = await work.fetch(TO_PLAN, market_id, work.now, DELIVERIES_AT_ONCE)
    if not rows:
        return None
    settings = await dials(work, market_id=market_id)
    version, rates = await pay_policy_at(work, market_id=market_id, moment=work.now)
    deliveries = [
        OpenDelivery(
            id=row["id"],
            sequence=row["sequence"],
            pickup=Point(lat=row["pickup_lat"], lon=row["pickup_lon"]),
            dropoff=Point(lat=row["dropoff_lat"], lon=row["dropoff_lon"]),
            pickup_opens_at=row["pickup_opens_at"],
            pickup_closes_at=row["pickup_closes_at"],
            dropoff_opens_at=row["dropoff_opens_at"],
            dropoff_closes_at=row["dropoff_closes_at"],
            load=row["load"],
            skills=[name for name in row["requirements"] if name in SKILLS],
            priority=row["priority"],
            created_at=row["created_at"],
        )
        for row in rows
    ]
    free = await work.fetch(FREE_DRIVERS, market_id, work.now)
    # Only where delay is what counts: a plan for the least cost would hold what waits for a busy driver for nothing.
    is_delay_counted = settings.matching_objective == Objective.DELIVERY_DELAY
    ahead = timedelta(seconds=settings.driver_ahead_s if is_delay_counted else 0)
    busy = await work.fetch(SOON_FREE_DRIVERS, market_id, work.now, ahead) if ahead else []
    drivers = [
        FreeDriver(
            id=row["id"],
            kind=ContractKind(row["contract_kind"]),
            place=Point(lat=row["lat"], lon=row["lon"]),
            online_until=row["online_until"],
            capacity=row["capacity"],
            skills=row["skills"],
            max_stops=min(row["max_stops"], settings.route_max_stops),
            free_at=row["free_at"],
        )
        for row in [*free, *busy]
    ]
    return Snapshot(
        dials=settings,
        now=work.now,
        policy_version=version,
        rates=rates,
        deliveries=deliveries,
        drivers=_worth_asking(drivers, {delivery.pickup for delivery in deliveries}),
        busy={row["id"] for row in busy},
    )


def _worth_asking(drivers: Sequence[FreeDriver], pickups: set[Point]) -> Sequence[FreeDriver]:
    """The drivers close to the pickups; a straight line may leave far ones out, it never ranks those who stay."""
    if len(drivers) <= DRIVERS_AT_ONCE:
        return drivers
    kept: dict[UUID, FreeDriver] = {}
    by_pickup = [
        sorted(drivers, key=lambda driver, place=pickup: straight_line_m(driver.place, place))  # type: ignore[misc]
        for pickup in sorted(pickups, key=lambda point: (point.lat, point.lon))
    ]
    for rank in range(len(drivers)):
        for ranked in by_pickup:
            kept.setdefault(ranked[rank].id, ranked[rank])
            if len(kept) == DRIVERS_AT_ONCE:
                return list(kept.values())
        if rank >= NEAREST_PER_PICKUP and len(kept) >= DRIVERS_AT_ONCE // 2:
            break
    return list(kept.values())
