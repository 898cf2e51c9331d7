"""Webhooks as the marketplace gets them: signed, retried, doubled, late, out of order, forged."""

from collections.abc import AsyncIterator

import pytest
import stripe

from marketplace.adapters.stripe_sandbox import API_VERSION
from tests.contracts.stripe_scenarios.receiver import Receiver, receiving
from tests.contracts.stripe_scenarios.world import StripeWorld
from tests.waiting import until


@pytest.fixture
async def receiver(stand_in: StripeWorld) -> AsyncIterator[Receiver]:
    """An endpoint that hears of customers, and no other time passes than the test's."""
    async with receiving() as receiver:
        await stand_in.control("POST", "/clock", rate=0)
        endpoint = await stand_in.v1.webhook_endpoints.create_async(
            {"url": receiver.url, "enabled_events": ["customer.created", "customer.updated"]}
        )
        receiver.secret = endpoint.secret
        yield receiver


async def settle(stand_in: StripeWorld) -> None:
    """Waits until everything that is due was sent once."""
    await stand_in.control("POST", "/deliveries/send")


async def test_an_event_is_signed_and_tells_the_object(stand_in: StripeWorld, receiver: Receiver) -> None:
    customer = await stand_in.v1.customers.create_async({"name": "Corner Shop"}, stand_in.key("shop"))

    await until(lambda: len(receiver.events) == 1)

    event = receiver.events[0]
    assert (event.type, event.api_version, event.livemode) == ("customer.created", API_VERSION, False)
    assert event.data.object["id"] == customer.id
    assert event.request is not None
    assert event.request.idempotency_key == stand_in.key("shop")["idempotency_key"]
    kept = await stand_in.v1.events.retrieve_async(event.id)
    assert (kept.pending_webhooks, kept.data.object["name"]) == (0, "Corner Shop")


async def test_an_endpoint_hears_only_what_it_asked_for(stand_in: StripeWorld, receiver: Receiver) -> None:
    customer = await stand_in.v1.customers.create_async({})

    await stand_in.v1.customers.delete_async(customer.id)

    await settle(stand_in)
    assert receiver.types == ["customer.created"]


async def test_connected_accounts_are_told_to_connect_endpoints_only(stand_in: StripeWorld, receiver: Receiver) -> None:
    await stand_in.v1.webhook_endpoints.create_async(
        {"url": receiver.url, "enabled_events": ["account.updated", "payout.created"], "connect": True}
    )
    endpoints = (await stand_in.v1.webhook_endpoints.list_async()).data
    own = await stand_in.v1.webhook_endpoints.create_async({"url": receiver.url, "enabled_events": ["account.updated"]})

    driver = await stand_in.driver()
    await settle(stand_in)

    sent = (await stand_in.control("GET", "/deliveries"))["deliveries"]
    assert {(one["endpoint"], one["type"]) for one in sent} == {(endpoints[0].id, "account.updated")}
    assert own.id not in {one["endpoint"] for one in sent}
    events = (await stand_in.v1.events.list_async({"type": "account.updated"}, {"stripe_account": driver})).data
    assert [event.account for event in events] == [driver]
    receiver.refusals.clear()


async def test_what_is_not_taken_comes_again_for_nearly_three_days(stand_in: StripeWorld, receiver: Receiver) -> None:
    receiver.coming_statuses.extend([500] * 10)
    await stand_in.v1.customers.create_async({})
    await settle(stand_in)

    for _ in range(9):
        await stand_in.pass_time(43_200)
        await settle(stand_in)
    tries_before = len(receiver.coming_statuses)
    await stand_in.pass_time(43_200)
    await settle(stand_in)

    assert (tries_before, receiver.types) == (0, ["customer.created"])
    [delivery] = (await stand_in.control("GET", "/deliveries"))["deliveries"]
    assert (delivery["state"], delivery["attempts"], delivery["last_status"]) == ("delivered", 11, 200)


