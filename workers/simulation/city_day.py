"""A seeded day of the demo city on the stage, from the first posting to the last payout."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from marketplace.adapters.city import CityPack, PlaceSampler
from marketplace.adapters.routers import CachedRouter, GraphRouter
from marketplace.adapters.stripe import SimulatedStripe
from marketplace.app import Marketplace, open_city
from marketplace.core.clock import ManualClock
from marketplace.core.geo import Point
from marketplace.core.ids import DriverId, MarketId, ShipperId, from_wire
from marketplace.core.settings import Settings
from marketplace.hubs import set_hub_opening
from marketplace.routing import Router
from marketplace.seed import Seeded, SeedPlan, seed_market
from workers.jobs import jobs_of
from workers.simulation.bank import fund_platform, open_accounts
from workers.simulation.block_need import Ask, hours_of_need
from workers.simulation.blocks import Blocks
from workers.simulation.booking import Bookers, Booking
from workers.simulation.closing import Played, close_day, pay_regularly
from workers.simulation.conditions import BLOCK_FLOOR_PER_HOUR_MINOR, SURGE_DIALS, Conditions
from workers.simulation.driver import Driver
from workers.simulation.learning import learn_regularly
from workers.simulation.loop import run
from workers.simulation.nearer_hub import NearerHub, open_nearer_hub
from workers.simulation.opening import open_simulated
from workers.simulation.peak import with_peak
from workers.simulation.progress import OnProgress, telling
from workers.simulation.record import Record
from workers.simulation.shipper import Shipper
from workers.simulation.stage import ARRIVALS, LEFT_OUT, Stage
from workers.simulation.surging import Reserve, decide_surge_regularly
from workers.simulation.timeless import TimelessRouter
from workers.simulation.timing import AfterTiming, Timing
from workers.simulation.world import Doors, World
from workers.simulator.chance import chance
from workers.simulator.demand import Posting, draw_postings
from workers.simulator.personality import Mind, draw_personality
from workers.simulator.plan import DayPlan
from workers.simulator.recipients import Recipients
from workers.traffic import HiddenTraffic

MORNING = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
"""Eight o'clock on a Monday in Chile."""
RUN = "sim"
CROWD = "CROWDSOURCED"
PLACES_KEPT = 2_500
"""Doors, hubs and drivers of a long day; their cells take about 60 MB."""
DIALS: Mapping[str, Any] = {"payout_every_s": 7_200, "match_time_limit_ms": 100}
"""A plan may take a tenth of the processor time that a market allows it otherwise."""


