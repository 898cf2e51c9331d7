"""An operator asks one contracted or crowd driver for a delivery that waits, by an offer like any other.

The driver may say no, or nothing, and neither counts; the search then goes on with others as it does after any wave.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from marketplace.accounts import note_action
from marketplace.batches.states import DeliveryState
from marketplace.core.errors import Conflict
from marketplace.core.geo import Point
from marketplace.core.ids import MarketId, OperatorId
from marketplace.core.work import Work
from marketplace.fleet.states import ContractKind
from marketplace.markets import dials
from marketplace.matching.learned import acceptance_of
from marketplace.offers.candidates import find_needs, judge_driver
from marketplace.offers.choices import Weighed, keep_choice
from marketplace.offers.choosing import rank
from marketplace.offers.lone_route import DriverRuledOut, NotWaiting, find_delivery, find_driver, make_lone_route
from marketplace.offers.open_wave import open_wave
from marketplace.offers.presence import lock_askable
from marketplace.offers.raises import allowed_raises
from marketplace.offers.send_wave import Search, keep_bonus_of, reachable, terms_of
from marketplace.offers.states import RULE_WORDS, Outcome, RuledOut
from marketplace.routing import Journey, Router
from marketplace.surge import bonus_for_route

OFFER_OF_WAVE = "SELECT id FROM offer WHERE wave_id = $1"


class IsDedicated(Conflict):
    """A dedicated driver on shift is given work, not asked."""

    code = "IS_DEDICATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToOffer:
    """Where the driver is, and where the delivery begins and ends."""

    driver_place: Point
    places: tuple[Point, Point]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferByHand:
    """The errand of offering one delivery, as a route of its own, to a named driver; results in the offer."""

    router: Router
    market_id: MarketId
    delivery_id: UUID
    driver_id: UUID
    operator_id: OperatorId

    async def read(self, work: Work) -> ToOffer:
        """Finds the driver and the delivery."""
        driver = await find_driver(work, driver_id=self.driver_id, market_id=self.market_id)
        if driver.kind is ContractKind.DEDICATED:
            raise IsDedicated("a dedicated driver is not asked: assignDelivery gives it", field="driverId")
        lone = await find_delivery(work, delivery_id=self.delivery_id, market_id=self.market_id)
        if lone.state is DeliveryState.OFFERING:
            raise NotWaiting("drivers are being asked for this delivery now; wait for their answer", field="deliveryId")
        if lone.state is not DeliveryState.SCHEDULED:
            raise NotWaiting(f"this delivery is {lone.state.value}", field="deliveryId")
        return ToOffer(driver_place=driver.place, places=lone.places, now=work.now)

    async def call(self, found: ToOffer) -> Journey:
        """Asks for the way to the pickup and on to the door."""
        return await self.router.legs([found.driver_place, *found.places], depart_at=found.now)

    async def record(self, work: Work, found: ToOffer, answer: Journey) -> UUID:
        """Makes the route and a wave of this one offer."""
        route_id = await make_lone_route(
            work, market_id=self.market_id, delivery_id=self.delivery_id, places=found.places, drive=answer
        )
        search = await self._search(work, route_id)
        approach = answer.legs[0]
        one = reachable(search, search.candidates[0], approach.distance_m, approach.duration_s)
        terms = terms_of(search)
        [ranked] = rank(terms, [one], 0)
        await keep_bonus_of(work, search)
        # Holding the driver's row keeps a wave of another route from overfilling them.
        if not await lock_askable(work, [self.driver_id], open_offers=search.dials.open_offers_per_driver, wanted=1):
            raise DriverRuledOut(RULE_WORDS[RuledOut.BUSY], field="driverId")
        wave_id = await open_wave(
            work,
            needs=search.needs,
            settings=search.dials,
            chosen=[ranked],
            raise_minor=0,
            budget_left_minor=search.raises.budget_left_minor,
            model_version=search.model.version,
        )
        await keep_choice(
            work,
            Weighed(terms=terms, slack_s=one.slack_s, raise_minor=0, ranked=[ranked], alternatives=(), exclusions=()),
            market_id=self.market_id,
            route_id=route_id,
            outcome=Outcome.BY_HAND,
            wave_id=wave_id,
            asked=[self.driver_id],
        )
        await note_action(
            work,
            operator_id=self.operator_id,
            market_id=self.market_id,
            verb="offerDelivery",
            subject_id=self.delivery_id,
            details={"driver": self.driver_id.hex, "route": route_id.hex},
        )
        offer_id: UUID = await work.fetch_value(OFFER_OF_WAVE, wave_id)
        return offer_id

    async def _search(self, work: Work, route_id: UUID) -> Search:
        """What a search for the route's driver would know, with this driver as the only candidate."""
        settings = await dials(work, market_id=self.market_id)
        needs = await find_needs(work, route_id=route_id)
        assert needs is not None, "the route was just made"
        bonus = await bonus_for_route(
            work, settings, route_id=route_id, place=needs.first_place, stop_count=needs.dropoff_count
        )
        if bonus is not None:
            needs = replace(needs, bonus_minor=bonus.bonus_minor, bonus_rule=bonus.rule)
        candidate, rule = await judge_driver(
            work, needs, driver_id=self.driver_id, open_offers=settings.open_offers_per_driver
        )
        if candidate is None:
            raise DriverRuledOut(RULE_WORDS[rule or RuledOut.OFFLINE], field="driverId")
        return Search(
            dials=settings,
            needs=needs,
            candidates=[candidate],
            exclusions=(),
            raises=await allowed_raises(work, settings, route_id),
            model=await acceptance_of(work, market_id=self.market_id),
            bonus=bonus,
        )
