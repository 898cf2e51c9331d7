"""A simulated driver with an app: goes online, answers offers, drives what it gets, and asks for the pay at the end."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

from marketplace.core.geo import Point
from workers.simulator import wire
from workers.simulator.client import ApiClient, Refused
from workers.simulator.clock import MarketClock
from workers.simulator.drive import Drive
from workers.simulator.event_socket import EventSocket, Stream
from workers.simulator.network import Tunnel, Unreachable
from workers.simulator.news import News
from workers.simulator.onboarding import open_account
from workers.simulator.payday import collect_pay, count_paid_routes
from workers.simulator.personality import Answer, Mind
from workers.simulator.recipients import Recipients
from workers.simulator.reports import Route
from workers.simulator.tally import Tally
from workers.traffic import HiddenTraffic

LOOK_EVERY_S = 8.0
"""Machine seconds after which the app looks for offers and routes of which it has heard nothing."""
SURGE_EVERY_S = 2.0
"""Machine seconds between two looks at the bonuses of whoever waits for one at home."""
ANSWER_PATIENCE_S = 4.0
"""Machine seconds for an answer to an offer to get through; an offer is not open for long."""
NO_SHIFT_PAUSE = timedelta(minutes=5)
AFTER_FAILURE_S = 1.0

Offer = dict[str, Any]


class DriverApp:
    """One driver for one day."""

    def __init__(
        self,
        api: ApiClient,
        driver: Mapping[str, Any],
        *,
        clock: MarketClock,
        mind: Mind,
        recipients: Recipients,
        tally: Tally,
        market_id: str = "",
        tunnel: Tunnel | None = None,
        traffic: HiddenTraffic | None = None,
    ) -> None:
        """`driver` is one of the seeded world: where the driver is, and on what terms."""
        self.name = str(driver["id"])
        self.news = News()
        self.drive = Drive(
            api,
            clock=clock,
            mind=mind,
            recipients=recipients,
            news=self.news,
            tally=tally,
            here=Point(lat=driver["lat"], lon=driver["lon"]),
            tunnel=tunnel,
            traffic=traffic,
        )
        self._api = api
        self._clock = clock
        self._mind = mind
        self._tally = tally
        self._market_id = market_id
        self._considered: set[str] = set()
        self._is_over = False

    def end_day(self) -> None:
        """After the present route the driver is paid and goes home."""
        self._is_over = True
        self.news.ring()

    async def work(self) -> None:
        """The driver's day, until `end_day`."""
        await self._clock.sleep(self._mind.personality.comes_online_after_s)
        if not await self._is_brought_out():
            return
        streams = (Stream("offer_events"), Stream("route_events"))
        socket = EventSocket(self._api, streams, on_event=self.news.hear, on_gap=self.news.look_at_everything)
        await open_account(self._api)
        await self._go_online()
        routes_before = await count_paid_routes(self._api)
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(socket.run(), name=f"socket of {self.name}")
            while not self._is_over:
                await self._do_next()
            listening.cancel()
        await collect_pay(self._api, self._tally, routes=routes_before + self.drive.routes_driven)
        await self._ask_calmly("go_offline", {"idempotencyKey": uuid4().hex})

    async def _is_brought_out(self) -> bool:
        """Waits, with the app open, until a bonus is worth coming for; False when the day ends before."""
        wanted_minor = self._mind.personality.comes_for_minor
        if not wanted_minor:
            return True
        self._tally.reserve += 1
        while not self._is_over:
            with suppress(Refused, Unreachable):
                now = await self._api.ask("surge", {"marketId": self._market_id})
                if any(cell["driverBonusMinor"] >= wanted_minor for cell in now["cells"]):
                    self._tally.came_for_bonus += 1
                    return True
            await self.news.wait(SURGE_EVERY_S)
        return False

    async def _go_online(self) -> None:
        """Goes online where the driver is; one whose shift has not begun tries again."""
        while not self._is_over:
            try:
                place = wire.point(self.drive.here)
                await self._api.ask("go_online", {"point": place, "idempotencyKey": uuid4().hex})
            except Refused as refusal:
                if refusal.code != "NO_SHIFT":
                    raise
                await self.news.wait(self._clock.machine_s(NO_SHIFT_PAUSE.total_seconds()))
            except Unreachable:
                await self.news.wait(LOOK_EVERY_S)
            else:
                return

    async def _do_next(self) -> None:
        """One turn: drives a route if there is one, else answers offers, else waits for either."""
        try:
            route = await self._find_route() if self.news.route_changed else None
            if route is None and self.news.offers_changed:
                route = await self._answer_offers()
        except Unreachable:
            self.news.look_at_everything()
            await asyncio.sleep(AFTER_FAILURE_S)
            return
        if route is not None:
            await self.drive.along(route)
            self.news.look_at_everything()
        elif not await self.news.wait(LOOK_EVERY_S):
            self.news.look_at_everything()
            self.drive.positions.add(self._clock.now, self.drive.here)
            await self.drive.positions.report()

    async def _find_route(self) -> Route | None:
        self.news.route_changed = False
        route: Route | None = await self._api.ask("my_route")
        return route

    async def _answer_offers(self) -> Route | None:
        """Considers open offers one after the other, soonest deadline first; the route of the one that was won."""
        self.news.offers_changed = False
        for offer in await self._api.ask("my_offers"):
            if offer["id"] in self._considered:
                continue
            self._considered.add(offer["id"])
            self._tally.offers_seen += 1
            route = await self._consider(offer)
            if route is not None or self.news.route_changed:
                self.news.offers_changed = True
                return route
        return None

    async def _consider(self, offer: Offer) -> Route | None:
        decision = self._mind.decide()
        await self._ask_calmly("view_offer", _about(offer, "view"))
        if decision.answer is Answer.IGNORE:
            self._tally.offers_ignored += 1
            return None
        await self._clock.sleep(decision.after_s)
        if offer["id"] in self.news.offers_ended:
            self._tally.offers_lost["WHILE_THINKING"] += 1
            return None
        if decision.answer is Answer.DECLINE:
            variables = _about(offer, "decline") | {"reason": decision.reason}
            if await self._ask_calmly("decline_offer", variables) is not None:
                self._tally.offers_declined += 1
            return None
        return await self._accept(offer)

    async def _accept(self, offer: Offer) -> Route | None:
        # Whether or not the answer is heard, the present route tells what came of it.
        self.news.route_changed = True
        accepted = await self._ask_calmly("accept_offer", _about(offer, "accept"))
        if accepted is None:
            return None
        self._tally.offers_accepted += 1
        self.news.route_changed = False
        route: Route | None = accepted["route"]
        return route

    async def _ask_calmly(self, name: str, variables: dict[str, Any]) -> dict[str, Any] | None:
        """An answer, or None for a no or for no answer in time: both are part of an ordinary day."""
        try:
            answer: dict[str, Any] = await self._api.ask(name, variables, patience_s=ANSWER_PATIENCE_S)
        except Refused as refusal:
            if "offerId" in variables:
                self._tally.offers_lost[refusal.code] += name != "view_offer"
            return None
        except Unreachable:
            return None
        return answer


def _about(offer: Offer, verb: str) -> dict[str, Any]:
    """The variables of an answer; its key is the same for ever, so that an offer is answered once."""
    return {"offerId": offer["id"], "idempotencyKey": f"{verb}-{offer['id']}"}
