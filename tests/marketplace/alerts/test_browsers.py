"""A recipient's browsers hear what the recipient is told, until they end it or their link does."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from marketplace.accounts import create_tracking_link, revoke_tracking_links
from marketplace.adapters.notifiers import InboxNotifier
from marketplace.alerts import (
    BadBrowserKeys,
    TooManyBrowsers,
    UnsafeEndpoint,
    forget_browsers,
    send_due,
    set_alert_policy,
    subscribe_browser,
    unsubscribe_browser,
)
from marketplace.batches.events import DeliveryAssigned, DeliveryDelivered
from marketplace.batches.models import Delivery
from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound, Unavailable
from marketplace.core.ids import DeliveryId, ShipperId
from marketplace.core.notifier import Channel, Message, NobodyThere
from marketplace.core.work import Works
from tests.contracts.push_double import BrowserDouble
from tests.marketplace.alerts.test_notify import DRIVEN, LINKS, a_delivery, a_driven_delivery, happened, notify

BROWSER = BrowserDouble(place="push.example")


@dataclass
class PushService:
    """Takes whatever is sent, and fails for the endpoints that it is told to."""

    failing: dict[str, Exception] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        if message.push is not None and (failure := self.failing.get(message.push.endpoint)):
            raise failure
        self.messages.append(message)

    @property
    def pushed(self) -> list[Message]:
        return [message for message in self.messages if message.channel is Channel.PUSH]


async def allow(works: Works, delivery: Delivery, endpoint: str = "https://push.example/one") -> None:
    """A browser of the holder of the delivery's link."""
    delivery_id = DeliveryId(delivery.id)
    async with works.open() as work:
        await create_tracking_link(work, delivery_id=delivery_id, tokens=LINKS.tokens)
        await subscribe_browser(
            work, delivery_id=delivery_id, endpoint=endpoint, p256dh=BROWSER.p256dh, auth=BROWSER.auth
        )


async def rows(works: Works, sql: str) -> list[tuple[Any, ...]]:
    async with works.open() as work:
        return [tuple(row) for row in await work.fetch(sql)]


async def endpoints(works: Works) -> list[str]:
    return [row[0] for row in await rows(works, "SELECT endpoint FROM browser ORDER BY id")]


async def pushes(works: Works) -> list[tuple[Any, ...]]:
    """What the log shows of messages to browsers."""
    return await rows(works, "SELECT cause, audience, state, text FROM notification WHERE channel = 'PUSH' ORDER BY id")


async def found_driver(works: Works, delivery: Delivery) -> UUID:
    return await happened(works, DeliveryAssigned, delivery, **DRIVEN, state="ASSIGNED")


async def test_what_is_told_is_pushed_too_in_fewer_words_and_the_log_shows_it(works: Works) -> None:
    delivery = await a_driven_delivery(works)
    await allow(works, delivery)
    service = PushService()

    told = await notify(works, notifier=service, event_id=await found_driver(works, delivery))

    assert told == 2
    [message] = service.pushed
    assert message.text == "Your parcel has a driver: 12:00 to 15:00."
    assert message.push is not None
    assert (message.push.title, message.push.keeps_s, message.push.is_urgent) == ("Farmacia Norte", 14_400, False)
    assert (message.push.endpoint, message.push.p256dh) == ("https://push.example/one", BROWSER.p256dh)
    assert await pushes(works) == [
        ("DRIVER_FOUND", "recipient", "SENT", "Your parcel has a driver: 12:00 to 15:00."),
    ]
    assert "push.example" not in str(await rows(works, "SELECT address, text FROM notification"))


