"""Every read and count of the figures, each in one statement."""

# The upper bound is fixed first, so that counting and moving the head speak of the same events.
LOCK_HEAD = """
SELECT r.position, least(s.position, r.position + $2) AS until, m.time_zone
FROM rollup_head r JOIN stream_head s USING (market_id) JOIN market m ON m.id = r.market_id
WHERE r.market_id = $1 FOR UPDATE OF r
"""
MAKE_HEAD = "INSERT INTO rollup_head (market_id, position) VALUES ($1, 0) ON CONFLICT DO NOTHING"
MOVE_HEAD = "UPDATE rollup_head SET position = $2 WHERE market_id = $1"

# Deliveries that are returns count as nothing of their own: their original is counted as RETURNED. A delivery that
# found no driver in time is a failed one for whoever waited for it.
COUNT = """
WITH counted AS (
    SELECT (e.occurred_at AT TIME ZONE $4)::date AS day, e.name, e.payload, d.return_of IS NOT NULL AS is_return,
        (e.payload->>'opens_at')::timestamptz >= (e.payload->>'previous_opens_at')::timestamptz
        AND (e.payload->>'closes_at')::timestamptz <= (e.payload->>'previous_closes_at')::timestamptz AS is_within
    FROM event e LEFT JOIN delivery d ON d.id = e.delivery_id
    WHERE e.market_id = $1 AND e.position > $2 AND e.position <= $3
), days AS (
    SELECT day,
        count(*) FILTER (WHERE name = 'DeliveryPosted' AND NOT is_return) AS posted,
        count(*) FILTER (WHERE name = 'DeliveryDelivered' AND NOT is_return) AS delivered,
        count(*) FILTER (WHERE name = 'DeliveryDelivered' AND NOT is_return AND (payload->>'is_on_time')::boolean)
            AS on_time,
        count(*) FILTER (WHERE name = 'DeliveryAttempted' AND NOT is_return) AS attempted,
        count(*) FILTER (WHERE name IN ('DeliveryFailed', 'DeliveryExpired') AND NOT is_return) AS failed,
        count(*) FILTER (WHERE name = 'DeliveryReturned') AS returned,
        count(*) FILTER (WHERE name = 'DeliveryCancelled' AND NOT is_return) AS cancelled,
        count(*) FILTER (WHERE name = 'OfferSent') AS offers_sent,
        count(*) FILTER (WHERE name = 'OfferAccepted') AS offers_accepted,
        count(*) FILTER (WHERE name = 'OfferDeclined') AS offers_declined,
        count(*) FILTER (WHERE name = 'OfferExpired') AS offers_expired,
        count(*) FILTER (WHERE name = 'RouteAssigned') AS routes_assigned,
        count(*) FILTER (WHERE name = 'RouteCompleted') AS routes_completed,
        coalesce(sum((payload->>'total_minor')::bigint) FILTER (WHERE name = 'PayStatementIssued'), 0) AS earned_minor,
        coalesce(sum((payload->>'amount_minor')::bigint) FILTER (WHERE name = 'PayoutPaid'), 0) AS paid_minor,
        count(*) FILTER (WHERE name = 'ArrivalChanged' AND payload->>'previous_opens_at' IS NULL) AS windows_shown,
        count(*) FILTER (WHERE name = 'ArrivalChanged' AND is_within) AS windows_narrowed,
        count(*) FILTER (WHERE name = 'ArrivalChanged' AND NOT is_within) AS windows_moved,
        count(*) FILTER (WHERE name = 'LateRiskRaised') AS late_risks
    FROM counted GROUP BY day
)
INSERT INTO market_day (id, market_id, day, posted, delivered, on_time, attempted, failed, returned, cancelled,
    offers_sent, offers_accepted, offers_declined, offers_expired, routes_assigned, routes_completed,
    earned_minor, paid_minor, windows_shown, windows_narrowed, windows_moved, late_risks)
SELECT md5($1::text || day::text)::uuid, $1, day, posted, delivered, on_time, attempted, failed, returned, cancelled,
    offers_sent, offers_accepted, offers_declined, offers_expired, routes_assigned, routes_completed,
    earned_minor, paid_minor, windows_shown, windows_narrowed, windows_moved, late_risks
FROM days
ON CONFLICT (market_id, day) DO UPDATE SET
    posted = market_day.posted + excluded.posted,
    delivered = market_day.delivered + excluded.delivered,
    on_time = market_day.on_time + excluded.on_time,
    attempted = market_day.attempted + excluded.attempted,
    failed = market_day.failed + excluded.failed,
    returned = market_day.returned + excluded.returned,
    cancelled = market_day.cancelled + excluded.cancelled,
    offers_sent = market_day.offers_sent + excluded.offers_sent,
    offers_accepted = market_day.offers_accepted + excluded.offers_accepted,
    offers_declined = market_day.offers_declined + excluded.offers_declined,
    offers_expired = market_day.offers_expired + excluded.offers_expired,
    routes_assigned = market_day.routes_assigned + excluded.routes_assigned,
    routes_completed = market_day.routes_completed + excluded.routes_completed,
    earned_minor = market_day.earned_minor + excluded.earned_minor,
    paid_minor = market_day.paid_minor + excluded.paid_minor,
    windows_shown = market_day.windows_shown + excluded.windows_shown,
    windows_narrowed = market_day.windows_narrowed + excluded.windows_narrowed,
    windows_moved = market_day.windows_moved + excluded.windows_moved,
    late_risks = market_day.late_risks + excluded.late_risks
"""

