"""Batches that are posted again and again, in order of life: previewed, created, changed, paused, skipped, ended.

Its rule is one of RFC 5545 and has days, not moments: each day of the market's calendar is settled once, as posted,
skipped or refused, by a row that the database keeps unique. What it posts is a batch like any other.
"""

from marketplace.recurring_batches.change import change_recurring_batch
from marketplace.recurring_batches.create import MOST_RECURRING, create_recurring_batch
from marketplace.recurring_batches.end import end_recurring_batch
from marketplace.recurring_batches.move_on import REFUSALS_IN_A_ROW
from marketplace.recurring_batches.pause import pause_recurring_batch
from marketplace.recurring_batches.post_occurrence import PostOccurrence
from marketplace.recurring_batches.queries import due_recurring, forget_recipient_rows
from marketplace.recurring_batches.refusals import OccurrenceSettled, RecurringBatchEnded, TooManyRecurring
from marketplace.recurring_batches.resume import resume_recurring_batch
from marketplace.recurring_batches.rule import BadRecurrence
from marketplace.recurring_batches.show import find_recurring_batch, page_recurring_batches, preview_recurrence
from marketplace.recurring_batches.skip_occurrence import skip_occurrence
from marketplace.recurring_batches.states import ChangeReason, OnClosedDay, RecurringState, RunOutcome, SkipReason
from marketplace.recurring_batches.template import Template
from marketplace.recurring_batches.terms import Terms

__all__ = [
    "MOST_RECURRING",
    "REFUSALS_IN_A_ROW",
    "BadRecurrence",
    "ChangeReason",
    "OccurrenceSettled",
    "OnClosedDay",
    "PostOccurrence",
    "RecurringBatchEnded",
    "RecurringState",
    "RunOutcome",
    "SkipReason",
    "Template",
    "Terms",
    "TooManyRecurring",
    "change_recurring_batch",
    "create_recurring_batch",
    "due_recurring",
    "end_recurring_batch",
    "find_recurring_batch",
    "forget_recipient_rows",
    "page_recurring_batches",
    "pause_recurring_batch",
    "preview_recurrence",
    "resume_recurring_batch",
    "skip_occurrence",
]