async def test_each_delivery_and_cause_has_a_topic_of_its_own(works: Works) -> None:
    delivery = await a_delivery(works, state="DELIVERED")
    await allow(works, delivery)
    service = PushService()
    async with works.open() as work:
        now = work.now
    delivered = await happened(works, DeliveryDelivered, delivery, **DRIVEN, occurred_at=now, is_on_time=True)
    await notify(works, notifier=service, event_id=delivered)

    other = await a_driven_delivery(works)
    await allow(works, other)
    await notify(works, notifier=service, event_id=await found_driver(works, other))

    topics = [message.push.topic for message in service.pushed if message.push]
    assert [len(topic) for topic in topics] == [32, 32]
    assert len(set(topics)) == 2
    assert service.pushed[0].text == "Handed over at 12:00."


async def test_every_browser_hears_it_and_one_that_has_ended_it_is_forgotten(works: Works) -> None:
    delivery = await a_driven_delivery(works)
    for number in range(3):
        await allow(works, delivery, f"https://push.example/{number}")
    service = PushService(failing={"https://push.example/1": NobodyThere("gone")})

    await notify(works, notifier=service, event_id=await found_driver(works, delivery))

    assert [m.push.endpoint for m in service.pushed if m.push] == ["https://push.example/0", "https://push.example/2"]
    assert await endpoints(works) == ["https://push.example/0", "https://push.example/2"]
    assert [state for _, _, state, _ in await pushes(works)] == ["SENT"]


async def test_when_the_last_browser_has_ended_it_the_message_is_dropped_and_no_job_fails(works: Works) -> None:
    delivery = await a_driven_delivery(works)
    await allow(works, delivery)
    service = PushService(failing={"https://push.example/one": NobodyThere("gone")})

    assert await notify(works, notifier=service, event_id=await found_driver(works, delivery)) == 1

    assert await endpoints(works) == []
    assert [state for _, _, state, _ in await pushes(works)] == ["DROPPED"]


async def test_a_push_service_that_takes_nothing_is_asked_again_some_times_and_fails_no_job(
    works: Works, clock: ManualClock
) -> None:
    delivery = await a_driven_delivery(works)
    await allow(works, delivery)
    shut = PushService(failing={"https://push.example/one": Unavailable("later")})

    assert await notify(works, notifier=shut, event_id=await found_driver(works, delivery)) == 1
    states = [await pushes(works)]
    for _ in range(6):
        clock.advance(seconds=61)
        await send_due(works, notifier=shut, links=LINKS, market_id=delivery.market_id)
        states.append(await pushes(works))

    assert [state for [(_, _, state, _)] in states] == ["WAITING"] * 4 + ["FAILED"] * 3
    assert len(shut.messages) == 1  # the text by SMS, once


async def test_a_push_that_waits_leaves_when_the_service_is_back(works: Works, clock: ManualClock) -> None:
    delivery = await a_driven_delivery(works)
    await allow(works, delivery)
    shut = PushService(failing={"https://push.example/one": Unavailable("later")})
    await notify(works, notifier=shut, event_id=await found_driver(works, delivery))
    service = PushService()

    sent = []
    for _ in range(3):
        clock.advance(seconds=40)
        sent.append(await send_due(works, notifier=service, links=LINKS, market_id=delivery.market_id))

    assert sent == [0, 1, 0]
    assert [state for _, _, state, _ in await pushes(works)] == ["SENT"]


@pytest.mark.parametrize(
    ("muted", "channels"),
    [
        (["DRIVER_FOUND:recipient:push"], ["SMS"]),
        (["DRIVER_FOUND:recipient"], []),
        ([], ["SMS", "PUSH"]),
    ],
)
async def test_a_shipper_mutes_a_cause_or_only_what_browsers_show(
    works: Works, muted: list[str], channels: list[str]
) -> None:
    delivery = await a_driven_delivery(works)
    await allow(works, delivery)
    async with works.open() as work:
        await set_alert_policy(
            work,
            shipper_id=ShipperId(delivery.shipper_id),
            language="es",
            quiet_from_minute=0,
            quiet_to_minute=0,
            muted=muted,
            templates={"es": {"DRIVER_FOUND:recipient:push": "Ya viene: {opens}"}},
        )
    inbox = InboxNotifier()

    await notify(works, notifier=inbox, event_id=await found_driver(works, delivery))

    assert [message.channel.value for message in inbox.messages] == channels
    assert [m.text for m in inbox.messages if m.channel is Channel.PUSH] == ["Ya viene: 12:00"] * ("PUSH" in channels)


