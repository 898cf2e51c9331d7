"""A recorded day, played again: its demand, its drivers' hours and its stops' times, and everything else anew.

What shippers asked for and when drivers were there is what was recorded; so is how long a stop took for parcels that
were carried then. Who is asked, who says yes and how long drives take follows from the market's rules and the seed.
"""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from uuid import UUID

from marketplace.adapters.routers import CachedRouter, GraphRouter
from marketplace.adapters.stripe import SimulatedStripe
from marketplace.analytics import RecordedDay, recorded_day
from marketplace.app import Marketplace, open_city, open_servers
from marketplace.blocks import USUAL_STOPS_PER_HOUR
from marketplace.core.clock import DatabaseClock, ManualClock
from marketplace.core.database import open_database
from marketplace.core.errors import CannotStart
from marketplace.core.geo import Point
from marketplace.core.ids import from_wire
from marketplace.core.outbox import PublishedEvent
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from marketplace.markets import PayPolicy, market_by_slug
from workers.jobs import jobs_of
from workers.simulation.bank import fund_platform, open_accounts
from workers.simulation.block_need import Ask, hours_of_need
from workers.simulation.blocks import Blocks
from workers.simulation.closing import Played, close_day, pay_regularly
from workers.simulation.conditions import Conditions
from workers.simulation.driver import Driver
from workers.simulation.loop import run
from workers.simulation.nearer_hub import NearerHub, open_nearer_hub
from workers.simulation.opening import open_simulated
from workers.simulation.progress import OnProgress, telling
from workers.simulation.record import Record
from workers.simulation.replay_demand import ReplayedBatch, batches_of, request_of, with_peak
from workers.simulation.replay_people import NEEDS_NO_SHIFT, PAYOUT_EVERY_S, People, make_people
from workers.simulation.shipper import Shipper
from workers.simulation.stage import ARRIVALS, LEFT_OUT, Stage
from workers.simulation.surging import decide_surge_regularly
from workers.simulation.timeless import TimelessRouter
from workers.simulation.world import Doors, World
from workers.simulator.chance import chance
from workers.simulator.personality import Mind, draw_personality
from workers.simulator.plan import DayPlan

PLACES_KEPT = 2_500
GOES_ON = timedelta(hours=8)
"""After midnight, until the day is broken off."""
BEFORE = timedelta(minutes=10)
"""The market is made so long before the first driver comes or the first parcel is posted."""

CITY_DIFFERS = "this day was recorded on the streets of {}, and DOORSTEP_CITY names those of {}"


class OtherCity(CannotStart):
    """A day cannot be driven again on the streets of another city."""


