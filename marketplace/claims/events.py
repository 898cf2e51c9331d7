"""Facts about damage claims; what was said in them is only in their file."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimChanged(Event):
    """A claim was opened, waits for evidence, goes on, or has ended; the amount is what is asked, or what was given."""

    claim_id: UUID
    shipper_id: UUID
    delivery_id: UUID
    claim_state: str
    amount_minor: int
    currency: str
