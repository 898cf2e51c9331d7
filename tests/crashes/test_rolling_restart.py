"""A rolling restart: two API processes under load are replaced one after the other, and nobody hears of it.

The balancer is as small as one can be: it asks /ready ten times a second, opens a connection for each request, and
sends a request to the other process only where the connection itself was refused, so that nothing is ever sent twice.
"""

import asyncio
import json
import sys
from collections import Counter
from itertools import count
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from marketplace.core.ids import MarketId
from marketplace.core.work import Works
from schema.documents import load_document
from tests.crashes.test_stop_in_order import GOING_AWAY, stopped, subscribed
from tests.crashes.towns import Town, make_town, rows_to_post
from tests.processes import Api, Stage
from tests.waiting import until
from workers.relay import publish_market

pytestmark = pytest.mark.timeout(300)

CLIENTS = 4
LOOK_EVERY_S = 0.1
PAUSE_S = 0.03
LEAVING = {"DOORSTEP_LEAVE_S": "1"}


class Balancer:
    """Sends each request to a process that says it is ready."""

    def __init__(self, http: httpx.AsyncClient, *apis: Api) -> None:
        self.http = http
        self.ready = {api.url: True for api in apis}
        self.answers: Counter[str] = Counter()
        self._turn = count()

    async def look(self) -> None:
        """Asks every process whether it is ready, for ever."""
        while True:
            for url in self.ready:
                try:
                    self.ready[url] = (await self.http.get(f"{url}/ready")).status_code == httpx.codes.OK
                except httpx.TransportError:
                    self.ready[url] = False
            await asyncio.sleep(LOOK_EVERY_S)

    async def send(self, token: str, app: str, operation: str, **variables: Any) -> Any:
        """The value of the operation's one root field; whatever else comes fails the test."""
        body = {"query": load_document(app, operation), "variables": variables}
        urls = [url for url, is_ready in self.ready.items() if is_ready] or list(self.ready)
        first = next(self._turn) % len(urls)
        for url in urls[first:] + urls[:first]:
            try:
                answer = await self.http.post(f"{url}/graphql", json=body, headers={"authorization": f"Bearer {token}"})
            except httpx.ConnectError:
                self.answers["refused"] += 1
                continue
            self.answers[str(answer.status_code)] += 1
            assert answer.status_code == httpx.codes.OK, answer.text
            content = answer.json()
            assert "errors" not in content, content
            [value] = content["data"].values()
            return value
        pytest.fail("no process took the connection")


class Follower:
    """A shipper's app that hears of its deliveries, and goes on after what it heard last wherever it is let in."""

    def __init__(self, balancer: Balancer, town: Town, cursor: str) -> None:
        self.balancer = balancer
        self.town = town
        self.cursor = cursor
        self.told: list[str] = []
        self.closed: Counter[int | None] = Counter()

    async def follow(self) -> None:
        """Hears until it is cancelled."""
        while True:
            url = next((url for url, is_ready in self.balancer.ready.items() if is_ready), None)
            if url is not None:
                variables = {"marketId": self.town.market_id, "after": self.cursor}
                try:
                    async with subscribed(
                        url, self.town.shipper_keys[0], app="portal", document="delivery_events", variables=variables
                    ) as socket:
                        while True:
                            self._hear(json.loads(await socket.recv()))
                except ConnectionClosed as end:
                    self.closed[end.rcvd.code if end.rcvd else None] += 1
                except OSError:
                    self.closed[None] += 1
            await asyncio.sleep(LOOK_EVERY_S)

    def _hear(self, message: dict[str, Any]) -> None:
        assert message["type"] == "next", message
        event = message["payload"]["data"]["deliveryEvents"]
        self.cursor = event["cursor"]
        if event["name"] == "DeliveryPosted":
            self.told.append(event["deliveryId"])


async def publish(works: Works, town: Town) -> None:
    """What a worker does for a market's events, for ever."""
    while True:
        await publish_market(works, MarketId(town.market.id))
        await asyncio.sleep(LOOK_EVERY_S)


async def load(balancer: Balancer, town: Town, number: int, posted: dict[str, str]) -> None:
    """A shipper that posts and a driver that looks, again and again, until it is cancelled between two requests."""
    driver = list(town.driver_tokens.values())[number % len(town.driver_tokens)]
    for turn in count():
        reference = f"{number}-{turn}"
        if turn % 4 == 0:
            answer = await balancer.send(
                town.shipper_keys[0], "portal", "post_batch",
                marketId=town.market_id, deliveries=rows_to_post(town, reference), idempotencyKey=reference,
            )  # fmt: skip
            posted[reference] = answer["rows"][0]["deliveryId"]
        else:
            await balancer.send(driver, "driver", "my_offers")
        await asyncio.sleep(PAUSE_S)


async def replace(stage: Stage, api: Api) -> Api:
    """Tells a process to stop, waits for its end, and starts another at its port."""
    told_at = asyncio.get_running_loop().time()
    api.tell_to_stop()
    await stopped(api, told_at)
    return await stage.serve(port=api.port, settings=LEAVING)


async def test_no_request_fails_while_both_processes_are_replaced(stage: Stage, stage_works: Works) -> None:
    first, second = await asyncio.gather(stage.serve(settings=LEAVING), stage.serve(settings=LEAVING))
    town = await make_town(stage_works, drivers=2)
    posted: dict[str, str] = {}
    no_reuse = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(timeout=20, limits=no_reuse) as http, asyncio.TaskGroup() as group:
        balancer = Balancer(http, first, second)
        [key] = town.shipper_keys
        follower = Follower(balancer, town, await balancer.send(key, "portal", "event_cursor", marketId=town.market_id))
        background = [group.create_task(each) for each in (balancer.look(), follower.follow())]
        background.append(group.create_task(publish(stage_works, town)))
        loads = [group.create_task(load(balancer, town, number, posted)) for number in range(CLIENTS)]

        await replace(stage, first)
        before = balancer.answers["200"]
        await replace(stage, second)
        after = balancer.answers["200"]
        for task in loads:
            task.cancel()
        await until(lambda: len(follower.told) >= len(posted))
        for task in background:
            task.cancel()

    sys.stdout.write(
        f"\n0 of {sum(balancer.answers.values())} requests failed: {dict(balancer.answers)}; sockets closed with"
        f" {dict(follower.closed)}, {len(follower.told)} of {len(posted)} deliveries told\n"
    )
    assert after > before > 20
    assert set(balancer.answers) <= {"200", "refused"}
    assert set(follower.closed) <= GOING_AWAY
    assert sum(follower.closed.values()) >= 1
    assert len(follower.told) == len(set(follower.told))
    assert set(posted.values()) <= set(follower.told)
    async with stage_works.open() as work:
        rows = await work.fetch("SELECT external_id FROM delivery WHERE market_id = $1", town.market.id)
    kept = [row["external_id"] for row in rows]
    assert len(kept) == len(set(kept))
    assert set(posted) <= set(kept)
