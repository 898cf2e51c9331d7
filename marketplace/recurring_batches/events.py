"""Facts about recurring batches: ids, days and counts, never what is delivered to whom."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class RecurringBatchChanged(Event):
    """A recurring batch was created, changed, paused, resumed or ended; `reason` says which, and by whom."""

    shipper_id: UUID
    recurring_batch_id: UUID
    state: str
    version: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OccurrencePosted(Event):
    """A day of a recurring batch was posted; `refused_count` of its rows were not taken."""

    shipper_id: UUID
    recurring_batch_id: UUID
    day: str
    batch_id: UUID
    posted_count: int
    refused_count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OccurrenceSkipped(Event):
    """For a day of a recurring batch nothing was to be posted."""

    shipper_id: UUID
    recurring_batch_id: UUID
    day: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OccurrenceRefused(Event):
    """Nothing could be posted for a day of a recurring batch; the next day is tried all the same."""

    shipper_id: UUID
    recurring_batch_id: UUID
    day: str
    reason: str
