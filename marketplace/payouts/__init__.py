"""What drivers get, in order of life: a statement for each route, an account of their own, payouts to it.

When a route is completed its pay is itemised in a statement, frozen, and put on the driver's wallet; a flagged route's
statement waits for a person. A tip is a statement of its own, and so is what a pay period lacked to what the law asks
of it. Whatever stands on the wallet is payable once it is free. A payout run, or the driver, reserves it: held on the
wallet, transferred to the driver's own account at the payment provider, sent on from there to their bank.
`settle_payout` takes each of these steps when what was wanted of the provider is known to have happened. Nothing is
transferred to a driver whom the provider does not know yet, and nothing sent where the bank was changed a short time
ago: what waits stays in sight, with its reason. A contracted company is paid for what its own people drive, in the
same way: a payee is the one or the other, as it was when the route was taken. Tips are always the driver's.
"""

from marketplace.payouts.accounts import find_payout_account
from marketplace.payouts.adjust_pay import BadAdjustment, adjust_driver_pay
from marketplace.payouts.attention import MoneyMatter, money_attention
from marketplace.payouts.close_pay_period import close_pay_periods
from marketplace.payouts.company_pay import company_pay, company_payouts
from marketplace.payouts.explain_statement import explain_statement
from marketplace.payouts.export import BadYear, YearOfPay, as_csv, pay_of_year, safe_cell
from marketplace.payouts.figures import count_unfinished
from marketplace.payouts.forget_old import forget_old_quotes
from marketplace.payouts.hold_payout import PayoutNotHeld, PayoutOnItsWay, hold_payout, release_payout
from marketplace.payouts.issue_statement import RouteNotCompleted, issue_statement
from marketplace.payouts.open_account import (
    AccountOpening,
    find_company_account,
    open_company_account,
    open_payout_account,
)
from marketplace.payouts.pay_pool_shares import pay_pool_shares
from marketplace.payouts.post_to_wallet import NewStatement, write_statement
from marketplace.payouts.proofs import PROOFS_OF_PAY
from marketplace.payouts.queries import (
    find_earnings,
    find_payout,
    held_statements,
    page_pay_periods,
    page_payouts,
    page_statements,
)
from marketplace.payouts.quote_payout import (
    QuotedPayout,
    find_company_quote,
    find_payout_quote,
    quote_company_payout,
    quote_payout,
)
from marketplace.payouts.recompute_statement import recompute_statement
from marketplace.payouts.release_statement import release_statement
from marketplace.payouts.request_payout import request_company_payout, request_payout
from marketplace.payouts.reverse_payout import PayoutNotTransferred, ReasonMissing, reverse_payout
from marketplace.payouts.schedule_payouts import is_payout_run_due, run_payouts_now, schedule_payouts
from marketplace.payouts.settle_account import settle_account
from marketplace.payouts.settle_payout import settle_payout
from marketplace.payouts.states import AccountStage, PayoutMethod, PayoutState, StatementKind, StatementState
from marketplace.payouts.sweep_payouts import sweep_accounts, sweep_payouts
from marketplace.payouts.tell_driver import tell_driver
from marketplace.payouts.tip_driver import BadTip, TooEarlyToTip, TooManyTips, book_tip, tip_driver
from marketplace.payouts.true_up_market import is_true_up_due, true_up_market
from marketplace.payouts.true_up_pay import DriverPeriod, due_true_ups, true_up_pay
from marketplace.payouts.under_way import (
    BelowPayoutMinimum,
    NoPayoutAccount,
    NothingToPay,
    PayoutsOnHold,
    PayoutUnderWay,
    QuoteChanged,
    QuoteNeeded,
)

__all__ = [
    "PROOFS_OF_PAY",
    "AccountOpening",
    "AccountStage",
    "BadAdjustment",
    "BadTip",
    "BadYear",
    "BelowPayoutMinimum",
    "DriverPeriod",
    "MoneyMatter",
    "NewStatement",
    "NoPayoutAccount",
    "NothingToPay",
    "PayoutMethod",
    "PayoutNotHeld",
    "PayoutNotTransferred",
    "PayoutOnItsWay",
    "PayoutState",
    "PayoutUnderWay",
    "PayoutsOnHold",
    "QuoteChanged",
    "QuoteNeeded",
    "QuotedPayout",
    "ReasonMissing",
    "RouteNotCompleted",
    "StatementKind",
    "StatementState",
    "TooEarlyToTip",
    "TooManyTips",
    "YearOfPay",
    "adjust_driver_pay",
    "as_csv",
    "book_tip",
    "close_pay_periods",
    "company_pay",
    "company_payouts",
    "count_unfinished",
    "due_true_ups",
    "explain_statement",
    "find_company_account",
    "find_company_quote",
    "find_earnings",
    "find_payout",
    "find_payout_account",
    "find_payout_quote",
    "forget_old_quotes",
    "held_statements",
    "hold_payout",
    "is_payout_run_due",
    "is_true_up_due",
    "issue_statement",
    "money_attention",
    "open_company_account",
    "open_payout_account",
    "page_pay_periods",
    "page_payouts",
    "page_statements",
    "pay_of_year",
    "pay_pool_shares",
    "quote_company_payout",
    "quote_payout",
    "recompute_statement",
    "release_payout",
    "release_statement",
    "request_company_payout",
    "request_payout",
    "reverse_payout",
    "run_payouts_now",
    "safe_cell",
    "schedule_payouts",
    "settle_account",
    "settle_payout",
    "sweep_accounts",
    "sweep_payouts",
    "tell_driver",
    "tip_driver",
    "true_up_market",
    "true_up_pay",
    "write_statement",
]
