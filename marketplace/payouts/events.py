"""Facts about pay."""

from dataclasses import dataclass
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
    driver_id: UUID
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutPaid(Event):
    """The gateway took the payment and the reserve was settled."""

    payout_id: UUID
    driver_id: UUID
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutFailed(Event):
    """The gateway refused the payment for good and the money is back on the wallet."""

    payout_id: UUID
    driver_id: UUID
    amount_minor: int
    currency: str
    reason: str
