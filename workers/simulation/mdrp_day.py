"""A published meal-delivery day through the marketplace's own flow, on the instance's own plane and by its own rules.

Restaurants post each meal at the minute it is ordered; couriers accept at once, leave at once and stand still without
work. A stop takes its minutes half before and half after the event: the marketplace hears of a stop when it is over,
so the event lies half a service before the report. A pickup begins before the end of a shift, a drop-off may follow.
"""

import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any
from uuid import UUID

from marketplace.adapters.city import make_grid_city
from marketplace.adapters.routers import PlanarRouter, plane_point
from marketplace.adapters.stripe import SimulatedStripe
from marketplace.app import Marketplace
from marketplace.batches import DeliveryRequest, LocalWindow, PackageRequest, Place
from marketplace.billing import UNLIMITED, Terms, set_billing_terms
from marketplace.core.clock import ManualClock
from marketplace.core.ids import DriverId, MarketId, ShipperId
from marketplace.core.money import Money
from marketplace.core.outbox import PublishedEvent
from marketplace.core.settings import Settings
from marketplace.core.work import Work
from marketplace.fleet import ContractKind, Vehicle, create_driver, plan_shift
from marketplace.markets import Dials, create_market, set_pay_policy
from marketplace.shippers import create_shipper, set_rate_card
from workers.jobs import jobs_of
from workers.simulation.bank import fund_platform, open_accounts
from workers.simulation.closing import Played, close_day, run_payouts
from workers.simulation.driver import Driver
from workers.simulation.figures import click_to_door_s, minutes, quantile, ratio, ready_to_pickup_s, share
from workers.simulation.mdrp import GIVE_UP_MIN, Courier, Instance, Meal
from workers.simulation.opening import open_simulated
from workers.simulation.progress import OnProgress, telling
from workers.simulation.record import Record
from workers.simulation.shipper import Shipper
from workers.simulation.stage import ARRIVALS, LEFT_OUT, Stage
from workers.simulation.world import Doors, World
from workers.simulator.personality import Answer, Decision

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
"""Minute 0 of every instance."""
DAY_BEFORE = MIDNIGHT - timedelta(hours=1)
"""When the town is made."""
BLOCKS = 4
"""A marketplace wants a city; the smallest will do where nobody drives on streets."""
MOST_STOPS = 200
EVERYTHING = 10_000
"""What a courier can carry is no matter here."""
DIALS: dict[str, Any] = {
    "offer_ttl_s": 60,
    "wave_size": 1,
    "waiting_cost_per_hour_minor": 0,
    "head_start_waves": 0,
    "replan_after_s": 60,
    "plan_ahead_s": 86_400,
    "route_max_stops": MOST_STOPS,
    "matching_objective": "delivery_delay",
    "one_origin_per_route": True,
    "look_ahead_s": 14_400,
    "shift_end_covers": "pickups",
}
RATES = {
    "base_minor": 0,
    "per_km_minor": 0,
    "per_minute_minor": 0,
    "per_stop_minor": 1_000,
    "wait_per_minute_minor": 0,
    "wait_grace_s": 0,
    "minimum_minor": 0,
}
"""$10 for each order; the instances' guarantee for each hour is not paid."""
FEE_MINOR = 500
"""What a meal costs its restaurant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MealFigures:
    """The published measures: click-to-door from ordering to hand-over, ready-to-pickup from ready to picked up."""

    instance: str
    orders: int
    undelivered_pct: float
    click_to_door_min: float | None
    click_to_door_p90_min: float | None
    ready_to_pickup_min: float | None
    orders_per_route: float | None


class PunctualCourier:
    """Accepts everything at once and takes exactly as long as the rules say."""

    def __init__(self, instance: Instance) -> None:
        self._pickup_s = 60.0 * instance.pickup_service_min
        self._hand_over_s = 60.0 * instance.dropoff_service_min

    def decide(self) -> Decision:
        """Yes."""
        return Decision(Answer.ACCEPT, 0.0)

    def set_off_s(self) -> float:
        """At once."""
        return 0.0

    def driving_s(self, planned_s: float) -> float:
        """As planned."""
        return planned_s

    def pickup_s(self) -> float:
        """The minutes of the instance."""
        return self._pickup_s

    def hand_over_s(self) -> float:
        """The minutes of the instance."""
        return self._hand_over_s


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedMeals:
    """A meal-delivery day that is over: the published measures beside the market's own figures and books."""

    meals: MealFigures
    played: Played

    def as_dict(self) -> dict[str, Any]:
        """All of it as one flat object, ready for JSON; the published measures stand for the market's own."""
        return self.played.as_dict() | asdict(self.meals)


