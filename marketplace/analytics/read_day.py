"""Reads one local day of a market into its figures, by shipper and hub: the whole day anew, in one statement.

Each fact is a row of shipper, hub, figure and amount; the figures of a day are the sums of them. What a route had as a
whole, from its metres to its pay, is shared evenly among the deliveries it visited, in whole units that add up. Pay of
a delivery's share is that of a failed attempt where one failed on this route, of a return where it is one, and of
driving otherwise. A day read again is replaced, so that reading it twice changes nothing.
"""

from datetime import date
from uuid import UUID

from marketplace.analytics.fairness import driver_days, gini
from marketplace.analytics.kpi_rates import CostRates, cost_rates
from marketplace.analytics.kpi_sums import SUMS
from marketplace.core.work import Work
from marketplace.fleet import Vehicle

PART_PER_MILLION = 1_000_000
NO_RATES = CostRates(fuel=dict.fromkeys(Vehicle, 0), vehicle=dict.fromkeys(Vehicle, 0), support_minor=0)

DAY = """
SELECT currency, $2::date::timestamp AT TIME ZONE time_zone AS begins,
       ($2::date + 1)::timestamp AT TIME ZONE time_zone AS ends
FROM market WHERE id = $1
"""
DROP = "DELETE FROM kpi_day WHERE market_id = $1 AND day = $2"

# What happened to deliveries. A return is no delivery of its own; it brings its original back to the original's hub.
TOLD = """
told AS (
    SELECT e.name, e.payload, e.occurred_at, e.ordinal, d.id AS delivery_id, d.shipper_id, d.created_at, d.attempts,
           coalesce(o.hub_id, d.hub_id) AS hub_id, d.return_of IS NOT NULL AS is_return, w.vehicle,
           d.dropoff_closes_at - d.dropoff_opens_at AS width
    FROM event e JOIN delivery d ON d.id = e.delivery_id LEFT JOIN delivery o ON o.id = d.return_of
    LEFT JOIN driver w ON w.id = e.driver_id
    WHERE e.market_id = $1 AND e.occurred_at >= $2 AND e.occurred_at < $3
), happened AS (
    SELECT shipper_id, hub_id, figure, amount::bigint
    FROM told t CROSS JOIN LATERAL (SELECT
        t.name = 'DeliveryDelivered' AND NOT t.is_return AS is_delivered,
        t.name = 'DeliveryDelivered' AND NOT t.is_return AND (t.payload->>'is_on_time')::boolean AS is_on_time,
        t.name = 'DeliveryAssigned' AND NOT t.is_return AND NOT EXISTS (
            SELECT FROM event b WHERE b.delivery_id = t.delivery_id AND b.name = 'DeliveryAssigned'
              AND b.ordinal < t.ordinal) AS is_filled
    ) seen CROSS JOIN LATERAL (VALUES
        ('posted', (t.name = 'DeliveryPosted' AND NOT t.is_return)::int),
        ('delivered', is_delivered::int),
        ('failed', (t.name IN ('DeliveryFailed', 'DeliveryExpired') AND NOT t.is_return)::int),
        ('returned', (t.name = 'DeliveryReturned')::int),
        ('cancelled', (t.name = 'DeliveryCancelled' AND NOT t.is_return)::int),
        ('on_time', is_on_time::int),
        ('delivered_2h', (is_delivered AND t.width <= interval '2 hours')::int),
        ('on_time_2h', (is_on_time AND t.width <= interval '2 hours')::int),
        ('delivered_4h', (is_delivered AND t.width > interval '2 hours' AND t.width <= interval '4 hours')::int),
        ('on_time_4h', (is_on_time AND t.width > interval '2 hours' AND t.width <= interval '4 hours')::int),
        ('delivered_first', (is_delivered AND t.attempts = 0)::int),
        ('attempted_first', (t.name = 'DeliveryAttempted' AND (t.payload->>'number')::int = 1)::int),
        ('attempts', (t.name = 'DeliveryAttempted')::int),
        ('filled', is_filled::int),
        ('fill_s', CASE WHEN is_filled THEN floor(extract(epoch FROM t.occurred_at - t.created_at)) ELSE 0 END),
        ('hub_out', (t.hub_id IS NOT NULL AND NOT t.is_return AND t.name = 'DeliveryMoved'
                     AND t.payload->>'state' = 'PICKED_UP')::int),
        ('hub_in', (t.hub_id IS NOT NULL AND t.name IN ('DeliveryReturned', 'DeliveryBroughtBack'))::int),
        (lower(t.vehicle) || '_delivered', is_delivered::int)
    ) AS f(figure, amount)
)"""

