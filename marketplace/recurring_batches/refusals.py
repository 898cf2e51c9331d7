"""Why a recurring batch is not made, changed or skipped; nothing has changed then."""

from collections.abc import Sequence

from marketplace.batches import RowProblem
from marketplace.core.errors import Conflict, LimitReached


class TooManyRecurring(LimitReached):
    """The shipper keeps as many recurring batches as it may."""

    code = "TOO_MANY_RECURRING_BATCHES"


class RecurringBatchEnded(Conflict):
    """It has ended for good; a new one can be made."""

    code = "RECURRING_BATCH_ENDED"


class OccurrenceSettled(Conflict):
    """What becomes of that day is decided already."""

    code = "OCCURRENCE_SETTLED"


class NothingTaken(Conflict):
    """None of a day's rows could be posted."""

    code = "NOTHING_TAKEN"

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        super().__init__(problems[0].message)
        self.problems = problems
