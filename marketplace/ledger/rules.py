"""What must be true of a ledger, as questions that a sound one answers with no rows.

Each question is one statement, so that it sees one moment even while others post. `$1` is the market, `$2` the most
rows wanted; a row is the thing that is wrong (`id`) and a sentence about it (`detail`).
"""

# Every account's totals reckoned from its postings alone, in one pass over the ledger, and all that can be told from
# them, of one and the same moment. The name of an account begins at the 42nd character of its code: after the market's
# 36 characters, the currency's 3 and two colons. The first rows, without a code, are the sums by currency.
OF_BALANCES = """
WITH derived AS MATERIALIZED (
    SELECT account.id, account.code, substr(account.code, 42) AS name, account.kind, account.currency,
           account.is_floored, account.debits_posted, account.credits_posted, account.debits_pending,
           coalesce(sum(side.debit), 0) AS debits, coalesce(sum(side.credit), 0) AS credits,
           coalesce(sum(side.pending), 0) AS pending,
           coalesce(sum(side.credit), 0) - coalesce(sum(side.debit), 0) AS credit_balance
    FROM account LEFT JOIN (
        SELECT debit_id, amount_minor, 0, 0 FROM posting WHERE market_id = $1 AND state IN ('POSTED', 'POST_PENDING')
        UNION ALL
        SELECT credit_id, 0, amount_minor, 0 FROM posting WHERE market_id = $1 AND state IN ('POSTED', 'POST_PENDING')
        UNION ALL
        SELECT debit_id, 0, 0, amount_minor FROM posting AS hold WHERE market_id = $1 AND state = 'PENDING'
          AND NOT EXISTS (SELECT FROM posting WHERE pending_id = hold.id)
    ) AS side(account_id, debit, credit, pending) ON side.account_id = account.id
    WHERE account.market_id = $1 GROUP BY account.id
), wrong AS (
    SELECT 'BALANCE_DRIFT' AS code, id, format('%s keeps %s/%s/%s, its postings say %s/%s/%s', code, debits_posted,
           credits_posted, debits_pending, debits, credits, pending) AS detail
    FROM derived WHERE is_floored AND (debits_posted, credits_posted, debits_pending) <> (debits, credits, pending)
  UNION ALL
    SELECT 'BELOW_FLOOR', id, format('%s stands at %s', code, credits_posted - debits_posted - debits_pending)
    FROM derived WHERE is_floored AND credits_posted - debits_posted - debits_pending < 0
  UNION ALL
    SELECT 'FLOOR_MISPLACED', id, format('%s %s a floor', code, CASE WHEN is_floored THEN 'has' ELSE 'lacks' END)
    FROM derived WHERE is_floored <> (name ~ '^((driver|company):.*:wallet|shipper:.*:prepaid)$')
  UNION ALL
    SELECT 'SUSPENSE', id, format('%s holds %s', code, -credit_balance)
    FROM derived WHERE name = 'suspense' AND credit_balance <> 0
  UNION ALL
    SELECT 'CLEARING_OVERDRAWN', id, format('%s gave %s more than came', code, abs(credit_balance))
    FROM derived
    WHERE name LIKE 'clearing:%' AND CASE kind WHEN 'ASSET' THEN -credit_balance ELSE credit_balance END < 0
  UNION ALL
    SELECT 'CLEARING', id, format('%s holds %s', code, abs(credit_balance))
    FROM derived WHERE $3 AND name LIKE 'clearing:%' AND credit_balance <> 0
  UNION ALL
    SELECT 'CONNECTED_DRIFT', $1, format('payees'' own accounts hold %s %s, connected_funds says %s',
           sum(-credit_balance) FILTER (WHERE name <> 'connected_funds'), currency,
           coalesce(sum(credit_balance) FILTER (WHERE name = 'connected_funds'), 0))
    FROM derived WHERE name = 'connected_funds' OR name ~ '^(driver|company):.*:connected$'
    GROUP BY currency HAVING sum(credit_balance) <> 0
)
SELECT NULL AS code, NULL AS id, currency AS detail, sum(credit_balance) AS sum_minor FROM derived GROUP BY currency
UNION ALL
SELECT code, id, detail, NULL
FROM (SELECT *, row_number() OVER (PARTITION BY code ORDER BY id) AS place FROM wrong) AS numbered WHERE place <= $2
ORDER BY code NULLS FIRST, id, detail
"""

