"""Every statement that reads or writes the ledger's tables."""

from uuid import UUID

import asyncpg

from marketplace.ledger.chart import LedgerAccount

LINES_AT_ONCE = 100
"""Most lines of an account in one page."""

# In the order of the codes, so that two Works that open the same accounts wait for each other in one direction only.
OPEN_ACCOUNTS = """
INSERT INTO account (id, market_id, code, kind, currency, is_floored, created_at)
SELECT id, $1, code, kind, currency, is_floored, $2
FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::boolean[])
  AS wanted(id, code, kind, currency, is_floored)
ORDER BY code
ON CONFLICT (code) DO NOTHING
"""

# FOR NO KEY UPDATE: the foreign keys of postings take KEY SHARE on accounts, and a plain FOR UPDATE would deadlock with
# them. Ascending ids: two journals over the same wallets wait for each other in one direction only. Nothing is locked
# while an account is still missing: to open it may mean to wait, and who waits for that must not hold a wallet.
LOCK_ACCOUNTS = """
WITH floored AS MATERIALIZED (
    SELECT id, code, credits_posted, credits_posted - debits_posted AS balance,
           credits_posted - debits_posted - debits_pending AS available
    FROM account
    WHERE market_id = $1 AND code = ANY($2) AND is_floored
      AND (SELECT count(*) FROM account WHERE market_id = $1 AND code = ANY($2)) = cardinality($2)
    ORDER BY id FOR NO KEY UPDATE
)
SELECT id, code, credits_posted, balance, available FROM floored
UNION ALL
SELECT id, code, NULL, NULL, NULL FROM account WHERE market_id = $1 AND code = ANY($2) AND NOT is_floored
"""
LOCK_SIDES = """
SELECT id, credits_posted, credits_posted - debits_posted AS balance,
       credits_posted - debits_posted - debits_pending AS available
FROM account WHERE id = ANY($1) AND is_floored
ORDER BY id FOR NO KEY UPDATE
"""
LOCK_WALLETS = """
SELECT code, credits_posted - debits_posted - debits_pending AS available_minor
FROM account WHERE market_id = $1 AND code = ANY($2) AND is_floored
ORDER BY id FOR NO KEY UPDATE
"""

FIND_JOURNAL = """
SELECT journal.id, journal.kind, journal.subject_id,
       array_agg(concat_ws('/', debit_id, credit_id, amount_minor, currency, state, pending_id)) AS lines
FROM journal JOIN posting ON posting.journal_id = journal.id
WHERE journal.key = $1 AND journal.market_id = $2
GROUP BY journal.id
"""

WRITE_JOURNAL = """
WITH written AS (
    INSERT INTO journal (id, market_id, key, kind, subject_id, policy_version, effective_at, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
    ON CONFLICT (key) DO NOTHING RETURNING id
)
INSERT INTO posting
  (id, market_id, journal_id, debit_id, credit_id, amount_minor, currency, state, pending_id, created_at)
SELECT line.id, $2, written.id, debit_id, credit_id, amount_minor, currency, state, pending_id, $7
FROM written, unnest($8::uuid[], $9::uuid[], $10::uuid[], $11::bigint[], $12::text[], $13::text[], $14::uuid[])
  WITH ORDINALITY AS line(id, debit_id, credit_id, amount_minor, currency, state, pending_id, place)
ORDER BY place
"""

FIND_HOLD = """
SELECT hold.id, hold.market_id, hold.debit_id, hold.credit_id, hold.amount_minor, hold.currency, journal.subject_id
FROM posting AS hold JOIN journal ON journal.id = hold.journal_id
WHERE hold.id = $1 AND hold.state = 'PENDING'
"""
FIND_HOLD_OF_JOURNAL = "SELECT id FROM posting WHERE journal_id = $1 AND state = 'PENDING'"
FIND_RESOLUTION = "SELECT journal_id, state, amount_minor FROM posting WHERE pending_id = $1"

ACCOUNT_SIDES = """
SELECT coalesce(sum(amount_minor) FILTER (WHERE debit_id = account.id), 0) AS debits_minor,
       coalesce(sum(amount_minor) FILTER (WHERE credit_id = account.id), 0) AS credits_minor
FROM account JOIN posting ON account.id IN (debit_id, credit_id)
WHERE account.market_id = $1 AND account.code = $2 AND posting.state IN ('POSTED', 'POST_PENDING')
"""
AVAILABLE = """
SELECT credits_posted - debits_posted - debits_pending
FROM account WHERE market_id = $1 AND code = $2 AND is_floored
"""

ACCOUNT_LINES = """
SELECT posting.id AS posting_id, journal.id AS journal_id, journal.key, journal.kind, journal.subject_id,
       journal.effective_at, posting.state, posting.currency, posting.amount_minor,
       posting.debit_id = account.id AS is_debit
FROM account
JOIN posting ON account.id IN (posting.debit_id, posting.credit_id)
JOIN journal ON journal.id = posting.journal_id
WHERE account.market_id = $1 AND account.code = $2 AND ($3::uuid IS NULL OR posting.id < $3)
ORDER BY posting.id DESC LIMIT $4
"""

ACCOUNTS_NAMED = """
SELECT id, market_id, substr(code, 42) AS name, kind, currency, debits_pending FROM account
WHERE substr(code, 42) = $1 AND ($2::uuid IS NULL OR market_id = $2) AND ($3::text IS NULL OR currency = $3)
ORDER BY id LIMIT 10
"""
ACCOUNT_TOTAL = """
SELECT coalesce((SELECT sum(amount_minor) FROM posting WHERE debit_id = $1 AND state LIKE 'POST%'), 0)
     - coalesce((SELECT sum(amount_minor) FROM posting WHERE credit_id = $1 AND state LIKE 'POST%'), 0)
       AS debits_less_credits
"""
ACCOUNT_BOOK = """
SELECT journal.effective_at, journal.kind, journal.subject_id, journal.key, substr(other.code, 42) AS other,
       posting.state, posting.amount_minor, posting.debit_id = $1 AS is_debit, hold.amount_minor AS resolved_minor
FROM (
    SELECT * FROM posting WHERE debit_id = $1 OR credit_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2
) AS posting
JOIN journal ON journal.id = posting.journal_id
JOIN account AS other ON other.id = CASE posting.debit_id WHEN $1 THEN posting.credit_id ELSE posting.debit_id END
LEFT JOIN posting AS hold ON hold.id = posting.pending_id
ORDER BY posting.created_at DESC, posting.id DESC
"""


async def account_lines(
    connection: asyncpg.Connection,
    *,
    market_id: UUID,
    account: LedgerAccount,
    currency: str,
    before: UUID | None = None,
    first: int = LINES_AT_ONCE,
) -> list[asyncpg.Record]:
    """One account explained: its postings with the journals they belong to, newest first."""
    code = account.code(market_id, currency)
    rows: list[asyncpg.Record] = await connection.fetch(
        ACCOUNT_LINES, market_id, code, before, min(first, LINES_AT_ONCE)
    )
    return rows
