"""The demo tells a few tracking links, so that somebody who watches can also be a recipient."""

import asyncio

from marketplace.accounts import Tokens, create_tracking_link
from marketplace.app import Marketplace
from marketplace.core.ids import MarketId
from workers.progress import console

LINKS_TOLD = 3
LOOK_EVERY_S = 1.0
# Parcels that are on board, of different drivers: their pages have most to show.
ON_BOARD = """
SELECT DISTINCT ON (route_id) id FROM delivery
WHERE market_id = $1 AND state IN ('PICKED_UP', 'EN_ROUTE_TO_DROPOFF') ORDER BY route_id, id DESC LIMIT $2
"""


async def tell_links(marketplace: Marketplace, market_id: MarketId) -> None:
    """Waits until some parcels are on their way, then prints the pages of their recipients."""
    settings = marketplace.settings
    tokens = Tokens(settings.secret.get_secret_value())
    while True:
        async with marketplace.works.open() as work:
            rows = await work.fetch(ON_BOARD, market_id, LINKS_TOLD)
            if len(rows) == LINKS_TOLD:
                links = [await create_tracking_link(work, delivery_id=row["id"], tokens=tokens) for row in rows]
                break
        await asyncio.sleep(LOOK_EVERY_S)
    told = "\n".join(f"{settings.public_url}/t/{link}" for link in links)
    console.print(f"[bold]Be a recipient[/] and follow a parcel that is on its way:\n{told}\n", soft_wrap=True)
