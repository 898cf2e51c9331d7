"""What a driver could be paid now, posting by posting: what is free, what still waits, what is carried forward.

Whatever puts money on a wallet makes it payable: the pay of a route, a true-up, a tip, an adjustment, money that came
back. Pay waits for the market's hold, tips do not. What the wallet holds beyond its unpaid postings is what earlier
payouts could not take along, such as a remainder that the bank cannot move.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import TIPS_CLEARING, Payee, balance_of
from marketplace.markets import Dials

ENTRIES_OF_A_PAYOUT = 500
"""Most postings that one payout pays; older ones first, the rest waits for the next."""

# What a reversal has brought back is carried: the entries that it paid are unpaid again themselves.
# Pay that the law's floor had to lift is left whole: nothing is taken from it for a debt.
ENTRIES = """
WITH wallet AS (SELECT id FROM account WHERE market_id = $1 AND code = $2),
moved AS (
    SELECT posting.id, posting.journal_id, posting.amount_minor, posting.debit_id AS other_id, posting.created_at
    FROM posting JOIN wallet ON posting.credit_id = wallet.id WHERE posting.state IN ('POSTED', 'POST_PENDING')
    UNION ALL
    SELECT posting.id, posting.journal_id, -posting.amount_minor, posting.credit_id, posting.created_at
    FROM posting JOIN wallet ON posting.debit_id = wallet.id WHERE posting.state = 'POSTED'
), unpaid AS (
    SELECT moved.*, journal.kind, other.code LIKE '%:' || $3 OR journal.kind LIKE 'TIP%' AS is_tip
    FROM moved JOIN journal ON journal.id = moved.journal_id JOIN account AS other ON other.id = moved.other_id
    WHERE NOT EXISTS (SELECT FROM payout_entry WHERE posting_id = moved.id) AND journal.kind <> 'PAYOUT_REVERSED'
)
SELECT id, journal_id, kind, amount_minor, is_tip,
       is_tip OR amount_minor < 0 OR kind LIKE 'PAYOUT%' OR created_at <= $4 AS is_free,
       amount_minor > 0 AND kind IN ('DRIVER_PAY', 'PAY_ADJUSTMENT') AND NOT is_tip
         AND NOT EXISTS (
             SELECT FROM pay_statement AS s CROSS JOIN LATERAL jsonb_array_elements(s.lines) AS line
             WHERE s.journal_id = unpaid.journal_id AND line ->> 'code' IN ('legal_floor', 'true_up')
         ) AS is_repayable,
       (sum(amount_minor) OVER ())::bigint AS unpaid_minor
FROM unpaid ORDER BY is_free DESC, id LIMIT $5
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryToPay:
    """A posting on the wallet that no payout has paid yet."""

    posting_id: UUID
    journal_id: UUID
    kind: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Payable:
    """What is free to be paid to a driver: entries, what is carried forward, and what a debt may take of it."""

    currency: str
    entries: tuple[EntryToPay, ...]
    carried_minor: int
    waiting_minor: int
    repayable_minor: int
    debt_minor: int

    @property
    def entries_minor(self) -> int:
        """All entries together."""
        return sum(entry.amount_minor for entry in self.entries)


async def payable_of(work: Work, *, dials: Dials, payee: Payee, available: Money) -> Payable:
    """What a payee could be paid now; `available` is what the wallet can give, and the caller has locked it."""
    code = payee.wallet.code(dials.market_id, dials.currency)
    since = work.now - timedelta(seconds=dials.payout_hold_s)
    rows = await work.fetch(ENTRIES, dials.market_id, code, TIPS_CLEARING.name, since, ENTRIES_OF_A_PAYOUT)
    free = [row for row in rows if row["is_free"]]
    unpaid_minor = rows[0]["unpaid_minor"] if rows else 0
    debt = await balance_of(work, market_id=dials.market_id, account=payee.debt, currency=dials.currency)
    return Payable(
        currency=dials.currency,
        entries=tuple(
            EntryToPay(
                posting_id=row["id"], journal_id=row["journal_id"], kind=row["kind"], amount_minor=row["amount_minor"]
            )
            for row in free
        ),
        carried_minor=available.minor - unpaid_minor,
        waiting_minor=unpaid_minor - sum(row["amount_minor"] for row in free),
        repayable_minor=sum(row["amount_minor"] for row in free if row["is_repayable"]),
        debt_minor=max(debt.minor, 0),
    )
