"""Settles the pay periods of a market that are over: every driver's true-up, the closing, the shares of a shortfall."""

from marketplace.core.ids import MarketId
from marketplace.core.work import Work, Works
from marketplace.payouts.close_pay_period import close_pay_periods, is_a_period_to_close
from marketplace.payouts.pay_pool_shares import are_shares_left, pay_pool_shares
from marketplace.payouts.true_up_pay import due_true_ups, true_up_pay


async def true_up_market(works: Works, *, market_id: MarketId) -> None:
    """Does all that is due, each driver in a Work of its own, so that a crash loses nothing and repeats nothing."""
    while True:
        async with works.open() as work:
            due = await due_true_ups(work, market_id=market_id)
        for period in due:
            async with works.open() as work:
                await true_up_pay(work, period=period)
        if not due:
            break
    closed = True
    while closed:
        async with works.open() as work:
            closed = bool(await close_pay_periods(work, market_id=market_id))
    paid = True
    while paid:
        async with works.open() as work:
            paid = bool(await pay_pool_shares(work, market_id=market_id))


async def is_true_up_due(work: Work, *, market_id: MarketId) -> bool:
    """Whether a pay period of the market waits to be settled."""
    if await due_true_ups(work, market_id=market_id):
        return True
    return await is_a_period_to_close(work, market_id=market_id) or await are_shares_left(work, market_id=market_id)
