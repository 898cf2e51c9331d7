"""Finds the payouts that somebody should send, or send again: the rows are the truth, a lost job loses no money."""

from marketplace.core.ids import MarketId, PayoutId
from marketplace.core.work import Work
from marketplace.payouts.queries import DUE_PAYOUTS

SWEPT_AT_ONCE = 200


async def sweep_payouts(work: Work, *, market_id: MarketId) -> list[PayoutId]:
    """The payouts that were never sent, and those whose attempt ended without an answer, oldest first.

    To send one that somebody else has begun meanwhile is harmless: an attempt owns its payout while its lease lasts.
    """
    rows = await work.fetch(DUE_PAYOUTS, market_id, work.machine_now, SWEPT_AT_ONCE)
    return [PayoutId(row["id"]) for row in rows]
