"""How late a good receiver hears while others hang, fail and never end; and how many messages go out each second."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median, quantiles

import orjson
import pytest

from marketplace.core.work import Works
from tests.marketplace.webhooks.world import WebhookWorld, open_world
from tests.waiting import until
from workers.schedule import SHIPPERS_HEAR_EVERY_S

BAD = ("/slow", "/slow2", "/drip", "/endless", "/drop", "/moved", "/fail")
EVENTS, PAUSE_S = 100, 0.1
BURST = 400


@pytest.mark.bench
@pytest.mark.timeout(600)
async def test_a_good_receiver_beside_bad_ones(committed_works: Works) -> None:
    async with open_world(committed_works) as world:
        world.receiver.statuses |= {"/fail": [500], "/moved": [302]}
        await world.register("/good")
        alone = await _delays(world)
        for path in BAD:
            await world.register(path)
        beside = await _delays(world)

        world.receiver.heard.clear()
        began = asyncio.get_running_loop().time()
        await world.happen(*((which, 10_000 + number) for number in range(BURST // 4) for which in range(4)))
        async with _looking(world):
            await until(lambda: len(world.receiver.at("/good")) == BURST, patience_s=120)
        burst_s = world.receiver.at("/good")[-1].at - began

    figures = {
        "alone": alone,
        "beside bad ones": beside,
        "p50_ratio": beside[0] / alone[0],
        "delayed_by_ms": beside[2] - alone[2],
        "burst_per_s": BURST / burst_s,
    }
    lines = ["", f"webhooks: {EVENTS} events, one each {PAUSE_S} s, from commit to a good receiver", ""]
    for name, (p50_ms, p99_ms, worst_ms) in (("alone", alone), (f"beside {', '.join(BAD)}", beside)):
        lines.append(f"{name:46} p50 {p50_ms:6.0f} ms   p99 {p99_ms:6.0f} ms   worst {worst_ms:6.0f} ms")
    lines.append(f"bad ones delay the good one by {beside[2] - alone[2]:.0f} ms at worst; the promise is 1000 ms")
    lines.append(f"a burst of {BURST} to one receiver: {BURST / burst_s:,.0f} messages/s")
    lines.append(orjson.dumps({"benchmark": "webhooks", "figures": figures}).decode())
    sys.stdout.write("\n".join(lines) + "\n")


@asynccontextmanager
async def _looking(world: WebhookWorld) -> AsyncIterator[None]:
    """Senders look as often as they do in a worker, for as long as the block lasts."""
    stop = asyncio.Event()

    async def look() -> None:
        while not stop.is_set():
            await world.sender.look()
            await asyncio.sleep(SHIPPERS_HEAR_EVERY_S)

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        stop.set()
        await looking


async def _delays(world: WebhookWorld) -> tuple[float, float, float]:
    """Milliseconds from before the commit of an event until the good receiver has it."""
    loop = asyncio.get_running_loop()
    world.receiver.heard.clear()
    happened = {}
    async with _looking(world):
        for sequence in range(1, EVENTS + 1):
            happened[sequence] = loop.time()
            await world.happen((sequence % 4, sequence))
            await asyncio.sleep(PAUSE_S)
        await until(lambda: len(world.receiver.at("/good")) >= EVENTS, patience_s=60)
    late = [(heard.at - happened[heard.told["data"]["sequence"]]) * 1e3 for heard in world.receiver.at("/good")]
    return median(late), quantiles(late, n=100)[98], max(late)