async def test_an_endpoint_that_never_takes_it_loses_it(stand_in: StripeWorld, receiver: Receiver) -> None:
    receiver.coming_statuses.extend([404] * 11)
    await stand_in.v1.customers.create_async({})
    await settle(stand_in)

    for _ in range(10):
        await stand_in.pass_time(43_200)
        await settle(stand_in)

    [delivery] = (await stand_in.control("GET", "/deliveries"))["deliveries"]
    assert (delivery["state"], delivery["attempts"], receiver.events) == ("given_up", 11, [])


async def test_a_doubled_event_comes_twice_with_one_id(stand_in: StripeWorld, receiver: Receiver) -> None:
    await stand_in.control("POST", "/webhook_faults", fault="duplicate", match="customer.*", copies=3)
    await stand_in.v1.customers.create_async({})
    await stand_in.pass_time(60)
    await settle(stand_in)

    assert len(receiver.events) == 3
    assert len({event.id for event in receiver.events}) == 1


async def test_events_may_come_in_the_wrong_order(stand_in: StripeWorld, receiver: Receiver) -> None:
    await stand_in.control("POST", "/webhook_faults", fault="reorder", match="customer.created")
    customer = await stand_in.v1.customers.create_async({})
    await settle(stand_in)
    before = list(receiver.types)

    await stand_in.v1.customers.update_async(customer.id, {"name": "Later"})
    await settle(stand_in)

    assert (before, receiver.types) == ([], ["customer.updated", "customer.created"])


async def test_an_event_may_come_days_late_or_never(stand_in: StripeWorld, receiver: Receiver) -> None:
    await stand_in.control("POST", "/webhook_faults", fault="delay", delay_s=72 * 3_600)
    await stand_in.control("POST", "/webhook_faults", fault="drop")
    await stand_in.v1.customers.create_async({"name": "late"})
    await stand_in.v1.customers.create_async({"name": "lost"})
    await settle(stand_in)
    before = len(receiver.events)

    await stand_in.pass_time(72 * 3_600)
    await settle(stand_in)

    assert (before, [event.data.object["name"] for event in receiver.events]) == (0, ["late"])
    assert len((await stand_in.v1.events.list_async({"type": "customer.created"})).data) == 2


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("forged", "No signatures found"),
        ("old_timestamp", "Timestamp outside the tolerance zone"),
        ("future_timestamp", "Timestamp in the future"),
    ],
)
async def test_what_is_not_genuine_is_refused_and_the_true_event_still_comes(
    stand_in: StripeWorld, receiver: Receiver, fault: str, reason: str
) -> None:
    await stand_in.control("POST", "/webhook_faults", fault=fault)
    await stand_in.v1.customers.create_async({})
    await settle(stand_in)

    await stand_in.pass_time(60)
    await settle(stand_in)

    assert [refusal.startswith(reason) for refusal in receiver.refusals] == [True]
    assert receiver.types == ["customer.created"]


async def test_an_event_may_come_in_another_version(stand_in: StripeWorld, receiver: Receiver) -> None:
    await stand_in.control("POST", "/webhook_faults", fault="other_version")

    await stand_in.v1.customers.create_async({})
    await settle(stand_in)

    assert [event.api_version for event in receiver.events] == ["2019-02-19"]


async def test_a_disabled_endpoint_hears_nothing(stand_in: StripeWorld, receiver: Receiver) -> None:
    [endpoint] = (await stand_in.v1.webhook_endpoints.list_async()).data
    await stand_in.v1.webhook_endpoints.update_async(endpoint.id, {"disabled": True})

    await stand_in.v1.customers.create_async({})
    await settle(stand_in)

    assert receiver.events == []
    assert isinstance(endpoint, stripe.WebhookEndpoint)
    assert "secret" not in endpoint


async def test_an_event_can_be_sent_again(stand_in: StripeWorld, receiver: Receiver) -> None:
    await stand_in.v1.customers.create_async({})
    await settle(stand_in)

    await stand_in.control("POST", f"/events/{receiver.events[0].id}/resend")
    await settle(stand_in)

    assert len({event.id for event in receiver.events}) == 1
    assert len(receiver.events) == 2