COUNTS = """
SELECT (SELECT count(*) FROM journal WHERE market_id = $1) AS journals,
       (SELECT count(*) FROM posting WHERE market_id = $1) AS postings,
       (SELECT count(*) FROM posting AS hold WHERE market_id = $1 AND state = 'PENDING'
          AND NOT EXISTS (SELECT FROM posting WHERE pending_id = hold.id)) AS open_holds
"""

QUESTIONS = {
    "HOLD_RESOLVED_TWICE": """
        SELECT pending_id AS id, format('%s postings resolve one hold', count(*)) AS detail
        FROM posting WHERE market_id = $1 AND pending_id IS NOT NULL
        GROUP BY pending_id HAVING count(*) > 1""",
    "HOLD_CHANGED": """
        SELECT done.id, format('a hold of %s was resolved as %s of %s', hold.amount_minor, done.state,
               done.amount_minor) AS detail
        FROM posting AS done JOIN posting AS hold ON hold.id = done.pending_id
        WHERE done.market_id = $1
          AND ((hold.state, hold.debit_id, hold.credit_id, hold.currency)
               <> ('PENDING', done.debit_id, done.credit_id, done.currency)
               OR done.amount_minor > hold.amount_minor
               OR (done.state = 'VOID_PENDING' AND done.amount_minor < hold.amount_minor))""",
    "CROSSING": """
        SELECT posting.id, 'a posting crosses currencies or markets' AS detail
        FROM posting JOIN journal ON journal.id = journal_id
        JOIN account AS debit ON debit.id = debit_id JOIN account AS credit ON credit.id = credit_id
        WHERE posting.market_id = $1
          AND ((debit.currency, credit.currency) <> (posting.currency, posting.currency)
               OR (debit.market_id, credit.market_id, journal.market_id) <> ($1, $1, $1))""",
    "EMPTY_JOURNAL": """
        SELECT id, format('the journal %s moves nothing', key) AS detail FROM journal
        WHERE market_id = $1 AND NOT EXISTS (SELECT FROM posting WHERE journal_id = journal.id)""",
    # What came in as a tip goes to a driver's wallet, or back to where it came from; nothing of it is kept.
    "TIP_DIVERTED": """
        WITH tips AS MATERIALIZED (
            SELECT id FROM account WHERE market_id = $1 AND substr(code, 42) = 'clearing:tips'
        ), payer AS MATERIALIZED (
            SELECT DISTINCT tips.id AS tips_id, came.debit_id FROM tips JOIN posting AS came ON came.credit_id = tips.id
        )
        SELECT posting.id, format('%s of tips went to %s', amount_minor, substr(taker.code, 42)) AS detail
        FROM tips JOIN posting ON posting.debit_id = tips.id JOIN account AS taker ON taker.id = posting.credit_id
        WHERE posting.state IN ('POSTED', 'POST_PENDING') AND substr(taker.code, 42) !~ '^driver:.*:wallet$'
          AND (tips.id, taker.id) NOT IN (SELECT tips_id, debit_id FROM payer)""",
}


def _at_most(question: str) -> str:
    """Some of the answers, reckoned before they are counted: the planner would hope to find as many at once."""
    return f"WITH wrong AS MATERIALIZED ({question}) SELECT * FROM wrong ORDER BY id LIMIT $2"  # noqa: S608 - see above


OF_POSTINGS = {code: _at_most(question) for code, question in QUESTIONS.items()}
"""What only the postings tell, by the code of its findings."""
