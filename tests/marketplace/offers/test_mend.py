"""A cancelled delivery takes its route apart, or is skipped on it."""

from datetime import timedelta

import pytest

from marketplace.batches import CancelReason, PromiseActor, cancel_delivery, change_promise
from marketplace.core.work import Works
from marketplace.offers import accept_offer, mend_after_cancel, mend_after_change
from marketplace.offers.assign import RouteChanged
from marketplace.routes import pick_up, start_route
from tests.marketplace.offers.worlds import make_world, open_offers, send_wave


async def test_a_route_on_offer_dissolves_and_the_rest_is_free_at_once(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)
    await send_wave(works, world.route_ids[0])
    async with works.open() as work:
        first, second = [row["id"] for row in await work.fetch("SELECT id FROM delivery ORDER BY id")]
        await cancel_delivery(
            work, shipper_id=world.shipper.id, delivery_id=first, reason=CancelReason.SHIPPER_REQUESTED
        )

    async with works.open() as work:
        assert await mend_after_cancel(work, delivery_id=first)

    async with works.open() as work:
        assert await work.fetch_value("SELECT state FROM route") == "DISSOLVED"
        assert {row["end_reason"] for row in await work.fetch("SELECT end_reason FROM offer")} == {"REPLANNED"}
        rest = await work.fetch_row("SELECT state, route_id, plan_after FROM delivery WHERE id = $1", second)
        assert rest is not None
        assert tuple(rest) == ("SCHEDULED", None, work.now)
        assert await open_offers(work, world.route_ids[0]) == {}


async def test_a_driven_route_skips_the_cancelled_stop(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1)
    await send_wave(works, world.route_ids[0])
    async with works.open() as work:
        [(driver, offer)] = (await open_offers(work, world.route_ids[0])).items()
        route_id = await accept_offer(work, offer_id=offer, driver_id=driver)
        await start_route(work, driver_id=driver, route_id=route_id, client_event_id="s", occurred_at=work.now)
        first = await work.fetch_value(
            "SELECT t.delivery_id FROM task t JOIN stop s ON s.id = t.stop_id WHERE s.place = 1"
        )
        await cancel_delivery(
            work, shipper_id=world.shipper.id, delivery_id=first, reason=CancelReason.SHIPPER_REQUESTED
        )

    async with works.open() as work:
        await mend_after_cancel(work, delivery_id=first)
        pickup = await work.fetch_value("SELECT id FROM stop WHERE place = 0")
        await pick_up(work, driver_id=driver, stop_id=pickup, client_event_id="p", occurred_at=work.now)

    async with works.open() as work:
        stops = await work.fetch("SELECT kind, state FROM stop ORDER BY place")
        assert [(row["kind"], row["state"]) for row in stops] == [
            ("PICKUP", "COMPLETED"),
            ("DROPOFF", "SKIPPED"),
            ("DROPOFF", "EN_ROUTE"),
        ]


async def test_a_route_on_offer_that_a_delivery_left_for_another_window_dissolves(works: Works) -> None:
    async with works.open() as work:
        world = await make_world(work)
    await send_wave(works, world.route_ids[0])
    async with works.open() as work:
        first, second = [row["id"] for row in await work.fetch("SELECT id FROM delivery ORDER BY id")]
        await change_promise(
            work,
            delivery_id=first,
            opens_at=work.now + timedelta(hours=24),
            closes_at=work.now + timedelta(hours=25),
            actor=PromiseActor.SHIPPER,
        )

    async with works.open() as work:
        [(driver, offer), *_] = (await open_offers(work, world.route_ids[0])).items()
    with pytest.raises(RouteChanged):
        async with works.open() as work:
            await accept_offer(work, offer_id=offer, driver_id=driver)
    async with works.open() as work:
        assert await mend_after_change(work, route_id=world.route_ids[0])

    async with works.open() as work:
        assert await work.fetch_value("SELECT state FROM route") == "DISSOLVED"
        rows = await work.fetch("SELECT state, route_id, plan_after FROM delivery ORDER BY id")
        assert [tuple(row) for row in rows] == [
            ("SCHEDULED", None, work.now + timedelta(hours=22.5)),
            ("SCHEDULED", None, work.now),
        ]
        assert second != first
