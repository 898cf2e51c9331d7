"""A recipient tips by the page of the link and pays on the provider's page, as a browser would at the stand-in."""

import asyncio
from typing import Any
from uuid import uuid4

from workers.simulator.client import ApiClient, Refused
from workers.simulator.network import Unreachable
from workers.simulator.tally import Tally

LOOKS = 40
LOOKS_APART_S = 0.5
STAND_IN = "/_sandbox/checkout/"
"""Only the stand-in's page takes a test card from a program; Stripe's own is for people."""
CARD = "4242424242424242"


async def give_tip(page: ApiClient, tally: Tally, *, choice: int) -> None:
    """Gives one of the suggested amounts; whoever cannot, because tips are over or nobody answers, gives none."""
    try:
        tips = (await page.ask("tracked_delivery"))["tips"]
        if tips is None or not tips["suggestedMinor"]:
            return
        amount_minor = tips["suggestedMinor"][min(choice, len(tips["suggestedMinor"]) - 1)]
        asked = {"amountMinor": amount_minor, "currency": tips["currency"], "idempotencyKey": uuid4().hex}
        await page.ask("give_tip", asked)
        tally.tips_wanted += 1
        url = await _page_to_pay(page)
        if url is not None and STAND_IN in url:
            await page.submit(url, {"action": "pay", "card": CARD})
            tally.tips_paid += 1
            tally.tips_minor += amount_minor
    except (Refused, Unreachable):
        return


async def _page_to_pay(page: ApiClient) -> str | None:
    """The provider's page, once it is made."""
    for _ in range(LOOKS):
        last: dict[str, Any] = (await page.ask("tracked_delivery"))["tips"]["given"][0]
        if last["state"] != "WANTED":
            return str(last["url"]) if last["url"] else None
        await asyncio.sleep(LOOKS_APART_S)
    return None
