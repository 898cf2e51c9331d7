"""What happened to deliveries on a day, as facts: rows of shipper, hub, figure and amount.

A return is no delivery of its own; it brings its original back to the original's hub. Neither is a transfer between
hubs: it goes out of the one and into the other, and belongs, with what it takes, to the hub that sends it.
"""

HAPPENED = """
told AS (
    SELECT e.name, e.payload, e.occurred_at, e.ordinal, d.id AS delivery_id, d.shipper_id, d.created_at, d.attempts,
           coalesce(o.hub_id, d.hub_id) AS hub_id, f.to_hub_id, d.return_of IS NOT NULL AS is_return,
           d.return_of IS NULL AND f.id IS NULL AS is_own, w.vehicle,
           coalesce('ELECTRIC_DRIVE' = ANY(v.equipment), false) AS is_electric,
           d.dropoff_closes_at - d.dropoff_opens_at AS width
    FROM event e JOIN delivery d ON d.id = e.delivery_id LEFT JOIN delivery o ON o.id = d.return_of
    LEFT JOIN stock_transfer f ON f.delivery_id = d.id
    LEFT JOIN driver w ON w.id = e.driver_id LEFT JOIN vehicle v ON v.id = w.vehicle_id
    WHERE e.market_id = $1 AND e.occurred_at >= $2 AND e.occurred_at < $3 AND e.name IN (
        'DeliveryPosted', 'DeliveryAssigned', 'DeliveryMoved', 'DeliveryDelivered', 'DeliveryAttempted',
        'DeliveryReturned', 'DeliveryBroughtBack', 'DeliveryFailed', 'DeliveryExpired', 'DeliveryCancelled')
), happened AS (
    SELECT shipper_id, CASE WHEN figure = 'hub_in' AND is_transferred THEN to_hub_id ELSE hub_id END AS hub_id,
           figure, amount::bigint
    FROM told t CROSS JOIN LATERAL (SELECT
        t.name = 'DeliveryDelivered' AND t.is_own AS is_delivered,
        t.name = 'DeliveryDelivered' AND t.is_own AND (t.payload->>'is_on_time')::boolean AS is_on_time,
        t.name = 'DeliveryDelivered' AND t.to_hub_id IS NOT NULL AS is_transferred,
        t.name = 'DeliveryAssigned' AND t.is_own AND NOT EXISTS (
            SELECT FROM event b WHERE b.delivery_id = t.delivery_id AND b.name = 'DeliveryAssigned'
              AND b.ordinal < t.ordinal) AS is_filled
    ) seen CROSS JOIN LATERAL (VALUES
        ('posted', (t.name = 'DeliveryPosted' AND t.is_own)::int),
        ('delivered', is_delivered::int),
        ('failed', (t.name IN ('DeliveryFailed', 'DeliveryExpired') AND t.is_own)::int),
        ('returned', (t.name = 'DeliveryReturned' AND t.is_own)::int),
        ('cancelled', (t.name = 'DeliveryCancelled' AND t.is_own)::int),
        ('transfers', is_transferred::int),
        ('on_time', is_on_time::int),
        ('delivered_2h', (is_delivered AND t.width <= interval '2 hours')::int),
        ('on_time_2h', (is_on_time AND t.width <= interval '2 hours')::int),
        ('delivered_4h', (is_delivered AND t.width > interval '2 hours' AND t.width <= interval '4 hours')::int),
        ('on_time_4h', (is_on_time AND t.width > interval '2 hours' AND t.width <= interval '4 hours')::int),
        ('delivered_first', (is_delivered AND t.attempts = 0)::int),
        ('attempted_first', (t.name = 'DeliveryAttempted' AND t.is_own AND (t.payload->>'number')::int = 1)::int),
        ('attempts', (t.name = 'DeliveryAttempted')::int),
        ('filled', is_filled::int),
        ('fill_s', CASE WHEN is_filled THEN floor(extract(epoch FROM t.occurred_at - t.created_at)) ELSE 0 END),
        ('hub_out', (t.hub_id IS NOT NULL AND NOT t.is_return AND t.name = 'DeliveryMoved'
                     AND t.payload->>'state' = 'PICKED_UP')::int),
        ('hub_in', (is_transferred OR t.hub_id IS NOT NULL
                    AND t.name IN ('DeliveryReturned', 'DeliveryBroughtBack'))::int),
        (CASE WHEN t.is_electric THEN 'electric_' ELSE '' END || lower(t.vehicle) || '_delivered', is_delivered::int)
    ) AS f(figure, amount)
)"""

# A prediction is of one delivery, and so has a shipper and a hub of its own; it was counted as it came true.
PREDICTED = """
predicted AS (
    SELECT shipper_id, hub_id, f.figure, f.amount::bigint FROM eta_shipper_day
    CROSS JOIN LATERAL (VALUES ('eta_arrivals', arrivals), ('eta_covered', covered)) AS f(figure, amount)
    WHERE market_id = $1 AND day = $8
)"""
