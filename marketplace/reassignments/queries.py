"""Every read of reassignments, and the SQL that takes them a step on.

The route is locked before its reassignment, as every report of its first driver locks it: so whatever is aboard stays
aboard while a step is decided.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.errors import NotFound
from marketplace.core.states import check_step
from marketplace.core.work import Work
from marketplace.reassignments.refusals import ReassignmentOver
from marketplace.reassignments.states import OPEN, STEPS, ReassignmentState
from marketplace.routes.in_hand import RouteInHand
from marketplace.routes.queries import lock_driven_route, take_in_hand

OPEN_AT_MOST = 200
IS_OPEN = "state IN ('OFFERED', 'AGREED', 'GIVEN')"
PARCEL = "('PICKED_UP', 'EN_ROUTE_TO_DROPOFF', 'ARRIVED_AT_DROPOFF', 'ATTEMPTED')"
"""States of a delivery whose parcel is in the vehicle."""

ROUTE_OF = """
SELECT route_id FROM reassignment WHERE id = $1 AND ($2::uuid IS NULL OR $2 IN (from_driver_id, to_driver_id))
  AND ($3::uuid IS NULL OR market_id = $3)
"""
LOCK = "SELECT * FROM reassignment WHERE id = $1 FOR UPDATE"
LOCK_OPEN_OF_ROUTE = f"SELECT * FROM reassignment WHERE route_id = $1 AND {IS_OPEN} FOR UPDATE"
STEP = """
UPDATE reassignment SET state = $2::text,
       agreed_at = CASE WHEN $2::text = 'AGREED' THEN $3::timestamptz ELSE agreed_at END,
       given_at = CASE WHEN $2::text = 'GIVEN' THEN $3::timestamptz ELSE given_at END,
       ended_at = CASE WHEN $2::text IN ('DONE', 'DECLINED', 'EXPIRED', 'CANCELLED') THEN $3::timestamptz END,
       code = coalesce($4, code), given = coalesce($5, given), next_route_id = $6, way_route_id = $7
WHERE id = $1
"""
# The code is for the first driver alone: who says it has stood before that driver. Parcels are named by what is on
# them, and for the second driver only once that one has agreed.
TREE = f"""
json_build_object(
    'id', 'ras_' || replace(r.id::text, '-', ''), 'route_id', 'rte_' || replace(r.route_id::text, '-', ''),
    'next_route_id', 'rte_' || replace(r.next_route_id::text, '-', ''),
    'from_driver_id', 'drv_' || replace(r.from_driver_id::text, '-', ''),
    'to_driver_id', 'drv_' || replace(r.to_driver_id::text, '-', ''),
    'state', CASE WHEN r.state = 'OFFERED' AND r.expires_at <= $2 THEN 'EXPIRED' ELSE r.state END,
    'reason', r.reason,
    'meeting_point', CASE WHEN r.lat IS NOT NULL THEN json_build_object('lat', r.lat, 'lon', r.lon) END,
    'pay_minor', r.pay_minor, 'currency', r.currency, 'approach_m', r.approach_m, 'approach_s', r.approach_s,
    'stop_count', (SELECT count(*) FROM stop WHERE route_id = coalesce(r.next_route_id, r.route_id)
                   AND state IN ('PENDING', 'EN_ROUTE', 'ARRIVED')),
    'parcels', (SELECT coalesce(json_agg(json_build_object('delivery_id', 'dlv_' || replace(d.id::text, '-', ''),
                    'external_id', d.external_id) ORDER BY d.id), '[]')
                FROM delivery d WHERE d.route_id = r.route_id AND d.state IN {PARCEL}
                  AND (r.from_driver_id = $1 OR r.state IN ('AGREED', 'GIVEN') OR $1 IS NULL)),
    'code', CASE WHEN r.from_driver_id = $1 THEN r.code END,
    'is_giver', r.from_driver_id = $1,
    'created_at', r.created_at, 'expires_at', r.expires_at)
"""
OF_DRIVER = f"""
SELECT {TREE} FROM reassignment r WHERE $1::uuid IN (r.from_driver_id, r.to_driver_id)
  AND r.{IS_OPEN} AND (r.state <> 'OFFERED' OR r.expires_at > $2) ORDER BY r.id LIMIT $3
"""
OF_MARKET = f"""
SELECT {TREE} FROM reassignment r WHERE r.market_id = $4 AND r.{IS_OPEN} AND $1::uuid IS NULL ORDER BY r.id LIMIT $3
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class InHand:
    """A reassignment whose route is locked, and the route if a driver still has it."""

    row: asyncpg.Record
    head: asyncpg.Record | None
    route: RouteInHand | None

    @property
    def state(self) -> ReassignmentState:
        """Where in its life it is."""
        return ReassignmentState(self.row["state"])


async def take_reassignment(
    work: Work, *, reassignment_id: UUID, driver_id: UUID | None = None, market_id: UUID | None = None
) -> InHand:
    """Locks a reassignment and its route: of a driver who takes part in it, or of a market.

    Closes the race between its steps, and with the reports of the first driver.
    """
    route_id = await work.fetch_value(ROUTE_OF, reassignment_id, driver_id, market_id)
    if route_id is None:
        raise NotFound("there is no such reassignment", field="reassignmentId")
    head = await lock_driven_route(work, route_id=route_id)
    row = await work.fetch_row(LOCK, reassignment_id)
    assert row is not None, "a reassignment is never removed"
    return InHand(row=row, head=head, route=await take_in_hand(work, head) if head else None)


async def lock_open(work: Work, *, route_id: UUID) -> asyncpg.Record | None:
    """The open reassignment of a route whose lock the caller holds."""
    return await work.fetch_row(LOCK_OPEN_OF_ROUTE, route_id)


async def step(
    work: Work,
    row: asyncpg.Record,
    state: ReassignmentState,
    *,
    code: str | None = None,
    given: Sequence[UUID] | None = None,
    next_route_id: UUID | None = None,
    way_route_id: UUID | None = None,
) -> None:
    """Takes a reassignment one step on; one that is over is refused."""
    before = ReassignmentState(row["state"])
    if before not in OPEN:
        raise ReassignmentOver(f"this reassignment is {before.value}", field="reassignmentId")
    check_step(STEPS, before, state)
    await work.execute(STEP, row["id"], state.value, work.now, code, given, next_route_id, way_route_id)


async def reassignments_of_driver(
    connection: asyncpg.Connection, *, driver_id: UUID, now: datetime
) -> list[dict[str, Any]]:
    """What a driver is asked to take over, or is to hand over."""
    return [orjson.loads(row[0]) for row in await connection.fetch(OF_DRIVER, driver_id, now, OPEN_AT_MOST)]


async def reassignments_of_market(
    connection: asyncpg.Connection, *, market_id: UUID, now: datetime
) -> list[dict[str, Any]]:
    """The open reassignments of a market, oldest first."""
    return [orjson.loads(row[0]) for row in await connection.fetch(OF_MARKET, None, now, OPEN_AT_MOST, market_id)]


async def how_far(work: Work, *, reassignment_id: UUID) -> tuple[ReassignmentState, UUID | None]:
    """How far a reassignment has come, and the second driver's route once it is done."""
    row = await work.fetch_row("SELECT state, next_route_id FROM reassignment WHERE id = $1", reassignment_id)
    assert row is not None, "a reassignment is never removed"
    return ReassignmentState(row["state"]), row["next_route_id"]