# Each prediction is held against its arrival once, when that is counted. An app that was offline reports arrivals from
# before they were predicted; those were no predictions. A share of less than a minute says nothing.
COUNT_ETAS = """
WITH told AS (
    SELECT (s.arrived_at AT TIME ZONE $4)::date AS day, p.*, s.arrived_at,
        extract(epoch FROM p.p50 - p.predicted_at) / 60 AS ahead_min,
        extract(epoch FROM s.arrived_at - p.p50) AS off_s,
        greatest(extract(epoch FROM s.arrived_at - p.predicted_at), 60) AS took_s
    FROM event e JOIN stop s ON s.id = (e.payload->>'stop_id')::uuid
    JOIN arrival_prediction p ON p.stop_id = s.id
    WHERE e.market_id = $1 AND e.position > $2 AND e.position <= $3 AND e.name = 'StopChanged'
        AND e.payload->>'state' = 'ARRIVED' AND p.predicted_at < s.arrived_at
), counted AS (
    SELECT day, moment, (SELECT max(least_min) FROM unnest($5::int[]) AS least_min
                         WHERE least_min <= greatest(ahead_min, 0)) AS horizon_min,
        count(*) AS arrivals, round(sum(abs(off_s))) AS error_s, round(sum(off_s)) AS bias_s,
        sum(100 * abs(off_s) / took_s)::float8 AS percent,
        count(*) FILTER (WHERE arrived_at BETWEEN p10 AND p90) AS covered,
        count(*) FILTER (WHERE arrived_at BETWEEN shown_opens_at AND shown_closes_at) AS shown_covered,
        round(sum(extract(epoch FROM p90 - p10))) AS width_s,
        round(sum(extract(epoch FROM shown_closes_at - shown_opens_at))) AS shown_width_s,
        count(*) FILTER (WHERE arrived_at > shown_closes_at) AS late
    FROM told GROUP BY 1, 2, 3
)
INSERT INTO eta_day (id, market_id, day, moment, horizon_min, arrivals, error_s, bias_s, percent, covered,
    shown_covered, width_s, shown_width_s, late)
SELECT md5($1::text || day::text || moment || horizon_min::text)::uuid, $1, day, moment, horizon_min, arrivals, error_s,
    bias_s, percent, covered, shown_covered, width_s, shown_width_s, late
FROM counted
ON CONFLICT (market_id, day, moment, horizon_min) DO UPDATE SET
    arrivals = eta_day.arrivals + excluded.arrivals,
    error_s = eta_day.error_s + excluded.error_s,
    bias_s = eta_day.bias_s + excluded.bias_s,
    percent = eta_day.percent + excluded.percent,
    covered = eta_day.covered + excluded.covered,
    shown_covered = eta_day.shown_covered + excluded.shown_covered,
    width_s = eta_day.width_s + excluded.width_s,
    shown_width_s = eta_day.shown_width_s + excluded.shown_width_s,
    late = eta_day.late + excluded.late
"""
# The same predictions once more, for the shipper and hub of the delivery that each was of.
COUNT_SHIPPER_ETAS = """
WITH counted AS (
    SELECT (s.arrived_at AT TIME ZONE $4)::date AS day, d.shipper_id, coalesce(o.hub_id, d.hub_id) AS hub_id,
        count(*) AS arrivals, count(*) FILTER (WHERE s.arrived_at BETWEEN p.p10 AND p.p90) AS covered
    FROM event e JOIN stop s ON s.id = (e.payload->>'stop_id')::uuid
    JOIN arrival_prediction p ON p.stop_id = s.id
    JOIN delivery d ON d.id = p.delivery_id LEFT JOIN delivery o ON o.id = d.return_of
    WHERE e.market_id = $1 AND e.position > $2 AND e.position <= $3 AND e.name = 'StopChanged'
        AND e.payload->>'state' = 'ARRIVED' AND p.predicted_at < s.arrived_at
    GROUP BY 1, 2, 3
)
INSERT INTO eta_shipper_day (id, market_id, day, shipper_id, hub_id, arrivals, covered)
SELECT md5($1::text || day::text || shipper_id::text || coalesce(hub_id::text, '-'))::uuid, $1, day, shipper_id, hub_id,
    arrivals, covered
FROM counted
ON CONFLICT (id) DO UPDATE SET
    arrivals = eta_shipper_day.arrivals + excluded.arrivals,
    covered = eta_shipper_day.covered + excluded.covered
"""
ETA_DAYS = """
SELECT moment, horizon_min, sum(arrivals)::int AS arrivals, sum(error_s)::float8 AS error_s,
    sum(bias_s)::float8 AS bias_s, sum(percent) AS percent, sum(covered)::float8 AS covered,
    sum(shown_covered)::float8 AS shown_covered,
    sum(width_s)::float8 AS width_s, sum(shown_width_s)::float8 AS shown_width_s, sum(late)::float8 AS late
FROM eta_day WHERE market_id = $1 AND day BETWEEN $2 AND $3 GROUP BY moment, horizon_min ORDER BY moment, horizon_min
"""
WINDOWS = """
SELECT coalesce(sum(windows_shown), 0)::int AS shown, coalesce(sum(windows_narrowed), 0)::int AS narrowed,
    coalesce(sum(windows_moved), 0)::int AS moved, coalesce(sum(late_risks), 0)::int AS late_risks
FROM market_day WHERE market_id = $1 AND day BETWEEN $2 AND $3
"""

