"""Every read of routes, and the hand-written SQL that takes a route in hand and puts it back.

A report locks its route first, then the stops, then the deliveries in id order. Whatever it changed is written by one
statement for the route, one for all stops and one for all deliveries.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.batches.failure_policy import ONLY_IN_PERSON
from marketplace.batches.settle_stock import MOVES_STOCK, settle_stock
from marketplace.batches.states import ON_THE_WAY, DeliveryState, FailurePolicy
from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.routes.in_hand import DeliveryInHand, RouteInHand, StopInHand
from marketplace.routes.states import RouteState, StopKind, StopState
from marketplace.substitutions.queries import SUBSTITUTIONS

TO_THE_RECIPIENT = ", ".join(f"'{requirement}'" for requirement in sorted(ONLY_IN_PERSON))
ABOARD = ", ".join(f"'{state.value}'" for state in sorted(ON_THE_WAY))
# Everything a driver needs at the door, and nothing for anybody else: the route must be the driver's own and active.
# A recipient's PIN is never in it: it is what the recipient proves. A return holds the packages of its original.
MY_ROUTE = f"""
SELECT json_build_object(
    'id', 'rte_' || replace(r.id::text, '-', ''), 'state', r.state, 'version', r.version,
    'unavailable_after_s', m.unavailable_after_s,
    'distance_m', r.distance_m, 'duration_s', r.duration_s, 'starts_at', r.starts_at, 'is_degraded', r.is_degraded,
    'guarantee_minor', r.guarantee_minor, 'currency', r.currency, 'is_flagged', r.is_flagged,
    'accepted_at', r.accepted_at, 'started_at', r.started_at,
    'approach_m', r.approach_m, 'approach_s', r.approach_s,
    'stops', (SELECT json_agg(json_build_object(
        'id', 'stp_' || replace(s.id::text, '-', ''), 'place', s.place, 'kind', s.kind, 'state', s.state,
        'lat', s.lat, 'lon', s.lon, 'leg_m', s.leg_m, 'leg_s', s.leg_s,
        'planned_arrival', s.planned_arrival, 'planned_departure', s.planned_departure,
        'arrived_at', s.arrived_at, 'ended_at', s.ended_at, 'failure_reason', s.failure_reason,
        'path', s.path,
        'paid_wait_from', s.arrived_at + make_interval(secs => p.wait_grace_s),
        'may_fail_from', CASE WHEN s.kind = 'DROPOFF' THEN s.arrived_at + make_interval(secs => m.unavailable_after_s)
                         END,
        'tasks', (SELECT coalesce(json_agg(json_build_object(
            'kind', s.kind,
            'delivery', json_build_object(
                'id', 'dlv_' || replace(d.id::text, '-', ''), 'external_id', d.external_id, 'state', d.state,
                'return_of', 'dlv_' || replace(d.return_of::text, '-', ''),
                'pickup', json_build_object('lat', d.pickup_lat, 'lon', d.pickup_lon, 'address', d.pickup_address,
                    'name', d.pickup_name, 'phone', d.pickup_phone),
                'dropoff', json_build_object('lat', d.dropoff_lat, 'lon', d.dropoff_lon,
                    'address', d.dropoff_address, 'name', d.recipient_name, 'phone', d.recipient_phone),
                'pickup_window', json_build_object('opens_at', d.pickup_opens_at, 'closes_at', d.pickup_closes_at),
                'dropoff_window', json_build_object('opens_at', d.dropoff_opens_at, 'closes_at', d.dropoff_closes_at),
                'time_zone', d.time_zone, 'requirements', d.requirements, 'safe_place', d.safe_place,
                'instructions', concat_ws(E'\n', nullif(d.instructions, ''), d.recipient_instructions),
                'out_of_cold_limit_s', d.out_of_cold_limit_s,
                'cold_until', CASE WHEN d.out_of_cold_limit_s IS NOT NULL AND d.state IN ({ABOARD}) THEN (
                    SELECT CASE WHEN c.keeps_cold THEN s.arrived_at ELSE c.occurred_at END
                           + make_interval(secs => d.out_of_cold_limit_s - c.out_of_cold_s)
                    FROM custody c WHERE c.delivery_id = d.id ORDER BY c.number DESC LIMIT 1) END,
                'is_over', d.state IN ('DELIVERED', 'RETURNING', 'RETURNED', 'CANCELLED', 'EXPIRED', 'FAILED')
                    AND d.changed_at + m.recipient_data_s * interval '1 second' <= $2,
                'may_be_left', CASE
                    WHEN s.kind <> 'DROPOFF' OR d.requirements && ARRAY[{TO_THE_RECIPIENT}] THEN NULL
                    WHEN d.safe_place = 'NEIGHBOUR' THEN 'NEIGHBOUR'
                    WHEN d.failure_policy = 'SAFE_PLACE' OR d.safe_place IS NOT NULL
                         OR 'LEAVE_AT_DOOR' = ANY(d.requirements) THEN 'SAFE_PLACE'
                    WHEN d.failure_policy = 'NEIGHBOUR' THEN 'NEIGHBOUR'
                    END,
                'substitutions', {SUBSTITUTIONS},
                'packages', (SELECT coalesce(json_agg(json_build_object('description', p.description,
                    'weight_g', p.weight_g, 'length_mm', p.length_mm, 'width_mm', p.width_mm,
                    'height_mm', p.height_mm) ORDER BY p.id), '[]')
                    FROM package p WHERE p.delivery_id = coalesce(d.return_of, d.id)))) ORDER BY d.id), '[]')
            FROM task t JOIN delivery d ON d.id = t.delivery_id AND d.route_id = s.route_id
            WHERE t.stop_id = s.id)
        ) ORDER BY s.state IN ('COMPLETED', 'FAILED', 'SKIPPED', 'CANCELLED'), s.place)
        FROM stop s WHERE s.route_id = r.id))