# Completed routes of the day. A leg is empty when no parcel is aboard: picked up on this route and neither handed over
# nor brought back yet. The way to the first stop always is.
DRIVEN = """
driven AS (
    SELECT r.id, r.approach_m, r.started_at, r.ended_at, d.vehicle, d.capacity[3] AS capacity_l,
           d.contract_kind = 'DEDICATED' AS is_provided,
           (SELECT p.total_minor FROM pay_statement p WHERE p.route_id = r.id AND p.kind = 'ROUTE') AS pay_minor
    FROM route r JOIN driver d ON d.id = r.driver_id
    WHERE r.market_id = $1 AND r.state = 'COMPLETED' AND r.ended_at >= $2 AND r.ended_at < $3
), visited AS (
    SELECT s.id, s.route_id, s.place, s.kind, s.state, s.leg_m FROM stop s JOIN driven r ON r.id = s.route_id
    WHERE s.arrived_at IS NOT NULL
), handled AS (
    SELECT v.id AS stop_id, v.route_id, t.delivery_id,
           v.kind = 'PICKUP' AND EXISTS (SELECT FROM event e WHERE e.delivery_id = t.delivery_id
               AND e.route_id = v.route_id AND e.name = 'DeliveryMoved' AND e.payload->>'state' = 'PICKED_UP') AS is_on,
           v.kind = 'RETURN' AND v.state = 'COMPLETED' OR v.kind = 'DROPOFF' AND EXISTS (
               SELECT FROM event e WHERE e.delivery_id = t.delivery_id AND e.route_id = v.route_id
               AND e.name = 'DeliveryDelivered') AS is_off
    FROM visited v JOIN task t ON t.stop_id = v.id
), legs AS (
    SELECT v.route_id, v.leg_m, coalesce(sum(m.change) OVER (PARTITION BY v.route_id ORDER BY v.place
           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) <= 0 AS is_empty
    FROM visited v CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE is_on) - count(*) FILTER (WHERE is_off) AS change
        FROM handled h WHERE h.stop_id = v.id) m
), measured AS (
    SELECT r.*, r.approach_m + coalesce(l.metres, 0) AS metres, r.approach_m + coalesce(l.empty_m, 0) AS empty_m,
           coalesce(l.stops, 0) AS stops
    FROM driven r LEFT JOIN (
        SELECT route_id, sum(leg_m)::bigint AS metres, count(*) AS stops,
               coalesce(sum(leg_m) FILTER (WHERE is_empty), 0)::bigint AS empty_m
        FROM legs GROUP BY route_id) l ON l.route_id = r.id
), carried AS (
    SELECT one.route_id, one.has_load, d.id AS delivery_id, d.shipper_id, coalesce(o.hub_id, d.hub_id) AS hub_id,
           d.load[3] AS load_l, d.return_of IS NOT NULL AS is_return,
           EXISTS (SELECT FROM attempt a WHERE a.delivery_id = d.id AND a.route_id = one.route_id) AS is_attempted,
           row_number() OVER (PARTITION BY one.route_id ORDER BY d.id) AS place,
           count(*) OVER (PARTITION BY one.route_id) AS whole
    FROM (SELECT route_id, delivery_id, bool_or(is_on) AS has_load FROM handled GROUP BY route_id, delivery_id) one
    JOIN delivery d ON d.id = one.delivery_id LEFT JOIN delivery o ON o.id = d.return_of
), shared AS (
    SELECT c.shipper_id, c.hub_id, f.figure,
           CASE WHEN c.whole IS NULL THEN f.amount
                ELSE f.amount * c.place / c.whole - f.amount * (c.place - 1) / c.whole END AS amount
    FROM measured r LEFT JOIN carried c ON c.route_id = r.id
    JOIN unnest($4::text[], $5::bigint[], $6::bigint[]) AS rate(kind, fuel, vehicle) ON rate.kind = r.vehicle
    CROSS JOIN LATERAL (VALUES
        ('stops', r.stops),
        (lower(r.vehicle) || '_m', r.metres),
        ('empty_m', r.empty_m),
        ('driven_s', floor(extract(epoch FROM r.ended_at - r.started_at))::bigint),
        ('capacity_l', r.capacity_l::bigint),
        (CASE WHEN c.is_return THEN 'return_minor' WHEN c.is_attempted THEN 'attempt_minor' ELSE 'driver_minor' END,
         coalesce(r.pay_minor, 0)),
        ('fuel_minor', CASE WHEN r.is_provided THEN (r.metres * rate.fuel + 500000) / 1000000 ELSE 0 END),
        ('vehicle_minor', CASE WHEN r.is_provided THEN (r.metres * rate.vehicle + 500000) / 1000000 ELSE 0 END)
    ) AS f(figure, amount)
)"""

