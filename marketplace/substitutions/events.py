"""Facts about what goes in place of something else."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class SubstituteProposed(Event):
    """A hub has run out of something, and the recipient is asked whether another thing will do."""

    shipper_id: UUID
    delivery_id: UUID
    sku: str
    substitute: str
    quantity: int
    answer_due_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SubstitutionSettled(Event):
    """Something else goes, or nothing: `outcome` is TAKEN or LEFT_OUT. What it costs is the shipper's to settle."""

    shipper_id: UUID
    delivery_id: UUID
    sku: str
    substitute: str
    quantity: int
    outcome: str
