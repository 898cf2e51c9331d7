"""Facts about pay."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class PayStatementIssued(Event):
    """A completed route was turned into itemised pay on the driver's wallet, or is held for a person."""

    statement_id: UUID
    route_id: UUID
    driver_id: UUID
    total_minor: int
    currency: str
    is_held: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PayTruedUp(Event):
    """A driver's pay period is over, and what it lacked to the law's floor, if anything, is on the wallet."""

    statement_id: UUID
    driver_id: UUID
    jurisdiction: str
    total_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DriverTipped(Event):
    """A tip reached the driver's wallet, whole."""

    statement_id: UUID
    delivery_id: UUID
    driver_id: UUID
    shipper_id: UUID
    total_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutScheduled(Event):
    """Money of a driver's wallet was reserved to be sent."""

    payout_id: UUID
    driver_id: UUID | None
    company_id: UUID | None = None
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutTransferred(Event):
    """The money left us and lies on the driver's own account at the payment provider."""

    payout_id: UUID
    driver_id: UUID | None
    company_id: UUID | None = None
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutPaid(Event):
    """The driver's bank has the money, by the provider's word."""

    payout_id: UUID
    driver_id: UUID | None
    company_id: UUID | None = None
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutFailed(Event):
    """The money came back: to the driver's account at the provider, or to the wallet when `is_given_back`."""

    payout_id: UUID
    driver_id: UUID | None
    company_id: UUID | None = None
    amount_minor: int
    currency: str
    reason: str
    is_given_back: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutReversed(Event):
    """The transfer was taken back at the provider: the money is on the wallet again, for the next payout."""

    payout_id: UUID
    driver_id: UUID | None
    company_id: UUID | None = None
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutHeld(Event):
    """A payout stands still until its reason is gone: an account that is stopped or changed, or a person's decision."""

    payout_id: UUID
    driver_id: UUID | None
    company_id: UUID | None = None
    amount_minor: int
    currency: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutReleased(Event):
    """A payout goes on, by a person's decision."""

    payout_id: UUID
    driver_id: UUID | None
    company_id: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutRunWanted(Event):
    """A person wants everybody paid now who can be paid."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutAccountReady(Event):
    """A driver can be paid from now on."""

    driver_id: UUID | None
    company_id: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutAccountStopped(Event):
    """A driver who could be paid cannot be paid any more, until they have told the provider what it asks."""

    driver_id: UUID | None
    company_id: UUID | None = None
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutAccountChanged(Event):
    """Payouts of a driver would go to another bank account or card; nothing goes there before some time has passed."""

    driver_id: UUID | None
    company_id: UUID | None = None
    held_until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class DriverPayAdjusted(Event):
    """An operator added to a driver's pay, or wrote down what the driver owes."""

    adjustment_id: UUID
    driver_id: UUID
    amount_minor: int
    currency: str
