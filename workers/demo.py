"""The demo: a market's day on real processes, played by simulated apps, watched on the live map.

It starts servers, API and worker, makes the demo's market, lets the simulated shippers and drivers loose on the public
API, and counts what became of it. Processes that die meanwhile are started again, and the day goes on.
"""

import asyncio
import json
import signal
import socket
import sys
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from random import Random

import httpx

from marketplace.adapters.city import PlaceSampler, ensure_city_pack
from marketplace.adapters.stripe import DevelopmentStripe
from marketplace.app import Marketplace, Servers, open_marketplace, open_servers
from marketplace.core.clock import start_clock
from marketplace.core.database import connect, with_database
from marketplace.core.ids import MarketId, OperatorId, from_wire
from marketplace.core.migrate import migrate
from marketplace.core.settings import Settings
from marketplace.seed import Seeded, SeedPlan, seed_market
from workers.agreement import book_what_lay_there
from workers.children import Child
from workers.demo_addresses import AddressParcels
from workers.demo_blocks import open_blocks
from workers.demo_cards import give_cards
from workers.demo_figures import figures_of, show_figures, show_payslip
from workers.demo_links import tell_links
from workers.demo_receiver import DemoReceiver, open_receiver
from workers.demo_stock import A_BOX, stock_hubs
from workers.progress import Bar, console, progress
from workers.simulation.bank import fund_platform
from workers.simulator import DayPlan, DaySummary, SimulatedDay
from workers.simulator.client import ApiClient, open_line
from workers.traffic import HiddenTraffic

