"""The life of a recurring batch, and what became of each of its days."""

from enum import StrEnum


class RecurringState(StrEnum):
    """ACTIVE ⇄ PAUSED; ENDED is for good, by its shipper or because its rule has no further day."""

    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    ENDED = "ENDED"


R = RecurringState
STEPS: dict[RecurringState, frozenset[RecurringState]] = {
    R.ACTIVE: frozenset({R.PAUSED, R.ENDED}),
    R.PAUSED: frozenset({R.ACTIVE, R.ENDED}),
    R.ENDED: frozenset(),
}


class ChangeReason(StrEnum):
    """Why a recurring batch is not as it was before."""

    CREATED = "CREATED"
    CHANGED = "CHANGED"
    PAUSED = "PAUSED"
    REFUSALS = "REFUSALS"
    RESUMED = "RESUMED"
    ENDED = "ENDED"
    DONE = "DONE"


class OnClosedDay(StrEnum):
    """What is done with a day on which one of its hubs does not serve."""

    POST = "POST"
    SKIP = "SKIP"
    MOVE = "MOVE"


class RunOutcome(StrEnum):
    """What became of a day."""

    POSTED = "POSTED"
    SKIPPED = "SKIPPED"
    REFUSED = "REFUSED"


class SkipReason(StrEnum):
    """Why nothing was to be posted for a day."""

    BY_SHIPPER = "BY_SHIPPER"
    CLOSED_DAY = "CLOSED_DAY"
    MISSED = "MISSED"
    PAUSED = "PAUSED"
    NOBODY_LEFT = "NOBODY_LEFT"
