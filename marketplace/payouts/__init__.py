"""What drivers get, in order of life: a statement for each route, a payout that pays statements, and its sending.

When a route is completed its pay is itemised in a statement, frozen, and put on the driver's wallet; a flagged route's
statement waits for a person. A tip is a statement of its own, and so is what a pay period lacked to what the law asks
of it. A payout run, or the driver, reserves what is payable. `SendPayout` is the errand that
talks to the gateway: under one key for each payout, looking the key up before it sends again, so that no crash, lost
answer or second worker pays twice. What has no answer yet stays on hold, in sight, until the sweep has one.
"""

from marketplace.payouts.close_pay_period import close_pay_periods
from marketplace.payouts.explain_statement import explain_statement
from marketplace.payouts.gateway import (
    GatewayUnavailable,
    Payment,
    PaymentGateway,
    PaymentKeyReused,
    PaymentRefused,
    PaymentResult,
)
from marketplace.payouts.issue_statement import RouteNotCompleted, issue_statement
from marketplace.payouts.pay_pool_shares import pay_pool_shares
from marketplace.payouts.queries import find_earnings, find_payout, held_statements, page_payouts, page_statements
from marketplace.payouts.recompute_statement import recompute_statement
from marketplace.payouts.release_statement import release_statement
from marketplace.payouts.request_payout import BelowPayoutMinimum, NothingToPay, PayoutUnderWay, request_payout
from marketplace.payouts.schedule_payouts import is_payout_run_due, schedule_payouts
from marketplace.payouts.send_payout import SendPayout
from marketplace.payouts.states import PayoutState, StatementKind, StatementState
from marketplace.payouts.sweep_payouts import sweep_payouts
from marketplace.payouts.tip_driver import BadTip, TooEarlyToTip, TooManyTips, book_tip, tip_driver
from marketplace.payouts.true_up_market import is_true_up_due, true_up_market
from marketplace.payouts.true_up_pay import DriverPeriod, due_true_ups, true_up_pay

__all__ = [
    "BadTip",
    "BelowPayoutMinimum",
    "DriverPeriod",
    "GatewayUnavailable",
    "NothingToPay",
    "Payment",
    "PaymentGateway",
    "PaymentKeyReused",
    "PaymentRefused",
    "PaymentResult",
    "PayoutState",
    "PayoutUnderWay",
    "RouteNotCompleted",
    "SendPayout",
    "StatementKind",
    "StatementState",
    "TooEarlyToTip",
    "TooManyTips",
    "book_tip",
    "close_pay_periods",
    "due_true_ups",
    "explain_statement",
    "find_earnings",
    "find_payout",
    "held_statements",
    "is_payout_run_due",
    "is_true_up_due",
    "issue_statement",
    "page_payouts",
    "page_statements",
    "pay_pool_shares",
    "recompute_statement",
    "release_statement",
    "request_payout",
    "schedule_payouts",
    "sweep_payouts",
    "tip_driver",
    "true_up_market",
    "true_up_pay",
]
