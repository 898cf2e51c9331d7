"""What waited leaves when its moment has come, once, if it is still true; who is nearly served hears of it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from marketplace.accounts import Tokens
from marketplace.adapters.notifiers import InboxNotifier
from marketplace.alerts import Links, send_due, set_alert_policy
from marketplace.alerts import notify as notify_of
from marketplace.arrivals.models import Arrival
from marketplace.batches.events import DeliveryAssigned
from marketplace.batches.models import Delivery
from marketplace.core.clock import ManualClock
from marketplace.core.errors import Unavailable
from marketplace.core.ids import ShipperId
from marketplace.core.notifier import Message
from marketplace.core.work import Works
from marketplace.routes import RouteState
from tests.marketplace.alerts.test_notify import DRIVEN, RECIPIENT, ShutNotifier, a_driven_delivery, happened

LINKS = Links(tokens=Tokens("a secret of tests, of thirty-two characters"), public_url="https://market.example")


async def sweep(works: Works, delivery: Delivery, inbox: Any) -> int:
    return await send_due(works, notifier=inbox, links=LINKS, market_id=delivery.market_id)


async def be_quiet_now(works: Works, delivery: Delivery) -> None:
    """Quiet hours around now that end in an hour; noon in Santiago is minute 720."""
    async with works.open() as work:
        await set_alert_policy(
            work,
            shipper_id=ShipperId(delivery.shipper_id),
            language="en",
            quiet_from_minute=700,
            quiet_to_minute=780,
        )


async def a_waiting_message(works: Works) -> Delivery:
    delivery = await a_driven_delivery(works)
    await be_quiet_now(works, delivery)
    event_id = await happened(works, DeliveryAssigned, delivery, **DRIVEN)
    assert await notify_of(works, notifier=InboxNotifier(), links=LINKS, event_id=event_id) == 0
    return delivery


async def logged(works: Works) -> list[tuple[str, str]]:
    async with works.open() as work:
        return [(row["cause"], row["state"]) for row in await work.fetch("SELECT * FROM notification ORDER BY id")]


async def test_a_message_waits_for_the_end_of_quiet_hours_and_then_leaves_once(
    works: Works, clock: ManualClock
) -> None:
    delivery = await a_waiting_message(works)
    inbox = InboxNotifier()

    assert await sweep(works, delivery, inbox) == 0
    assert await logged(works) == [("DRIVER_FOUND", "WAITING")]
    clock.advance(seconds=3_600)
    assert [await sweep(works, delivery, inbox) for _ in range(2)] == [1, 0]

    [message] = inbox.messages
    assert message.address == RECIPIENT
    assert message.text.startswith("Farmacia Norte: your parcel has a driver and arrives between 12:00 and 15:00. http")
    assert await logged(works) == [("DRIVER_FOUND", "SENT")]


async def test_what_is_not_true_any_more_is_dropped_and_the_log_says_so(works: Works, clock: ManualClock) -> None:
    delivery = await a_waiting_message(works)
    async with works.open() as work:
        await work.execute("UPDATE delivery SET state = 'CANCELLED', route_id = NULL WHERE id = $1", delivery.id)
    inbox = InboxNotifier()

    clock.advance(seconds=3_600)

    assert await sweep(works, delivery, inbox) == 0
    assert list(inbox.messages) == []
    assert await logged(works) == [("DRIVER_FOUND", "DROPPED")]


async def test_what_could_not_leave_is_tried_again_by_the_next_sweep(works: Works, clock: ManualClock) -> None:
    delivery = await a_waiting_message(works)
    clock.advance(seconds=3_600)
    inbox = InboxNotifier()

    assert await sweep(works, delivery, ShutNotifier(Unavailable("no way out"))) == 0
    assert await logged(works) == [("DRIVER_FOUND", "WAITING")]

    assert await sweep(works, delivery, inbox) == 1
    assert await logged(works) == [("DRIVER_FOUND", "SENT")]


async def expected_in(works: Works, delivery: Delivery, seconds: float) -> None:
    async with works.open() as work:
        at = work.now + timedelta(seconds=seconds)
        await Arrival.create(
            using_db=work.db,
            delivery_id=delivery.id,
            market_id=delivery.market_id,
            route_id=UUID(int=1),
            stop_id=UUID(int=2),
            p10=at,
            p50=at,
            p90=at,
            shown_opens_at=at,
            shown_closes_at=at + timedelta(minutes=10),
            late_probability=0.1,
            computed_at=work.now,
        )


async def test_a_recipient_hears_once_that_the_parcel_is_nearly_there(works: Works) -> None:
    delivery = await a_driven_delivery(works, "EN_ROUTE_TO_DROPOFF", RouteState.STARTED)
    await expected_in(works, delivery, 540)
    inbox = InboxNotifier()

    assert [await sweep(works, delivery, inbox) for _ in range(3)] == [1, 0, 0]

    [message] = inbox.messages
    assert isinstance(message, Message)
    assert message.text.startswith("Farmacia Norte: your parcel arrives about 12:09. https://market.example/t/")


async def test_nobody_is_told_of_a_parcel_that_is_far(works: Works) -> None:
    delivery = await a_driven_delivery(works, "EN_ROUTE_TO_DROPOFF", RouteState.STARTED)
    await expected_in(works, delivery, 660)

    assert await sweep(works, delivery, InboxNotifier()) == 0
    assert await logged(works) == []
