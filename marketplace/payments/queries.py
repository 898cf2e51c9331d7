"""Every statement that reads or changes operations, objects and events of the payment provider."""

WRITE_OPERATION = """
INSERT INTO stripe_operation (id, market_id, kind, subject_id, number, account, body, wanted_digest,
                              amount_minor, currency, state, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'READY', $11)
ON CONFLICT (kind, subject_id, number) DO NOTHING
"""
WRITTEN_BEFORE = """
SELECT id, market_id, account, amount_minor, currency, wanted_digest FROM stripe_operation
WHERE kind = $1 AND subject_id = $2 AND number = $3
"""
LATEST_OUTCOME = """
SELECT o.id, o.kind, o.number, o.state, o.object_id, o.error_code, o.error, o.amount_minor, o.currency,
       object.state AS object_state, object.facts
FROM stripe_operation AS o LEFT JOIN stripe_object AS object ON object.id = o.object_id
WHERE o.kind = $1 AND o.subject_id = $2 ORDER BY o.number DESC LIMIT 1
"""
OBJECTS_OF = """
SELECT id, kind, account, parent_id, state, amount_minor, currency, facts, seen_at
FROM stripe_object WHERE subject_id = $1 AND kind = $2 ORDER BY id
"""

OPERATION_TO_SEND = """
SELECT id, market_id, kind, subject_id, account, body, amount_minor, currency, state, epoch, attempts, error_code,
       first_sent_at, key_used_at
FROM stripe_operation
WHERE id = $1 AND state IN ('READY', 'SENT', 'UNKNOWN')
  AND (not_before IS NULL OR not_before <= $2) AND (lease_until IS NULL OR lease_until <= $2)
FOR UPDATE
"""
CLAIM_OPERATION = """
UPDATE stripe_operation
SET state = 'SENT', fence = fence + 1, attempts = attempts + 1, lease_until = $2, not_before = NULL,
    error_code = NULL, error = NULL, first_sent_at = coalesce(first_sent_at, $3), epoch = $4, key_used_at = $5
WHERE id = $1 RETURNING fence
"""
END_OPERATION = """
UPDATE stripe_operation
SET state = $3, object_id = $4, error_code = $5, error = $6, ended_at = $7, lease_until = NULL
WHERE id = $1 AND fence = $2 AND state = 'SENT'
"""
PUT_OPERATION_OFF = """
UPDATE stripe_operation
SET state = $3, epoch = epoch + $4, key_used_at = CASE WHEN $4 = 0 THEN key_used_at END, not_before = $5,
    error_code = $6, error = $7, lease_until = NULL
WHERE id = $1 AND fence = $2 AND state = 'SENT'
"""
OPEN_OPERATIONS = """
SELECT id, market_id FROM stripe_operation
WHERE state IN ('READY', 'SENT', 'UNKNOWN')
  AND (not_before IS NULL OR not_before <= $1) AND (lease_until IS NULL OR lease_until <= $1)
ORDER BY created_at LIMIT $2
"""
INSERT_OBJECT = """
INSERT INTO stripe_object (id, market_id, kind, account, parent_id, operation_id, subject_id, state, rank,
                           amount_minor, currency, facts, seen_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb, $13)
ON CONFLICT (id) DO NOTHING
"""
OBJECT_TO_CHANGE = "SELECT state, rank, facts, reading FROM stripe_object WHERE id = $1 FOR UPDATE"
CHANGE_OBJECT = """
UPDATE stripe_object
SET state = $2, rank = $3, amount_minor = $4, currency = $5, facts = $6::jsonb, seen_at = $7, reading = reading + 1
WHERE id = $1
"""
RECEIVE_EVENT = """
INSERT INTO stripe_event (id, endpoint, account, type, api_version, object_kind, object_id, created_at, received_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING
"""
OPEN_EVENTS = """
SELECT DISTINCT ON (account, object_kind, object_id) id FROM (
    SELECT id, account, object_kind, object_id, received_at FROM stripe_event
    WHERE processed_at IS NULL
      AND (not_before IS NULL OR not_before <= $1) AND (lease_until IS NULL OR lease_until <= $1)
    ORDER BY received_at LIMIT $2) AS waiting
ORDER BY account, object_kind, object_id, received_at
"""
CLAIM_EVENT = """
UPDATE stripe_event SET lease_until = $2, attempts = attempts + 1
WHERE id = $1 AND processed_at IS NULL
  AND (not_before IS NULL OR not_before <= $3) AND (lease_until IS NULL OR lease_until <= $3)
RETURNING account, object_kind, object_id, attempts
"""
READINGS_OF = "SELECT reading FROM stripe_object WHERE id = $1"
OWNER_BY_OBJECT = "SELECT market_id, subject_id, operation_id FROM stripe_object WHERE id = $1"
OWNER_BY_OPERATION = "SELECT market_id, subject_id, id AS operation_id FROM stripe_operation WHERE id = $1"
# What had come in when the reading began happened before it, so the reading shows it too.
FINISH_EVENTS = """
UPDATE stripe_event SET processed_at = $4, lease_until = NULL, not_before = NULL, error = $6
WHERE processed_at IS NULL AND object_kind = $1 AND object_id = $2 AND account IS NOT DISTINCT FROM $3
  AND received_at <= $5
"""
FINISH_EVENT = """
UPDATE stripe_event SET processed_at = $2, lease_until = NULL, not_before = NULL, error = $3
WHERE id = $1 AND processed_at IS NULL
"""
PUT_EVENT_OFF = """
UPDATE stripe_event SET lease_until = NULL, not_before = $2, error = $3 WHERE id = $1 AND processed_at IS NULL
"""