FROM route r JOIN market m ON m.id = r.market_id
CROSS JOIN LATERAL (SELECT (rates->>'wait_grace_s')::int AS wait_grace_s FROM pay_policy
                    WHERE market_id = r.market_id AND version = r.policy_version) p
WHERE r.driver_id = $1 AND r.state IN ('ASSIGNED', 'STARTED')
"""

HEAD = """
route.id, route.market_id, route.driver_id, route.state, route.version, route.is_degraded, route.is_flagged,
route.accepted_at, route.started_at, route.ended_at
"""
LOCK_ROUTE = f"SELECT {HEAD} FROM route WHERE id = $1 AND driver_id = $2 FOR UPDATE"
LOCK_ROUTE_OF_STOP = f"""
SELECT {HEAD} FROM route JOIN stop ON stop.route_id = route.id
WHERE stop.id = $1 AND route.driver_id = $2 FOR UPDATE OF route
"""
LOCK_DRIVEN_ROUTE = f"SELECT {HEAD} FROM route WHERE id = $1 AND state IN ('ASSIGNED', 'STARTED') FOR UPDATE"
LOCK_STOPS = """
SELECT id, place, kind, state, lat, lon, leg_m, leg_s, planned_departure, arrived_at, ended_at, failure_reason,
       ARRAY(SELECT delivery_id FROM task WHERE task.stop_id = stop.id) AS delivery_ids
FROM stop WHERE route_id = $1 ORDER BY place FOR UPDATE OF stop
"""
LOCK_DELIVERIES = """
SELECT id, shipper_id, batch_id, state, sequence, route_id, return_of, dropoff_closes_at, requirements, pin,
       pin_attempts, failure_policy, max_attempts, attempts, safe_place, out_of_cold_limit_s
FROM delivery WHERE route_id = $1 ORDER BY id FOR UPDATE
"""
SAVE_ROUTE = """
UPDATE route SET state = $2, version = $3, is_degraded = $4, is_flagged = $5, started_at = $6, ended_at = $7
WHERE id = $1
"""
NAME_PROOFS = """
UPDATE proof SET named_at = $2, left_in = CASE WHEN kind = 'PHOTO' THEN $3 END WHERE id = ANY($1)
"""
SAVE_STOPS = """
UPDATE stop SET state = now.state, arrived_at = now.arrived_at, ended_at = now.ended_at,
       failure_reason = now.failure_reason
FROM unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[])
  AS now(id, state, arrived_at, ended_at, failure_reason)
