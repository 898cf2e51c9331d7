"""Every read of matching, and the hand-written SQL of its zones.

A zone is a rectangle of pickups and one of drop-offs, so what is in it is asked for by its edges; a delivery carries no
mark of its zone that could be out of date.
"""

EDGES = "south, west, drop_south, drop_west, north, east, drop_north, drop_east"
WANTS_A_ROUTE = """
state = 'SCHEDULED' AND (plan_after <= $2
    OR unassigned_reason IN ('NO_DRIVER', 'NO_CAPACITY', 'NO_SKILL', 'WINDOW', 'OUT_OF_REACH', 'HELD'))
"""
"""What a look looks at: what is due, and what waits for a change. What nobody accepted, or what is paused, rests."""
INSIDE = """
pickup_lat >= $3 AND pickup_lon >= $4 AND dropoff_lat >= $5 AND dropoff_lon >= $6
AND pickup_lat < $7 AND pickup_lon < $8 AND dropoff_lat < $9 AND dropoff_lon < $10
"""
INSIDE_ZONE = """
d.market_id = z.market_id AND d.pickup_lat >= z.south AND d.pickup_lat < z.north
AND d.pickup_lon >= z.west AND d.pickup_lon < z.east AND d.dropoff_lat >= z.drop_south AND d.dropoff_lat < z.drop_north
AND d.dropoff_lon >= z.drop_west AND d.dropoff_lon < z.drop_east
"""

# Deliveries of a look
DELIVERY_COLUMNS = """
id, sequence, pickup_lat, pickup_lon, dropoff_lat, dropoff_lon, pickup_opens_at, pickup_closes_at, dropoff_opens_at,
dropoff_closes_at, load, pallet_places, requirements, priority, created_at, out_of_cold_limit_s, unassigned_reason
"""
TO_PLAN = f"""
SELECT {DELIVERY_COLUMNS} FROM delivery WHERE market_id = $1 AND {WANTS_A_ROUTE} AND {INSIDE}
ORDER BY priority DESC, dropoff_closes_at, id LIMIT $11
"""
# What nobody in its zone could take, the most urgent first.
LEFT_OVER = f"""
SELECT {DELIVERY_COLUMNS} FROM delivery WHERE market_id = $1 AND {WANTS_A_ROUTE} AND {INSIDE}
  AND unassigned_reason IN ('NO_DRIVER', 'NO_CAPACITY', 'NO_SKILL', 'WINDOW', 'OUT_OF_REACH')
ORDER BY priority DESC, dropoff_closes_at, id LIMIT $11
"""
AROUND_THEM = f"""
SELECT {DELIVERY_COLUMNS} FROM delivery WHERE market_id = $1 AND {WANTS_A_ROUTE} AND NOT (id = ANY($5))
ORDER BY (pickup_lat - $3) ^ 2 + ((pickup_lon - $4) * cos(radians($3))) ^ 2, id LIMIT $6
"""

SET_ASIDE = """
UPDATE delivery d SET unassigned_reason = 'PAUSED', plan_after = rest.until
FROM unnest($1::uuid[], $2::timestamptz[]) AS rest(id, until) WHERE d.id = rest.id AND d.state = 'SCHEDULED'
"""

# Drivers of a look
NEAREST_TO_EDGES = """
ORDER BY greatest($3 - {lat}, {lat} - $4, 0) ^ 2 + (greatest($5 - {lon}, {lon} - $6, 0) * cos(radians($3))) ^ 2,
         driver_id
LIMIT $7
"""
# Drivers who have a route or for whom one is planned: read as a whole, so that no old plan of PostgreSQL reads it
# once for each driver.
BOUND = """
SELECT driver_id FROM route WHERE market_id = $1 AND state IN ('ASSIGNED', 'STARTED') UNION ALL
SELECT planned_driver_id FROM route
WHERE market_id = $1 AND state IN ('PLANNED', 'OFFERING') AND planned_driver_id IS NOT NULL
"""
FREE_DRIVERS = f"""
SELECT p.driver_id, p.lat, p.lon, NULL::timestamptz AS available_at
FROM presence p JOIN driver d ON d.id = p.driver_id
WHERE p.market_id = $1 AND p.state IN ('AVAILABLE', 'OFFERED') AND p.lat IS NOT NULL AND p.online_until > $2
  AND may_be_asked(d, $2) AND p.driver_id NOT IN ({BOUND})
{NEAREST_TO_EDGES.format(lat="p.lat", lon="p.lon")}
"""
# A driver who was late at the last stop is as late at the others, and is not through with the next one before now.
SOON_FREE_DRIVERS = f"""
SELECT s.driver_id, s.lat, s.lon, s.available_at FROM (
    SELECT r.driver_id, last.lat, last.lon, p.online_until,
           last.planned_departure + greatest(done.late, $2 - next.planned_departure, interval '0') AS available_at
    FROM route r JOIN presence p ON p.driver_id = r.driver_id JOIN driver d ON d.id = r.driver_id
    CROSS JOIN LATERAL (
        SELECT lat, lon, planned_departure FROM stop
        WHERE route_id = r.id AND state IN ('PENDING', 'EN_ROUTE', 'ARRIVED') ORDER BY place DESC LIMIT 1) last
    CROSS JOIN LATERAL (
        SELECT planned_departure FROM stop
        WHERE route_id = r.id AND state IN ('PENDING', 'EN_ROUTE', 'ARRIVED') ORDER BY place LIMIT 1) next
    LEFT JOIN LATERAL (
        SELECT ended_at - planned_departure AS late FROM stop
        WHERE route_id = r.id AND ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT 1) done ON true
    WHERE r.market_id = $1 AND r.state IN ('ASSIGNED', 'STARTED') AND p.state = 'ENGAGED'
      AND may_be_asked(d, $2)
      AND NOT EXISTS (SELECT 1 FROM route n WHERE n.planned_driver_id = d.id AND n.state IN ('PLANNED', 'OFFERING'))
) s WHERE s.available_at <= $8 AND s.online_until > s.available_at
{NEAREST_TO_EDGES.format(lat="s.lat", lon="s.lon")}
"""
ABILITIES = """
SELECT d.id, d.contract_kind, d.capacity, d.pallet_places, skills_at(d.skills, d.skills_until, $2) AS skills,
       d.max_stops, p.online_until, d.area_cells, d.max_distance_m
FROM driver d JOIN presence p ON p.driver_id = d.id WHERE d.id = ANY($1) ORDER BY d.id
"""

