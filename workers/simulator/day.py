"""A simulated day of the market: all driver apps and shippers at once, from the first posting to the last pay.

Everything goes over the public API, by HTTP and sockets, as it would from real phones and shops.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import httpx

from workers.simulator.chance import chance
from workers.simulator.client import ApiClient, open_line
from workers.simulator.clock import MarketClock
from workers.simulator.demand import Posting, draw_postings
from workers.simulator.driver_app import DriverApp
from workers.simulator.network import Network, Tunnel
from workers.simulator.onboarding import open_account
from workers.simulator.personality import Mind, draw_personality
from workers.simulator.plan import DayPlan
from workers.simulator.recipients import Recipients
from workers.simulator.shipper_app import FINAL, ShipperApp
from workers.simulator.tally import Tally
from workers.traffic import HiddenTraffic

PROGRESS_EVERY_S = 0.5
STOPS_BEFORE_TUNNEL = 2
GOING_HOME_S = 40.0
"""Machine seconds for drivers to finish, be paid and go offline once the day is over; later ones are sent home."""
CALL_ORDER = ("DEDICATED", "CONTRACTED", "CROWDSOURCED")


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySummary:
    """The day as its apps saw it; deliveries without their returns. `counts` are those of the `Tally`."""

    seed: int
    market_s: float
    machine_s: float
    posted: int
    delivered: int
    returned: int
    failed: int
    cancelled: int
    expired: int
    unfinished: int
    counts: dict[str, Any]


OnProgress = Callable[[str, int, int], None]
"""Hears what is counted, how many there are, and of how many."""


class SimulatedDay:
    """A day for the people of a seeded world."""

    def __init__(
        self,
        api_url: str,
        world: Mapping[str, Any],
        addresses: Sequence[Mapping[str, Any]],
        plan: DayPlan,
        on_progress: OnProgress = lambda *_: None,
        traffic: HiddenTraffic | None = None,
    ) -> None:
        """`world` is what `doorstep seed --json` prints; `addresses` (lat, lon, address) are where recipients live."""
        self._traffic = traffic
        self.plan = plan
        self.tally = Tally()
        self._api_url = api_url
        self._world = world
        self._addresses = addresses
        self._on_progress = on_progress
        self._recipients = Recipients(seed=plan.seed, fail_rate=plan.fail_rate)
        self._shippers: list[ShipperApp] = []
        self._drivers: list[DriverApp] = []
        self._companies: list[ApiClient] = []

    async def run(self) -> DaySummary:
        """Runs the day until every delivery has come to its end, or until its time is over."""
        began_s = time.monotonic()
        async with open_line() as line:
            clock = await MarketClock.read(self._shipper_api(line, 0))
            starts_at = clock.now
            run = f"day{self.plan.seed}-{starts_at:%Y%m%d%H%M%S}"
            postings = draw_postings(
                self.plan,
                run=run,
                shippers=len(self._world["shippers"]),
                hubs=len(self._world["hubs"]),
                addresses=self._addresses,
            )
            self._shippers = [self._shipper(line, clock, run, i) for i in range(len(self._world["shippers"]))]
            self._drivers = self._make_drivers(line, clock)
            self._companies = [self._company_api(line, company) for company in self._world.get("companies", ())]
            await self._live(clock, starts_at, postings)
        return self._summary(market_s=(clock.now - starts_at).total_seconds(), machine_s=time.monotonic() - began_s)

    async def _live(self, clock: MarketClock, starts_at: datetime, postings: Sequence[Posting]) -> None:
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(self._keep_telling())
            opening = [group.create_task(open_account(company)) for company in self._companies]
            driving = [group.create_task(driver.work(), name=driver.name) for driver in self._drivers]
            shipping = [
                group.create_task(shipper.work([p for p in postings if p.shipper == i], starts_at=starts_at))
                for i, shipper in enumerate(self._shippers)
            ]
            limit_s = clock.machine_s(timedelta(hours=self.plan.limit_hours).total_seconds())
            await asyncio.wait(shipping, timeout=limit_s)
            for shipper in self._shippers:
                shipper.end_day()
            await asyncio.wait(shipping, timeout=GOING_HOME_S)
            for driver in self._drivers:
                driver.end_day()
            await asyncio.wait(driving, timeout=GOING_HOME_S)
            for task in (telling, *opening, *shipping, *driving):
                task.cancel()
        self._tell_progress()

    async def _keep_telling(self) -> None:
        while True:
            self._tell_progress()
            await asyncio.sleep(PROGRESS_EVERY_S)

    def _tell_progress(self) -> None:
        states = self._states()
        self._on_progress("deliveries posted", states.total(), self.plan.deliveries)
        self._on_progress("deliveries at their end", sum(states[state] for state in FINAL), self.plan.deliveries)

    def _states(self) -> Counter[str]:
        return sum((shipper.counts for shipper in self._shippers), Counter())

    def _summary(self, *, market_s: float, machine_s: float) -> DaySummary:
        states = self._states()
        return DaySummary(
            seed=self.plan.seed,
            market_s=round(market_s, 1),
            machine_s=round(machine_s, 1),
            posted=states.total(),
            delivered=states["DELIVERED"],
            returned=states["RETURNED"],
            failed=states["FAILED"],
            cancelled=states["CANCELLED"],
            expired=states["EXPIRED"],
            unfinished=sum(count for state, count in states.items() if state not in FINAL),
            counts=self.tally.as_dict(),
        )

    def _shipper_api(self, line: httpx.AsyncClient, i: int) -> ApiClient:
        return ApiClient(
            line,
            self._api_url,
            app="portal",
            access_token=self._world["shippers"][i]["api_key"],
            retries=self.tally.retries,
        )

    def _company_api(self, line: httpx.AsyncClient, company: Mapping[str, Any]) -> ApiClient:
        return ApiClient(
            line,
            self._api_url,
            app="company",
            access_token=company["access_token"],
            refresh_token=company["refresh_token"],
            retries=self.tally.retries,
        )

    def _shipper(self, line: httpx.AsyncClient, clock: MarketClock, run: str, i: int) -> ShipperApp:
        return ShipperApp(
            self._shipper_api(line, i),
            market_id=self._world["market_id"],
            hub_ids=[hub["id"] for hub in self._world["hubs"]],
            run=run,
            clock=clock,
            recipients=self._recipients,
            tally=self.tally,
            sku=self.plan.sku,
        )

    def _make_drivers(self, line: httpx.AsyncClient, clock: MarketClock) -> list[DriverApp]:
        """A driver app for everybody; those who are called first, and so surely drive, go through the tunnels."""
        drivers = self._world["drivers"]
        by_call = sorted(range(len(drivers)), key=lambda i: (CALL_ORDER.index(drivers[i]["contract_kind"]), i))
        through_tunnel = set(by_call[: self.plan.offline_drivers])
        return [self._driver(line, clock, i, is_offline=i in through_tunnel) for i in range(len(drivers))]

    def _driver(self, line: httpx.AsyncClient, clock: MarketClock, i: int, *, is_offline: bool) -> DriverApp:
        driver, plan, network = self._world["drivers"][i], self.plan, Network()
        source = chance(plan.seed, "driver", i)
        traits = draw_personality(
            source,
            decline_rate=plan.decline_rate,
            ignore_rate=plan.expire_rate,
            mistype_rate=plan.mistype_rate,
            gathering_s=plan.gathering_s,
            reserve_rate=plan.reserve_rate if driver["contract_kind"] == CALL_ORDER[-1] else 0.0,
        )
        if traits.comes_for_minor and plan.peak is not None:
            # The reserve has other things to do until the peak begins, and looks at the app only then.
            traits = replace(traits, comes_online_after_s=plan.peak[0] * plan.hours * 3600)
        tunnel = Tunnel(network, after_stops=STOPS_BEFORE_TUNNEL, lasts_s=clock.machine_s(plan.offline_s))
        api = ApiClient(
            line,
            self._api_url,
            app="driver",
            access_token=driver["access_token"],
            refresh_token=driver["refresh_token"],
            network=network,
            retries=self.tally.retries,
        )
        return DriverApp(
            api,
            driver,
            clock=clock,
            mind=Mind(traits, source),
            recipients=self._recipients,
            tally=self.tally,
            market_id=self._world["market_id"],
            tunnel=tunnel if is_offline else None,
            traffic=self._traffic,
        )