# A credit gives back what was billed, a refund what was paid; what had only been
# prepaid was no revenue. What is carried over or came back moves no revenue.
BILLED = """
billed AS (
    SELECT b.shipper_id, coalesce(o.hub_id, d.hub_id) AS hub_id,
           CASE WHEN b.kind IN ('DELIVERY', 'REDELIVERY', 'CANCELLATION', 'NO_SHOW') THEN 'billed_minor'
                ELSE 'credited_minor' END AS figure,
           CASE WHEN b.kind IN ('DELIVERY', 'REDELIVERY', 'CANCELLATION', 'NO_SHOW') THEN b.amount_minor
                ELSE -b.amount_minor END AS amount
    FROM bill_line b LEFT JOIN delivery d ON d.id = b.delivery_id LEFT JOIN delivery o ON o.id = d.return_of
    WHERE b.market_id = $1 AND b.created_at >= $2 AND b.created_at < $3
      AND b.kind IN ('DELIVERY', 'REDELIVERY', 'CANCELLATION', 'NO_SHOW', 'SLA_CREDIT', 'GOODWILL', 'CREDIT_NOTE')
), refunded AS (
    SELECT f.shipper_id, coalesce(o.hub_id, d.hub_id) AS hub_id, 'refunded_minor', f.amount_minor
    FROM refund f LEFT JOIN delivery d ON d.id = f.delivery_id LEFT JOIN delivery o ON o.id = d.return_of
    LEFT JOIN charge c ON c.id = f.charge_id
    WHERE f.market_id = $1 AND f.created_at >= $2 AND f.created_at < $3 AND f.state <> 'FAILED'
      AND c.means IS DISTINCT FROM 'TOP_UP'
)"""

