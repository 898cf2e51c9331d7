"""Facts about recipients' tips. Who paid is in none of them: nobody here knows."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class TipChanged(Event):
    """The page to pay a tip on is ready, or a tip was not given in the end."""

    tip_id: UUID
    delivery_id: UUID
    tip_state: str


@dataclass(frozen=True, kw_only=True, slots=True)
class TipGiven(Event):
    """A recipient has paid a tip, and the driver has it, whole."""

    tip_id: UUID
    statement_id: UUID
    delivery_id: UUID
    driver_id: UUID
    amount_minor: int
    currency: str
