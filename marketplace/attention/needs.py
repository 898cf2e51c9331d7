"""The queue: one row for each thing that waits for an operator, the most urgent first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from marketplace.core.work import Work

OF_EACH_KIND = 50
"""So many of a kind are shown, the most urgent first; the counts say how many there are."""
SOON = timedelta(minutes=45)
"""A delivery that waits for a better moment needs nobody until its window closes this soon."""


class NeedKind(StrEnum):
    """Why something needs a person, the gravest first."""

    COLD_CHAIN = "COLD_CHAIN"
    DOCK_MISSED = "DOCK_MISSED"
    LATE_RISK = "LATE_RISK"
    UNASSIGNED = "UNASSIGNED"
    REASSIGNMENT = "REASSIGNMENT"
    FAILED_ATTEMPT = "FAILED_ATTEMPT"
    ADDRESS = "ADDRESS"
    CLAIM = "CLAIM"
    SUSPENSION = "SUSPENSION"
    HELD_STATEMENT = "HELD_STATEMENT"
    DEAD_JOB = "DEAD_JOB"
    GOAL_MISSED = "GOAL_MISSED"


# Each part reads a partial index of what is open. `due_at` is when it is too late, or, where nothing ends, since when
# it waits: urgent work on the road comes before what merely stands still. A claim waits from when its driver is heard.
NEEDS = """
WITH needs AS (
    (SELECT 'COLD_CHAIN' AS kind, b.delivery_id AS subject_id, b.delivery_id, b.route_id, b.driver_id,
            (b.out_of_cold_s / 60) || ' / ' || (b.limit_s / 60) || ' min' AS reason, b.occurred_at AS due_at,
            d.dropoff_lat AS lat, d.dropoff_lon AS lon, NULL::bigint AS amount_minor
     FROM cold_breach b JOIN delivery d ON d.id = b.delivery_id WHERE b.market_id = $1 AND b.settled_at IS NULL)
    UNION ALL
    (SELECT 'DOCK_MISSED', a.delivery_id, a.delivery_id, d.route_id, r.driver_id, k.code, a.closes_at,
            k.lat, k.lon, NULL
     FROM dock_appointment a JOIN dock k ON k.id = a.dock_id JOIN delivery d ON d.id = a.delivery_id
     LEFT JOIN route r ON r.id = d.route_id
     WHERE a.market_id = $1 AND a.state = 'BOOKED' AND a.closes_at < $2
       AND a.closes_at + make_interval(secs => k.tolerance_s) < $2
       AND (d.state IN ('SCHEDULED', 'OFFERING', 'ASSIGNED', 'EN_ROUTE_TO_PICKUP')
            OR NOT a.is_pickup AND d.state IN ('ARRIVED_AT_PICKUP', 'PICKED_UP', 'EN_ROUTE_TO_DROPOFF')))
    UNION ALL
    (SELECT 'LATE_RISK' AS kind, a.delivery_id AS subject_id, a.delivery_id, a.route_id, r.driver_id,
            round(a.late_probability * 100)::text || ' %' AS reason, d.dropoff_closes_at AS due_at,
            d.dropoff_lat AS lat, d.dropoff_lon AS lon, NULL::bigint AS amount_minor
     FROM arrival a JOIN delivery d ON d.id = a.delivery_id JOIN route r ON r.id = a.route_id
     JOIN market m ON m.id = a.market_id
     WHERE a.market_id = $1 AND r.state IN ('ASSIGNED', 'STARTED') AND a.late_probability * 100 >= m.late_risk_percent
       AND d.state IN ('ASSIGNED', 'EN_ROUTE_TO_PICKUP', 'ARRIVED_AT_PICKUP', 'PICKED_UP', 'EN_ROUTE_TO_DROPOFF'))
    UNION ALL
    (SELECT 'UNASSIGNED', d.id, d.id, NULL, NULL, coalesce(d.unassigned_reason, 'HELD'), d.dropoff_closes_at,
            d.dropoff_lat, d.dropoff_lon, NULL
     FROM delivery d WHERE d.market_id = $1 AND d.state = 'SCHEDULED'
       AND (coalesce(d.unassigned_reason, 'HELD') <> 'HELD' OR d.dropoff_closes_at <= $3))
    UNION ALL
    (SELECT 'REASSIGNMENT', s.id, NULL, s.route_id, s.to_driver_id, s.state, s.expires_at, s.lat, s.lon, s.pay_minor
     FROM reassignment s WHERE s.market_id = $1 AND s.state IN ('OFFERED', 'AGREED', 'GIVEN')
       AND (s.state <> 'OFFERED' OR s.expires_at > $2))
    UNION ALL
    (SELECT 'FAILED_ATTEMPT', d.id, d.id, d.route_id, r.driver_id, d.failure_reason,
            coalesce(d.answer_due_at, d.dropoff_closes_at), d.dropoff_lat, d.dropoff_lon, NULL
     FROM delivery d LEFT JOIN route r ON r.id = d.route_id WHERE d.market_id = $1 AND d.state = 'ATTEMPTED')
    UNION ALL
    (SELECT 'ADDRESS', d.id, d.id, NULL, NULL, NULL, d.dropoff_closes_at, NULL, NULL, NULL
     FROM delivery d WHERE d.market_id = $1 AND d.state = 'CREATED' AND d.needs_review)
    UNION ALL
    (SELECT 'CLAIM', c.id, c.delivery_id, NULL, c.driver_id, c.kind,
            CASE WHEN c.heard_at IS NULL THEN coalesce(c.heard_by, c.opened_at) ELSE c.heard_at END,
            d.dropoff_lat, d.dropoff_lon, c.asked_minor
     FROM claim c JOIN delivery d ON d.id = c.delivery_id WHERE c.market_id = $1 AND c.state = 'OPEN')
    UNION ALL
    (SELECT 'SUSPENSION', s.id, NULL, NULL, s.driver_id, s.rule, coalesce(s.appealed_at, s.proposed_at), NULL, NULL,
            NULL
     FROM suspension s WHERE s.market_id = $1
       AND (s.state = 'PROPOSED'
            OR s.state = 'CONFIRMED' AND s.appealed_at IS NOT NULL AND s.appeal_decided_at IS NULL))
    UNION ALL
    (SELECT 'HELD_STATEMENT', s.id, NULL, s.route_id, s.driver_id, NULL, s.created_at, NULL, NULL, s.total_minor
     FROM pay_statement s WHERE s.market_id = $1 AND s.state = 'HELD')
    UNION ALL
    (SELECT 'DEAD_JOB', j.id, NULL, NULL, NULL, j.kind, j.created_at, NULL, NULL, NULL
     FROM job j WHERE j.market_id = $1 AND j.state = 'DEAD')
    UNION ALL
    (SELECT 'GOAL_MISSED', g.id, NULL, NULL, NULL,
            s.name || ': ' || g.metric || ' ' || g.actual || ', ' || e.target || ' promised', g.created_at,
            NULL, NULL, NULL
     FROM experience_miss g JOIN experience_goal e ON e.id = g.goal_id JOIN shipper s ON s.id = g.shipper_id
     WHERE g.market_id = $1 AND g.ended_at IS NULL)
), ranked AS (
    SELECT needs.*, count(*) OVER (PARTITION BY kind) AS of_kind,
           row_number() OVER (PARTITION BY kind ORDER BY due_at, subject_id) AS place
    FROM needs
)
SELECT ranked.kind, subject_id, delivery_id, ranked.route_id, driver_id, reason, due_at, ranked.lat, ranked.lon,
       amount_minor, of_kind, d.external_id, w.name AS driver_name FROM ranked
LEFT JOIN delivery d ON d.id = ranked.delivery_id LEFT JOIN driver w ON w.id = ranked.driver_id
WHERE place <= $4 ORDER BY array_position($5::text[], kind), due_at, subject_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing that needs a person; `subject_id` is what is decided about, `of_kind` how many such there are."""

    kind: NeedKind
    subject_id: UUID
    delivery_id: UUID | None
    route_id: UUID | None
    driver_id: UUID | None
    reason: str | None
    due_at: datetime
    lat: float | None
    lon: float | None
    amount_minor: int | None
    of_kind: int
    external_id: str | None
    driver_name: str | None


async def needs_attention(work: Work, *, market_id: UUID) -> list[Need]:
    """Everything in a market that waits for an operator, gravest kind first and most urgent first within it."""
    kinds = [kind.value for kind in NeedKind]
    rows = await work.fetch(NEEDS, market_id, work.now, work.now + SOON, OF_EACH_KIND, kinds)
    return [Need(**{**row, "kind": NeedKind(row["kind"])}) for row in rows]