WHERE stop.id = now.id AND stop.route_id = $1
"""
SAVE_DELIVERIES = """
UPDATE delivery SET state = now.state, sequence = now.sequence, route_id = now.route_id,
       plan_after = coalesce(now.plan_after, delivery.plan_after),
       failure_reason = coalesce(now.failure_reason, delivery.failure_reason), attempts = now.attempts,
       brought_back_at = now.brought_back_at, answer_due_at = coalesce(now.answer_due_at, delivery.answer_due_at),
       left_at = now.left_at, changed_at = $2,
       next_opens_at = CASE WHEN now.state = 'ATTEMPTED' THEN delivery.next_opens_at END,
       next_closes_at = CASE WHEN now.state = 'ATTEMPTED' THEN delivery.next_closes_at END
FROM unnest($3::uuid[], $4::text[], $5::int[], $6::uuid[], $7::timestamptz[], $8::text[], $9::int[],
            $10::timestamptz[], $11::timestamptz[], $12::text[])
  AS now(id, state, sequence, route_id, plan_after, failure_reason, attempts, brought_back_at, answer_due_at, left_at)
WHERE delivery.id = now.id AND delivery.route_id = $1
"""


async def my_route(connection: asyncpg.Connection, *, driver_id: UUID, now: datetime) -> dict[str, Any] | None:
    """The route a driver is on, with exact places, people and packages, in one statement; the next stop comes first.

    Of a delivery that ended a while ago, by the market's dial, `now` shows no people and no exact places any more.
    """
    text = await connection.fetchval(MY_ROUTE, driver_id, now)
    if not text:
        return None
    route: dict[str, Any] = orjson.loads(text)
    for stop in route["stops"]:
        over = [task["delivery"] for task in stop["tasks"] if task["delivery"].pop("is_over")]
        for delivery in over:
            _hide_people(delivery)
        if over and len(over) == len(stop["tasks"]):
            stop.update(_about(stop), path=None)
    return route


def _hide_people(delivery: dict[str, Any]) -> None:
    """What stays is what a driver may have to answer for: the parcel, when, and roughly where."""
    for end in ("pickup", "dropoff"):
        delivery[end] = {**_about(delivery[end]), "address": "", "name": "", "phone": ""}
    delivery.update(instructions="", safe_place=None)


def _about(place: dict[str, Any]) -> dict[str, float]:
    """The place to two decimals of a degree, about a kilometre."""
    return {"lat": round(place["lat"], 2), "lon": round(place["lon"], 2)}


async def lock_route(work: Work, *, route_id: UUID, driver_id: UUID) -> asyncpg.Record | None:
    """Locks a route of this driver.

    Closes the race between two reports of one driver (a replay on two connections, or two last stops at once): the
    second waits here and then sees all that the first has done.
    """
    return await work.fetch_row(LOCK_ROUTE, route_id, driver_id)


async def lock_route_of_stop(work: Work, *, stop_id: UUID, driver_id: UUID) -> asyncpg.Record | None:
    """Locks the route that this stop of the driver is on; closes the same race as `lock_route`."""
    return await work.fetch_row(LOCK_ROUTE_OF_STOP, stop_id, driver_id)


async def lock_driven_route(work: Work, *, route_id: UUID) -> asyncpg.Record | None:
    """Locks a route that a driver holds, whoever it is; closes the race between its reports and what mends it."""
    return await work.fetch_row(LOCK_DRIVEN_ROUTE, route_id)


async def take_in_hand(work: Work, head: asyncpg.Record) -> RouteInHand:
    """Everything on a route whose row is locked, locked as well.

    The locks on deliveries close the race with a shipper who cancels or reschedules one at this moment.
    """
    stops = await work.fetch(LOCK_STOPS, head["id"])
    deliveries = await work.fetch(LOCK_DELIVERIES, head["id"])
    return RouteInHand(
        **{**head, "state": RouteState(head["state"])},
        stops=[_stop_in_hand(dict(row)) for row in stops],
        deliveries={row["id"]: _delivery_in_hand(dict(row)) for row in deliveries},
    )


def _stop_in_hand(row: dict[str, Any]) -> StopInHand:
    point = Point(lat=row.pop("lat"), lon=row.pop("lon"))
    return StopInHand(**row | {"kind": StopKind(row["kind"]), "state": StopState(row["state"]), "point": point})


def _delivery_in_hand(row: dict[str, Any]) -> DeliveryInHand:
    named = {
        "state": DeliveryState(row["state"]),
        "requirements": frozenset(row["requirements"]),
        "failure_policy": FailurePolicy(row["failure_policy"]),
    }
    return DeliveryInHand(**row | named)


async def put_back(work: Work, route: RouteInHand) -> None:
    """Writes what was done to a route in hand and emits its events."""
    if route.id in route.touched:
        flags = (route.is_degraded, route.is_flagged)
        values = (route.state.value, route.version, *flags, route.started_at, route.ended_at)
        await work.execute(SAVE_ROUTE, route.id, *values)
    if stops := [stop for stop in route.stops if stop.id in route.touched]:
        await _save_stops(work, route.id, stops)
    if deliveries := [delivery for delivery in route.deliveries.values() if delivery.id in route.touched]:
        await _save_deliveries(work, route.id, deliveries)
        await settle_stock(work, [delivery.id for delivery in deliveries if delivery.state in MOVES_STOCK])
    for event in route.events:
        work.emit(event)


async def _save_stops(work: Work, route_id: UUID, stops: list[StopInHand]) -> None:
    count = await work.execute(
        SAVE_STOPS,
        route_id,
        [stop.id for stop in stops],
        [stop.state.value for stop in stops],
        [stop.arrived_at for stop in stops],
        [stop.ended_at for stop in stops],
        [stop.failure_reason for stop in stops],
    )
    assert count == len(stops), "a locked stop was gone"


async def _save_deliveries(work: Work, route_id: UUID, deliveries: list[DeliveryInHand]) -> None:
    count = await work.execute(
        SAVE_DELIVERIES,
        route_id,
        work.now,
        [delivery.id for delivery in deliveries],
        [delivery.state.value for delivery in deliveries],
        [delivery.sequence for delivery in deliveries],
        [delivery.route_id for delivery in deliveries],
        [delivery.plan_after for delivery in deliveries],
        [delivery.failure_reason for delivery in deliveries],
        [delivery.attempts for delivery in deliveries],
        [delivery.brought_back_at for delivery in deliveries],
        [delivery.answer_due_at for delivery in deliveries],
        [delivery.left_at.value if delivery.left_at else None for delivery in deliveries],
    )
    assert count == len(deliveries), "a locked delivery was gone"


async def keep_attempt(work: Work, values: tuple[UUID | str | int | datetime, ...]) -> None:
    """Keeps one failed hand-over for good."""
    await work.execute(
        "INSERT INTO attempt (id, market_id, shipper_id, delivery_id, number, route_id, stop_id, driver_id, reason,"
        " next_step, waited_s, late_s, occurred_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        *values,
    )


async def uploaded_proof_kinds(work: Work, *, stop_id: UUID, driver_id: UUID, proof_ids: list[UUID]) -> dict[UUID, str]:
    """Which of these proofs are uploaded for this stop by this driver, and of what kind each is.

    They are locked, so that none of them is swept before the hand-over has named it.
    """
    rows = await work.fetch(
        "SELECT id, kind FROM proof WHERE stop_id = $1 AND driver_id = $2 AND id = ANY($3) AND state = 'UPLOADED'"
        " ORDER BY id FOR UPDATE",
        stop_id,
        driver_id,
        proof_ids,
    )
    return {row["id"]: row["kind"] for row in rows}


async def name_proofs(work: Work, *, proof_ids: list[UUID], left_in: str | None = None) -> None:
    """Keeps the pictures that prove a hand-over, which are locked already; a photo says where the parcel was left."""
    if proof_ids:
        await work.execute(NAME_PROOFS, proof_ids, work.now, left_in)


async def find_report(work: Work, *, report_id: UUID) -> asyncpg.Record | None:
    """A driver's report that came in before."""
    return await work.fetch_row(
        "SELECT id, route_id, stop_id, verb, digest, occurred_at, effective_at, received_at, flag"
        " FROM stop_report WHERE id = $1",
        report_id,
    )


async def insert_report(work: Work, values: tuple[UUID | str | bytes | datetime | float | None, ...]) -> bool:
    """Keeps a report; false when its id was taken meanwhile."""
    taken = await work.fetch_value(
        "INSERT INTO stop_report (id, market_id, route_id, stop_id, driver_id, verb, digest, occurred_at,"
        " effective_at, received_at, lat, lon, flag)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (id) DO NOTHING RETURNING true",
        *values,
    )
    return bool(taken)