# Tips are the recipients' money and no cost. An adjustment below nothing is owed back by its driver.
BESIDES = """
besides AS (
    SELECT NULL::uuid AS shipper_id, NULL::uuid AS hub_id, 'driver_minor', total_minor FROM pay_statement
    WHERE market_id = $1 AND created_at >= $2 AND created_at < $3 AND kind NOT IN ('ROUTE', 'TIP')
    UNION ALL
    SELECT NULL, NULL, 'driver_minor', amount_minor FROM pay_adjustment
    WHERE market_id = $1 AND created_at >= $2 AND created_at < $3
    UNION ALL
    SELECT d.shipper_id, coalesce(o.hub_id, d.hub_id), f.figure, f.amount
    FROM operator_action a LEFT JOIN delivery d ON d.id = a.subject_id LEFT JOIN delivery o ON o.id = d.return_of
    CROSS JOIN LATERAL (VALUES ('actions', 1::bigint), ('support_minor', $7::bigint)) AS f(figure, amount)
    WHERE a.market_id = $1 AND a.happened_at >= $2 AND a.happened_at < $3
    UNION ALL
    SELECT NULL, NULL, CASE name WHEN 'OfferSent' THEN 'offers_sent' WHEN 'OfferAccepted' THEN 'offers_accepted'
        WHEN 'OfferDeclined' THEN 'offers_declined' ELSE 'offers_expired' END, 1
    FROM event WHERE market_id = $1 AND occurred_at >= $2 AND occurred_at < $3
      AND name IN ('OfferSent', 'OfferAccepted', 'OfferDeclined', 'OfferExpired')
    UNION ALL
    SELECT NULL, NULL, 'routes', 1 FROM driven
    UNION ALL
    SELECT NULL, NULL, f.figure, f.amount FROM eta_day
    CROSS JOIN LATERAL (VALUES ('eta_arrivals', arrivals), ('eta_covered', covered)) AS f(figure, amount)
    WHERE market_id = $1 AND day = $8
    UNION ALL
    SELECT NULL, NULL, figure, amount FROM unnest($9::text[], $10::bigint[]) AS f(figure, amount)
)"""

READ = f"""
WITH {TOLD}, {DRIVEN}, {BILLED}, {BESIDES}, facts AS (
    SELECT * FROM happened UNION ALL SELECT * FROM shared UNION ALL
    SELECT shipper_id, hub_id, 'load_l', load_l FROM carried WHERE has_load AND NOT is_return UNION ALL
    SELECT * FROM billed UNION ALL SELECT * FROM refunded UNION ALL SELECT * FROM besides
)
INSERT INTO kpi_day (id, market_id, day, shipper_id, hub_id, {", ".join(SUMS)})
SELECT md5($1::text || $8::text || coalesce(shipper_id::text, '-') || coalesce(hub_id::text, '-'))::uuid,
    $1, $8, shipper_id, hub_id,
    {", ".join(f"coalesce(sum(amount) FILTER (WHERE figure = '{name}'), 0)" for name in SUMS)}
FROM facts GROUP BY shipper_id, hub_id HAVING bool_or(amount <> 0)
"""  # noqa: S608 - names of ours


async def read_day(work: Work, *, market_id: UUID, day: date) -> None:
    """Replaces the figures of a market's local day by what its records say now."""
    span = await work.fetch_row(DAY, market_id, day)
    if span is None:
        return
    rates = cost_rates(span["currency"]) or NO_RATES
    kinds = list(Vehicle)
    shares = await _shares(work, market_id, day)
    await work.execute(DROP, market_id, day)
    await work.execute(
        READ,
        market_id,
        span["begins"],
        span["ends"],
        [kind.value for kind in kinds],
        [rates.fuel[kind] for kind in kinds],
        [rates.vehicle[kind] for kind in kinds],
        rates.support_minor,
        day,
        list(shares),
        list(shares.values()),
    )


async def _shares(work: Work, market_id: UUID, day: date) -> dict[str, int]:
    """How work was shared among the day's drivers."""
    _, drivers = await driver_days(work, market_id=market_id, day=day)
    online = [one for one in drivers if one.online_s > 0]
    return {
        "drivers": len(drivers),
        "online_s": sum(one.online_s for one in drivers),
        "engaged_s": sum(one.engaged_s for one in drivers),
        "gini_ppm": round(PART_PER_MILLION * gini([one.offers_per_online_hour for one in online])),
        "gini_days": int(bool(online)),
    }