HEADLINE = """
SELECT (market.today) AS day, market.currency,
    coalesce(f.posted, 0) AS posted, coalesce(f.delivered, 0) AS delivered, coalesce(f.on_time, 0) AS on_time,
    coalesce(f.attempted, 0) AS attempted, coalesce(f.failed, 0) AS failed, coalesce(f.returned, 0) AS returned,
    coalesce(f.cancelled, 0) AS cancelled, coalesce(f.offers_sent, 0) AS offers_sent,
    coalesce(f.offers_accepted, 0) AS offers_accepted, coalesce(f.offers_declined, 0) AS offers_declined,
    coalesce(f.offers_expired, 0) AS offers_expired, coalesce(f.routes_assigned, 0) AS routes_assigned,
    coalesce(f.routes_completed, 0) AS routes_completed, coalesce(f.earned_minor, 0) AS earned_minor,
    coalesce(f.paid_minor, 0) AS paid_minor,
    live.waiting, live.offering, live.assigned, live.on_the_way, live.returning,
    routes.offered AS routes_offered, routes.driven AS routes_driven,
    drivers.available AS drivers_available, drivers.engaged AS drivers_engaged
FROM (SELECT id, currency, coalesce($2::date, ($3::timestamptz AT TIME ZONE time_zone)::date) AS today
      FROM market WHERE id = $1) market
LEFT JOIN market_day f ON f.market_id = market.id AND f.day = market.today
CROSS JOIN (
    SELECT count(*) FILTER (WHERE state IN ('CREATED', 'SCHEDULED')) AS waiting,
        count(*) FILTER (WHERE state = 'OFFERING') AS offering,
        count(*) FILTER (WHERE state IN ('ASSIGNED', 'EN_ROUTE_TO_PICKUP', 'ARRIVED_AT_PICKUP')) AS assigned,
        count(*) FILTER (WHERE state IN ('PICKED_UP', 'EN_ROUTE_TO_DROPOFF', 'ARRIVED_AT_DROPOFF')
                         AND return_of IS NULL) AS on_the_way,
        count(*) FILTER (WHERE state IN ('ATTEMPTED', 'RETURNING')) AS returning
    FROM delivery WHERE market_id = $1
        AND state NOT IN ('DELIVERED', 'RETURNED', 'CANCELLED', 'EXPIRED', 'FAILED')) live
CROSS JOIN (
    SELECT count(*) FILTER (WHERE state IN ('PLANNED', 'OFFERING')) AS offered,
        count(*) FILTER (WHERE state IN ('ASSIGNED', 'STARTED')) AS driven
    FROM route WHERE market_id = $1 AND state IN ('PLANNED', 'OFFERING', 'ASSIGNED', 'STARTED')) routes
CROSS JOIN (
    SELECT count(*) FILTER (WHERE state IN ('AVAILABLE', 'OFFERED')) AS available,
        count(*) FILTER (WHERE state = 'ENGAGED') AS engaged
    FROM presence WHERE market_id = $1 AND state IN ('AVAILABLE', 'OFFERED', 'ENGAGED')) drivers
"""
