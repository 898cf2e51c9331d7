"""The chart of accounts: every place where money of a market can stand, one of each for each currency.

What drivers have earned is owed to them on their wallet until a payout takes it; what shippers owe stands on their
receivable; the gateway's account is the money that we really have there. A wallet carries a floor: it never goes below
nothing, whatever runs at the same time. Suspense holds what nobody expected and is empty when all is well.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class AccountKind(StrEnum):
    """The side on which an account grows: assets and expenses by debits, liabilities and revenue by credits."""

    ASSET = "ASSET"
    LIABILITY = "LIABILITY"
    REVENUE = "REVENUE"
    EXPENSE = "EXPENSE"

    @property
    def grows_by_debits(self) -> bool:
        """Whether a debit makes the balance of such an account larger."""
        return self in {AccountKind.ASSET, AccountKind.EXPENSE}


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """A line of the chart; it becomes a row of a market and a currency when something is first posted to it."""

    name: str
    kind: AccountKind
    is_floored: bool = False

    def code(self, market_id: UUID, currency: str) -> str:
        """The name of the row: unique over all markets and currencies, and built in the same way by SQL that reads."""
        return f"{market_id}:{currency}:{self.name}"


DRIVER_PAY = LedgerAccount("driver_pay", AccountKind.EXPENSE)
DELIVERY_REVENUE = LedgerAccount("delivery_revenue", AccountKind.REVENUE)
GATEWAY_AVAILABLE = LedgerAccount("gateway:available", AccountKind.ASSET)
SUSPENSE = LedgerAccount("suspense", AccountKind.ASSET)


def driver_wallet(driver_id: UUID) -> LedgerAccount:
    """What we owe one driver and can pay out; never below nothing."""
    return LedgerAccount(f"driver:{driver_id}:wallet", AccountKind.LIABILITY, is_floored=True)


def shipper_receivable(shipper_id: UUID) -> LedgerAccount:
    """What one shipper owes us."""
    return LedgerAccount(f"shipper:{shipper_id}:receivable", AccountKind.ASSET)
