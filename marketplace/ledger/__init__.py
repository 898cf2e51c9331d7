"""The ledger: where every amount of the marketplace stands, and how it came there.

Money moves by journals. A journal has one reason, one key that makes the reason happen once, and two-sided entries, so
that it balances by construction. Nothing is ever edited: a mistake is answered by another journal. Money that is on its
way out is first held on its account, then settled, whole or in part, or given back. Only accounts that need a floor
under concurrency, wallets of drivers and prepaid money of shippers, keep running totals; every other balance is the sum
of its postings. `check_ledger` proves all this.
"""

from marketplace.ledger.balances import balance_of, lock_wallets, wallet_available
from marketplace.ledger.chart import (
    BLOCK_TOP_UP,
    CANCELLATION_REVENUE,
    CLAIM_LOSS,
    CONNECTED_FUNDS,
    DELIVERY_REVENUE,
    DISPUTE_LOSS,
    DISPUTES_CLEARING,
    DRIVER_PAY,
    EXCHANGE,
    GATEWAY_AVAILABLE,
    GATEWAY_FEE,
    GATEWAY_PENDING,
    GOODWILL,
    INSTANT_FEE_REVENUE,
    OWNER_FUNDS,
    PAY_TRUE_UP,
    PEAK_BONUS,
    RESERVATION_REVENUE,
    SLA_CREDIT,
    SUSPENSE,
    TIPS_CLEARING,
    AccountKind,
    LedgerAccount,
    Payee,
    driver_connected,
    driver_debt,
    driver_shortfall,
    driver_wallet,
    shipper_prepaid,
    shipper_receivable,
)
from marketplace.ledger.check import Finding, LedgerReport, check_ledger
from marketplace.ledger.explain import ExplainedAccount, ExplainedLine, NameMore, explain_account
from marketplace.ledger.hold import HoldId, HoldResolved, hold_money, settle_hold, void_hold
from marketplace.ledger.journal import JournalId, JournalKeyReused, Overdrawn
from marketplace.ledger.post import Entry, post_journal
from marketplace.ledger.queries import account_lines
from marketplace.ledger.states import PostingState

__all__ = [
    "BLOCK_TOP_UP",
    "CANCELLATION_REVENUE",
    "CLAIM_LOSS",
    "CONNECTED_FUNDS",
    "DELIVERY_REVENUE",
    "DISPUTES_CLEARING",
    "DISPUTE_LOSS",
    "DRIVER_PAY",
    "EXCHANGE",
    "GATEWAY_AVAILABLE",
    "GATEWAY_FEE",
    "GATEWAY_PENDING",
    "GOODWILL",
    "INSTANT_FEE_REVENUE",
    "OWNER_FUNDS",
    "PAY_TRUE_UP",
    "PEAK_BONUS",
    "RESERVATION_REVENUE",
    "SLA_CREDIT",
    "SUSPENSE",
    "TIPS_CLEARING",
    "AccountKind",
    "Entry",
    "ExplainedAccount",
    "ExplainedLine",
    "Finding",
    "HoldId",
    "HoldResolved",
    "JournalId",
    "JournalKeyReused",
    "LedgerAccount",
    "LedgerReport",
    "NameMore",
    "Overdrawn",
    "Payee",
    "PostingState",
    "account_lines",
    "balance_of",
    "check_ledger",
    "driver_connected",
    "driver_debt",
    "driver_shortfall",
    "driver_wallet",
    "explain_account",
    "hold_money",
    "lock_wallets",
    "post_journal",
    "settle_hold",
    "shipper_prepaid",
    "shipper_receivable",
    "void_hold",
    "wallet_available",
]