async def test_a_browser_is_kept_once_with_its_latest_keys_and_can_end_it(works: Works) -> None:
    delivery = await a_driven_delivery(works)
    await allow(works, delivery)
    newer = BrowserDouble(place="push.example")
    async with works.open() as work:
        await subscribe_browser(
            work,
            delivery_id=DeliveryId(delivery.id),
            endpoint="https://push.example/one",
            p256dh=newer.p256dh + "=",
            auth=newer.auth,
        )

    assert await rows(works, "SELECT endpoint, p256dh FROM browser") == [("https://push.example/one", newer.p256dh)]

    for _ in range(2):
        async with works.open() as work:
            await unsubscribe_browser(work, delivery_id=DeliveryId(delivery.id), endpoint="https://push.example/one")
    assert await endpoints(works) == []


async def test_a_sixth_browser_is_refused(works: Works) -> None:
    delivery = await a_driven_delivery(works)
    for number in range(5):
        await allow(works, delivery, f"https://push.example/{number}")

    await allow(works, delivery, "https://push.example/0")
    with pytest.raises(TooManyBrowsers):
        await allow(works, delivery, "https://push.example/5")

    assert len(await endpoints(works)) == 5


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"p256dh": "AAAA"}, BadBrowserKeys),
        ({"p256dh": "é" * 87}, BadBrowserKeys),
        ({"auth": BROWSER.p256dh}, BadBrowserKeys),
        ({"auth": ""}, BadBrowserKeys),
        ({"endpoint": "https://push.example/" + "x" * 1_000}, UnsafeEndpoint),
    ],
)
async def test_what_no_browser_says_is_refused(works: Works, changes: dict[str, str], refusal: type[Exception]) -> None:
    delivery = await a_driven_delivery(works)
    values = {"endpoint": "https://push.example/one", "p256dh": BROWSER.p256dh, "auth": BROWSER.auth} | changes

    with pytest.raises(refusal):
        async with works.open() as work:
            await create_tracking_link(work, delivery_id=DeliveryId(delivery.id), tokens=LINKS.tokens)
            await subscribe_browser(work, delivery_id=DeliveryId(delivery.id), **values)

    assert await endpoints(works) == []


async def test_what_a_link_allowed_ends_with_it(works: Works) -> None:
    delivery = await a_driven_delivery(works)
    await allow(works, delivery)
    async with works.open() as work:
        await revoke_tracking_links(work, delivery_ids=[delivery.id])
    service = PushService()

    await notify(works, notifier=service, event_id=await found_driver(works, delivery))

    assert service.pushed == []
    with pytest.raises(NotFound):
        async with works.open() as work:
            await revoke_tracking_links(work, delivery_ids=[delivery.id])
            await subscribe_browser(
                work, delivery_id=DeliveryId(delivery.id), endpoint="https://a.b/c", p256dh=BROWSER.p256dh,
                auth=BROWSER.auth,
            )  # fmt: skip
    async with works.open() as work:
        assert [await forget_browsers(work), await forget_browsers(work)] == [1, 0]


async def test_browsers_are_forgotten_when_the_link_of_an_ended_delivery_is_over(
    works: Works, clock: ManualClock
) -> None:
    delivery, other = await a_delivery(works, state="DELIVERED"), await a_driven_delivery(works)
    await allow(works, delivery)
    await allow(works, other, "https://push.example/two")

    async with works.open() as work:
        assert await forget_browsers(work) == 0
    clock.advance(seconds=8 * 86_400)
    async with works.open() as work:
        assert await forget_browsers(work) == 1

    assert await endpoints(works) == ["https://push.example/two"]
