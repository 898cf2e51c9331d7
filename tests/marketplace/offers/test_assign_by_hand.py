"""Operations give work to dedicated drivers by hand, and take a route back before anything is aboard."""

from typing import Any
from uuid import UUID

import pytest

from marketplace.accounts import add_operator
from marketplace.adapters.routers import StraightLineRouter
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.ids import MarketId
from marketplace.core.work import Works
from marketplace.fleet import ContractKind
from marketplace.offers import AssignByHand, unassign_route
from marketplace.offers.assign_by_hand import NotDedicated
from marketplace.offers.lone_route import DriverRuledOut
from marketplace.offers.unassign import NoDriver, ParcelsAboard
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_shipper
from tests.marketplace.routes.drives import make_drive


async def assign(works: Works, *, kind: ContractKind = ContractKind.DEDICATED, **driver: Any) -> tuple[UUID, UUID]:
    """Gives a delivery that waits to a driver of that kind; returns the delivery and its route."""
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        delivery = await make_delivery(work, market, shipper, hub, await make_batch(work, market, shipper))
        somebody = await make_driver(work, market, kind=kind, **driver)
        operator = await add_operator(
            work, name="Marta", email=f"{market.slug}@example.com", market_id=MarketId(market.id)
        )
    errand = AssignByHand(
        router=StraightLineRouter(),
        market_id=MarketId(market.id),
        driver_id=somebody.id,
        operator_id=operator,
        delivery_id=delivery.id,
    )
    route_id = await run_errand(works, errand)
    assert route_id is not None
    return delivery.id, route_id


async def test_a_waiting_delivery_becomes_a_route_of_its_driver(works: Works) -> None:
    delivery_id, route_id = await assign(works)

    async with works.open() as work:
        delivery = await work.fetch_row("SELECT state, route_id FROM delivery WHERE id = $1", delivery_id)
        stops = await work.fetch("SELECT kind FROM stop WHERE route_id = $1 ORDER BY place", route_id)
        route = await work.fetch_row("SELECT state, guarantee_minor FROM route WHERE id = $1", route_id)
        audited = await work.fetch("SELECT verb, subject_id FROM operator_action")
    assert delivery is not None
    assert route is not None
    assert (delivery["state"], delivery["route_id"]) == ("ASSIGNED", route_id)
    assert [stop["kind"] for stop in stops] == ["PICKUP", "DROPOFF"]
    assert route["state"] == "ASSIGNED"
    assert route["guarantee_minor"] > 0
    assert [tuple(row) for row in audited] == [("assignDelivery", delivery_id)]


async def test_others_than_dedicated_drivers_who_can_take_it_are_refused(works: Works) -> None:
    with pytest.raises(NotDedicated):
        await assign(works, kind=ContractKind.CROWDSOURCED)
    with pytest.raises(DriverRuledOut, match="do not fit"):
        await assign(works, capacity=[0, 0, 0])

    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM route") == 0


async def test_an_unassigned_route_is_planned_again_and_paid_as_promised(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)

    async with works.open() as work:
        freed = await unassign_route(work, route_id=drive.route.id, market_id=drive.market.id)

    assert freed == 2
    assert await drive.deliveries_are() == ["SCHEDULED"] * 2
    assert ((await drive.the_route())["state"], (await drive.the_route())["guarantee_minor"]) == ("COMPLETED", 5000)
    async with works.open() as work:
        with pytest.raises(NoDriver):
            await unassign_route(work, route_id=drive.route.id, market_id=drive.market.id)


async def test_a_route_with_parcels_aboard_is_not_unassigned(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    await drive.pick_up(0)
    before = await drive.everything()

    async with works.open() as work:
        with pytest.raises(ParcelsAboard):
            await unassign_route(work, route_id=drive.route.id, market_id=drive.market.id)

    assert await drive.everything() == before