async def play_meal_day(
    settings: Settings, instance: Instance, *, seed: int = 1, on_progress: OnProgress = lambda *_: None
) -> PlayedMeals:
    """Plays an instance and closes its books."""
    settings.refuse_in_production("simulating")
    router = PlanarRouter(metres_per_minute=instance.metres_per_minute)
    with tempfile.TemporaryDirectory(prefix="doorstep-plane-") as folder:
        no_city = make_grid_city(Path(folder) / "city", blocks=BLOCKS)
        opened = open_simulated(settings, seed=seed, starts_at=DAY_BEFORE, city=no_city, router=router, matcher=router)
        async with opened as (marketplace, clock, stripe):
            town = await _open_town(marketplace, instance)
            await fund_platform(marketplace.provider, market_id=town.market_id, currency="USD")
            await open_accounts(marketplace, stripe, town.courier_ids)
            return await _MealDay(instance, marketplace, clock, stripe, town, on_progress).run()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Town:
    """Who was made for an instance."""

    market_id: MarketId
    shipper_id: ShipperId
    courier_ids: list[DriverId]


async def _open_town(marketplace: Marketplace, instance: Instance) -> _Town:
    """A market by the rules of the instance, one shipper for all restaurants, and the couriers with their shifts."""
    # Of a due time and of a shift's end the marketplace speaks as of beginnings: half a service before the event.
    target_s = 60 * instance.target_min - 30 * instance.dropoff_service_min
    services = {
        "pickup_service_s": 60 * instance.pickup_service_min,
        "dropoff_service_s": 60 * instance.dropoff_service_min,
        "delivery_target_s": target_s,
    }
    async with marketplace.works.open() as work:
        dials = await create_market(
            work,
            slug="meals",
            name=instance.name,
            city_pack="plane",
            dials=Dials(market_id=UUID(int=0), time_zone="UTC", currency="USD", **DIALS | services),
            is_production=False,
        )
        market_id = MarketId(dials.market_id)
        await set_pay_policy(work, market_id=market_id, rates=RATES)
        shipper_id = ShipperId(await create_shipper(work, name="Restaurants", is_test=True))
        await set_rate_card(
            work,
            shipper_id=shipper_id,
            market_id=market_id,
            service_level="STANDARD",
            currency="USD",
            base_minor=FEE_MINOR,
            per_km_minor=0,
            per_stop_minor=0,
            minimum_minor=0,
        )
        credit = Money(UNLIMITED, "USD")
        await set_billing_terms(
            work, shipper_id=shipper_id, market_id=market_id, terms=Terms.INVOICE, credit_limit=credit
        )
        courier_ids = [
            DriverId(await _hire(work, market_id, number, courier, instance))
            for number, courier in enumerate(instance.couriers)
        ]
    return _Town(market_id=market_id, shipper_id=shipper_id, courier_ids=courier_ids)


async def _hire(work: Work, market_id: MarketId, number: int, courier: Courier, instance: Instance) -> UUID:
    driver_id = await create_driver(
        work,
        market_id=market_id,
        name=courier.name,
        phone=f"+1555{number:07d}",
        contract_kind=ContractKind.CONTRACTED,
        vehicle=Vehicle.CAR,
        capacity=(EVERYTHING, EVERYTHING, EVERYTHING),
        max_stops=MOST_STOPS,
    )
    await plan_shift(
        work,
        driver_id=driver_id,
        market_id=market_id,
        starts_at=moment(courier.on_min),
        ends_at=moment(courier.off_min - instance.pickup_service_min / 2),
    )
    return driver_id


