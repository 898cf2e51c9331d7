"""Who stands in for the people of a recorded day: the same rules, places, prices, vehicles and skills, other names."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from marketplace.analytics import RecordedDay, RecordedDriver, RecordedShipper
from marketplace.billing import UNLIMITED, Terms, set_billing_terms
from marketplace.core.ids import DriverId, MarketId, ShipperId
from marketplace.core.money import Money
from marketplace.core.work import Work, Works
from marketplace.fleet import ContractKind, Vehicle, create_driver, plan_shift
from marketplace.hubs import create_hub
from marketplace.markets import create_market, set_pay_policy
from marketplace.shippers import create_shipper, set_failure_wishes, set_rate_card
from workers.simulation.conditions import Conditions

PAYOUT_EVERY_S = 7_200
NEEDS_NO_SHIFT = ContractKind.CROWDSOURCED
EARLY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who was made, in the order of the recorded lists."""

    market_id: MarketId
    hub_ids: list[UUID]
    shipper_ids: list[ShipperId]
    driver_ids: list[DriverId]


async def make_people(works: Works, recorded: RecordedDay, conditions: Conditions) -> People:
    """Makes a market by the recorded one's dials and pay, changed as the conditions say, and everybody in it."""
    async with works.open() as work:
        market_id = await _market(work, recorded, conditions)
        hub_ids = [
            await create_hub(
                work,
                market_id=market_id,
                shipper_id=None,
                name=f"Hub {number + 1}",
                address=f"Hub {number + 1}",
                place=hub.place,
                time_zone=hub.time_zone,
            )
            for number, hub in enumerate(recorded.hubs)
        ]
        currency = recorded.dials.currency
        shipper_ids = [
            await _shipper(work, market_id, f"Shipper {number + 1}", shipper, currency)
            for number, shipper in enumerate(recorded.shippers)
        ]
    driver_ids: list[DriverId] = []
    for number, driver in enumerate(recorded.drivers):
        async with works.open() as work:
            driver_ids.append(await _driver(work, market_id, number, driver))
    return People(market_id=market_id, hub_ids=hub_ids, shipper_ids=shipper_ids, driver_ids=driver_ids)


async def _market(work: Work, recorded: RecordedDay, conditions: Conditions) -> MarketId:
    own = recorded.dials
    # Surge is the market's own or none: what the demo city pays would mean nothing in another currency.
    changes = conditions.dials({"payout_every_s": PAYOUT_EVERY_S}, has_own_surge=True)
    dials = await create_market(
        work,
        slug="replay",
        name="Replay",
        city_pack=recorded.city_pack,
        dials=replace(own, market_id=UUID(int=0), **changes),
        is_production=False,
    )
    policy = recorded.policy
    await set_pay_policy(work, market_id=dials.market_id, rates=policy.rates(), floors=policy.floors)
    return MarketId(dials.market_id)


async def _shipper(work: Work, market_id: MarketId, name: str, recorded: RecordedShipper, currency: str) -> ShipperId:
    """A shipper with the prices of the day, whose credit nobody looks at: what was posted then is posted again."""
    shipper_id = ShipperId(await create_shipper(work, name=name, is_test=True))
    policy, attempts = recorded.failure_policy, recorded.max_attempts
    await set_failure_wishes(work, shipper_id=shipper_id, policy=policy, max_attempts=attempts)
    for level, card in recorded.cards.items():
        await set_rate_card(
            work, shipper_id=shipper_id, market_id=market_id, service_level=level, currency=currency, **card
        )
    credit = Money(UNLIMITED, currency)
    await set_billing_terms(work, shipper_id=shipper_id, market_id=market_id, terms=Terms.INVOICE, credit_limit=credit)
    return shipper_id


async def _driver(work: Work, market_id: MarketId, number: int, recorded: RecordedDriver) -> DriverId:
    kind = ContractKind(recorded.contract_kind)
    driver_id = DriverId(
        await create_driver(
            work,
            market_id=market_id,
            name=f"Driver {number + 1}",
            phone=f"+1556{number:07d}",
            contract_kind=kind,
            vehicle=Vehicle(recorded.vehicle),
            capacity=recorded.capacity,
            skills=recorded.skills,
            max_stops=recorded.max_stops,
        )
    )
    if kind is not NEEDS_NO_SHIFT:
        for begins, ends in recorded.online:
            await plan_shift(work, driver_id=driver_id, market_id=market_id, starts_at=begins - EARLY, ends_at=ends)
    return driver_id