# When to look
NEXT_LOOK = "SELECT min(plan_after) FROM delivery WHERE state = 'SCHEDULED'"
# The next look is pushed on by the market's own pause, so that a planner that is slow or away is not asked in a loop.
WAKE_DUE = f"""
WITH due AS (
    SELECT id FROM delivery WHERE state = 'SCHEDULED' AND plan_after <= $1 AND ($3::uuid IS NULL OR market_id = $3)
    ORDER BY plan_after LIMIT $2 FOR UPDATE SKIP LOCKED
), woken AS (
    UPDATE delivery d SET plan_after = $1 + make_interval(secs => m.replan_after_s),
           unassigned_reason = coalesce(nullif(nullif(d.unassigned_reason, 'NOBODY_ACCEPTED'), 'PAUSED'), 'HELD')
    FROM due, market m WHERE d.id = due.id AND m.id = d.market_id
    RETURNING d.market_id, d.pickup_lat, d.pickup_lon, d.dropoff_lat, d.dropoff_lon, d.unassigned_reason
), placed AS (
    SELECT d.market_id, z.id AS zone_id, z.id IS NOT NULL AND d.unassigned_reason <> 'HELD' AS is_border
    FROM woken d LEFT JOIN matching_zone z ON z.path <> '' AND {INSIDE_ZONE}
)
SELECT market_id, zone_id, is_border, count(*) AS woken FROM placed
GROUP BY market_id, zone_id, is_border ORDER BY market_id, zone_id, is_border
"""

# Zones
FIND_ZONES = f"SELECT id, market_id, path, {EDGES} FROM matching_zone WHERE market_id = $1 ORDER BY path LIMIT $2"
FIND_ZONE = f"SELECT id, market_id, path, {EDGES} FROM matching_zone WHERE id = $1"
FIND_FAMILY = f"""
SELECT id, market_id, path, {EDGES} FROM matching_zone WHERE market_id = $1 AND starts_with(path, $2)
ORDER BY path LIMIT $3
"""
LOCK_ZONES = "SELECT id FROM matching_zone WHERE id = ANY($1) ORDER BY path FOR UPDATE SKIP LOCKED"
COUNT_ZONES = "SELECT count(*) FROM matching_zone WHERE market_id = $1 AND starts_with(path, $2)"
INSERT_ZONE = f"""
INSERT INTO matching_zone (id, market_id, path, {EDGES}, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (market_id, path) DO NOTHING
"""
REMOVE_ZONES = "DELETE FROM matching_zone WHERE id = ANY($1)"
TAKE_TURN = "UPDATE matching_zone SET turn = turn + 1 WHERE id = $1 RETURNING turn"
# Held until the commit, so that a zone is neither cut nor looked at anew while a plan of it is written.
HOLD_TURN = "SELECT turn FROM matching_zone WHERE id = $1 FOR UPDATE"
PLACES_TO_PLAN = f"""
SELECT pickup_lat, pickup_lon, dropoff_lat, dropoff_lon FROM delivery
WHERE market_id = $1 AND {WANTS_A_ROUTE} AND {INSIDE} LIMIT $11
"""
ZONES_NEAR_DRIVER = f"""
SELECT z.id, z.market_id FROM matching_zone z, presence p
WHERE p.driver_id = $1 AND z.market_id = p.market_id AND z.path <> '' AND p.lat IS NOT NULL
  AND EXISTS (SELECT 1 FROM delivery d
              WHERE {INSIDE_ZONE} AND d.state = 'SCHEDULED' AND d.unassigned_reason IS NOT NULL)
ORDER BY greatest(z.south - p.lat, p.lat - z.north, 0) ^ 2
       + (greatest(z.west - p.lon, p.lon - z.east, 0) * cos(radians(p.lat))) ^ 2, z.path
LIMIT $2
"""
