"""Turns a plan into routes, if the deliveries are still as they were when it was made."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from uuid import UUID

from marketplace.batches.events import DeliveryOffered
from marketplace.batches.states import DeliveryState, UnassignedReason
from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.matching.reply import PlannedRoute, PlannedStep, Reason
from marketplace.matching.request import StepKind
from marketplace.matching.snapshot import Snapshot
from marketplace.matching.zoning import holds_turn
from marketplace.routes.events import RoutePlanned
from marketplace.routes.states import StopKind
from marketplace.routing import Matrix

# Locks the deliveries in id order against cancel, expiry and another planner, and tells which are still as they were.
LOCK_UNCHANGED = """
SELECT d.id, d.shipper_id, d.batch_id FROM delivery d
JOIN unnest($1::uuid[], $2::int[]) AS seen(id, sequence) ON seen.id = d.id
WHERE d.state = 'SCHEDULED' AND d.sequence = seen.sequence
ORDER BY d.id FOR UPDATE OF d
"""
PUT_ON_ROUTE = """
UPDATE delivery d SET state = 'OFFERING', route_id = put.route_id, unassigned_reason = NULL,
       sequence = d.sequence + 1, changed_at = $3
FROM unnest($1::uuid[], $2::uuid[]) AS put(id, route_id)
WHERE d.id = put.id RETURNING d.id, d.sequence, d.shipper_id, d.batch_id, d.route_id
"""
# What was left over before is due again when it was to be, however often its zone is looked at meanwhile: it is then
# looked at together with what lies beyond the zone's borders.
SAY_WHY = """
UPDATE delivery d SET unassigned_reason = why.reason,
       plan_after = CASE WHEN why.reason <> 'HELD' AND d.unassigned_reason NOT IN ('HELD', 'NOBODY_ACCEPTED')
                          AND d.plan_after > $4
                         THEN least(d.plan_after, why.plan_after) ELSE why.plan_after END
FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) AS why(id, reason, plan_after)
WHERE d.id = why.id AND d.state = 'SCHEDULED'
"""
LOOK_AGAIN = "UPDATE delivery SET plan_after = $2 WHERE id = ANY($1) AND state = 'SCHEDULED'"
LOCK_DRIVERS = "SELECT driver_id FROM presence WHERE driver_id = ANY($1) ORDER BY driver_id FOR UPDATE"
# A statement of its own after the lock, so that it sees what another zone's planner has committed meanwhile.
STILL_FREE = """
SELECT p.driver_id FROM presence p
WHERE p.driver_id = ANY($1) AND p.state IN ('AVAILABLE', 'OFFERED')
  AND NOT EXISTS (SELECT 1 FROM route r WHERE r.driver_id = p.driver_id AND r.state IN ('ASSIGNED', 'STARTED'))
  AND NOT EXISTS (SELECT 1 FROM route r WHERE r.planned_driver_id = p.driver_id
                  AND r.state IN ('PLANNED', 'OFFERING'))
