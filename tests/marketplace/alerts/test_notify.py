"""People hear what happens to their delivery, once each, and nothing that is no longer true."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from marketplace.accounts import Tokens
from marketplace.adapters.notifiers import InboxNotifier
from marketplace.alerts import Links, NotToldYet
from marketplace.alerts import notify as notify_of
from marketplace.batches.events import (
    DeliveryAssigned,
    DeliveryAttempted,
    DeliveryChanged,
    DeliveryDelivered,
    DeliveryExpired,
    DeliveryMoved,
    DeliveryReturned,
)
from marketplace.batches.models import Delivery
from marketplace.core.errors import Unavailable
from marketplace.core.notifier import Channel, Message, Notifier
from marketplace.core.work import Works
from marketplace.markets.models import Market
from marketplace.routes.states import RouteState
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_route, make_shipper

RECIPIENT, SENDER = "+56911111111", "+56922222222"


@dataclass
class ShutNotifier:
    """A way out that is shut, or that breaks after the message has left."""

    failure: Exception
    tried: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        self.tried.append(message)
        raise self.failure


async def a_delivery(works: Works, **changes: Any) -> Delivery:
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        batch = await make_batch(work, market, shipper)
        values = {"external_id": "A-17", "recipient_phone": RECIPIENT, "pickup_phone": SENDER} | changes
        return await make_delivery(work, market, shipper, hub, batch, **values)


async def a_driven_delivery(
    works: Works, state: str = "ASSIGNED", started: RouteState = RouteState.ASSIGNED
) -> Delivery:
    """A delivery that has a driver, further on its way where that is said."""
    delivery = await a_delivery(works)
    async with works.open() as work:
        market = await Market.get(id=delivery.market_id, using_db=work.db)
        driver = await make_driver(work, market)
        await make_route(work, market, [delivery], driver=driver, state=started)
        await work.execute("UPDATE delivery SET state = $2 WHERE id = $1", delivery.id, state)
    return delivery


async def happened(works: Works, event_type: type[DeliveryChanged], delivery: Delivery, **values: Any) -> UUID:
    """Stores an event of the delivery and returns its id."""
    async with works.open() as work:
        work.emit(
            event_type(
                market_id=delivery.market_id,
                shipper_id=delivery.shipper_id,
                delivery_id=delivery.id,
                batch_id=delivery.batch_id,
                sequence=1,
                state=values.pop("state", delivery.state),
                **values,
            )
        )
    async with works.open() as work:
        event_id: UUID = await work.fetch_value("SELECT id FROM event ORDER BY ordinal DESC LIMIT 1")
    return event_id


async def states(works: Works) -> list[tuple[str, str]]:
    async with works.open() as work:
        rows = await work.fetch("SELECT audience, state FROM notification ORDER BY audience")
    return [(row["audience"], row["state"]) for row in rows]


LINKS = Links(tokens=Tokens("a secret of tests, of thirty-two characters"), public_url="https://market.example")


async def notify(works: Works, *, notifier: Notifier, event_id: UUID) -> int:
    return await notify_of(works, notifier=notifier, links=LINKS, event_id=event_id)


async def link_of(works: Works, delivery: Delivery) -> str:
    async with works.open() as work:
        return await LINKS.of(work, delivery.id)


DRIVEN: dict[str, Any] = {"route_id": UUID(int=1), "driver_id": UUID(int=2)}


async def test_the_recipient_hears_when_a_driver_is_found_in_local_time(works: Works) -> None:
    delivery = await a_driven_delivery(works)
    event_id = await happened(works, DeliveryAssigned, delivery, **DRIVEN, state="ASSIGNED")
    inbox = InboxNotifier()

    await notify(works, notifier=inbox, event_id=event_id)

    link = await link_of(works, delivery)
    assert [(m.address, m.text) for m in inbox.messages] == [
        (RECIPIENT, f"Farmacia Norte: your parcel has a driver and arrives between 12:00 and 15:00. {link}")
    ]


async def test_the_recipient_hears_of_the_hand_over_in_local_time(works: Works) -> None:
    delivery = await a_delivery(works, state="DELIVERED")
    async with works.open() as work:
        now = work.now
    event_id = await happened(works, DeliveryDelivered, delivery, **DRIVEN, occurred_at=now, is_on_time=True)
    inbox = InboxNotifier()

    assert await notify(works, notifier=inbox, event_id=event_id) == 1

    link = await link_of(works, delivery)
    assert [(m.audience, m.address, m.text) for m in inbox.messages] == [
        ("recipient", RECIPIENT, f"Farmacia Norte: your parcel was handed over at 12:00. {link}")
    ]
    assert await states(works) == [("recipient", "SENT")]


async def test_an_attempt_is_told_to_recipient_and_sender(works: Works) -> None:
    delivery = await a_driven_delivery(works, "ATTEMPTED", RouteState.STARTED)
    async with works.open() as work:
        now = work.now
    event_id = await happened(
        works,
        DeliveryAttempted,
        delivery,
        **DRIVEN,
        occurred_at=now,
        reason="RECIPIENT_UNAVAILABLE",
        number=1,
        next_step="RETURN",
        waited_s=0,
    )
    inbox = InboxNotifier()

    await notify(works, notifier=inbox, event_id=event_id)

    link = await link_of(works, delivery)
    assert [(m.address, m.text) for m in inbox.messages] == [
        (
            RECIPIENT,
            "Farmacia Norte: we could not hand your parcel over (recipient unavailable). See what comes next: " + link,
        ),
        (SENDER, "Delivery A-17 could not be handed over (recipient unavailable)."),
    ]


async def test_nobody_is_told_twice(works: Works) -> None:
    delivery = await a_delivery(works, state="RETURNED")
    event_id = await happened(works, DeliveryReturned, delivery)
    inbox = InboxNotifier()

    told = [await notify(works, notifier=inbox, event_id=event_id) for _ in range(3)]

    assert told == [1, 0, 0]
    assert [m.text for m in inbox.messages] == ["Delivery A-17 is back."]


async def test_a_word_about_what_is_to_come_is_left_out_when_it_is_no_longer_true(works: Works) -> None:
    delivery = await a_delivery(works, state="DELIVERED")
    async with works.open() as work:
        now = work.now
    event_id = await happened(works, DeliveryMoved, delivery, **DRIVEN, occurred_at=now, state="EN_ROUTE_TO_DROPOFF")
    inbox = InboxNotifier()

    assert await notify(works, notifier=inbox, event_id=event_id) == 0
    assert await states(works) == []


async def test_a_return_is_told_by_its_original_only(works: Works) -> None:
    original = await a_delivery(works, state="RETURNED")
    back = await a_delivery(works, state="DELIVERED", return_of=original.id)
    async with works.open() as work:
        now = work.now
    event_id = await happened(works, DeliveryDelivered, back, **DRIVEN, occurred_at=now, is_on_time=True)

    assert await notify(works, notifier=InboxNotifier(), event_id=event_id) == 0


async def test_a_sender_without_a_phone_is_not_told(works: Works) -> None:
    delivery = await a_delivery(works, state="EXPIRED", pickup_phone="")
    event_id = await happened(works, DeliveryExpired, delivery, reason="NO_DRIVER_FOUND")
    inbox = InboxNotifier()

    assert await notify(works, notifier=inbox, event_id=event_id) == 1
    assert [(m.audience, m.channel, m.text) for m in inbox.messages] == [
        (
            "dispatcher",
            Channel.OPERATORS,
            "Delivery A-17 of Farmacia Norte found no driver in time (no driver found).",
        )
    ]


async def test_a_driver_found_for_a_promise_is_told_once_however_often_drivers_change(works: Works) -> None:
    delivery = await a_driven_delivery(works)
    inbox = InboxNotifier()

    for _ in range(2):
        event_id = await happened(works, DeliveryAssigned, delivery, **DRIVEN)
        await notify(works, notifier=inbox, event_id=event_id)

    assert len(inbox.messages) == 1
    assert await states(works) == [("recipient", "SENT")]


async def test_no_table_holds_the_link_that_was_sent(works: Works) -> None:
    delivery = await a_driven_delivery(works)
    event_id = await happened(works, DeliveryAssigned, delivery, **DRIVEN)

    await notify(works, notifier=InboxNotifier(), event_id=event_id)

    async with works.open() as work:
        text = await work.fetch_value("SELECT text FROM notification")
    assert text == "Farmacia Norte: your parcel has a driver and arrives between 12:00 and 15:00. {link}"


async def test_a_message_that_surely_did_not_leave_is_sent_later(works: Works) -> None:
    delivery = await a_delivery(works, state="RETURNED")
    event_id = await happened(works, DeliveryReturned, delivery)
    inbox = InboxNotifier()

    with pytest.raises(NotToldYet):
        await notify(works, notifier=ShutNotifier(Unavailable("no way out")), event_id=event_id)
    assert await states(works) == [("shipper", "FAILED")]
    await notify(works, notifier=inbox, event_id=event_id)

    assert [m.text for m in inbox.messages] == ["Delivery A-17 is back."]
    assert await states(works) == [("shipper", "SENT")]


async def test_a_message_that_may_have_left_is_not_sent_again(works: Works) -> None:
    delivery = await a_delivery(works, state="RETURNED")
    event_id = await happened(works, DeliveryReturned, delivery)
    inbox = InboxNotifier()

    with pytest.raises(ConnectionResetError):
        await notify(works, notifier=ShutNotifier(ConnectionResetError()), event_id=event_id)
    await notify(works, notifier=inbox, event_id=event_id)

    assert list(inbox.messages) == []
    assert await states(works) == [("shipper", "READY")]
