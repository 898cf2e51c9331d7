"""The end of a driver's day: the statements are there, the driver asks for the money, and it is on its way."""

import asyncio
from typing import Any
from uuid import uuid4

from workers.simulator.client import ApiClient, Refused
from workers.simulator.network import Unreachable
from workers.simulator.tally import Tally

LOOKS = 30
LOOKS_APART_S = 0.5
"""Machine seconds between two looks for the statements, and then for the payout."""
SETTLED = frozenset({"IN_TRANSIT", "PAID", "FAILED", "REVERSED", "ON_HOLD"})
"""The app looks no further: banks take their days."""


async def count_paid_routes(api: ApiClient) -> int:
    """For how many routes the driver has had a statement so far."""
    earnings = await api.ask("my_earnings")
    count: int = earnings["routeCount"]
    return count


async def collect_pay(api: ApiClient, tally: Tally, *, routes: int) -> None:
    """Waits until there is a statement for that many routes, asks for a payout, and waits until it has left.

    What does not arrive in time is not lost: the next payout run of the market brings it.
    """
    try:
        for _ in range(LOOKS):
            if await count_paid_routes(api) >= routes:
                break
            await asyncio.sleep(LOOKS_APART_S)
        asked = await api.ask("request_payout", {"idempotencyKey": uuid4().hex})
        tally.payouts_asked += 1
        payout = asked["payout"]
        for _ in range(LOOKS):
            if payout["state"] in SETTLED:
                break
            await asyncio.sleep(LOOKS_APART_S)
            payout = await _payout(api, payout["id"])
    except (Refused, Unreachable):
        return  # nothing was earned, or the market's next payout run will bring it
    if payout["state"] in {"IN_TRANSIT", "PAID"}:
        tally.drivers_paid += 1
        tally.paid_minor += payout["amountMinor"]


async def _payout(api: ApiClient, payout_id: str) -> dict[str, Any]:
    """The driver's payout as it is now; it is the latest of a driver who has one at a time."""
    page = await api.ask("my_payouts", {"first": 5})
    return next(edge["node"] for edge in page["edges"] if edge["node"]["id"] == payout_id)
