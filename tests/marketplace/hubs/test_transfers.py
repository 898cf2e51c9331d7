"""Stock moves between hubs as a delivery, and a shortage raises one of them."""

from datetime import time
from typing import Any

import asyncpg
import pytest

from marketplace.batches import Replenish, TransferStock, TransferUnderWay, cancel_delivery
from marketplace.batches.states import CancelReason
from marketplace.billing import accrue_delivery, check_credit
from marketplace.core.errand import run_errand
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Work, Works
from marketplace.hubs import (
    BadReplenishment,
    DayHours,
    NoTransferWindow,
    Opening,
    OutOfStock,
    StockPromised,
    count_stock,
    receive_stock,
    set_hub_opening,
    set_replenishment,
    shortages,
)
from marketplace.hubs.models import Hub
from marketplace.markets.models import Market
from marketplace.routes import drop_off, pick_up
from marketplace.shippers.models import Shipper
from tests.builders import make_hub, make_market, make_shipper
from tests.marketplace.batches.orders import ROUTER
from tests.marketplace.hubs.stock import keep, on_the_road, post, shelf, wanted
from tests.marketplace.ledger.world import refused_by_database

World = tuple[Market, Shipper, Hub, Hub]


async def make_world(work: Work) -> World:
    market = await make_market(work)
    shipper = await make_shipper(work, market)
    return market, shipper, await make_hub(work, market), await make_hub(work, market, name="Norte", lat=-29.86)


def transfer(world: World, units: dict[str, int], *, is_free: bool = False) -> TransferStock:
    market, shipper, here, there = world
    return TransferStock(
        router=ROUTER,
        gate=check_credit,
        market_id=market.id,
        shipper_id=shipper.id,
        from_hub_id=here.id,
        to_hub_id=there.id,
        units=units,
        is_free=is_free,
    )


async def test_stock_leaves_when_it_is_picked_up_and_is_there_when_it_is_dropped_off(works: Works) -> None:
    async with works.open() as work:
        market, shipper, here, there = world = await make_world(work)
        tea = await keep(work, market, shipper, "tea", [(here, 50)])

    delivery_id = await run_errand(works, transfer(world, {"tea": 40}))

    seen = [(await shelf(works, here, tea), await shelf(works, there, tea))]
    async with works.open() as work:
        assert await work.fetch_value("SELECT load FROM delivery WHERE id = $1", delivery_id) == [1, 32_000, 120]
        driver, pickup, door = await on_the_road(work, market, delivery_id)
    async with works.open() as work:
        await pick_up(work, driver_id=driver.id, stop_id=pickup.id, client_event_id="1", occurred_at=work.now)
    seen.append((await shelf(works, here, tea), await shelf(works, there, tea)))
    async with works.open() as work:
        outcome = await drop_off(work, driver_id=driver.id, stop_id=door.id, client_event_id="2", occurred_at=work.now)
        outcome.accepted()
    seen.append((await shelf(works, here, tea), await shelf(works, there, tea)))
    assert seen == [((50, 40), None), ((10, 0), None), ((10, 0), (40, 0))]
    assert delivery_id is not None
    async with works.open() as work:
        assert await work.fetch_value("SELECT ended_at FROM stock_transfer") == work.now
        assert await accrue_delivery(work, delivery_id=DeliveryId(delivery_id)) is not None


async def test_what_operations_move_costs_the_shipper_nothing(works: Works) -> None:
    async with works.open() as work:
        market, shipper, here, _ = world = await make_world(work)
        await keep(work, market, shipper, "tea", [(here, 5)])

    delivery_id = await run_errand(works, transfer(world, {"tea": 5}, is_free=True))

    async with works.open() as work:
        assert await work.fetch_value("SELECT price_minor FROM delivery WHERE id = $1", delivery_id) == 0


async def test_a_transfer_goes_when_both_hubs_are_open_and_have_a_dock(works: Works) -> None:
    async with works.open() as work:
        market, shipper, here, there = world = await make_world(work)
        await keep(work, market, shipper, "tea", [(here, 50)])
        mornings = tuple(DayHours(day=day, opens=time(9), closes=time(12)) for day in range(1, 8))
        # It is Monday noon. One vehicle loads in each half of a morning; the other hub unloads one in an hour.
        opening = Opening(hours=mornings, window_s=5_400, docks=1, dock_s=5_400)
        await set_hub_opening(work, market_id=market.id, hub_id=here.id, opening=opening)
        afternoons = tuple(DayHours(day=day, opens=time(10), closes=time(18)) for day in range(3, 8))
        opening = Opening(hours=afternoons, docks=1, dock_s=3_600, reach_s=60)
        await set_hub_opening(work, market_id=market.id, hub_id=there.id, opening=opening)

    for _ in range(3):
        await run_errand(works, transfer(world, {"tea": 1}))

    async with works.open() as work:
        rows = await work.fetch(
            "SELECT pickup_opens_at AT TIME ZONE time_zone, dropoff_opens_at AT TIME ZONE time_zone,"
            " dropoff_closes_at AT TIME ZONE time_zone FROM delivery ORDER BY 1"
        )
    windows = [tuple(f"{moment:%a %H:%M}" for moment in row) for row in rows]
    # The third finds the dock there taken until noon.
    assert windows == [
        ("Tue 09:00", "Wed 10:00", "Wed 12:00"),
        ("Tue 10:30", "Wed 10:00", "Wed 12:00"),
        ("Wed 10:30", "Wed 10:43", "Wed 14:13"),
    ]


