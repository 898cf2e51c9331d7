"""Traffic on a town: apps that post, accept and drive through every disaster, and remember what they were answered."""

import asyncio
from collections import Counter
from itertools import count, pairwise
from typing import Any

import httpx

from marketplace.core.clock import machine
from tests.clients import Client
from tests.crashes.towns import Town, rows_to_post
from tests.waiting import until

ROWS = 2
POST_PAUSE_S = 0.8
LOOK_PAUSE_S = 0.5
CALM_S = 120.0


class Traffic:
    """Shippers and drivers at work, and everything that was acknowledged to them, in wire form."""

    def __init__(self, town: Town, url: str, http: httpx.AsyncClient) -> None:
        self.town = town
        self.url = url
        self.http = http
        self.posted: dict[str, str] = {}
        """External id → delivery."""
        self.taken: dict[str, str] = {}
        """Offer → route."""
        self.delivered: set[str] = set()
        self.driven: set[str] = set()
        self.paid_out: set[str] = set()
        self.refusals: Counter[str] = Counter()
        self.answered_at: list[float] = []
        self.is_over = False
        self.clients = [Client(http, url, "portal", key) for key in town.shipper_keys]
        self.clients += [Client(http, url, "driver", token) for token in town.driver_tokens.values()]

    async def run(self) -> None:
        """Goes on until it is over, and ends with nobody in the middle of something."""
        async with asyncio.TaskGroup() as group:
            for number, client in enumerate(self.clients):
                group.create_task(self._post(client, number) if client.app == "portal" else self._drive(client))

    async def go_on(self) -> None:
        """Waits until there is progress everywhere: more batches posted, more routes taken and driven to their end."""
        posts, taken, driven = len(self.posted), len(self.taken), len(self.driven)

        def is_busy() -> bool:
            more_posts = len(self.posted) >= posts + 2 * ROWS * len(self.town.shipper_keys)
            return more_posts and len(self.taken) >= taken + 2 and len(self.driven) >= driven + 2

        await until(is_busy, patience_s=CALM_S)

    @property
    def unanswered(self) -> int:
        """How often a request had to be sent again because no answer came."""
        return sum(client.unanswered for client in self.clients)

    @property
    def longest_gap_s(self) -> float:
        """The longest time in which nobody was answered anything."""
        return max(later - earlier for earlier, later in pairwise(self.answered_at))

    async def _ask(self, client: Client, operation: str, **variables: Any) -> Any:
        answer = await client(operation, **variables)
        self.answered_at.append(asyncio.get_running_loop().time())
        return answer

    async def _post(self, client: Client, number: int) -> None:
        for turn in count():
            if self.is_over:
                return
            rows = rows_to_post(self.town, *(f"{number}-{turn}-{place}" for place in range(ROWS)))
            key = f"batch-{number}-{turn}"
            posted = await self._ask(
                client, "post_batch", marketId=self.town.market_id, deliveries=rows, idempotencyKey=key
            )
            assert [row["problem"] for row in posted["rows"]] == [None] * ROWS
            self.posted |= {row["externalId"]: row["deliveryId"] for row in posted["rows"]}
            await asyncio.sleep(POST_PAUSE_S)

    async def _drive(self, client: Client) -> None:
        while not self.is_over:
            for offer in await self._ask(client, "my_offers"):
                answer = await self._ask(
                    client, "accept_offer", offerId=offer["id"], idempotencyKey=f"yes-{offer['id']}"
                )
                if "code" in answer:
                    self.refusals[answer["code"]] += 1
                    continue
                self.taken[offer["id"]] = answer["route"]["id"]
                await self._to_the_end(client, answer["route"])
                break
            await asyncio.sleep(LOOK_PAUSE_S)

    async def _to_the_end(self, client: Client, route: dict[str, Any]) -> None:
        """Drives a route, every report with an id and a moment that stay the same however often it is sent."""
        numbers = count()

        async def report(operation: str, **arguments: Any) -> dict[str, Any]:
            event = {"clientEventId": f"{route['id']}-{next(numbers)}", "occurredAt": machine().isoformat()}
            taken: dict[str, Any] = await self._ask(client, operation, **event, **arguments)
            assert "code" not in taken, (operation, taken)
            return taken

        await report("start_route", routeId=route["id"])
        for stop in sorted(route["stops"], key=lambda stop: int(stop["place"])):
            where = {"stopId": stop["id"], "point": {"lat": stop["lat"], "lon": stop["lon"]}}
            await report("pick_up" if stop["kind"] == "PICKUP" else "drop_off", **where)
            if stop["kind"] == "DROPOFF":
                self.delivered |= {task["delivery"]["id"] for task in stop["tasks"]}
        self.driven.add(route["id"])
        answer = await self._ask(client, "request_payout", idempotencyKey=f"pay-{route['id']}")
        if "code" in answer:
            self.refusals[answer["code"]] += 1
        else:
            self.paid_out.add(answer["payout"]["id"])
