"""What of outbox and inbox waits for a worker: rows are the truth, so nothing depends on a job that may get lost."""

from marketplace.core.ids import MarketId, OperationId
from marketplace.core.work import Work
from marketplace.payments.queries import OPEN_EVENTS, OPEN_OPERATIONS

SWEPT_AT_ONCE = 200


async def open_operations(work: Work) -> list[tuple[OperationId, MarketId]]:
    """Operations that are due and that nobody works on, oldest first, a bounded number of them."""
    rows = await work.fetch(OPEN_OPERATIONS, work.machine_now, SWEPT_AT_ONCE)
    return [(OperationId(row["id"]), MarketId(row["market_id"])) for row in rows]


async def open_events(work: Work) -> list[str]:
    """Events that are due and that nobody looks into, one for each object that they are about, a bounded number."""
    return [row["id"] for row in await work.fetch(OPEN_EVENTS, work.machine_now, SWEPT_AT_ONCE)]