# The provider's states in which an object has not come to rest: its money may be on one side only.
UNDER_WAY = "('pending', 'in_transit', 'processing', 'requires_action', 'requires_confirmation', 'requires_capture')"

LAST_READING = "SELECT read_until, began_in_market_at FROM stripe_reading WHERE account = $1"
COMPARE = f"""
WITH ledger AS (
    SELECT journal.subject_id, posting.currency, account.code LIKE '%:connected' AS is_connected,
           sum(CASE posting.debit_id WHEN account.id THEN amount_minor ELSE -amount_minor END)::bigint AS moved_minor,
           max(posting.created_at) AS last_at
    FROM account
    JOIN posting ON account.id IN (posting.debit_id, posting.credit_id)
    JOIN journal ON journal.id = posting.journal_id
    WHERE account.market_id = $1 AND posting.state IN ('POSTED', 'POST_PENDING') AND journal.kind <> $6
      AND (account.code LIKE '%:' || $2 OR account.code LIKE '%:' || $3 OR account.code LIKE '%:connected')
    GROUP BY 1, 2, 3
), provider AS (
    SELECT object.subject_id, movement.currency, movement.account IS NOT NULL AS is_connected,
           sum(movement.net_minor)::bigint AS moved_minor, max(movement.seen_at) AS last_at
    FROM stripe_movement AS movement JOIN stripe_object AS object ON object.id = movement.object_id
    WHERE object.market_id = $1 GROUP BY 1, 2, 3
)
SELECT subject_id, currency, is_connected,
       ledger.moved_minor AS ledger_minor, provider.moved_minor AS provider_minor
FROM ledger FULL JOIN provider USING (subject_id, currency, is_connected)
WHERE coalesce(ledger.moved_minor, 0) <> coalesce(provider.moved_minor, 0)
  AND coalesce(ledger.last_at <= $4, true) AND coalesce(provider.last_at <= $5, true)
  AND NOT EXISTS (SELECT FROM stripe_operation AS operation WHERE operation.market_id = $1
                  AND operation.state IN ('READY', 'SENT', 'UNKNOWN')
                  AND operation.subject_id = coalesce(ledger.subject_id, provider.subject_id))
  AND NOT EXISTS (SELECT FROM stripe_object AS object WHERE object.market_id = $1 AND object.state IN {UNDER_WAY}
                  AND object.subject_id = coalesce(ledger.subject_id, provider.subject_id))
ORDER BY subject_id, is_connected LIMIT $7
"""
COUNT_MOVEMENTS = """
SELECT count(*) AS movements, count(DISTINCT object.subject_id) AS subjects
FROM stripe_movement AS movement JOIN stripe_object AS object ON object.id = movement.object_id
WHERE object.market_id = $1
"""
# A movement on a driver's account belongs to the market of that account; one on our own belongs to nobody, and every
# market that has its currency is told, until somebody books it.
FOREIGN_MOVEMENTS = """
SELECT movement.id, movement.type, movement.net_minor, movement.currency, movement.account IS NOT NULL AS is_connected
FROM stripe_movement AS movement
LEFT JOIN stripe_object AS object ON object.id = movement.object_id
LEFT JOIN stripe_object AS owner ON owner.id = movement.account
WHERE object.id IS NULL AND movement.seen_at <= $2 AND movement.net_minor <> 0
  AND CASE WHEN movement.account IS NULL THEN movement.currency = (SELECT currency FROM market WHERE id = $1)
           ELSE owner.market_id = $1 END
  AND NOT EXISTS (SELECT FROM journal WHERE key = 'movement:' || movement.id || ':book')
ORDER BY movement.id LIMIT $3
"""
KEEP_RECONCILIATION = """
INSERT INTO reconciliation (id, market_id, read_until, movement_count, subject_count, findings, is_clean, created_at)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8)
"""
RECONCILIATIONS = """
SELECT id, read_until, movement_count, subject_count, findings::text AS findings,
       jsonb_array_length(findings) AS finding_count, is_clean, created_at
FROM reconciliation WHERE market_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3
"""
LAST_RECONCILIATION = "SELECT max(created_at) FROM reconciliation WHERE market_id = $1"
