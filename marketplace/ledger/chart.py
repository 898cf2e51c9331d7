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


# What we earn and what it costs us
DELIVERY_REVENUE = LedgerAccount("delivery_revenue", AccountKind.REVENUE)
CANCELLATION_REVENUE = LedgerAccount("cancellation_revenue", AccountKind.REVENUE)
RESERVATION_REVENUE = LedgerAccount("reservation_revenue", AccountKind.REVENUE)
INSTANT_FEE_REVENUE = LedgerAccount("instant_fee_revenue", AccountKind.REVENUE)
DRIVER_PAY = LedgerAccount("driver_pay", AccountKind.EXPENSE)
PEAK_BONUS = LedgerAccount("peak_bonus", AccountKind.EXPENSE)
PAY_TRUE_UP = LedgerAccount("pay_true_up", AccountKind.EXPENSE)
BLOCK_TOP_UP = LedgerAccount("block_top_up", AccountKind.EXPENSE)
GATEWAY_FEE = LedgerAccount("gateway_fee", AccountKind.EXPENSE)
DISPUTE_LOSS = LedgerAccount("dispute_loss", AccountKind.EXPENSE)
SLA_CREDIT = LedgerAccount("sla_credit", AccountKind.EXPENSE)
GOODWILL = LedgerAccount("goodwill", AccountKind.EXPENSE)
CLAIM_LOSS = LedgerAccount("claim_loss", AccountKind.EXPENSE)

# The money that we really have at the gateway: captured charges are pending until they settle
GATEWAY_AVAILABLE = LedgerAccount("gateway:available", AccountKind.ASSET)
GATEWAY_PENDING = LedgerAccount("gateway:pending", AccountKind.ASSET)

# Passing through: each of these is empty when nothing is on its way
TIPS_CLEARING = LedgerAccount("clearing:tips", AccountKind.LIABILITY)
DISPUTES_CLEARING = LedgerAccount("clearing:disputes", AccountKind.ASSET)
SUSPENSE = LedgerAccount("suspense", AccountKind.ASSET)

# Where one currency is changed into another by the gateway: with each change one side of it in either currency, so that
# both sum to nothing. What stands here is what was changed so far, never money that is on its way.
EXCHANGE = LedgerAccount("exchange", AccountKind.ASSET)

# What the operating company puts into its account at the gateway, and takes out of it
OWNER_FUNDS = LedgerAccount("owner_funds", AccountKind.LIABILITY)

# What lies on drivers' own accounts at the gateway is theirs: it stands here on both sides, never among ours
CONNECTED_FUNDS = LedgerAccount("connected_funds", AccountKind.LIABILITY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """Who is paid for driving: a driver, or the contracted company whose own people drive. Exactly one of the two."""

    driver_id: UUID | None = None
    company_id: UUID | None = None

    def __post_init__(self) -> None:
        assert (self.driver_id is None) != (self.company_id is None), "a payee is a driver or a company"

    @classmethod
    def of_work(cls, driver_id: UUID, company_id: UUID | None) -> "Payee":
        """Who is paid for what a driver did: the company that it was done for, or else the driver."""
        return cls(driver_id=driver_id) if company_id is None else cls(company_id=company_id)

    @property
    def id(self) -> UUID:
        """The driver's or the company's id."""
        found = self.driver_id or self.company_id
        assert found is not None, "a payee is a driver or a company"
        return found

    @property
    def wallet(self) -> LedgerAccount:
        """What we owe and can pay out; never below nothing."""
        return LedgerAccount(f"{self._name}:wallet", AccountKind.LIABILITY, is_floored=True)

    @property
    def debt(self) -> LedgerAccount:
        """What is owed to us; later pay repays it in part, and tips never do."""
        return LedgerAccount(f"{self._name}:debt", AccountKind.ASSET)

    @property
    def connected(self) -> LedgerAccount:
        """What should lie on the payee's own account at the gateway, between a transfer and its payout."""
        return LedgerAccount(f"{self._name}:connected", AccountKind.ASSET)

    @property
    def shortfall(self) -> LedgerAccount:
        """What is missing on the payee's own account at the gateway: what was taken back had left for the bank.

        We answer for it to the gateway, and the payee owes it to us; it is no expense of ours unless written off.
        """
        return LedgerAccount(f"{self._name}:shortfall", AccountKind.LIABILITY)

    @property
    def _name(self) -> str:
        return f"{'company' if self.driver_id is None else 'driver'}:{self.id}"


def driver_wallet(driver_id: UUID) -> LedgerAccount:
    """What we owe one driver and can pay out; never below nothing."""
    return Payee(driver_id=driver_id).wallet


def driver_debt(driver_id: UUID) -> LedgerAccount:
    """What one driver owes us; later pay repays it in part, and tips never do."""
    return Payee(driver_id=driver_id).debt


def driver_connected(driver_id: UUID) -> LedgerAccount:
    """What should lie on one driver's own account at the gateway, between a transfer and its payout."""
    return Payee(driver_id=driver_id).connected


def driver_shortfall(driver_id: UUID) -> LedgerAccount:
    """What is missing on one driver's own account at the gateway, because what was taken back had left for the bank."""
    return Payee(driver_id=driver_id).shortfall


def shipper_receivable(shipper_id: UUID) -> LedgerAccount:
    """What one shipper owes us; below nothing it is a credit."""
    return LedgerAccount(f"shipper:{shipper_id}:receivable", AccountKind.ASSET)


def shipper_prepaid(shipper_id: UUID) -> LedgerAccount:
    """What one shipper has paid ahead; never below nothing."""
    return LedgerAccount(f"shipper:{shipper_id}:prepaid", AccountKind.LIABILITY, is_floored=True)
