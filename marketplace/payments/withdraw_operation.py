"""Takes an operation back that nobody has carried out, because what it was for has changed."""

from uuid import UUID

from marketplace.core.work import Work
from marketplace.payments.states import OperationKind

WITHDRAWN = "withdrawn"
# READY says that no try was carried out. A worker that claims it at the same time waits for the row, or we for it.
WITHDRAW = """
UPDATE stripe_operation
SET state = 'REJECTED', error_code = $3, error = 'what it was for has changed', ended_at = $4, lease_until = NULL
WHERE kind = $1 AND subject_id = $2 AND state = 'READY'
"""


async def withdraw_operation(work: Work, *, kind: OperationKind, subject_id: UUID) -> bool:
    """Ends what of a kind still waits to be sent about a subject; False where nothing waits, or it may have left."""
    return await work.execute(WITHDRAW, kind.value, subject_id, WITHDRAWN, work.now) > 0
