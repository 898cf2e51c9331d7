"""An operator asks one driver for a delivery that waits; the driver is free to say no, and then others are asked."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from marketplace.accounts import add_operator
from marketplace.adapters.routers import StraightLineRouter
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.errors import NotFound
from marketplace.core.ids import DriverId, MarketId, OfferId, OperatorId, uuid7
from marketplace.core.work import Works
from marketplace.fleet import ContractKind
from marketplace.offers import OfferByHand, accept_offer, decline_offer, expire_due, explain_offer
from marketplace.offers.lone_route import DriverRuledOut, NotWaiting
from marketplace.offers.offer_by_hand import IsDedicated
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_shipper
from tests.marketplace.offers.worlds import send_wave

LIVES = "SELECT (SELECT state FROM delivery) AS delivery, (SELECT state FROM route) AS route, state AS offer FROM offer"


@dataclass(slots=True, kw_only=True)
class Wait:
    """A delivery that waits, two drivers of a kind, and an operator."""

    works: Works
    market_id: MarketId
    delivery_id: UUID
    driver_ids: list[UUID]
    operator_id: OperatorId

    def offering(self, **changes: Any) -> OfferByHand:
        """The errand of asking the first driver."""
        wish: dict[str, Any] = {
            "router": StraightLineRouter(),
            "market_id": self.market_id,
            "delivery_id": self.delivery_id,
            "driver_id": self.driver_ids[0],
            "operator_id": self.operator_id,
        }
        return OfferByHand(**wish | changes)

    async def ask(self, **changes: Any) -> OfferId:
        """Asks."""
        offer_id = await run_errand(self.works, self.offering(**changes))
        assert offer_id is not None
        return OfferId(offer_id)

    async def lives(self) -> list[tuple[str, str, str]]:
        """The states of the delivery, its route and each offer."""
        async with self.works.open() as work:
            return [tuple(row) for row in await work.fetch(LIVES)]


async def make_wait(works: Works, kind: ContractKind = ContractKind.CROWDSOURCED, **driver: Any) -> Wait:
    """The world of these tests."""
    async with works.open() as work:
        market = await make_market(work, wave_size=1)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        delivery = await make_delivery(work, market, shipper, hub, await make_batch(work, market, shipper))
        drivers = [await make_driver(work, market, kind=kind, **driver) for _ in range(2)]
        market_id = MarketId(market.id)
        operator = await add_operator(work, name="Marta", email=f"{market.slug}@example.com", market_id=market_id)
    return Wait(
        works=works,
        market_id=market_id,
        delivery_id=delivery.id,
        driver_ids=[one.id for one in drivers],
        operator_id=OperatorId(operator),
    )


@pytest.mark.parametrize("kind", [ContractKind.CROWDSOURCED, ContractKind.CONTRACTED])
async def test_a_yes_is_the_drivers_own(works: Works, kind: ContractKind) -> None:
    wait = await make_wait(works, kind)

    offer_id = await wait.ask()

    assert await wait.lives() == [("OFFERING", "OFFERING", "SENT")]
    async with works.open() as work:
        told = await explain_offer(work, offer_id=offer_id, market_id=wait.market_id)
        audited = await work.fetch("SELECT verb, subject_id FROM operator_action")
        await accept_offer(work, offer_id=offer_id, driver_id=DriverId(wait.driver_ids[0]))
    assert told["search"]["words"] == "Asked of one driver, whom an operator has chosen."
    assert told["pay_minor"] == sum(line["amount_minor"] for line in told["lines"]) > 0
    assert [tuple(row) for row in audited] == [("offerDelivery", wait.delivery_id)]
    assert await wait.lives() == [("ASSIGNED", "ASSIGNED", "ACCEPTED")]


@pytest.mark.parametrize("answer", ["no", "nothing"])
async def test_after_a_no_or_nothing_others_are_asked(works: Works, clock: ManualClock, answer: str) -> None:
    wait = await make_wait(works)
    offer_id = await wait.ask()

    if answer == "no":
        async with works.open() as work:
            await decline_offer(work, offer_id=offer_id, driver_id=DriverId(wait.driver_ids[0]))
    else:
        clock.advance(seconds=60)
        async with works.open() as work:
            assert await expire_due(work) == 1
    async with works.open() as work:
        route_id = await work.fetch_value("SELECT id FROM route")
        assert await work.fetch_value("SELECT count(*) FROM event WHERE name = 'WaveExhausted'") == 1
    await send_wave(works, route_id)

    async with works.open() as work:
        asked = await work.fetch("SELECT driver_id FROM offer WHERE state = 'SENT'")
        free = await work.fetch_value("SELECT state FROM presence WHERE driver_id = $1", wait.driver_ids[0])
    assert [row["driver_id"] for row in asked] == [wait.driver_ids[1]]
    assert free == "AVAILABLE"


async def test_who_cannot_be_asked_is_refused_and_nothing_changes(works: Works, clock: ManualClock) -> None:
    with pytest.raises(IsDedicated):
        await (await make_wait(works, ContractKind.DEDICATED)).ask()
    wait = await make_wait(works, capacity=[0, 0, 0])
    with pytest.raises(DriverRuledOut, match="do not fit"):
        await wait.ask()
    with pytest.raises(NotFound):
        await wait.ask(market_id=MarketId(uuid7(clock.now, works.source)))

    async with works.open() as work:
        for table in ("route", "offer", "wave", "operator_action", "event"):
            assert await work.fetch_value(f"SELECT count(*) FROM {table}") == 0, table


async def test_a_delivery_that_is_on_offer_is_not_offered_twice(works: Works) -> None:
    wait = await make_wait(works)
    await wait.ask()

    with pytest.raises(NotWaiting):
        await wait.ask(driver_id=wait.driver_ids[1])

    assert await wait.lives() == [("OFFERING", "OFFERING", "SENT")]
