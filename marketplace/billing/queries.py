"""Every statement that reads or changes what shippers owe."""

LATEST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff"
LINES_AT_ONCE = 5_000
"""Most lines that one charge collects; what is left is collected by the next."""
SWEPT_AT_ONCE = 100

# Profiles
PROFILE_COLUMNS = """
id, market_id, shipper_id, terms, collects, shortfall, state, currency, credit_limit_minor, due_days, customer_id,
card_id, setup_ids, next_due_at
"""
FIND_PROFILE = f"SELECT {PROFILE_COLUMNS} FROM billing_profile WHERE shipper_id = $1 AND market_id = $2"
FIND_PROFILE_BY_ID = f"SELECT {PROFILE_COLUMNS} FROM billing_profile WHERE id = $1"
# NO KEY UPDATE: nothing refers to a profile, and readers never wait.
LOCK_PROFILE = f"{FIND_PROFILE} FOR NO KEY UPDATE"
LOCK_PROFILE_BY_ID = f"{FIND_PROFILE_BY_ID} FOR NO KEY UPDATE"
OPEN_PROFILE = """
INSERT INTO billing_profile (id, market_id, shipper_id, terms, collects, state, currency, credit_limit_minor, due_days,
                             next_due_at, created_at, changed_at, setup_ids)
VALUES ($1, $2, $3, $4, $5, 'GOOD', $6, $7, $8, $9, $10, $10, '{}')
ON CONFLICT (shipper_id, market_id) DO NOTHING
"""
SET_TERMS = """
UPDATE billing_profile
SET terms = $2, collects = $3, credit_limit_minor = $4, due_days = $5, next_due_at = $6, changed_at = $7,
    shortfall = $8
WHERE id = $1
"""
SET_STANDING = "UPDATE billing_profile SET state = $2, changed_at = $3 WHERE id = $1 AND state <> $2"
SET_CARD = """
UPDATE billing_profile SET customer_id = $2, card_id = $3, setup_ids = $4, changed_at = $5 WHERE id = $1
"""
MOVE_ON = "UPDATE billing_profile SET next_due_at = $2 WHERE id = $1"
MARKET_OF = "SELECT time_zone, currency FROM market WHERE id = $1"
DUE_PROFILES = """
SELECT id FROM billing_profile WHERE market_id = $1 AND next_due_at <= $2 ORDER BY next_due_at LIMIT $3
"""

# What counts against credit: posted and not billed, billed and not collected, collected and not paid.
EXPOSURE = """
SELECT
    (SELECT coalesce(sum(price_minor + redelivery_minor), 0)::bigint FROM delivery
     WHERE shipper_id = $1 AND market_id = $2 AND billed_at IS NULL) AS posted_minor,
    (SELECT coalesce(sum(amount_minor), 0)::bigint FROM bill_line
     WHERE shipper_id = $1 AND market_id = $2 AND charge_id IS NULL AND invoice_line_id IS NULL) AS unbilled_minor,
    (SELECT coalesce(sum(amount_minor), 0)::bigint FROM charge
     WHERE shipper_id = $1 AND market_id = $2 AND means = 'CARD'
       AND state IN ('OPEN', 'DECLINED', 'ACTION_REQUIRED')) AS charging_minor,
    (SELECT coalesce(sum(total_minor), 0)::bigint FROM invoice
     WHERE shipper_id = $1 AND market_id = $2 AND state NOT IN ('PAID', 'VOID')) AS invoiced_minor
"""
PREPAID = "SELECT credits_posted - debits_posted - debits_pending FROM account WHERE market_id = $1 AND code = $2"
IS_PAST_DUE = """
SELECT EXISTS (SELECT FROM charge WHERE shipper_id = $1 AND market_id = $2 AND means = 'CARD'
               AND (state IN ('DECLINED', 'ACTION_REQUIRED') OR state = 'OPEN' AND attempts > 1))
    OR EXISTS (SELECT FROM invoice WHERE shipper_id = $1 AND market_id = $2 AND state = 'OPEN' AND due_at < $3)
"""