class _MealDay:
    """One instance while it is played."""

    def __init__(
        self,
        instance: Instance,
        marketplace: Marketplace,
        clock: ManualClock,
        stripe: SimulatedStripe,
        town: _Town,
        on_progress: OnProgress,
    ) -> None:
        self.instance = instance
        self.town = town
        stage = Stage(
            marketplace.works,
            clock,
            market_id=town.market_id,
            jobs=jobs_of(marketplace),
            leaves_out=LEFT_OUT | ARRIVALS,
            on_moment=telling(on_progress, starts_at=MIDNIGHT, minutes=instance.last_off_min),
        )
        self.world = World(
            marketplace=marketplace,
            stripe=stripe,
            stage=stage,
            market_id=town.market_id,
            doors=Doors(),
            record=Record(),
        )

    async def run(self) -> PlayedMeals:
        stage = self.world.stage
        stage.listen(self.world.record.hear)
        self._bring_couriers()
        shipper = Shipper(world=self.world, shipper_id=self.town.shipper_id, hub_ids=(), time_zone="UTC")
        for meal in sorted(self.instance.meals, key=lambda meal: (meal.placed_min, meal.name)):
            stage.at(moment(meal.placed_min), partial(shipper.post, [self._request(meal)]))
        latest = self.instance.last_off_min + self.instance.largest_min + GIVE_UP_MIN
        stage.at(moment(latest), partial(run_payouts, self.world))
        played = await close_day(self.world, until=moment(latest + 60))
        return PlayedMeals(meals=self._figures(), played=played)

    def _bring_couriers(self) -> None:
        couriers: dict[UUID | None, Driver] = {}
        for driver_id, courier in zip(self.town.courier_ids, self.instance.couriers, strict=True):
            here = plane_point(east_m=courier.east_m, north_m=courier.north_m)
            driver = Driver(self.world, driver_id=driver_id, here=here, person=PunctualCourier(self.instance))
            couriers[driver_id] = driver
            self.world.stage.at(moment(courier.on_min), driver.come_online)

        def hear(event: PublishedEvent) -> None:
            if event.driver_id in couriers:
                couriers[event.driver_id].hear(event)

        self.world.stage.listen(hear)

    def _request(self, meal: Meal) -> DeliveryRequest:
        """A meal as its restaurant posts it; a pickup may begin half a service before the meal is ready."""
        east_m, north_m = self.instance.restaurants[meal.restaurant]
        placed = moment(meal.placed_min)
        opens = moment(meal.ready_min - self.instance.pickup_service_min / 2)
        lost = placed + timedelta(minutes=self.instance.largest_min + GIVE_UP_MIN)
        return DeliveryRequest(
            external_id=meal.name,
            pickup=Place(point=plane_point(east_m=east_m, north_m=north_m), address=meal.restaurant),
            dropoff=Place(point=plane_point(east_m=meal.east_m, north_m=meal.north_m), address=meal.name),
            packages=[PackageRequest(weight_g=1, length_mm=1, width_mm=1, height_mm=1)],
            pickup_window=_local(opens, max(opens, lost)),
            dropoff_window=_local(placed, lost),
        )

    def _figures(self) -> MealFigures:
        record, instance = self.world.record, self.instance
        # What the marketplace hears when a stop is over happened half a service before. Ready, to the marketplace, is
        # when a pickup may begin: half a service before the meal is.
        click_s = sorted(one - 30.0 * instance.dropoff_service_min for one in click_to_door_s(record))
        wait_s = [one - 60.0 * instance.pickup_service_min for one in ready_to_pickup_s(record)]
        return MealFigures(
            instance=instance.name,
            orders=len(instance.meals),
            undelivered_pct=share(len(instance.meals) - len(click_s), len(instance.meals)) or 0.0,
            click_to_door_min=minutes(mean(click_s)) if click_s else None,
            click_to_door_p90_min=minutes(quantile(click_s, 0.9)) if click_s else None,
            ready_to_pickup_min=minutes(mean(wait_s)) if wait_s else None,
            orders_per_route=ratio(len(click_s), record.routes_completed),
        )


def moment(minute: float) -> datetime:
    """A minute of the instance's day."""
    return MIDNIGHT + timedelta(minutes=minute)


def _local(opens: datetime, closes: datetime) -> LocalWindow:
    return LocalWindow(opens=opens.replace(tzinfo=None), closes=closes.replace(tzinfo=None))
