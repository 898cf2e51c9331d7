"""Facts about what shippers owe and pay. Amounts and ids only."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargeChanged(Event):
    """Money was wanted or taken from a shipper, or could not be taken."""

    shipper_id: UUID
    charge_id: UUID
    state: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RefundChanged(Event):
    """Money goes back to a shipper, has gone back, or could not go back; of an invoice where there is no charge."""

    shipper_id: UUID
    refund_id: UUID
    charge_id: UUID | None
    state: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class InvoiceChanged(Event):
    """A month's invoice was drawn, issued or paid, or waits for a person."""

    shipper_id: UUID
    invoice_id: UUID
    state: str
    total_minor: int
    currency: str
