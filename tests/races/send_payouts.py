"""A process that sends every payout that is due and then ends; crash tests start it with a failpoint.

`python -m tests.races.send_payouts DATABASE_URL FOLDER MARKET_ID`
"""

import asyncio
import sys
from pathlib import Path
from uuid import UUID

from marketplace.adapters.gateways import FolderGateway
from marketplace.core.clock import DatabaseClock
from marketplace.core.database import open_database
from marketplace.core.errand import run_errand
from marketplace.core.ids import MarketId
from marketplace.core.work import Works
from marketplace.payouts import SendPayout, sweep_payouts


async def send_payouts(url: str, folder: Path, market_id: MarketId) -> None:
    """Sweeps once and sends what it found, one by one."""
    gateway = FolderGateway(folder, is_production=False)
    async with open_database(url, pool_size=2) as client:
        works = Works(client, DatabaseClock())
        async with works.open() as work:
            due = await sweep_payouts(work, market_id=market_id)
        for payout_id in due:
            await run_errand(works, SendPayout(gateway=gateway, payout_id=payout_id))


if __name__ == "__main__":
    asyncio.run(send_payouts(sys.argv[1], Path(sys.argv[2]), MarketId(UUID(sys.argv[3]))))
