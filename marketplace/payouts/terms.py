"""The terms of a payout, a pure rule: what arrives, what it costs, what repays a debt, what stays on the wallet."""

from dataclasses import dataclass

from marketplace.core.currencies import movable_part
from marketplace.core.money import Money
from marketplace.markets import Dials
from marketplace.payouts.payable import Payable
from marketplace.payouts.states import PayoutMethod

BASIS_POINTS = 10_000
PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What one payout would be; `carried_minor` is what it takes from what was left before, less what it leaves."""

    method: PayoutMethod
    amount: Money
    entries_minor: int
    carried_minor: int
    fee_minor: int
    debt_minor: int

    @property
    def taken_minor(self) -> int:
        """What leaves the wallet."""
        return self.amount.minor + self.fee_minor + self.debt_minor


def payout_terms(payable: Payable, dials: Dials, method: PayoutMethod) -> Terms:
    """What a payout of all that is free would be: whole in the steps that banks can move, its remainder carried on.

    A debt takes its percents of pay and nothing of tips or of what a law has lifted. Only an instant payout has a fee:
    to charge for the standard one is forbidden in New York City, so nobody pays for it anywhere.
    """
    free = payable.entries_minor + payable.carried_minor
    debt = min(payable.debt_minor, payable.repayable_minor * dials.debt_repay_percent // PERCENT, max(free, 0))
    fee = instant_fee(free - debt, dials) if method is PayoutMethod.INSTANT else 0
    amount = movable_part(Money(max(free - debt - fee, 0), payable.currency), "payout")
    return Terms(
        method=method,
        amount=amount,
        entries_minor=payable.entries_minor,
        carried_minor=amount.minor + fee + debt - payable.entries_minor,
        fee_minor=fee,
        debt_minor=debt,
    )


def instant_fee(gross_minor: int, dials: Dials) -> int:
    """The fee of an instant payout of so much: a share, rounded half up, and at least the market's minimum."""
    share = (gross_minor * dials.instant_fee_basis_points + BASIS_POINTS // 2) // BASIS_POINTS
    return max(share, dials.instant_fee_minimum_minor)