PEAK = (0.4, 0.7)
"""When, as a share of the posting time, twice as much is asked for, most of it from one hub."""
RESERVE_RATE = 0.4
"""Of the crowd, so many stay at home until a bonus brings them out."""
POSTING_HOURS = 0.9
"""How long shippers post; the last parcels arrive within two hours."""
DIALS = {
    "offer_ttl_s": 180,
    "payout_every_s": 1_800,
    "payout_minimum_minor": 0,
    "replan_after_s": 60,
    "plan_ahead_s": 1_800,
    "route_max_stops": 8,
    "waiting_cost_per_hour_minor": 6_000,
    "broadcast_below_ttls": 20,
    "unavailable_after_s": 120,
    "redelivery_answer_s": 900,
    "tip_limit_minor": 50_000,
    "surge_every_s": 60,
    "surge_starts_at_percent": 150,
    "surge_full_after_percent": 250,
    "surge_half_life_s": 120,
    "surge_stops_per_driver": 3,
    "surge_bonus_cap_minor": 500,
    "surge_surcharge_cap_percent": 20,
    "surge_budget_minor": 60_000,
    "contracted_head_start_s": 180,
}
"""The demo's market pays every half hour and makes short routes, so that two hours show everything. Three minutes to
answer are three seconds here, in which an app must hear, show and think: for so long contracted drivers are asked
alone. Another window is asked for in 15 minutes."""
FAILURE_POLICIES = ("REDELIVER", "NEIGHBOUR", "SAFE_PLACE", "RETURN_TO_SENDER")
"""What the shippers want done with parcels that nobody takes, taking turns."""
MILD = 0.5
"""How strong the demo's traffic is, of that of a simulated day."""
ANSWER_WITHIN_S = 60.0
"""Longest wait for the API to answer after its start."""
ADDRESSES_TRIED = 40
"""Addresses among which some are found that the street search is sure of, and one that it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """How large and how fast the day is, and how it ends."""

    seed: int = 1
    port: int = 8000
    deliveries: int = 150
    drivers: int = 40
    factor: float = 60.0
    traffic: int | None = None
    exits: bool = False
    as_json: bool = False


async def run_demo(settings: Settings, options: DemoOptions) -> int:
    """Plays the day; returns the exit status of the command."""
    if settings.is_production:
        console.print("[red]The demo makes up people and money; it is refused in production mode.[/]")
        return 2
    settings = settings.model_copy(update={"state_folder": (settings.state_folder / "demo").absolute()})
    settings.state_folder.mkdir(parents=True, exist_ok=True)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    day = asyncio.create_task(_Demo(settings, options).play(stop), name="demo")
    told = asyncio.create_task(stop.wait(), name="told to stop")
    await asyncio.wait({day, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if not day.done():
        console.print("\nStopping everything in order ...")
        day.cancel()
        await asyncio.gather(day, return_exceptions=True)
        return 130
    return day.result()


class _Demo:
    """One run of the demo."""

    def __init__(self, settings: Settings, options: DemoOptions) -> None:
        self.options = options
        self.port = options.port or _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = settings.model_copy(update={"public_url": self.url})
        self.receiver: DemoReceiver

    async def play(self, stop: asyncio.Event) -> int:
        async with AsyncExitStack() as stack:
            with progress() as bar:
                bar.note("starting PostgreSQL and Valkey")
                servers = await stack.enter_async_context(open_servers(self.settings))
                servers = await self._prepare(servers, bar)
                bar.note("loading streets")
                await ensure_city_pack(self.settings.state_folder / "city")
                bar.note("starting API and worker")
                self.receiver = await stack.enter_async_context(open_receiver())
                for child in self._children(servers):
                    child.start()
                    stack.push_async_callback(child.stop)
                marketplace = await stack.enter_async_context(open_marketplace(self.settings, servers))
                seeded = await seed_market(marketplace, self._seed_plan(), on_step=bar.step)
                market_id = MarketId(from_wire("market", seeded.market_id))
                bar.note("putting money on the platform's account at the Stripe stand-in")
                await self._fund(marketplace, seeded)
                await self._until_answered()
                bar.note("putting cards on file")
                await self._give_cards(marketplace, seeded)
                line = await stack.enter_async_context(open_line())
                await self.receiver.register(self._shipper(line, seeded), seeded.market_id)
                await open_blocks(marketplace, market_id)
                shipper_ids = [from_wire("shipper", shipper["id"]) for shipper in seeded.shippers]
                await stock_hubs(marketplace, market_id=market_id, shipper_ids=shipper_ids)
            self._say_where(seeded, marketplace)
            parcels = self._address_parcels(line, marketplace, seeded)
            summary = await self._day(marketplace, seeded, parcels)
            kpis = await figures_of(marketplace, market_id=market_id, seed=self.options.seed, summary=summary)
            kpis |= await parcels.counts() | await self.receiver.settle(self._shipper(line, seeded))
            show_figures(kpis, self._seed_plan().currency)
            await show_payslip(marketplace, market_id)
            if not self.options.exits:
                console.print(f"The market stays open at [bold]{self.url}[/]. Ctrl-C ends it.")
                await stop.wait()
        if self.options.as_json:
            sys.stdout.write(json.dumps(kpis) + "\n")
            sys.stdout.flush()
        return 0

    async def _prepare(self, servers: Servers, bar: Bar) -> Servers:
        """A database of this run's own on the embedded server, or the one that the environment names."""
        if self.settings.database_url is None:
            servers = Servers(database_url=await _fresh_database(servers.database_url), redis_url=servers.redis_url)
        bar.note("migrating")
        await migrate(servers.database_url)
        connection = await connect(servers.database_url)
        try:
            machine_now = await connection.fetchval("SELECT clock_timestamp()")
            morning = machine_now.replace(hour=14, minute=0, second=0, microsecond=0)
            await start_clock(connection, market_origin=morning, factor=self.options.factor)
        finally:
            await connection.close()
        return servers

    def _seed_plan(self) -> SeedPlan:
        return SeedPlan(
            seed=self.options.seed,
            drivers=self.options.drivers,
            operators=2,
            is_online=False,
            dials=DIALS,
            failure_policies=FAILURE_POLICIES,
        )

    def _children(self, servers: Servers) -> list[Child]:
        environment = {
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "DOORSTEP_STATE_FOLDER": str(self.settings.state_folder),
            "DOORSTEP_PUBLIC_URL": self.url,
            # Nothing else on this machine is within reach of a shipper's webhook.
            "DOORSTEP_WEBHOOK_RECEIVER_ON_THIS_MACHINE": self.receiver.place,
            # Sixty times as fast, a driver's app asks sixty times as often.
            "DOORSTEP_CALLER_UNITS_PER_S": str(2_000 * max(1.0, self.options.factor)),
        }
        folder = self.settings.state_folder
        return [
            Child("api", ["serve", "--port", str(self.port)], environment, folder / "api.log"),
            Child("worker", ["work"], environment, folder / "worker.log"),
        ]

    async def _until_answered(self) -> None:
        async with httpx.AsyncClient(timeout=2.0) as client:
            for _ in range(int(ANSWER_WITHIN_S * 5)):
                try:
                    if (await client.get(f"{self.url}/ready")).status_code == httpx.codes.OK:
                        return
                except httpx.HTTPError:
                    await asyncio.sleep(0.2)
        raise RuntimeError(
            f"the API did not answer within {ANSWER_WITHIN_S:.0f} s; see {self.settings.state_folder}/api.log"
        )

    async def _give_cards(self, marketplace: Marketplace, seeded: Seeded) -> None:
        """Every other shipper pays by card, the others by the month's invoice."""
        shippers = [from_wire("shipper", shipper["id"]) for shipper in seeded.shippers]
        market_id = from_wire("market", seeded.market_id)
        await give_cards(marketplace, market_id=market_id, shipper_ids=shippers[::2])

    def _say_where(self, seeded: Seeded, marketplace: Marketplace) -> None:
        operator = seeded.operators[0]
        fragment = f"#market={seeded.market_id}&token={operator['access_token']}"
        city = marketplace.city.meta
        console.print(
            f"\n[bold green]Doorstep is open.[/] Watch the day on the live map:\n{self.url}/{fragment}\n"
            f"\nRead what people are told:\n{self.url}/inbox{fragment}\n",
            soft_wrap=True,
        )
        made_up = " (a generated grid: the real streets could not be fetched)" if city.is_generated else ""
        for name, value in {
            "GraphQL": f"{self.url}/graphql",
            "Streets": f"{city.name}{made_up}; {city.attribution}",
            "Logs": f"{self.settings.state_folder}/api.log and worker.log",
            "Time": f"a minute of the market takes {60 / self.options.factor:g} s",
        }.items():
            console.print(f"[bold]{name:8}[/] {value}", soft_wrap=True)

    def _shipper(self, line: httpx.AsyncClient, seeded: Seeded) -> ApiClient:
        """The first shipper's own system, which hears by webhook and posts addresses."""
        return ApiClient(line, self.url, app="portal", access_token=seeded.shippers[0]["api_key"])

    def _address_parcels(self, line: httpx.AsyncClient, marketplace: Marketplace, seeded: Seeded) -> AddressParcels:
        random = Random(self.options.seed + 1)  # noqa: S311 - made-up parcels, no secret
        places = PlaceSampler(marketplace.city).draw_places(random, ADDRESSES_TRIED)
        token = seeded.operators[-1]["access_token"]
        return AddressParcels(
            shipper=self._shipper(line, seeded),
            operator=ApiClient(line, self.url, app="operations", access_token=token),
            market_id=seeded.market_id,
            addresses=[place.address for place in places],
        )

    async def _day(self, marketplace: Marketplace, seeded: Seeded, parcels: AddressParcels) -> DaySummary:
        plan = DayPlan(
            seed=self.options.seed,
            deliveries=self.options.deliveries,
            hours=POSTING_HOURS,
            peak=PEAK,
            reserve_rate=RESERVE_RATE,
            sku=A_BOX.code,
        )
        random = Random(self.options.seed)  # noqa: S311 - a made-up day, no secret
        places = PlaceSampler(marketplace.city).draw_places(random, self.options.deliveries)
        addresses = [{"lat": p.point.lat, "lon": p.point.lon, "address": p.address} for p in places]
        market_id = MarketId(from_wire("market", seeded.market_id))
        with progress() as bar:
            beside = [
                asyncio.create_task(tell_links(marketplace, market_id), name="tell tracking links"),
                asyncio.create_task(parcels.live(), name="parcels with addresses alone"),
            ]
            try:
                traffic = await self._traffic(marketplace)
                day = SimulatedDay(self.url, asdict(seeded), addresses, plan, on_progress=bar.step, traffic=traffic)
                return await day.run()
            finally:
                for task in beside:
                    task.cancel()
                await asyncio.gather(*beside, return_exceptions=True)

    async def _traffic(self, marketplace: Marketplace) -> HiddenTraffic | None:
        """How full the streets really are, if the demo has any traffic: mild, for its day is short."""
        if self.options.traffic is None:
            return None
        zone = self._seed_plan().time_zone
        return await asyncio.to_thread(
            HiddenTraffic, marketplace.city, seed=self.options.traffic, time_zone=zone, strength=MILD
        )

    async def _fund(self, marketplace: Marketplace, seeded: Seeded) -> None:
        """Shippers of a stand-in have paid long ago; a test mode of Stripe's own has whatever it has."""
        if isinstance(marketplace.provider, DevelopmentStripe):
            market_id = from_wire("market", seeded.market_id)
            await fund_platform(marketplace.provider, market_id=market_id, currency=self._seed_plan().currency)
            # What lies there is not of our doing, and an operator answers for what it is: the owner's.
            operator_id = OperatorId(from_wire("operator", seeded.operators[0]["id"]))
            await book_what_lay_there(
                marketplace.works, marketplace.provider, MarketId(market_id), operator_id=operator_id
            )


async def _fresh_database(url: str) -> str:
    """A new database for this run; those of earlier runs that nobody uses are dropped."""
    connection = await connect(url)
    try:
        old = await connection.fetch(
            "SELECT datname FROM pg_database d WHERE datname LIKE 'demo\\_%'"
            " AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = d.datname)"
        )
        for row in old:
            await connection.execute(f'DROP DATABASE "{row["datname"]}"')
        name = f"demo_{datetime.now(UTC):%Y%m%d_%H%M%S_%f}"
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    return with_database(url, name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
