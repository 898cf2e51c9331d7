"""What of the outbox waits for a worker: rows are the truth, so that nothing depends on a job that may get lost."""

from marketplace.core.ids import MarketId, OperationId
from marketplace.core.work import Work
from marketplace.payments.queries import OPEN_OPERATIONS

SWEPT_AT_ONCE = 200


async def open_operations(work: Work) -> list[tuple[OperationId, MarketId]]:
    """Operations that are due and that nobody works on, oldest first, a bounded number of them."""
    rows = await work.fetch(OPEN_OPERATIONS, work.machine_now, SWEPT_AT_ONCE)
    return [(OperationId(row["id"]), MarketId(row["market_id"])) for row in rows]