class NoSuchMarket(CannotStart):
    """No market has this short name or this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedDay:
    """A recorded day and what it is played again under: the same value gives the same day, to the event."""

    recorded: RecordedDay
    seed: int = 1
    rates: DayPlan = field(default_factory=DayPlan)
    """How often drivers decline and let offers pass; what is asked for is recorded."""
    conditions: Conditions = field(default_factory=Conditions)

    @property
    def batches(self) -> list[ReplayedBatch]:
        """What is posted, with the peak if there is one."""
        return with_peak(batches_of(self.recorded), times=self.conditions.peak, seed=self.seed)


async def read_recorded_day(settings: Settings, *, market: str, day: date) -> RecordedDay:
    """Reads a day from the database of these settings; `market` is its short name or `mkt_…`."""
    async with (
        open_servers(settings) as servers,
        open_database(servers.database_url, pool_size=1, patience_s=120) as database,
        Works(database, DatabaseClock()).open() as work,
    ):
        is_id = market.startswith("mkt_")
        market_id = from_wire("market", market) if is_id else await market_by_slug(work, slug=market)
        if market_id is None:
            raise NoSuchMarket(f"there is no market {market} in this database")
        return await recorded_day(work, market_id=market_id, day=day)


async def play_replay(settings: Settings, day: ReplayedDay, on_progress: OnProgress = lambda *_: None) -> Played:
    """Plays a recorded day again and closes its books."""
    settings.refuse_in_production("simulating")
    city = await open_city(settings)
    recorded = day.recorded
    if city.meta.name != recorded.city_pack:
        raise OtherCity(CITY_DIFFERS.format(recorded.city_pack, city.meta.name))
    streets = GraphRouter(city.folder)
    await streets.start()
    first = min([day.batches[0].posted_at, *(begins for driver in recorded.drivers for begins, _ in driver.online)])
    starts_at = first - BEFORE
    opened = open_simulated(
        settings,
        seed=day.seed,
        starts_at=starts_at,
        city=city,
        router=TimelessRouter(CachedRouter(streets, places_kept=PLACES_KEPT), always=starts_at),
        matcher=streets,
    )
    async with opened as (marketplace, clock, stripe):
        people = await make_people(marketplace.works, recorded, day.conditions)
        await fund_platform(marketplace.provider, market_id=people.market_id, currency=recorded.dials.currency)
        await open_accounts(marketplace, stripe, people.driver_ids)
        return await _Replay(day, marketplace, clock, stripe, people, on_progress).run()


def replay_in_process(day: ReplayedDay, settings: Settings, conditions: Conditions, on_progress: OnProgress) -> Played:
    """Plays a recorded day under other conditions, in a process that does nothing else."""
    return run(play_replay(settings, replace(day, conditions=conditions), on_progress))


class _Replay:
    """A recorded day while it is played."""

    def __init__(
        self,
        day: ReplayedDay,
        marketplace: Marketplace,
        clock: ManualClock,
        stripe: SimulatedStripe,
        people: People,
        on_progress: OnProgress,
    ) -> None:
        self._day, self._people, self._recorded = day, people, day.recorded
        self._batches = day.batches
        self._parcels = {name: one for batch in self._batches for name, one in batch.deliveries.items()}
        first, last = self._batches[0].posted_at, self._batches[-1].posted_at
        self._hours = max((last - first).total_seconds() / 3600, 0.1)
        self._hubs: NearerHub | None = None
        record = Record()
        stage = Stage(
            marketplace.works,
            clock,
            market_id=people.market_id,
            jobs=jobs_of(marketplace),
            leaves_out=LEFT_OUT | ARRIVALS,
            on_moment=telling(
                on_progress,
                starts_at=first,
                minutes=round(60 * self._hours),
                ends=lambda: (record.ended, len(self._parcels)),
            ),
        )
        self._world = World(
            marketplace=marketplace,
            stripe=stripe,
            stage=stage,
            market_id=people.market_id,
            doors=Doors(failure_at=self._failure_at, takes_s=self._takes_s),
            record=record,
        )
        self._by_id: dict[UUID | None, Driver] = {}

    async def run(self) -> Played:
        world, conditions = self._world, self._day.conditions
        world.stage.listen(world.record.hear)
        world.stage.listen(self._tell_driver)
        places = dict(zip(self._people.hub_ids, (hub.place for hub in self._recorded.hubs), strict=True))
        if conditions.hub is not None:
            zone = self._recorded.dials.time_zone
            self._hubs = await open_nearer_hub(world, place=conditions.hub, others=places, time_zone=zone)
        self._bring_drivers()
        await self._bring_blocks()
        self._bring_shippers()
        pay_regularly(world, every_s=PAYOUT_EVERY_S)
        if conditions.has_surge:
            decide_surge_regularly(world, every_s=self._recorded.dials.surge_every_s)
        return await close_day(world, until=self._recorded.ends + GOES_ON)

    def _tell_driver(self, event: PublishedEvent) -> None:
        if event.driver_id in self._by_id:
            self._by_id[event.driver_id].hear(event)

    def _failure_at(self, name: str) -> str | None:
        parcel = self._parcels.get(name)
        return parcel.failure if parcel else None

    def _takes_s(self, kind: str, name: str) -> float | None:
        """How long a parcel took then; the ways back have references of their own, of which nothing is known."""
        parcel = self._parcels.get(name)
        if parcel is None:
            return None
        return {"PICKUP": parcel.pickup_s, "DROPOFF": parcel.hand_over_s}.get(kind)

    def _bring_drivers(self) -> None:
        stage, is_wanted = self._world.stage, self._day.conditions.has_crowd
        for number, (driver_id, recorded) in enumerate(
            zip(self._people.driver_ids, self._recorded.drivers, strict=True)
        ):
            if recorded.contract_kind == NEEDS_NO_SHIFT and not is_wanted:
                continue
            here = recorded.place or self._some_hub(number)
            driver = Driver(self._world, driver_id=driver_id, here=here, person=self._mind("driver", number))
            self._by_id[driver_id] = driver
            for begins, ends in recorded.online:
                stage.at(begins, driver.come_online)
                if ends < self._recorded.ends:
                    stage.at(ends, driver.go_home)

    async def _bring_blocks(self) -> None:
        """Blocks at the recorded market's own hubs; one whose shippers have them collected elsewhere has none."""
        hubs, places = self._recorded.hubs, self._day.conditions.blocks
        if not places or not hubs:
            return
        begins = self._world.stage.now
        asks = [
            Ask(at_s=(batch.posted_at - begins).total_seconds(), hub=parcel.hub)
            for batch in self._batches
            for parcel in batch.deliveries.values()
            if parcel.hub is not None
        ]
        hours = hours_of_need(asks, hubs=len(hubs), hours=self._hours, places=places)
        opened = Blocks(self._world, hours, [hub.place for hub in hubs])
        await opened.open(self._people.hub_ids, _usual_hour_minor(self._recorded.policy))
        brought = await opened.bring_wishers(self._day.seed, self._mind)
        self._by_id.update({driver.driver_id: driver for driver in brought})

    def _bring_shippers(self) -> None:
        shippers = [
            Shipper(
                world=self._world,
                shipper_id=shipper_id,
                hub_ids=self._people.hub_ids,
                time_zone=self._recorded.dials.time_zone,
            )
            for shipper_id in self._people.shipper_ids
        ]
        for batch in self._batches:
            self._world.stage.at(batch.posted_at, partial(self._post, shippers[batch.shipper], batch))

    async def _post(self, shipper: Shipper, batch: ReplayedBatch) -> None:
        requests = [request_of(name, parcel, self._hub_of) for name, parcel in batch.deliveries.items()]
        posted = await shipper.post(requests, is_quoted=batch.is_quoted)
        for row in posted.rows:
            after_s = batch.deliveries[row.external_id].cancelled_after_s
            if row.delivery_id is not None and after_s is not None:
                shipper.call_off_later(row.delivery_id, after_s)

    def _hub_of(self, hub: int, door: Point) -> UUID:
        usual = self._people.hub_ids[hub]
        return usual if self._hubs is None else self._hubs.hub_for(usual, door)

    def _some_hub(self, number: int) -> Point:
        hubs = self._recorded.hubs
        return hubs[number % len(hubs)].place if hubs else self._recorded.deliveries[0].pickup

    def _mind(self, kind: str, number: int) -> Mind:
        source, rates = chance(self._day.seed, kind, number), self._day.rates
        traits = draw_personality(
            source,
            decline_rate=rates.decline_rate,
            ignore_rate=rates.expire_rate,
            mistype_rate=0.0,
            gathering_s=rates.gathering_s,
        )
        return Mind(traits, source)


def _usual_hour_minor(policy: PayPolicy) -> int:
    """What a usual hour on a route pays by a market's own rates: its floor of a block, in its own currency."""
    return 60 * policy.per_minute_minor + round(USUAL_STOPS_PER_HOUR * policy.per_stop_minor)
