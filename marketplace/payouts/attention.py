"""Money that stands still, for operations: the most urgent first, each with what to do about it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

MATTERS_AT_MOST = 200
"""Most matters in one answer; operations begin at the top, and the rest moves up."""

# Every matter is a row that something else has written; `since` tells its age.
MATTERS = """
WITH matter AS (
    SELECT 1 AS urgency, 'SUSPENSE' AS kind, account.id AS subject_id, NULL::uuid AS driver_id,
           abs(sum(CASE account.id WHEN debit_id THEN amount_minor ELSE -amount_minor END))::bigint AS amount_minor,
           account.currency, max(posting.created_at) AS since, NULL AS reason
    FROM account JOIN posting ON account.id IN (debit_id, credit_id)
    WHERE account.market_id = $1 AND account.code = ANY($2) AND posting.state IN ('POSTED', 'POST_PENDING')
    GROUP BY account.id HAVING sum(CASE account.id WHEN debit_id THEN amount_minor ELSE -amount_minor END) <> 0
  UNION ALL
    SELECT CASE WHEN state = 'UNKNOWN' THEN 2 WHEN state = 'REJECTED' THEN 3 ELSE 6 END,
           CASE WHEN state = 'READY' THEN 'WAITS_FOR_BALANCE' ELSE 'OPERATION_' || state END, id,
           CASE WHEN kind = 'CREATE_ACCOUNT' THEN subject_id END, amount_minor, currency, created_at,
           kind || coalesce(': ' || error_code, '')
    FROM stripe_operation AS o
    WHERE market_id = $1 AND (state = 'UNKNOWN' OR state = 'READY' AND error_code = 'balance_insufficient'
          OR state = 'REJECTED' AND NOT EXISTS (SELECT FROM stripe_operation AS later WHERE later.kind = o.kind
             AND later.subject_id = o.subject_id AND later.number > o.number)
             AND NOT (kind IN ('TRANSFER', 'PAYOUT') AND EXISTS (SELECT FROM payout WHERE id = o.subject_id)))
  UNION ALL
    SELECT CASE state WHEN 'FAILED' THEN 4 ELSE 5 END, 'PAYOUT_' || state, id, driver_id, amount_minor, currency,
           coalesce(settled_at, transferred_at, created_at), reason
    FROM payout WHERE market_id = $1 AND state IN ('FAILED', 'ON_HOLD') AND NOT is_given_back
  UNION ALL
    SELECT 7, 'STATEMENT_HELD', id, driver_id, total_minor, currency, created_at, NULL
    FROM pay_statement WHERE market_id = $1 AND state = 'HELD'
  UNION ALL
    SELECT 8, CASE WHEN own.payee_id IS NULL THEN 'ACCOUNT_MISSING' ELSE 'ACCOUNT_NOT_READY' END, driver.id, driver.id,
           wallet.credits_posted - wallet.debits_posted - wallet.debits_pending, wallet.currency,
           coalesce(own.changed_at, wallet.created_at), coalesce(own.disabled_reason, own.currently_due ->> 0)
    FROM driver JOIN account AS wallet
      ON wallet.code = driver.market_id || ':' || wallet.currency || ':driver:' || driver.id || ':wallet'
    LEFT JOIN payout_account AS own ON own.driver_id = driver.id
    WHERE driver.market_id = $1 AND wallet.market_id = $1 AND wallet.is_floored
      AND wallet.credits_posted - wallet.debits_posted - wallet.debits_pending > 0
      AND NOT (own.payee_id IS NOT NULL AND own.can_receive AND own.can_pay_out)
  UNION ALL
    SELECT 8, 'COMPANY_' || CASE WHEN own.payee_id IS NULL THEN 'ACCOUNT_MISSING' ELSE 'ACCOUNT_NOT_READY' END,
           company.id, NULL, wallet.credits_posted - wallet.debits_posted - wallet.debits_pending, wallet.currency,
           coalesce(own.changed_at, wallet.created_at), coalesce(own.disabled_reason, own.currently_due ->> 0)
    FROM company JOIN account AS wallet
      ON wallet.code = company.market_id || ':' || wallet.currency || ':company:' || company.id || ':wallet'
    LEFT JOIN payout_account AS own ON own.company_id = company.id
    WHERE company.market_id = $1 AND wallet.market_id = $1 AND wallet.is_floored
      AND wallet.credits_posted - wallet.debits_posted - wallet.debits_pending > 0
      AND NOT (own.payee_id IS NOT NULL AND own.can_receive AND own.can_pay_out)
)
SELECT * FROM matter ORDER BY urgency, since, subject_id LIMIT $3
"""
SUSPENSE_CODES = "SELECT array_agg(code) FROM account WHERE market_id = $1 AND code LIKE '%:suspense'"

WHAT_TO_DO = {
    "SUSPENSE": "Money moved that nobody expected: compare the ledger with the provider, then post where it belongs.",
    "OPERATION_UNKNOWN": "No answer came; it is looked up by itself. If it stays so for an hour, look at the provider.",
    "OPERATION_REJECTED": "The provider refused it for good: read its reason, and decide what happens instead.",
    "WAITS_FOR_BALANCE": "Put money on the platform's balance; it goes on by itself, the oldest first.",
    "PAYOUT_FAILED": "The bank sent it back: the driver has to mend the account, or release it to try again now.",
    "PAYOUT_ON_HOLD": "It goes on by itself when its reason is gone; one that a person holds has to be released.",
    "STATEMENT_HELD": "Look at the flagged reports of the route, then release the statement.",
    "ACCOUNT_MISSING": "The driver has earned but opened no account: ask them to, in the app.",
    "ACCOUNT_NOT_READY": "The provider needs something from the driver: ask them to finish it, in the app.",
    "COMPANY_ACCOUNT_MISSING": "The company has earned but opened no account: ask its dispatchers to.",
    "COMPANY_ACCOUNT_NOT_READY": "The provider needs something from the company: ask its dispatchers to finish it.",
}
SUBJECTS = {
    "SUSPENSE": None,
    "OPERATION_UNKNOWN": "operation",
    "OPERATION_REJECTED": "operation",
    "WAITS_FOR_BALANCE": "operation",
    "PAYOUT_FAILED": "payout",
    "PAYOUT_ON_HOLD": "payout",
    "STATEMENT_HELD": "statement",
    "ACCOUNT_MISSING": "driver",
    "ACCOUNT_NOT_READY": "driver",
    "COMPANY_ACCOUNT_MISSING": "company",
    "COMPANY_ACCOUNT_NOT_READY": "company",
}
"""The noun that a matter is about; None for the whole market."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyMatter:
    """One thing that somebody should look at; `subject_noun` says what its id is of."""

    kind: str
    subject_noun: str | None
    subject_id: UUID
    driver_id: UUID | None
    amount_minor: int | None
    currency: str | None
    since: datetime
    reason: str | None
    what_to_do: str


async def money_attention(connection: asyncpg.Connection, *, market_id: UUID) -> list[MoneyMatter]:
    """Everything of a market where money stands still, the most urgent and the oldest first."""
    suspense = await connection.fetchval(SUSPENSE_CODES, market_id) or []
    rows = await connection.fetch(MATTERS, market_id, suspense, MATTERS_AT_MOST)
    return [
        MoneyMatter(
            kind=row["kind"],
            subject_noun=SUBJECTS[row["kind"]],
            subject_id=row["subject_id"],
            driver_id=row["driver_id"],
            amount_minor=row["amount_minor"],
            currency=row["currency"],
            since=row["since"],
            reason=row["reason"],
            what_to_do=WHAT_TO_DO[row["kind"]],
        )
        for row in rows
    ]
