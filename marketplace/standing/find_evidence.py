"""Finds what drivers did on their own routes, once for each thing, in one statement for many drivers.

Nothing here reads an offer. An arrival is late by a driver's own part only: from the seconds after the promised window
are taken what the route was late by when it was accepted, waiting at pickups and at doors beyond the plan, and traffic.
A leg's traffic is what it took beyond its plan, up to the slowest tenth of what other drivers' legs took in that hour;
where too few others drove, up to the rules' usual slack.
"""

from datetime import timedelta
from uuid import UUID

from marketplace.core.work import Work
from marketplace.standing.rules import RULES, StandingRules

FOUND_AT_MOST = 20_000
"""Routes that one run looks into; what is left is found by the next."""

FIND = """
WITH fresh AS MATERIALIZED (
    SELECT r.id, r.driver_id, r.accepted_at, r.started_at, r.ended_at, r.approach_s FROM route r
    WHERE r.market_id = $1 AND r.state = 'COMPLETED' AND r.ended_at > $2 AND r.ended_at <= $3
      AND ($4::uuid IS NULL OR r.driver_id = $4)
      AND NOT EXISTS (SELECT FROM standing_evidence e WHERE e.kind = 'COMPLETED' AND e.subject_id = r.id)
    ORDER BY r.ended_at, r.id LIMIT $10
), legs AS MATERIALIZED (
    SELECT s.id, s.route_id, r.driver_id, s.place, s.kind, s.state, s.arrived_at, s.ended_at,
           s.planned_arrival, s.planned_departure,
           CASE WHEN left_at IS NULL THEN r.approach_s ELSE s.leg_s END AS plan_s,
           extract(epoch FROM s.arrived_at - coalesce(left_at, r.started_at, r.accepted_at)) AS took_s
    FROM (SELECT s.*, lag(s.ended_at) OVER (PARTITION BY s.route_id ORDER BY s.arrived_at, s.place) AS left_at
          FROM stop s JOIN route f ON f.id = s.route_id
          WHERE f.market_id = $1 AND f.state = 'COMPLETED' AND f.ended_at > $2 - interval '1 day'
            AND f.ended_at <= $3 AND s.arrived_at IS NOT NULL AND s.ended_at IS NOT NULL) s
    JOIN route r ON r.id = s.route_id
), doors AS MATERIALIZED (
    SELECT l.*, f.accepted_at, f.approach_s, min(d.dropoff_closes_at) AS closes_at,
           extract(epoch FROM l.arrived_at - min(d.dropoff_closes_at)) AS late_s
    FROM fresh f JOIN legs l ON l.route_id = f.id JOIN task t ON t.stop_id = l.id
    JOIN delivery d ON d.id = t.delivery_id
    WHERE l.kind = 'DROPOFF' AND l.state = 'COMPLETED' GROUP BY l.id, l.route_id, l.driver_id, l.place, l.kind, l.state,
        l.arrived_at, l.ended_at, l.planned_arrival, l.planned_departure, l.plan_s, l.took_s, f.accepted_at,
        f.approach_s
), late AS (
    SELECT * FROM doors WHERE late_s > $8
), before AS (
    SELECT late.id AS door_id, l.* FROM late
    JOIN legs l ON l.route_id = late.route_id AND l.arrived_at <= late.arrived_at
), met AS (
    -- What other drivers' legs took in the hour of each leg before a late door
    SELECT b.id, percentile_cont($5::float8) WITHIN GROUP (ORDER BY o.took_s / o.plan_s) AS ratio,
           count(DISTINCT o.driver_id) AS drivers
    FROM (SELECT DISTINCT id, driver_id, date_trunc('hour', arrived_at) AS hour FROM before) b
    JOIN legs o ON date_trunc('hour', o.arrived_at) = b.hour AND o.driver_id <> b.driver_id AND o.plan_s >= 60
    GROUP BY b.id
), parts AS (
    SELECT b.door_id,
           sum(least(greatest(b.took_s - b.plan_s, 0), b.plan_s * (greatest(
               CASE WHEN m.drivers >= $6 THEN m.ratio ELSE 1 + $7 / 100.0 END, 1) - 1))) AS traffic_s,
           sum(CASE WHEN b.kind = 'PICKUP' THEN greatest(extract(epoch FROM (b.ended_at - b.arrived_at)
               - (b.planned_departure - b.planned_arrival)), 0) ELSE 0 END) AS hub_wait_s,
           sum(CASE WHEN b.kind <> 'PICKUP' AND b.id <> b.door_id AND b.state = 'FAILED' THEN greatest(extract(epoch
               FROM (b.ended_at - b.arrived_at) - (b.planned_departure - b.planned_arrival)), 0) ELSE 0 END)
               AS door_wait_s,
           min(b.planned_arrival) AS first_planned
    FROM before b LEFT JOIN met m ON m.id = b.id GROUP BY b.door_id
), own AS (
    SELECT l.id, l.late_s::int AS late_s, p.traffic_s::int, p.hub_wait_s::int, p.door_wait_s::int, planned.late_s::int
               AS planned_late_s,
           greatest(l.late_s - p.traffic_s - p.hub_wait_s - p.door_wait_s - planned.late_s, 0)::int AS own_s
    FROM late l JOIN parts p ON p.door_id = l.id
    CROSS JOIN LATERAL (
        SELECT greatest(extract(epoch FROM l.planned_arrival - l.closes_at + greatest(
            l.accepted_at + make_interval(secs => l.approach_s) - p.first_planned, interval '0')), 0) AS late_s) planned
), found AS (
    SELECT f.driver_id, f.id AS route_id, 'COMPLETED' AS kind, f.id AS subject_id, true AS is_good,
           (SELECT count(*) FROM doors d JOIN task t ON t.stop_id = d.id WHERE d.route_id = f.id)::int AS value,
           NULL AS excluded, '{}'::jsonb AS facts, f.ended_at AS occurred_at
    FROM fresh f
    UNION ALL
    SELECT d.driver_id, d.route_id, 'ARRIVAL', d.id, o.id IS NULL, coalesce(o.own_s, 0),
           CASE WHEN o.own_s <= $8 THEN CASE greatest(o.planned_late_s, o.hub_wait_s, o.traffic_s, o.door_wait_s)
               WHEN o.planned_late_s THEN 'PLANNED_LATE' WHEN o.hub_wait_s THEN 'HUB_WAIT'
               WHEN o.traffic_s THEN 'TRAFFIC' ELSE 'DOOR_WAIT' END END,
           CASE WHEN o.id IS NULL THEN '{}' ELSE to_jsonb(o) - 'id' END, d.arrived_at
    FROM doors d LEFT JOIN own o ON o.id = d.id
    UNION ALL
    SELECT d.driver_id, d.route_id, 'HAND_OVER', d.id, odd.flag IS NULL, 0, NULL,
           jsonb_strip_nulls(jsonb_build_object('flag', odd.flag)), d.ended_at
    FROM doors d LEFT JOIN LATERAL (
        SELECT min(flag) AS flag FROM stop_report s WHERE s.route_id = d.route_id AND s.stop_id = d.id
          AND s.verb IN ('ARRIVE', 'DROP_OFF') AND s.flag IS NOT NULL) odd ON true
    UNION ALL
    SELECT g.driver_id, r.id, 'RATING', g.id, g.stars >= $9, g.stars,
           CASE WHEN g.stars < $9 AND NOT g.reasons && $11::text[] THEN 'NO_REASON' END,
           jsonb_build_object('stars', g.stars, 'reasons', g.reasons), g.created_at
    FROM rating g JOIN delivery d ON d.id = g.delivery_id
    JOIN route r ON r.id = d.route_id AND r.driver_id = g.driver_id
    WHERE g.market_id = $1 AND g.created_at > $2 AND g.created_at <= $3 AND ($4::uuid IS NULL OR g.driver_id = $4)
      AND r.state = 'COMPLETED'
)
INSERT INTO standing_evidence
    (id, market_id, driver_id, route_id, kind, subject_id, is_good, value, excluded, facts, occurred_at, found_at)
SELECT md5(kind || ' ' || subject_id)::uuid, $1, driver_id, route_id, kind, subject_id, is_good, value, excluded, facts,
       occurred_at, $3 FROM found
ON CONFLICT (kind, subject_id) DO NOTHING
"""


async def find_evidence(
    work: Work, *, market_id: UUID, driver_id: UUID | None = None, rules: StandingRules = RULES
) -> int:
    """Writes down what has been done in a market, or by one driver, and is not written yet; returns how much."""
    return await work.execute(
        FIND,
        market_id,
        work.now - timedelta(days=rules.window_days),
        work.now,
        driver_id,
        rules.traffic_percentile / 100,
        rules.traffic_drivers,
        rules.usual_slack_percent,
        rules.grace_s,
        rules.good_stars,
        FOUND_AT_MOST,
        list(rules.drivers_own_reasons),
    )
