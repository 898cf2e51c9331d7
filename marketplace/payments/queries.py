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