def quiet_day(*, seed: int = 1, deliveries: int = 300, hours: float = 10.0) -> DayPlan:
    """The demand of a day on which every phone and network works: those faults are of the transport, not of people."""
    return DayPlan(
        seed=seed, deliveries=deliveries, hours=hours, limit_hours=hours + 8, repeat_rate=0.0, offline_drivers=0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CityDay:
    """Everything that makes a day of the demo city what it is: the same value gives the same day, to the event."""

    plan: DayPlan = field(default_factory=quiet_day)
    drivers: int = 30
    shippers: int = 3
    hubs: int = 4
    starts_at: datetime = MORNING
    traffic: int | None = None
    """The seed of traffic that the product does not know; None leaves drives as planned, but for drivers' moods."""
    day_noise: float = 0.0
    """By how much one day's hidden traffic differs from the next one's."""
    dials: Mapping[str, Any] = field(default_factory=lambda: dict(DIALS))
    booking: Booking | None = None
    has_arrivals: bool = True
    """Whether arrivals are foreseen; where nobody asks for them, and nobody books by them, a third of a play is saved.
    """
    conditions: Conditions = field(default_factory=Conditions)

    @property
    def ends_at(self) -> datetime:
        """When the day is broken off, even if something is still on its way."""
        return self.starts_at + timedelta(hours=self.plan.limit_hours)


async def play_city_day(settings: Settings, day: CityDay, on_progress: OnProgress = lambda *_: None) -> Played:
    """Plays a day and closes its books."""
    async with open_city_market(settings, day, on_progress) as playing:
        return await playing.run()


def play_in_process(day: CityDay, settings: Settings, conditions: Conditions, on_progress: OnProgress) -> Played:
    """Plays a day under other conditions, in a process that does nothing else."""
    return run(play_city_day(settings, replace(day, conditions=conditions), on_progress))


@asynccontextmanager
async def open_city_market(settings: Settings, day: CityDay, on_progress: OnProgress) -> AsyncIterator["Playing"]:
    """A market of the demo city in the state in which its first day begins."""
    settings.refuse_in_production("simulating")
    city = await open_city(settings)
    streets = GraphRouter(city.folder)
    await streets.start()
    opened = open_simulated(
        settings,
        seed=day.plan.seed,
        starts_at=day.starts_at,
        city=city,
        router=_remembering(streets, day),
        matcher=streets,
    )
    async with opened as (marketplace, clock, stripe):
        seeded = await seed_market(marketplace, _seed_plan(day), on_step=on_progress)
        market_id = from_wire("market", seeded.market_id)
        await fund_platform(marketplace.provider, market_id=market_id, currency=_seed_plan(day).currency)
        await open_accounts(marketplace, stripe, [from_wire("driver", row["id"]) for row in seeded.drivers])
        yield Playing(day, marketplace, clock, stripe, seeded, on_progress)


def _remembering(streets: GraphRouter, day: CityDay) -> Router:
    """Where no traffic is, nobody learns any, and what the streets were once asked is true all day."""
    if day.traffic is not None:
        return CachedRouter(streets)
    return TimelessRouter(CachedRouter(streets, places_kept=PLACES_KEPT), always=day.starts_at)


def _traffic_of(day: CityDay, city: CityPack) -> HiddenTraffic | None:
    if day.traffic is None:
        return None
    return HiddenTraffic(city, seed=day.traffic, time_zone=_seed_plan(day).time_zone, day_noise=day.day_noise)


class Playing:
    """A day while it is played, or the first of several."""

    def __init__(
        self,
        day: CityDay,
        marketplace: Marketplace,
        clock: ManualClock,
        stripe: SimulatedStripe,
        seeded: Seeded,
        on_progress: OnProgress,
    ) -> None:
        self.day = day
        self.seeded = seeded
        self._drivers: list[tuple[float, Driver]] = []
        self._by_id: dict[UUID | None, Driver] = {}
        self._coming: list[tuple[float, Driver]] = []
        self._nearer_hub: NearerHub | None = None
        market_id = MarketId(from_wire("market", seeded.market_id))
        record = Record()
        self._wanted = 0
        told = telling(
            on_progress,
            starts_at=day.starts_at,
            minutes=round(day.plan.hours * 60),
            ends=lambda: (record.ended, max(self._wanted, len(record.fates))),
        )
        stage = Stage(
            marketplace.works,
            clock,
            market_id=market_id,
            jobs=jobs_of(marketplace),
            leaves_out=LEFT_OUT if day.has_arrivals else LEFT_OUT | ARRIVALS,
            on_moment=told,
        )
        recipients = Recipients(seed=day.plan.seed, fail_rate=day.plan.fail_rate)
        self.world = World(
            marketplace=marketplace,
            stripe=stripe,
            stage=stage,
            market_id=market_id,
            doors=Doors(failure_at=recipients.failure_at),
            record=record,
            traffic=_traffic_of(day, marketplace.city),
        )

    async def run(self) -> Played:
        self.begin()
        await self._open_hub()
        await self._bring_blocks()
        self.begin_day(self.day.plan)
        bookers = await self.bring_bookers(self.day.booking) if self.day.booking else None
        played = await close_day(self.world, until=self.day.ends_at)
        return replace(played, windows=bookers.figures()) if bookers else played

    def begin(self, after_timing: AfterTiming | None = None) -> None:
        """Has everything heard of, and routes under way timed."""
        self.world.stage.listen(self.world.record.hear)
        self._make_drivers()
        if after_timing is not None:
            self.world.stage.follow("retime_route", after_timing)
        if self.day.has_arrivals:
            Timing(self.world, after=after_timing)

    def bring_drivers_home(self) -> None:
        """Has every driver wait again where the first day began."""
        for row, (_, driver) in zip(self.seeded.drivers, self._drivers, strict=True):
            driver.here = Point(lat=row["lat"], lon=row["lon"])

    def begin_day(self, plan: DayPlan, *, run: str = RUN) -> None:
        """Has the drivers come online and the shippers post in the course of the day that begins now."""
        for after_s, driver in self._coming:
            self.world.stage.after(after_s, driver.come_online)
        self._bring_shippers(plan, run)
        if self.day.conditions.has_surge:
            decide_surge_regularly(self.world, every_s=SURGE_DIALS["surge_every_s"])
        pay_regularly(self.world, every_s=self.day.dials["payout_every_s"])
        if self.world.traffic is not None:
            learn_regularly(self.world)

    async def _open_hub(self) -> None:
        place = self.day.conditions.hub
        if place is not None:
            others = {from_wire("hub", hub["id"]): Point(lat=hub["lat"], lon=hub["lon"]) for hub in self.seeded.hubs}
            time_zone = _seed_plan(self.day).time_zone
            self._nearer_hub = await open_nearer_hub(self.world, place=place, others=others, time_zone=time_zone)

    async def _bring_blocks(self) -> None:
        plan, blocks = self.day.plan, self.day.conditions.blocks
        if not blocks:
            return
        asks = [Ask(at_s=one.at_s, hub=one.hub) for one in self._postings(plan, RUN) for _ in one.parcels]
        hours = hours_of_need(asks, hubs=len(self.seeded.hubs), hours=plan.hours, places=blocks)
        places = [Point(lat=hub["lat"], lon=hub["lon"]) for hub in self.seeded.hubs]
        opened = Blocks(self.world, hours, places)
        await opened.open([from_wire("hub", hub["id"]) for hub in self.seeded.hubs], BLOCK_FLOOR_PER_HOUR_MINOR)
        brought = await opened.bring_wishers(plan.seed, self._draw_mind)
        self._by_id.update({driver.driver_id: driver for driver in brought})

    async def bring_bookers(self, booking: Booking) -> Bookers:
        """Recipients who choose a window, from now on."""
        async with self.world.marketplace.works.open() as work:
            for hub in self.seeded.hubs:
                hub_id = from_wire("hub", hub["id"])
                await set_hub_opening(work, market_id=self.world.market_id, hub_id=hub_id, opening=booking.opening)
        return Bookers(self.world, booking, seed=self.day.plan.seed, time_zone=_seed_plan(self.day).time_zone)

    def _make_drivers(self) -> None:
        drivers = self._by_id
        at_home: list[tuple[int, float, Driver]] = []
        for number, row in enumerate(self.seeded.drivers):
            is_crowd = row["contract_kind"] == CROWD
            mind = self._draw_mind("driver", number, reserve_rate=self.day.plan.reserve_rate if is_crowd else 0.0)
            traits, driver_id = mind.personality, DriverId(from_wire("driver", row["id"]))
            here = Point(lat=row["lat"], lon=row["lon"])
            driver = Driver(self.world, driver_id=driver_id, here=here, person=mind)
            drivers[driver_id] = driver
            self._drivers.append((traits.comes_online_after_s, driver))
            if is_crowd and not self.day.conditions.has_crowd:
                continue
            if traits.comes_for_minor:
                at_home.append((traits.comes_for_minor, traits.comes_online_after_s, driver))
            else:
                self._coming.append((traits.comes_online_after_s, driver))
        Reserve(self.world, at_home)
        self.world.stage.listen(
            lambda event: drivers[event.driver_id].hear(event) if event.driver_id in drivers else None
        )

    def _draw_mind(self, kind: str, number: int, *, reserve_rate: float = 0.0) -> Mind:
        source, plan = chance(self.day.plan.seed, kind, number), self.day.plan
        traits = draw_personality(
            source,
            decline_rate=plan.decline_rate,
            ignore_rate=plan.expire_rate,
            mistype_rate=0.0,
            gathering_s=plan.gathering_s,
            reserve_rate=reserve_rate,
        )
        return Mind(traits, source)

    def _bring_shippers(self, plan: DayPlan, run: str) -> None:
        hub_ids = [from_wire("hub", hub["id"]) for hub in self.seeded.hubs]
        shippers = [
            Shipper(
                world=self.world,
                shipper_id=ShipperId(from_wire("shipper", row["id"])),
                hub_ids=hub_ids,
                time_zone=_seed_plan(self.day).time_zone,
                hubs=self._nearer_hub,
            )
            for row in self.seeded.shippers
        ]
        for posting in self._postings(plan, run):
            self._wanted += len(posting.parcels)
            self.world.stage.after(posting.at_s, partial(shippers[posting.shipper].carry_out, posting))

    def _postings(self, plan: DayPlan, run: str) -> list[Posting]:
        """All that is asked for on a day, its peak included."""
        places = PlaceSampler(self.world.marketplace.city).draw_places(chance(plan.seed, "homes"), plan.deliveries)
        addresses = [{"lat": p.point.lat, "lon": p.point.lon, "address": p.address} for p in places]
        shippers, hubs = len(self.seeded.shippers), len(self.seeded.hubs)
        drawn = draw_postings(plan, run=run, shippers=shippers, hubs=hubs, addresses=addresses)
        return with_peak(drawn, times=self.day.conditions.peak, hours=plan.hours, seed=plan.seed)


def _seed_plan(day: CityDay) -> SeedPlan:
    return SeedPlan(
        seed=day.plan.seed,
        shippers=day.shippers,
        hubs=day.hubs,
        drivers=day.drivers,
        operators=0,
        is_online=False,
        shift_hours=day.plan.limit_hours,
        dials=day.conditions.dials(day.dials),
    )