async def test_where_no_dock_is_ever_free_nothing_is_transferred(works: Works) -> None:
    async with works.open() as work:
        market, shipper, here, there = world = await make_world(work)
        tea = await keep(work, market, shipper, "tea", [(here, 50)])
        closed = Opening(hours=(), docks=1)
        await set_hub_opening(work, market_id=market.id, hub_id=there.id, opening=closed)

    with pytest.raises(NoTransferWindow):
        await run_errand(works, transfer(world, {"tea": 1}))

    assert await shelf(works, here, tea) == (50, 0)


async def test_a_transfer_of_more_than_there_is_changes_nothing(works: Works) -> None:
    async with works.open() as work:
        market, shipper, here, _ = world = await make_world(work)
        tea = await keep(work, market, shipper, "tea", [(here, 5)])

    with pytest.raises(OutOfStock):
        await run_errand(works, transfer(world, {"tea": 6}))

    assert await shelf(works, here, tea) == (5, 0)
    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM delivery") == 0


async def test_a_shortage_raises_one_transfer_until_that_is_over(works: Works) -> None:
    async with works.open() as work:
        market, shipper, here, there = await make_world(work)
        tea = await keep(work, market, shipper, "tea", [(here, 100), (there, 4)])
        point = await set_replenishment(
            work,
            market_id=market.id,
            hub_id=there.id,
            shipper_id=shipper.id,
            code="tea",
            source_hub_id=here.id,
            min_quantity=4,
            target_quantity=10,
            is_free=True,
        )
        assert await shortages(work, market_id=market.id) == []
    await post(works, market, shipper, wanted("a", units={"tea": 1}, hub_id=there.id))
    errand = Replenish(router=ROUTER, gate=check_credit, replenishment_id=point)
    async with works.open() as work:
        [short] = await shortages(work, market_id=market.id)
        assert (short.replenishment_id, short.quantity) == (point, 7)
        late = await errand.read(work)
    assert late is not None
    answer = await errand.call(late)

    delivery_id = await run_errand(works, errand)

    assert await shelf(works, here, tea) == (100, 7)
    assert await run_errand(works, errand) is None
    with pytest.raises(TransferUnderWay):
        async with works.open() as work:
            await errand.record(work, late, answer)
    assert await shelf(works, here, tea) == (100, 7)
    assert delivery_id is not None
    async with works.open() as work:
        await cancel_delivery(work, shipper_id=shipper.id, delivery_id=delivery_id, reason=CancelReason.OTHER)
        assert [one.quantity for one in await shortages(work, market_id=market.id)] == [7]


async def test_points_that_make_no_sense_are_refused(works: Works) -> None:
    async with works.open() as work:
        market, shipper, here, there = await make_world(work)
        await keep(work, market, shipper, "tea", [(here, 1)])
        point: dict[str, Any] = {
            "market_id": market.id,
            "hub_id": there.id,
            "shipper_id": shipper.id,
            "code": "tea",
            "is_free": True,
        }

        with pytest.raises(BadReplenishment):
            await set_replenishment(work, **point, source_hub_id=here.id, min_quantity=5, target_quantity=5)
        with pytest.raises(BadReplenishment):
            await set_replenishment(work, **point, source_hub_id=there.id, min_quantity=1, target_quantity=5)

        assert await work.fetch_value("SELECT count(*) FROM replenishment") == 0


async def test_a_count_corrects_a_shelf_but_not_below_what_is_promised(works: Works) -> None:
    async with works.open() as work:
        market, shipper, here, _ = await make_world(work)
        tea = await keep(work, market, shipper, "tea", [(here, 5)])
    await post(works, market, shipper, wanted("a", units={"tea": 2}))
    at: dict[str, Any] = {"market_id": market.id, "hub_id": here.id, "shipper_id": shipper.id, "code": "tea"}

    async with works.open() as work:
        with pytest.raises(StockPromised):
            await count_stock(work, **at, counted=1)
        level = await count_stock(work, **at, counted=3)
        await receive_stock(work, **at, quantity=4)

    assert (level.on_hand, level.reserved, level.free) == (3, 2, 1)
    assert await shelf(works, here, tea) == (7, 2)


async def test_the_database_itself_promises_no_more_than_there_is(work: Work) -> None:
    market, shipper, here, _ = await make_world(work)
    await keep(work, market, shipper, "tea", [(here, 5)])

    async with refused_by_database(work, asyncpg.CheckViolationError, match="hub_stock_promised"):
        await work.execute("UPDATE hub_stock SET reserved = 6")
