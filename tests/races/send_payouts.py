"""A process that takes every step of every payout that is due, and then ends; crash tests start it with a failpoint.

`python -m tests.races.send_payouts DATABASE_URL STRIPE_URL MARKET_ID`
"""

import asyncio
import sys
from uuid import UUID

from marketplace.adapters.stripe import StripeProvider
from marketplace.core.clock import DatabaseClock
from marketplace.core.database import open_database
from marketplace.core.ids import MarketId
from marketplace.core.work import Works
from marketplace.payments import open_operations, send_operation
from marketplace.payouts import settle_payout, sweep_payouts

ROUNDS_AT_MOST = 50


async def send_payouts(url: str, stripe_url: str, market_id: MarketId) -> None:
    """Sends and settles until nothing is due."""
    provider = StripeProvider("sk_test_races", url=stripe_url)
    try:
        async with open_database(url, pool_size=2) as client:
            works = Works(client, DatabaseClock())
            for _ in range(ROUNDS_AT_MOST):
                async with works.open() as work:
                    open_now = await open_operations(work)
                for operation_id, _ in open_now:
                    await send_operation(works, provider=provider, operation_id=operation_id)
                async with works.open() as work:
                    due = await sweep_payouts(work, market_id=market_id)
                for payout_id in due:
                    async with works.open() as work:
                        await settle_payout(work, payout_id=payout_id)
                if not open_now and not due:
                    return
    finally:
        await provider.aclose()


if __name__ == "__main__":
    asyncio.run(send_payouts(sys.argv[1], sys.argv[2], MarketId(UUID(sys.argv[3]))))
