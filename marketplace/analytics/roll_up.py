"""Counts what happened into the figures of each local day, every event exactly once by its position."""

from marketplace.analytics.attempts import COUNT_REASONS, COUNT_SHIPPER_DAYS
from marketplace.analytics.queries import COUNT, COUNT_ETAS, COUNT_SHIPPER_ETAS, LOCK_HEAD, MAKE_HEAD, MOVE_HEAD
from marketplace.arrivals import HORIZONS_MIN
from marketplace.core.ids import MarketId
from marketplace.core.work import Work, Works

COUNTED_AT_ONCE = 5_000
"""Events that one Work counts at most."""
ROUNDS_AT_ONCE = 200


async def roll_up(work: Work, *, market_id: MarketId) -> int:
    """Counts the next events of a market's stream and returns how many; one at a time for each market.

    The head is moved in the same commit as the counts, so a run that is repeated, or broken off, counts nothing twice.
    """
    head = await work.fetch_row(LOCK_HEAD, market_id, COUNTED_AT_ONCE)
    if head is None:
        await work.execute(MAKE_HEAD, market_id)
        head = await work.fetch_row(LOCK_HEAD, market_id, COUNTED_AT_ONCE)
    if head is None or head["until"] <= head["position"]:
        return 0
    counted = (market_id, head["position"], head["until"], head["time_zone"])
    for count in (COUNT, COUNT_SHIPPER_DAYS, COUNT_REASONS, COUNT_SHIPPER_ETAS):
        await work.execute(count, *counted)
    await work.execute(COUNT_ETAS, *counted, HORIZONS_MIN)
    await work.execute(MOVE_HEAD, market_id, head["until"])
    return int(head["until"] - head["position"])


async def roll_up_all(works: Works, *, market_id: MarketId) -> int:
    """Counts all that has been published so far, in as many Works as it takes."""
    total = 0
    for _ in range(ROUNDS_AT_ONCE):
        async with works.open() as work:
            counted = await roll_up(work, market_id=market_id)
        total += counted
        if counted < COUNTED_AT_ONCE:
            break
    return total
