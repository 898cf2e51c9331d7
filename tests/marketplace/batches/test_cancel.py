"""Calling off is possible until the pickup, and once."""

import pytest

from marketplace.batches import CancelReason, TooLateToCancel, cancel_delivery, expire_due
from marketplace.batches.states import DeliveryState
from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.work import Work, Works
from tests.builders import make_batch, make_delivery, make_hub, make_market, make_shipper


async def test_a_scheduled_delivery_is_cancelled_once(work: Work) -> None:
    market = await make_market(work)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    delivery = await make_delivery(work, market, shipper, hub, await make_batch(work, market, shipper))

    for _ in range(2):
        await cancel_delivery(
            work, shipper_id=shipper.id, delivery_id=delivery.id, reason=CancelReason.SHIPPER_REQUESTED
        )

    assert [event.name for event in work.events] == ["DeliveryCancelled"]
    row = await work.fetch_row("SELECT state, sequence, failure_reason FROM delivery WHERE id = $1", delivery.id)
    assert row is not None
    assert tuple(row) == ("CANCELLED", 1, "SHIPPER_REQUESTED")


@pytest.mark.parametrize("state", ["PICKED_UP", "EN_ROUTE_TO_DROPOFF", "DELIVERED", "RETURNED", "EXPIRED"])
async def test_what_is_on_its_way_or_over_is_too_late(work: Work, state: str) -> None:
    market = await make_market(work)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    delivery = await make_delivery(work, market, shipper, hub, await make_batch(work, market, shipper))
    await work.execute("ALTER TABLE delivery DROP CONSTRAINT delivery_on_a_route")
    await work.execute("UPDATE delivery SET state = $2 WHERE id = $1", delivery.id, DeliveryState(state).value)

    with pytest.raises(TooLateToCancel):
        await cancel_delivery(
            work, shipper_id=shipper.id, delivery_id=delivery.id, reason=CancelReason.SHIPPER_REQUESTED
        )

    assert work.events == []


async def test_somebody_elses_delivery_does_not_exist(work: Work) -> None:
    market = await make_market(work)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    delivery = await make_delivery(work, market, shipper, hub, await make_batch(work, market, shipper))
    stranger = await make_shipper(work, market)

    with pytest.raises(NotFound):
        await cancel_delivery(
            work, shipper_id=stranger.id, delivery_id=delivery.id, reason=CancelReason.SHIPPER_REQUESTED
        )


async def test_a_window_that_closes_without_a_driver_ends_the_delivery(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        delivery = await make_delivery(work, market, shipper, hub, await make_batch(work, market, shipper))
    clock.advance(seconds=3 * 3600 - 1)
    async with works.open() as work:
        assert await expire_due(work) == 0
    clock.advance(seconds=1)

    async with works.open() as work:
        assert await expire_due(work) == 1

    async with works.open() as work:
        assert await work.fetch_value("SELECT state FROM delivery WHERE id = $1", delivery.id) == "EXPIRED"
