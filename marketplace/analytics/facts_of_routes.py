"""What a day's completed routes and offers came to, as facts: rows of shipper, hub, figure and amount.

What a route had as a whole, from its metres to its pay, is shared evenly among the deliveries it visited, in whole
units that add up; an offer among the deliveries of the route that was offered, in millionths. So an offer counts for a
hub or shipper by the part of its deliveries, and those of all hubs or shippers are the market's. Pay of a delivery's
share is that of a return where it is one, of a transfer between hubs likewise, of a failed attempt where one failed on
this route, and of driving otherwise.

A route that passed on to another driver under way is two routes, each with its own driver, metres, time and pay. The
first one has the way to where they met, the second one is loaded from there.
"""

# A leg is empty when no parcel is aboard: taken over from another driver or picked up on this route, and neither handed
# over nor brought back yet. The way to the first stop always is.
DRIVEN = """
driven AS (
    SELECT r.id, r.approach_m, r.started_at, r.ended_at, d.vehicle, d.capacity[3] AS capacity_l,
           CASE WHEN 'ELECTRIC_DRIVE' = ANY(v.equipment) THEN 'electric_' ELSE '' END || lower(d.vehicle) AS drivetrain,
           d.contract_kind = 'DEDICATED' AS is_provided, coalesce(taken.given, '{}') AS given,
           coalesce((SELECT p.way_m FROM reassignment p WHERE p.route_id = r.id AND p.state = 'DONE'), 0) AS way_m,
           (SELECT p.total_minor FROM pay_statement p WHERE p.route_id = r.id AND p.kind = 'ROUTE') AS pay_minor
    FROM route r JOIN driver d ON d.id = r.driver_id LEFT JOIN vehicle v ON v.id = d.vehicle_id
    LEFT JOIN reassignment taken ON taken.next_route_id = r.id
    WHERE r.market_id = $1 AND r.state = 'COMPLETED' AND r.ended_at >= $2 AND r.ended_at < $3
), visited AS (
    SELECT s.id, s.route_id, s.place, s.kind, s.state, s.leg_m, r.given FROM stop s JOIN driven r ON r.id = s.route_id
    WHERE s.arrived_at IS NOT NULL
), handled AS (
    SELECT v.id AS stop_id, v.route_id, t.delivery_id, t.delivery_id = ANY(v.given) AS is_taken_over,
           v.kind = 'PICKUP' AND EXISTS (SELECT FROM event e WHERE e.delivery_id = t.delivery_id
               AND e.route_id = v.route_id AND e.name = 'DeliveryMoved' AND e.payload->>'state' = 'PICKED_UP') AS is_on,
           v.kind = 'RETURN' AND v.state = 'COMPLETED' OR v.kind = 'DROPOFF' AND EXISTS (
               SELECT FROM event e WHERE e.delivery_id = t.delivery_id AND e.route_id = v.route_id
               AND e.name = 'DeliveryDelivered') AS is_off
    FROM visited v JOIN task t ON t.stop_id = v.id
), legs AS (
    SELECT v.route_id, v.leg_m, cardinality(v.given) + coalesce(sum(m.change) OVER (PARTITION BY v.route_id
           ORDER BY v.place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) <= 0 AS is_empty
    FROM visited v LEFT JOIN (
        SELECT stop_id, count(*) FILTER (WHERE is_on) - count(*) FILTER (WHERE is_off) AS change
        FROM handled GROUP BY stop_id) m ON m.stop_id = v.id
), measured AS (
    SELECT r.*, r.approach_m + coalesce(l.metres, 0) + r.way_m AS metres,
           r.approach_m + coalesce(l.empty_m, 0) AS empty_m, coalesce(l.stops, 0) AS stops
    FROM driven r LEFT JOIN (
        SELECT route_id, sum(leg_m)::bigint AS metres, count(*) AS stops,
               coalesce(sum(leg_m) FILTER (WHERE is_empty), 0)::bigint AS empty_m
        FROM legs GROUP BY route_id) l ON l.route_id = r.id
), carried AS (
    SELECT one.route_id, one.has_load, d.id AS delivery_id, d.shipper_id, coalesce(o.hub_id, d.hub_id) AS hub_id,
           d.load[3] AS load_l, d.return_of IS NOT NULL AS is_return, f.id IS NOT NULL AS is_transfer,
           EXISTS (SELECT FROM attempt a WHERE a.delivery_id = d.id AND a.route_id = one.route_id) AS is_attempted,
           row_number() OVER (PARTITION BY one.route_id ORDER BY d.id) AS place,
           count(*) OVER (PARTITION BY one.route_id) AS whole
    FROM (SELECT route_id, delivery_id, bool_or(is_on OR is_taken_over) AS has_load
          FROM handled GROUP BY route_id, delivery_id) one
    JOIN delivery d ON d.id = one.delivery_id LEFT JOIN delivery o ON o.id = d.return_of
    LEFT JOIN stock_transfer f ON f.delivery_id = d.id
), shared AS (
    SELECT c.shipper_id, c.hub_id, f.figure,
           CASE WHEN c.whole IS NULL THEN f.amount
                ELSE f.amount * c.place / c.whole - f.amount * (c.place - 1) / c.whole END AS amount
    FROM measured r LEFT JOIN carried c ON c.route_id = r.id
    JOIN unnest($4::text[], $5::bigint[], $6::bigint[]) AS rate(drivetrain, fuel, vehicle)
        ON rate.drivetrain = r.drivetrain
    CROSS JOIN LATERAL (VALUES
        ('routes_ppm', 1000000::bigint),
        ('stops', r.stops),
        (r.drivetrain || '_m', r.metres),
        ('empty_m', r.empty_m),
        ('driven_s', floor(extract(epoch FROM r.ended_at - r.started_at))::bigint),
        ('capacity_l', r.capacity_l::bigint),
        (CASE WHEN c.is_return THEN 'return_minor' WHEN c.is_transfer THEN 'transfer_minor'
              WHEN c.is_attempted THEN 'attempt_minor' ELSE 'driver_minor' END, coalesce(r.pay_minor, 0)),
        ('fuel_minor', CASE WHEN r.is_provided THEN (r.metres * rate.fuel + 500000) / 1000000 ELSE 0 END),
        ('vehicle_minor', CASE WHEN r.is_provided THEN (r.metres * rate.vehicle + 500000) / 1000000 ELSE 0 END)
    ) AS f(figure, amount)
), loaded AS (
    SELECT shipper_id, hub_id, 'load_l', load_l::bigint FROM carried WHERE has_load AND NOT is_return
)"""

OFFERED = """
asked AS (
    SELECT name, route_id FROM event WHERE market_id = $1 AND occurred_at >= $2 AND occurred_at < $3
      AND name IN ('OfferSent', 'OfferAccepted', 'OfferDeclined', 'OfferExpired')
), planned AS (
    SELECT one.route_id, d.shipper_id, coalesce(o.hub_id, d.hub_id) AS hub_id,
           row_number() OVER (PARTITION BY one.route_id ORDER BY d.id) AS place,
           count(*) OVER (PARTITION BY one.route_id) AS whole
    FROM (SELECT DISTINCT s.route_id, t.delivery_id FROM stop s JOIN task t ON t.stop_id = s.id
          WHERE s.route_id IN (SELECT route_id FROM asked)) one
    JOIN delivery d ON d.id = one.delivery_id LEFT JOIN delivery o ON o.id = d.return_of
), offered AS (
    SELECT p.shipper_id, p.hub_id, 'offers_' || lower(substr(a.name, 6)) || '_ppm',
           coalesce(1000000 * p.place / p.whole - 1000000 * (p.place - 1) / p.whole, 1000000)
    FROM asked a LEFT JOIN planned p ON p.route_id = a.route_id
)"""
