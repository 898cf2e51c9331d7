"""Facts about suspensions; what was written about a person stands in the file and in no event."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class SuspensionProposed(Event):
    """A rule, or an operator who sees a danger, proposes to suspend a driver; nothing is taken away by it."""

    driver_id: UUID
    suspension_id: UUID
    rule: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SuspensionDismissed(Event):
    """A person found that the proposal does not hold."""

    driver_id: UUID
    suspension_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class SuspensionConfirmed(Event):
    """A person decided that a driver is suspended from a moment on."""

    driver_id: UUID
    suspension_id: UUID
    effective_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SuspensionBegan(Event):
    """The notice is over and the suspension in force."""

    driver_id: UUID
    suspension_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class SuspensionAppealed(Event):
    """A driver asks for another person's decision."""

    driver_id: UUID
    suspension_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class AppealDecided(Event):
    """Another person has decided an appeal."""

    driver_id: UUID
    suspension_id: UUID
    is_upheld: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class SuspensionEnded(Event):
    """A person has let a driver back in, or closed the account."""

    driver_id: UUID
    suspension_id: UUID
    state: str


@dataclass(frozen=True, kw_only=True, slots=True)
class EvidenceCorrected(Event):
    """A person has answered what a driver said against a row of evidence."""

    driver_id: UUID
    evidence_id: UUID
    is_upheld: bool