"""
ROUTE_COLUMNS = (
    "id", "market_id", "state", "planned_driver_id", "distance_m", "duration_s", "starts_at", "is_degraded",
    "currency", "policy_version", "created_at",
)  # fmt: skip
STOP_COLUMNS = (
    "id", "market_id", "route_id", "place", "kind", "state", "lat", "lon", "leg_m", "leg_s", "planned_arrival",
    "planned_departure",
)  # fmt: skip
TASK_COLUMNS = ("id", "market_id", "stop_id", "delivery_id")

REASONS = {
    Reason.NO_CAPACITY: UnassignedReason.NO_CAPACITY,
    Reason.NO_SKILL: UnassignedReason.NO_SKILL,
    Reason.WINDOW: UnassignedReason.WINDOW,
    Reason.OUT_OF_REACH: UnassignedReason.OUT_OF_REACH,
    Reason.HELD: UnassignedReason.HELD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CommittedPlan:
    """What became of a plan: the routes written, how many deliveries wait, whether a later look has overtaken it."""

    route_ids: Sequence[UUID]
    waiting: int
    is_overtaken: bool = False


async def commit_plan(
    work: Work,
    *,
    snapshot: Snapshot,
    points: Sequence[Point],
    matrix: Matrix | None,
    routes: Sequence[PlannedRoute],
    unassigned: Mapping[str, Reason],
    held_until: Mapping[str, datetime],
) -> CommittedPlan:
    """Writes due routes whose deliveries are unchanged and drivers free, and for the rest why and until when they wait.

    What was on another due route is looked at again at once. A plan that a later look has overtaken is dropped whole.
    """
    if snapshot.zone is not None and not await holds_turn(work, snapshot.zone):
        return CommittedPlan(route_ids=[], waiting=0, is_overtaken=True)
    # All of them at once, those that go on waiting too: locked in two goes, two looks could wait in a circle.
    seen = snapshot.deliveries
    locked = await work.fetch(LOCK_UNCHANGED, [one.id for one in seen], [one.sequence for one in seen])
    unchanged = {row["id"] for row in locked}
    free = await _lock_free(work, [UUID(route.driver_id) for route in routes])
    sound = [route for route in routes if UUID(route.driver_id) in free and _deliveries(route) <= unchanged]
    written = []
    if sound:
        assert matrix is not None, "routes come with travel times"
        written = await _write_routes(work, snapshot, points, matrix, sound)
    again = {one for route in routes if route not in sound for one in _deliveries(route)} & unchanged
    if again:
        await work.execute(LOOK_AGAIN, sorted(again), work.now)
    waiting = await _say_why(work, snapshot, unchanged - again, unassigned, held_until)
    return CommittedPlan(route_ids=written, waiting=waiting)


async def _lock_free(work: Work, driver_ids: Sequence[UUID]) -> set[UUID]:
    """Of these drivers those who have nothing else to do, locked: of two zones that want one, the later gets none."""
    if not driver_ids:
        return set()
    await work.execute(LOCK_DRIVERS, list(driver_ids))
    return {row["driver_id"] for row in await work.fetch(STILL_FREE, list(driver_ids))}


def _deliveries(route: PlannedRoute) -> set[UUID]:
    return {UUID(step.delivery_id) for step in route.steps}


async def _write_routes(
    work: Work, snapshot: Snapshot, points: Sequence[Point], matrix: Matrix, routes: Sequence[PlannedRoute]
) -> list[UUID]:
    rows = _Rows()
    for route in routes:
        _draft(work, snapshot, points, matrix, route, rows)
    await work.insert_many("route", ROUTE_COLUMNS, rows.routes)
    await work.insert_many("stop", STOP_COLUMNS, rows.stops)
    await work.insert_many("task", TASK_COLUMNS, rows.tasks)
    put = await work.fetch_sorted(PUT_ON_ROUTE, list(rows.route_of), list(rows.route_of.values()), work.now)
    for row in put:
        work.emit(
            DeliveryOffered(
                market_id=snapshot.dials.market_id,
                shipper_id=row["shipper_id"],
                delivery_id=row["id"],
                batch_id=row["batch_id"],
                sequence=row["sequence"],
                state=DeliveryState.OFFERING,
                route_id=row["route_id"],
            )
        )
    return [values[0] for values in rows.routes]


class _Rows:
    """Rows of several routes, gathered so that each table is written once."""

    def __init__(self) -> None:
        self.routes: list[tuple[UUID, *tuple[object, ...]]] = []
        self.stops: list[tuple[object, ...]] = []
        self.tasks: list[tuple[object, ...]] = []
        self.route_of: dict[UUID, UUID] = {}


def _draft(
    work: Work, snapshot: Snapshot, points: Sequence[Point], matrix: Matrix, route: PlannedRoute, rows: _Rows
) -> None:
    route_id, market_id = work.new_id(), snapshot.dials.market_id
    visits = _visits(route.steps, {str(one.id) for one in snapshot.deliveries if one.is_at_point})
    legs = [(0, 0)] + [
        (int(matrix.distances_m[a[0].location, b[0].location]), int(matrix.durations_s[a[0].location, b[0].location]))
        for a, b in pairwise(visits)
    ]
    first, last = route.steps[0], route.steps[-1]
    is_loaded_once = snapshot.dials.one_origin_per_route
    for place, (visit, (leg_m, leg_s)) in enumerate(zip(visits, legs, strict=True)):
        stop_id, point = work.new_id(), points[visit[0].location]
        kind = StopKind.PICKUP if visit[0].kind is StepKind.PICKUP else StopKind.DROPOFF
        # Where a route has one origin, the plan counts its loading with the legs that leave it.
        loading_s = snapshot.dials.pickup_service_s if kind is StopKind.PICKUP and is_loaded_once else 0
        arrival, departure = _moment(visit[0].arrival), _moment(visit[-1].departure + loading_s)
        rows.stops.append(
            (stop_id, market_id, route_id, place, kind.value, "PENDING", point.lat, point.lon, leg_m, leg_s,
             arrival, departure)
        )  # fmt: skip
        for step in visit:
            delivery_id = UUID(step.delivery_id)
            rows.tasks.append((work.new_id(), market_id, stop_id, delivery_id))
            rows.route_of[delivery_id] = route_id
    rows.routes.append(
        (route_id, market_id, "PLANNED", UUID(route.driver_id), sum(leg_m for leg_m, _ in legs),
         last.departure - first.arrival, _moment(route.offer_at), matrix.is_degraded, snapshot.dials.currency,
         snapshot.policy_version, work.now)
    )  # fmt: skip
    delivery_count = len({step.delivery_id for step in route.steps})
    work.emit(
        RoutePlanned(market_id=market_id, route_id=route_id, stop_count=len(visits), delivery_count=delivery_count)
    )


def _visits(steps: Sequence[PlannedStep], at_points: Collection[str]) -> list[list[PlannedStep]]:
    """Steps as visits of a place: what is picked up together or brought to one hand-over point is one stop.

    Every other hand-over is one of its own.
    """
    visits: list[list[PlannedStep]] = []
    for key, group in groupby(steps, key=lambda step: (step.kind, step.location, _is_dropped(step, at_points))):
        kind, _, is_at_point = key
        same = list(group)
        visits += [same] if kind is StepKind.PICKUP or is_at_point else [[step] for step in same]
    return visits


def _is_dropped(step: PlannedStep, at_points: Collection[str]) -> bool:
    return step.kind is StepKind.DROPOFF and step.delivery_id in at_points


async def _say_why(
    work: Work,
    snapshot: Snapshot,
    unchanged: set[UUID],
    unassigned: Mapping[str, Reason],
    held_until: Mapping[str, datetime],
) -> int:
    """Keeps for each unchanged waiting delivery its reason and when to look again, without counting it as a change."""
    look_again = work.now + timedelta(seconds=snapshot.dials.replan_after_s)
    reasons = {UUID(key): (REASONS[reason], look_again) for key, reason in unassigned.items()}
    if not snapshot.drivers:
        reasons = dict.fromkeys(reasons, (UnassignedReason.NO_DRIVER, look_again))
    for key, moment in held_until.items():
        reasons[UUID(key)] = (UnassignedReason.HELD, min(max(moment, work.now), look_again))
    own = unchanged - snapshot.neighbours
    reasons = {key: why for key, why in reasons.items() if key in own}
    await work.execute(
        SAY_WHY,
        list(reasons),
        [reason.value for reason, _ in reasons.values()],
        [moment for _, moment in reasons.values()],
        work.now,
    )
    return len(reasons)


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, tz=UTC)
