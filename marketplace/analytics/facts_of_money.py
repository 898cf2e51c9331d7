"""What shippers were billed and got back on a day, and what was paid besides routes, as facts.

Money counts on the day on which it was booked, so that the figures are the ledger's, however long ago the delivery was
that a penalty, a claim or a refund is about. Routes count on the day they ended, and what was made up to the floor of a
block on the day the block began, whenever it was reckoned: that day is read anew.
"""

# A penalty is what a tier's broken promise gives back, a claim what goods were worth that came damaged or not; a credit
# is goodwill, or gives back what was billed. A refund is of what was paid; what had only been prepaid was no revenue.
# What is carried over or came back moves no revenue.
BILLED = """
billed AS (
    SELECT b.shipper_id, coalesce(o.hub_id, d.hub_id) AS hub_id, w.figure, w.sign * b.amount_minor AS amount
    FROM bill_line b
    JOIN (VALUES ('DELIVERY', 'billed_minor', 1), ('REDELIVERY', 'billed_minor', 1), ('NO_SHOW', 'billed_minor', 1),
                 ('CANCELLATION', 'billed_minor', 1), ('RESERVATION', 'billed_minor', 1),
                 ('GOODWILL', 'credited_minor', -1),
                 ('CREDIT_NOTE', 'credited_minor', -1), ('SLA_CREDIT', 'penalty_minor', -1),
                 ('CLAIM', 'claim_minor', -1)) AS w(kind, figure, sign) ON w.kind = b.kind
    LEFT JOIN claim c ON c.credit_id = b.id
    LEFT JOIN delivery d ON d.id = coalesce(b.delivery_id, c.delivery_id) LEFT JOIN delivery o ON o.id = d.return_of
    WHERE b.market_id = $1 AND b.created_at >= $2 AND b.created_at < $3
), refunded AS (
    SELECT f.shipper_id, coalesce(o.hub_id, d.hub_id) AS hub_id, 'refunded_minor', f.amount_minor
    FROM refund f LEFT JOIN delivery d ON d.id = f.delivery_id LEFT JOIN delivery o ON o.id = d.return_of
    LEFT JOIN charge c ON c.id = f.charge_id
    WHERE f.market_id = $1 AND f.created_at >= $2 AND f.created_at < $3 AND f.state <> 'FAILED'
      AND c.means IS DISTINCT FROM 'TOP_UP'
)"""

# Tips are the recipients' money and no cost. An adjustment below nothing is owed back by its driver. What a whole pay
# period lacked is of no day's driving, and counts where it was booked.
BESIDES = """
besides AS (
    SELECT NULL::uuid AS shipper_id, NULL::uuid AS hub_id, 'driver_minor', total_minor FROM pay_statement
    WHERE market_id = $1 AND created_at >= $2 AND created_at < $3 AND kind NOT IN ('ROUTE', 'TIP', 'BLOCK')
    UNION ALL
    SELECT NULL, NULL, 'driver_minor', p.total_minor FROM sign_up s JOIN pay_statement p ON p.id = s.statement_id
    WHERE s.market_id = $1 AND s.opens_at >= $2 AND s.opens_at < $3 AND s.statement_id IS NOT NULL
    UNION ALL
    SELECT NULL, NULL, 'driver_minor', amount_minor FROM pay_adjustment
    WHERE market_id = $1 AND created_at >= $2 AND created_at < $3
    UNION ALL
    SELECT d.shipper_id, coalesce(o.hub_id, d.hub_id), f.figure, f.amount
    FROM operator_action a LEFT JOIN delivery d ON d.id = a.subject_id LEFT JOIN delivery o ON o.id = d.return_of
    CROSS JOIN LATERAL (VALUES ('actions', 1::bigint), ('support_minor', $7::bigint)) AS f(figure, amount)
    WHERE a.market_id = $1 AND a.happened_at >= $2 AND a.happened_at < $3
)"""
