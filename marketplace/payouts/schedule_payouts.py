"""The payout run of a market: reserves what its drivers can be paid, a bounded number at a time."""

from datetime import datetime, timedelta

from marketplace.core.errors import NotFound
from marketplace.core.ids import DriverId, MarketId, PayoutId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import lock_wallets
from marketplace.payouts.queries import DRIVERS_TO_PAY, UNDER_WAY
from marketplace.payouts.reserve import reserve_payout, statements_to_pay

PAYOUTS_AT_ONCE = 50
"""Most payouts that one call reserves; while a run is not through `next_payout_at` stays due, so the next goes on."""

# NO KEY UPDATE: everything that is written in this market refers to this row and must not wait for a payout run.
LOCK_MARKET = """
SELECT currency, payout_minimum_minor, payout_every_s, next_payout_at FROM market WHERE id = $1 FOR NO KEY UPDATE
"""
IS_DUE = "SELECT coalesce(next_payout_at <= $2, true) FROM market WHERE id = $1"
MOVE_ON = "UPDATE market SET next_payout_at = $2 WHERE id = $1"


async def schedule_payouts(work: Work, *, market_id: MarketId) -> list[PayoutId]:
    """Reserves a payout for every driver whose payable statements reach the market's minimum; none before it is due.

    Two runs at once: the second waits at the market's lock and then finds these drivers' payouts under way.
    """
    market = await work.fetch_row(LOCK_MARKET, market_id)
    if market is None:
        raise NotFound("there is no such market")
    due_at = market["next_payout_at"] or work.now
    if due_at > work.now:
        return []
    minimum = market["payout_minimum_minor"]
    drivers = await work.fetch(DRIVERS_TO_PAY, market_id, market["currency"], minimum, PAYOUTS_AT_ONCE)
    wallets = await lock_wallets(
        work, market_id=market_id, driver_ids=[row["driver_id"] for row in drivers], currency=market["currency"]
    )
    reserved = [
        payout_id
        for driver_id, available in sorted(wallets.items())
        if (payout_id := await _reserve(work, market_id, DriverId(driver_id), available, minimum)) is not None
    ]
    if len(drivers) < PAYOUTS_AT_ONCE:
        await work.execute(MOVE_ON, market_id, next_run(due_at, work.now, market["payout_every_s"]))
    return reserved


async def is_payout_run_due(work: Work, *, market_id: MarketId) -> bool:
    """Whether the moment of a market's next payout run has come."""
    is_due: bool = await work.fetch_value(IS_DUE, market_id, work.now)
    return is_due


async def _reserve(
    work: Work, market_id: MarketId, driver_id: DriverId, available: Money, minimum_minor: int
) -> PayoutId | None:
    """Looks again now that the wallet is locked: the driver may have asked for a payout in the meantime."""
    if await work.fetch_value(UNDER_WAY, driver_id) is not None:
        return None
    statement_ids, amount = await statements_to_pay(
        work, market_id=market_id, driver_id=driver_id, currency=available.currency
    )
    if not max(minimum_minor, 1) <= amount.minor <= available.minor:
        return None
    return await reserve_payout(
        work, market_id=market_id, driver_id=driver_id, statement_ids=statement_ids, amount=amount
    )


def next_run(due_at: datetime, now: datetime, every_s: int) -> datetime:
    """The first run after now, in whole periods from the one that was due, so that late runs do not drift."""
    every = timedelta(seconds=max(1, every_s))
    return due_at + every * ((now - due_at) // every + 1)
