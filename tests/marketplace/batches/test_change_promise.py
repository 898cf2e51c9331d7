"""A promise can change until the parcel is picked up; the plan follows it."""

from datetime import UTC, datetime, timedelta

import pytest

from marketplace.batches import BadPromise, PromiseActor, TooLateToChange, change_promise
from marketplace.batches.models import Delivery
from marketplace.batches.states import DeliveryState
from marketplace.core.work import Work
from marketplace.markets.models import Market
from marketplace.routes.states import RouteState
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_route, make_shipper

TOMORROW = datetime(2026, 3, 3, 13, 0, tzinfo=UTC)
HOURS = timedelta(hours=1)


async def make_world(work: Work, **changes: object) -> tuple[Market, Delivery]:
    market = await make_market(work)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    batch = await make_batch(work, market, shipper)
    return market, await make_delivery(work, market, shipper, hub, batch, **changes)


async def change(work: Work, delivery: Delivery, opens_at: datetime, closes_at: datetime) -> None:
    await change_promise(
        work, delivery_id=delivery.id, opens_at=opens_at, closes_at=closes_at, actor=PromiseActor.RECIPIENT
    )


async def test_a_waiting_delivery_is_planned_when_its_new_window_comes_near(work: Work) -> None:
    _, delivery = await make_world(work, unassigned_reason="HELD")

    await change(work, delivery, TOMORROW, TOMORROW + 2 * HOURS)

    row = await work.fetch_row(
        "SELECT state, dropoff_opens_at, dropoff_closes_at, pickup_opens_at, pickup_closes_at, plan_after,"
        " unassigned_reason, sequence FROM delivery"
    )
    assert row is not None
    assert tuple(row) == (
        "SCHEDULED", TOMORROW, TOMORROW + 2 * HOURS, work.now, TOMORROW + 2 * HOURS, TOMORROW - 1.5 * HOURS, None, 1,
    )  # fmt: skip
    [event] = work.events
    assert event.payload() == {
        "market_id": str(delivery.market_id),
        "shipper_id": str(delivery.shipper_id),
        "delivery_id": str(delivery.id),
        "batch_id": str(delivery.batch_id),
        "sequence": 1,
        "state": "SCHEDULED",
        "opens_at": TOMORROW.isoformat(),
        "closes_at": (TOMORROW + 2 * HOURS).isoformat(),
        "actor": "RECIPIENT",
        "route_id": None,
    }


async def test_the_same_window_again_changes_nothing(work: Work) -> None:
    _, delivery = await make_world(work)

    await change(work, delivery, delivery.dropoff_opens_at, delivery.dropoff_closes_at)

    assert work.events == []
    assert await work.fetch_value("SELECT sequence FROM delivery") == 0


@pytest.mark.parametrize(
    ("state", "route_state"), [("OFFERING", RouteState.OFFERING), ("ASSIGNED", RouteState.ASSIGNED)]
)
async def test_a_planned_delivery_leaves_its_route_unless_the_route_arrives_within_the_window(
    work: Work, state: str, route_state: RouteState
) -> None:
    market, delivery = await make_world(work)
    driver = await make_driver(work, market)
    route, stops = await make_route(work, market, [delivery], driver=driver, state=route_state)
    arrival = stops[1].planned_arrival

    await change(work, delivery, arrival - timedelta(minutes=10), arrival + timedelta(minutes=10))

    assert await work.fetch_value("SELECT route_id FROM delivery") == route.id
    assert await work.fetch_value("SELECT state FROM delivery") == state

    await change(work, delivery, TOMORROW, TOMORROW + HOURS)

    assert await work.fetch_value("SELECT route_id FROM delivery") is None
    assert await work.fetch_value("SELECT state FROM delivery") == "SCHEDULED"
    assert [event.payload()["route_id"] for event in work.events] == [None, str(route.id)]


async def test_what_is_given_out_by_people_is_picked_up_at_the_same_time_of_another_day(work: Work) -> None:
    market = await make_market(work)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    batch = await make_batch(work, market, shipper)
    delivery = await make_delivery(work, market, shipper, hub, batch, hub_id=None)

    # The clocks of Chile go back in the night to Sunday 5 April 2026: the same time of day is 25 hours more.
    there = datetime(2026, 4, 6, 17, 0, tzinfo=UTC)
    await change(work, delivery, there, there + HOURS)

    assert await work.fetch_value("SELECT pickup_opens_at FROM delivery") == datetime(2026, 4, 6, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize("state", ["ARRIVED_AT_PICKUP", "PICKED_UP", "EN_ROUTE_TO_DROPOFF", "DELIVERED", "CANCELLED"])
async def test_what_a_driver_has_or_is_over_keeps_its_promise(work: Work, state: str) -> None:
    _, delivery = await make_world(work)
    await work.execute("ALTER TABLE delivery DROP CONSTRAINT delivery_on_a_route")
    await work.execute("UPDATE delivery SET state = $1", DeliveryState(state).value)

    with pytest.raises(TooLateToChange):
        await change(work, delivery, TOMORROW, TOMORROW + HOURS)

    assert work.events == []
    assert await work.fetch_value("SELECT dropoff_opens_at FROM delivery") == delivery.dropoff_opens_at


async def test_a_window_that_is_over_or_ends_before_the_parcel_is_ready_is_refused(work: Work) -> None:
    _, delivery = await make_world(work, pickup_opens_at=TOMORROW, pickup_closes_at=TOMORROW + HOURS)

    for closes_at in (work.now, TOMORROW):
        with pytest.raises(BadPromise):
            await change(work, delivery, closes_at - HOURS, closes_at)

    assert work.events == []
