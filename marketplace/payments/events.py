"""Facts about what passes between us and the payment provider."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class OperationWanted(Event):
    """Something is to be done at the provider; whoever wanted it has committed to it."""

    operation_id: UUID
    kind: str
    subject_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class OperationEnded(Event):
    """The provider has done it, or will never do it; `subject_id` is what it was about."""

    operation_id: UUID
    kind: str
    subject_id: UUID
    state: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderObjectChanged(Event):
    """An object at the provider has reached a later state, as a fresh reading of it showed."""

    object_id: str
    kind: str
    subject_id: UUID
    state: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerDiffers(Event):
    """The ledger and the provider do not say the same; the report names each difference."""

    reconciliation_id: UUID
    finding_count: int