# Deliveries that have ended, and what they put on the bill
LOCK_DELIVERY = """
SELECT id, market_id, shipper_id, batch_id, state, service_level, return_of, price_minor, currency, rate_card_version,
       fee_minor, failure_reason, dropoff_closes_at, changed_at, billed_at, attempts, redelivery_minor,
       service_level_id,
       (SELECT max(late_s) FROM attempt WHERE attempt.delivery_id = delivery.id) AS late_attempt_s
FROM delivery WHERE id = $1 FOR NO KEY UPDATE
"""
MARK_BILLED = "UPDATE delivery SET billed_at = $2 WHERE id = $1 AND billed_at IS NULL"
HANDED_OVER_AT = """
SELECT max(stop.ended_at) FROM task JOIN stop ON stop.id = task.stop_id
WHERE task.delivery_id = $1 AND stop.kind = 'DROPOFF' AND stop.state = 'COMPLETED'
"""
IS_BATCH_THROUGH = "SELECT NOT EXISTS (SELECT FROM delivery WHERE batch_id = $1 AND billed_at IS NULL)"
WRITE_LINE = """
INSERT INTO bill_line (id, market_id, shipper_id, delivery_id, batch_id, kind, service_level, amount_minor, currency,
                       reason, journal_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
LINE_OF = "SELECT journal_id FROM bill_line WHERE delivery_id = $1 AND kind = $2"
CREDITED_OF_DELIVERY = """
SELECT (SELECT coalesce(sum(amount_minor), 0)::bigint FROM bill_line
        WHERE delivery_id = $1 AND shipper_id = $2 AND kind <> 'TIP')
     - (SELECT coalesce(sum(amount_minor), 0)::bigint FROM refund WHERE delivery_id = $1 AND state <> 'FAILED')
