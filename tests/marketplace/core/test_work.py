"""A Work stores its events with its change, or neither."""

import pytest

from marketplace.core.work import Work, Works, outside
from marketplace.fleet.events import DriverWentOnline
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_route, make_shipper


async def test_events_are_stored_with_the_change(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        driver = await make_driver(work, market)
        work.emit(DriverWentOnline(market_id=market.id, driver_id=driver.id))

    async with works.open() as work:
        rows = await work.fetch("SELECT name, driver_id, position FROM event WHERE market_id = $1", market.id)

    assert [(row["name"], row["driver_id"], row["position"]) for row in rows] == [("DriverWentOnline", driver.id, None)]


async def test_a_failed_work_leaves_nothing(works: Works) -> None:
    with pytest.raises(ZeroDivisionError):
        async with works.open() as work:
            market = await make_market(work)
            work.emit(DriverWentOnline(market_id=market.id, driver_id=work.new_id()))
            _ = 1 / 0

    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM event") == 0
        assert await work.fetch_value("SELECT count(*) FROM market WHERE id = $1", market.id) == 0


async def test_an_open_work_guards_the_outside(work: Work) -> None:
    with pytest.raises(AssertionError, match="a Work is open"):
        outside()


async def test_a_route_can_be_built(work: Work) -> None:
    market = await make_market(work)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    batch = await make_batch(work, market, shipper)
    delivery = await make_delivery(work, market, shipper, hub, batch)

    route, stops = await make_route(work, market, [delivery])

    assert [stop.kind for stop in stops] == ["PICKUP", "DROPOFF"]
    assert await work.fetch_value("SELECT state FROM delivery WHERE route_id = $1", route.id) == "OFFERING"
