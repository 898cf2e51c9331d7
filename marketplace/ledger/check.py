"""Proves the ledger of a market: nothing was made, lost or moved twice, and every kept total equals its postings."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.core.work import Work
from marketplace.ledger.chart import SUSPENSE

FINDINGS_AT_MOST = 100
"""Most findings of one kind in a report; one is already a fault."""

# Each question is one statement, so that it sees one moment even while others post.
SUMS = """
SELECT account.currency, sum(side.amount)::bigint AS sum_minor
FROM posting
CROSS JOIN LATERAL (VALUES (debit_id, -amount_minor), (credit_id, amount_minor)) AS side(account_id, amount)
JOIN account ON account.id = side.account_id
WHERE posting.market_id = $1 AND posting.state IN ('POSTED', 'POST_PENDING')
GROUP BY account.currency ORDER BY account.currency
"""
COUNTS = """
SELECT (SELECT count(*) FROM journal WHERE market_id = $1) AS journals,
       (SELECT count(*) FROM posting WHERE market_id = $1) AS postings,
       (SELECT count(*) FROM posting AS hold WHERE market_id = $1 AND state = 'PENDING'
          AND NOT EXISTS (SELECT FROM posting WHERE pending_id = hold.id)) AS open_holds
"""
FINDINGS = {
    "BALANCE_DRIFT": """
        SELECT account.id, format('%s keeps %s/%s/%s, its postings say %s/%s/%s', code, debits_posted, credits_posted,
               debits_pending, debits, credits, pending) AS detail
        FROM account CROSS JOIN LATERAL (
            SELECT
                coalesce(sum(amount_minor) FILTER (WHERE debit_id = account.id AND state LIKE 'POST%'), 0) AS debits,
                coalesce(sum(amount_minor) FILTER (WHERE credit_id = account.id AND state LIKE 'POST%'), 0) AS credits,
                coalesce(sum(CASE state WHEN 'PENDING' THEN amount_minor WHEN 'POSTED' THEN 0 ELSE -amount_minor END)
                         FILTER (WHERE debit_id = account.id), 0) AS pending
            FROM posting WHERE account.id IN (debit_id, credit_id)
        ) AS derived
        WHERE account.market_id = $1 AND is_floored
          AND (debits_posted, credits_posted, debits_pending) <> (debits, credits, pending)
        ORDER BY account.id LIMIT $2""",
    "BELOW_FLOOR": """
        SELECT id, format('%s stands at %s', code, credits_posted - debits_posted - debits_pending) AS detail
        FROM account
        WHERE market_id = $1 AND is_floored AND credits_posted - debits_posted - debits_pending < 0
        ORDER BY id LIMIT $2""",
    "HOLD_RESOLVED_TWICE": """
        SELECT pending_id AS id, format('%s postings resolve one hold', count(*)) AS detail
        FROM posting WHERE market_id = $1 AND pending_id IS NOT NULL
        GROUP BY pending_id HAVING count(*) > 1 ORDER BY pending_id LIMIT $2""",
    "HOLD_CHANGED": """
        SELECT done.id, format('a hold of %s was resolved as %s', hold.amount_minor, done.amount_minor) AS detail
        FROM posting AS done JOIN posting AS hold ON hold.id = done.pending_id
        WHERE done.market_id = $1 AND (hold.state, hold.debit_id, hold.credit_id, hold.amount_minor, hold.currency)
              <> ('PENDING', done.debit_id, done.credit_id, done.amount_minor, done.currency)
        ORDER BY done.id LIMIT $2""",
    "CROSSING": """
        SELECT posting.id, 'a posting crosses currencies or markets' AS detail
        FROM posting JOIN journal ON journal.id = journal_id
        JOIN account AS debit ON debit.id = debit_id JOIN account AS credit ON credit.id = credit_id
        WHERE posting.market_id = $1
          AND ((debit.currency, credit.currency) <> (posting.currency, posting.currency)
               OR (debit.market_id, credit.market_id, journal.market_id) <> ($1, $1, $1))
        ORDER BY posting.id LIMIT $2""",
    "EMPTY_JOURNAL": """
        SELECT id, format('the journal %s moves nothing', key) AS detail FROM journal
        WHERE market_id = $1 AND NOT EXISTS (SELECT FROM posting WHERE journal_id = journal.id)
        ORDER BY id LIMIT $2""",
    "SUSPENSE": """
        SELECT account.id, format('%s holds %s', code, sum(CASE debit_id WHEN account.id THEN amount_minor
               ELSE -amount_minor END)) AS detail
        FROM account JOIN posting ON account.id IN (debit_id, credit_id)
        WHERE account.market_id = $1 AND code LIKE '%:' || $3 AND state LIKE 'POST%'
        GROUP BY account.id HAVING sum(CASE debit_id WHEN account.id THEN amount_minor ELSE -amount_minor END) <> 0
        ORDER BY account.id LIMIT $2""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong: a kind, the row it is about, and a sentence."""

    code: str
    subject_id: UUID
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerReport:
    """What a check of one market found. `sums_minor` is zero for every currency, or money was made or lost."""

    market_id: UUID
    sums_minor: dict[str, int]
    journals: int
    postings: int
    open_holds: int
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        """Whether every rule holds."""
        return not self.findings and not any(self.sums_minor.values())


async def check_ledger(work: Work, *, market_id: UUID) -> LedgerReport:
    """Reads the whole ledger of a market and names every broken rule; it changes nothing."""
    sums = await work.fetch(SUMS, market_id)
    counts = await work.fetch_row(COUNTS, market_id)
    assert counts is not None, "counts always answer"
    findings: list[Finding] = []
    for code, question in FINDINGS.items():
        values = (market_id, FINDINGS_AT_MOST, SUSPENSE.name) if "$3" in question else (market_id, FINDINGS_AT_MOST)
        rows = await work.fetch(question, *values)
        findings += [Finding(code=code, subject_id=row["id"], detail=row["detail"]) for row in rows]
    return LedgerReport(
        market_id=market_id,
        sums_minor={row["currency"]: row["sum_minor"] for row in sums},
        journals=counts["journals"],
        postings=counts["postings"],
        open_holds=counts["open_holds"],
        findings=tuple(findings),
    )