"""

# Charges
OPEN_LINES = """
SELECT id, amount_minor FROM bill_line
WHERE shipper_id = $1 AND market_id = $2 AND charge_id IS NULL AND invoice_line_id IS NULL
ORDER BY id LIMIT $3 FOR NO KEY UPDATE
"""
GIVE_TO_CHARGE = "UPDATE bill_line SET charge_id = $2 WHERE id = ANY($1)"
WRITE_CHARGE = """
INSERT INTO charge (id, market_id, shipper_id, means, amount_minor, currency, state, captured_minor, created_at,
                    paid_at, settled_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
"""
CHARGE_COLUMNS = """
id, market_id, shipper_id, means, amount_minor, currency, state, attempts, next_try_at, error_code, captured_minor,
refunded_minor, disputed_minor, intent_id, available_on, settled_at
"""
CHARGE_OF_SHIPPER = "SELECT state, intent_id FROM charge WHERE id = $1 AND shipper_id = $2"
FIND_CHARGE = f"SELECT {CHARGE_COLUMNS} FROM charge WHERE id = $1"
LOCK_CHARGE = f"{FIND_CHARGE} FOR NO KEY UPDATE"
TRY_CHARGE = """
UPDATE charge SET state = 'OPEN', attempts = attempts + 1, next_try_at = NULL, error_code = NULL WHERE id = $1
RETURNING attempts
"""
PAY_CHARGE = """
UPDATE charge SET state = 'PAID', captured_minor = amount_minor, intent_id = $2, paid_at = $3, next_try_at = NULL,
                  error_code = NULL
WHERE id = $1
"""
DECLINE_CHARGE = "UPDATE charge SET state = $2, error_code = $3, next_try_at = $4 WHERE id = $1"
PUT_OFF_CHARGE = "UPDATE charge SET next_try_at = $2 WHERE id = $1"
NOTE_SETTLING = "UPDATE charge SET available_on = $2, settled_at = $3 WHERE id = $1"
NOTE_DISPUTED = "UPDATE charge SET disputed_minor = $2 WHERE id = $1 AND disputed_minor <> $2"
RETRY_SOON = """
UPDATE charge SET next_try_at = $3 WHERE shipper_id = $1 AND market_id = $2 AND means = 'CARD'
AND state IN ('DECLINED', 'ACTION_REQUIRED')
"""
DUE_CHARGES = """
SELECT id FROM charge WHERE market_id = $1 AND state IN ('DECLINED', 'ACTION_REQUIRED') AND next_try_at <= $2
ORDER BY next_try_at LIMIT $3
"""
CHARGES_TO_SETTLE = """
SELECT id FROM charge WHERE market_id = $1 AND state = 'PAID' AND settled_at IS NULL AND available_on <= $2
ORDER BY available_on LIMIT $3
"""
# The operation has ended and the charge has not moved: its job was lost.
CHARGES_LEFT_BEHIND = """
SELECT charge.id FROM charge JOIN stripe_operation AS wanted
    ON wanted.kind = 'CHARGE' AND wanted.subject_id = charge.id AND wanted.number = charge.attempts
WHERE charge.market_id = $1 AND charge.state = 'OPEN' AND wanted.state IN ('DONE', 'REJECTED')
    AND wanted.ended_at < $2 ORDER BY charge.id LIMIT $3
"""
REFUNDS_LEFT_BEHIND = """
SELECT refund.id FROM refund JOIN stripe_operation AS wanted
    ON wanted.kind = 'REFUND' AND wanted.subject_id = refund.id
WHERE refund.market_id = $1 AND refund.state = 'SENDING' AND wanted.state IN ('DONE', 'REJECTED')
    AND wanted.ended_at < $2 ORDER BY refund.id LIMIT $3
"""
INVOICES_LEFT_BEHIND = """
SELECT id FROM invoice WHERE market_id = $1 AND state IN ('DRAFTING', 'FINALIZING') AND created_at < $2
ORDER BY id LIMIT $3
"""
OVERDUE_PROFILES = """
SELECT DISTINCT profile.id FROM invoice JOIN billing_profile AS profile USING (shipper_id, market_id)
WHERE invoice.market_id = $1 AND invoice.state = 'OPEN' AND invoice.due_at < $2 AND profile.state = 'GOOD' LIMIT $3
"""

# Refunds
RESERVE_REFUND = """
UPDATE charge SET refunded_minor = refunded_minor + $2
WHERE id = $1 AND state = 'PAID' AND disputed_minor = 0 AND refunded_minor + $2 <= captured_minor
RETURNING captured_minor - refunded_minor
"""
RELEASE_REFUND = "UPDATE charge SET refunded_minor = refunded_minor - $2 WHERE id = $1"
WRITE_REFUND = """
INSERT INTO refund (id, market_id, shipper_id, charge_id, delivery_id, amount_minor, currency, reason, state,
                    created_at, ended_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
FIND_REFUND = """
SELECT id, market_id, shipper_id, charge_id, amount_minor, currency, state, object_id FROM refund WHERE id = $1
"""
FIND_HAND_REFUND = "SELECT id, amount_minor, currency, state FROM refund WHERE object_id = $1"
WRITE_HAND_REFUND = """
INSERT INTO refund (id, market_id, shipper_id, charge_id, invoice_id, amount_minor, currency, reason, object_id, state,
                    created_at, ended_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'PAID', $10, $10)
"""
GROW_REFUNDED = "UPDATE charge SET refunded_minor = refunded_minor + $2 WHERE id = $1"
LOCK_REFUND = f"{FIND_REFUND} FOR NO KEY UPDATE"
END_REFUND = "UPDATE refund SET state = $2, error_code = $3, ended_at = $4 WHERE id = $1"
DELIVERY_IN_CHARGE = """
SELECT (SELECT coalesce(sum(amount_minor), 0)::bigint FROM bill_line WHERE charge_id = $1 AND delivery_id = $2)
     - (SELECT coalesce(sum(amount_minor), 0)::bigint FROM refund
        WHERE charge_id = $1 AND delivery_id = $2 AND state <> 'FAILED')
"""
CHARGE_OF_DELIVERY = """
SELECT line.charge_id, line.market_id, line.invoice_line_id FROM bill_line AS line
WHERE line.delivery_id = $1 AND line.kind IN ('DELIVERY', 'CANCELLATION', 'NO_SHOW')
ORDER BY line.charge_id NULLS LAST LIMIT 1
"""

# Invoices
LINES_TO_INVOICE = """
SELECT id, kind, service_level, amount_minor, CASE WHEN kind = 'SLA_CREDIT' THEN reason END AS reason FROM bill_line
WHERE shipper_id = $1 AND market_id = $2 AND charge_id IS NULL AND invoice_line_id IS NULL AND created_at < $3
ORDER BY id FOR NO KEY UPDATE
"""
NEXT_NUMBER = "SELECT coalesce(max(number), 0) + 1 FROM invoice WHERE shipper_id = $1 AND market_id = $2"
WRITE_INVOICE = """
INSERT INTO invoice (id, market_id, shipper_id, number, period_start, period_end, total_minor, currency, state,
                     due_days, due_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'DRAFTING', $9, $10, $11)
"""
WRITE_INVOICE_LINE = """
INSERT INTO invoice_line (id, market_id, invoice_id, place, kind, service_level, label, quantity, amount_minor,
                          currency)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
GIVE_TO_INVOICE = """
UPDATE bill_line SET invoice_line_id = given.invoice_line_id
FROM unnest($1::uuid[], $2::uuid[]) AS given(id, invoice_line_id) WHERE bill_line.id = given.id
"""
LAST_PERIOD_END = """
SELECT max(period_end) FROM invoice WHERE shipper_id = $1 AND market_id = $2
"""
FIND_INVOICE = """
SELECT id, market_id, shipper_id, number, total_minor, currency, state, object_id, shown_minor, due_days, due_at,
       refunded_minor, disputed_minor, available_on, settled_at, drawing
FROM invoice WHERE id = $1
"""
LOCK_INVOICE = f"{FIND_INVOICE} FOR NO KEY UPDATE"
INVOICE_OF_LINE = "SELECT invoice_id FROM invoice_line WHERE id = $1"
INVOICE_LINES = """
SELECT id, place, label, amount_minor, currency FROM invoice_line WHERE invoice_id = $1 ORDER BY place
"""
NOTE_INVOICE_OBJECT = "UPDATE invoice SET object_id = $2 WHERE id = $1 AND object_id IS NULL"
DRAFTS_OF = """
SELECT id, total_minor, currency FROM invoice
WHERE shipper_id = $1 AND market_id = $2 AND state = 'DRAFTING' ORDER BY id
"""
COMPARED = "UPDATE invoice SET state = $2, shown_minor = $3 WHERE id = $1 AND state IN ('DRAFTING', 'MISMATCH')"
SET_INVOICE_STATE = "UPDATE invoice SET state = $2 WHERE id = $1"
ISSUE_INVOICE = "UPDATE invoice SET state = 'OPEN', issued_at = $2 WHERE id = $1"
REDRAW_INVOICE = """
UPDATE invoice SET state = 'DRAFTING', drawing = drawing + 1, object_id = NULL, shown_minor = NULL, issued_at = NULL,
                   due_days = $2, due_at = $3
WHERE id = $1
"""
PAID_ANYTHING = """
SELECT EXISTS (SELECT FROM journal WHERE subject_id = $1 AND kind IN ('INVOICE_PAID', 'INVOICE_PAID_OUTSIDE'))
"""
NOTE_INVOICE_MONEY = """
UPDATE invoice SET refunded_minor = refunded_minor + $2, disputed_minor = $3, available_on = $4, settled_at = $5
WHERE id = $1
"""
INVOICES_TO_SETTLE = """
SELECT id FROM invoice WHERE market_id = $1 AND settled_at IS NULL AND available_on <= $2
ORDER BY available_on LIMIT $3
"""
PAY_INVOICE = "UPDATE invoice SET state = 'PAID', paid_at = $2 WHERE id = $1"

# What shippers and operators read
PROFILES_AT_MOST = 100
ATTENTION_AT_MOST = 200
OPEN_SUMS = """
    (SELECT coalesce(sum(price_minor), 0)::bigint FROM delivery
     WHERE shipper_id = p.shipper_id AND market_id = p.market_id AND billed_at IS NULL) AS posted_minor,
    (SELECT coalesce(sum(amount_minor), 0)::bigint FROM bill_line WHERE shipper_id = p.shipper_id
       AND market_id = p.market_id AND charge_id IS NULL AND invoice_line_id IS NULL) AS unbilled_minor,
    (SELECT coalesce(sum(amount_minor), 0)::bigint FROM charge WHERE shipper_id = p.shipper_id
       AND market_id = p.market_id AND means = 'CARD'
       AND state IN ('OPEN', 'DECLINED', 'ACTION_REQUIRED')) AS charging_minor,
    (SELECT coalesce(sum(total_minor), 0)::bigint FROM invoice WHERE shipper_id = p.shipper_id
       AND market_id = p.market_id AND state NOT IN ('PAID', 'VOID')) AS invoiced_minor,
    coalesce((SELECT credits_posted - debits_posted - debits_pending FROM account
        WHERE account.market_id = p.market_id
          AND code = p.market_id || ':' || p.currency || ':shipper:' || p.shipper_id || ':prepaid'), 0) AS prepaid_minor
"""
BILLINGS = f"""
SELECT json_build_object(
    'id', 'bil_' || replace(p.id::text, '-', ''), 'market_id', 'mkt_' || replace(p.market_id::text, '-', ''),
    'shipper_id', 'shp_' || replace(p.shipper_id::text, '-', ''), 'terms', p.terms, 'collects', p.collects,
    'shortfall', p.shortfall,
    'state', p.state, 'currency', p.currency, 'credit_limit_minor', p.credit_limit_minor, 'due_days', p.due_days,
    'has_card', p.card_id IS NOT NULL, 'next_due_at', p.next_due_at, 'posted_minor', o.posted_minor,
    'owed_minor', o.unbilled_minor + o.charging_minor + o.invoiced_minor, 'unbilled_minor', o.unbilled_minor,
    'charging_minor', o.charging_minor, 'invoiced_minor', o.invoiced_minor, 'prepaid_minor', o.prepaid_minor,
    'credit_left_minor', p.credit_limit_minor + CASE p.terms WHEN 'PREPAID' THEN o.prepaid_minor ELSE 0 END
        - o.posted_minor - o.unbilled_minor - o.charging_minor - o.invoiced_minor) AS tree
FROM billing_profile p CROSS JOIN LATERAL (SELECT {OPEN_SUMS}) AS o
WHERE p.shipper_id = $1 AND ($2::uuid IS NULL OR p.market_id = $2) ORDER BY p.id LIMIT $3
"""
CHARGE_TREE = """
json_build_object('id', 'chg_' || replace(c.id::text, '-', ''),
    'market_id', 'mkt_' || replace(c.market_id::text, '-', ''),
    'means', c.means, 'state', c.state, 'amount_minor', c.amount_minor, 'captured_minor', c.captured_minor,
    'refunded_minor', c.refunded_minor, 'disputed_minor', c.disputed_minor, 'currency', c.currency,
    'error_code', c.error_code, 'attempts', c.attempts, 'next_try_at', c.next_try_at, 'created_at', c.created_at,
    'paid_at', c.paid_at, 'line_count', (SELECT count(*) FROM bill_line WHERE charge_id = c.id))
"""
CHARGES = f"""
SELECT c.id, {CHARGE_TREE} AS tree FROM charge c
WHERE c.shipper_id = $1 AND ($2::uuid IS NULL OR c.market_id = $2) AND c.id < $3 ORDER BY c.id DESC LIMIT $4
"""
ONE_CHARGE = f"SELECT {CHARGE_TREE} FROM charge c WHERE c.id = $1 AND c.shipper_id = $2"
INVOICE_TREE = """
json_build_object('id', 'inv_' || replace(i.id::text, '-', ''),
    'market_id', 'mkt_' || replace(i.market_id::text, '-', ''),
    'number', i.number, 'state', i.state, 'total_minor', i.total_minor, 'currency', i.currency,
    'period_start', i.period_start, 'period_end', i.period_end, 'due_at', i.due_at, 'issued_at', i.issued_at,
    'paid_at', i.paid_at,
    'lines', (SELECT coalesce(json_agg(json_build_object('kind', l.kind, 'service_level', l.service_level,
        'label', l.label, 'quantity', l.quantity, 'amount_minor', l.amount_minor) ORDER BY l.place), '[]')
        FROM invoice_line l WHERE l.invoice_id = i.id))
"""
INVOICES = f"""
SELECT i.id, {INVOICE_TREE} AS tree FROM invoice i
WHERE i.shipper_id = $1 AND ($2::uuid IS NULL OR i.market_id = $2) AND i.id < $3 ORDER BY i.id DESC LIMIT $4
"""
ONE_INVOICE = f"SELECT {INVOICE_TREE} FROM invoice i WHERE i.id = $1 AND i.shipper_id = $2"
ONE_INVOICE_OF_MARKET = f"SELECT {INVOICE_TREE} FROM invoice i WHERE i.id = $1 AND i.market_id = $2"
# What a person has to look at: refused or differing invoices, cards that do not pay, refunds that came back, disputes.
ATTENTION = """
SELECT coalesce(json_agg(stuck.tree), '[]') FROM (
    SELECT json_build_object('subject_id', found.subject_id, 'shipper_id',
        'shp_' || replace(found.shipper_id::text, '-', ''), 'reason', found.reason,
        'amount_minor', found.amount_minor, 'currency', found.currency, 'since', found.since,
        'detail', found.detail) AS tree
    FROM (
        SELECT 'inv_' || replace(id::text, '-', '') AS subject_id, shipper_id, 'INVOICE_' || state AS reason,
               total_minor AS amount_minor, currency, created_at AS since, object_id AS detail
        FROM invoice WHERE market_id = $1 AND state IN ('MISMATCH', 'REFUSED', 'VOID')
        UNION ALL
        SELECT 'inv_' || replace(id::text, '-', ''), shipper_id, 'INVOICE_OVERDUE', total_minor, currency, due_at,
               object_id
        FROM invoice WHERE market_id = $1 AND state = 'OPEN' AND due_at < $2
        UNION ALL
        SELECT 'chg_' || replace(id::text, '-', ''), shipper_id, 'CHARGE_' || state, amount_minor, currency, created_at,
               error_code
        FROM charge WHERE market_id = $1 AND state IN ('DECLINED', 'ACTION_REQUIRED')
        UNION ALL
        SELECT 'chg_' || replace(id::text, '-', ''), shipper_id, 'CHARGE_DISPUTED', disputed_minor, currency, paid_at,
               intent_id
        FROM charge WHERE market_id = $1 AND disputed_minor > 0
        UNION ALL
        SELECT 'inv_' || replace(id::text, '-', ''), shipper_id, 'INVOICE_DISPUTED', disputed_minor, currency, paid_at,
               object_id
        FROM invoice WHERE market_id = $1 AND disputed_minor > 0
        UNION ALL
        SELECT 'rfd_' || replace(id::text, '-', ''), shipper_id, 'REFUND_FAILED', amount_minor, currency, created_at,
               coalesce(object_id, error_code)
        FROM refund WHERE market_id = $1 AND state = 'FAILED'
        UNION ALL
        SELECT 'rfd_' || replace(id::text, '-', ''), shipper_id, 'REFUND_BY_HAND', amount_minor, currency, created_at,
               object_id
        FROM refund WHERE market_id = $1 AND state = 'PAID' AND object_id IS NOT NULL
          AND created_at > $2 - interval '30 days'
    ) AS found ORDER BY found.since, found.subject_id LIMIT $3) AS stuck
"""
CHARGED = """
SELECT count(*) AS count, coalesce(sum(captured_minor), 0)::bigint AS total_minor
FROM charge WHERE market_id = $1 AND state = 'PAID'
"""
FIND_BILLING_OF = f"SELECT {PROFILE_COLUMNS} FROM billing_profile WHERE id = $1 AND shipper_id = $2"
