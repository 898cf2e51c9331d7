"""Webhooks are registered within bounds, rotated without a gap, disabled and enabled, replayed and deleted."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from marketplace.core.errors import NotFound, Refusal
from marketplace.core.ids import MarketId, MessageId, ShipperId
from marketplace.webhooks import (
    WEBHOOKS_EACH,
    BadWebhook,
    SecretBox,
    TooManyWebhooks,
    WebhookIsDisabled,
    delete_webhook,
    disable_webhook,
    enable_webhook,
    forget_old_messages,
    list_webhooks,
    register_webhook,
    replay_webhook,
    rotate_webhook_secret,
    send_test_event,
    shown_secret,
    webhooks_in_trouble,
)
from marketplace.webhooks.secrets import UnreadableSecret
from tests.builders import make_market
from tests.marketplace.webhooks.test_send import is_signed_by, places
from tests.marketplace.webhooks.world import BOX, WebhookWorld


async def names_of_events(world: WebhookWorld) -> list[tuple[object, ...]]:
    return await world.rows("SELECT name, payload->>'reason' FROM event WHERE delivery_id IS NULL ORDER BY ordinal")


async def test_a_secret_is_kept_sealed_and_only_for_its_own_webhook(world: WebhookWorld) -> None:
    made, other = await world.register(), await world.register()

    kept = (await world.row(made.webhook_id))["secret"]

    assert made.secret.startswith("whsec_")
    assert made.secret not in kept
    assert BOX.open(kept, made.webhook_id) == made.secret
    for box, webhook_id in ((BOX, other.webhook_id), (SecretBox("another"), made.webhook_id)):
        with pytest.raises(UnreadableSecret):
            box.open(kept, webhook_id)
    assert made.secret not in repr(made)


async def test_while_secrets_change_both_are_good(world: WebhookWorld) -> None:
    old = await world.register()
    async with world.works.open() as work:
        new = await rotate_webhook_secret(
            work, box=BOX, shipper_id=world.shipper_id, webhook_id=old.webhook_id, overlap_s=60
        )
    await world.happen((0, 1))
    await world.send()
    await world.later(61)
    await world.happen((0, 2))
    await world.send()

    during, after = world.receiver.heard
    assert (is_signed_by(during, old.secret), is_signed_by(during, new.secret)) == (True, True)
    assert (is_signed_by(after, old.secret), is_signed_by(after, new.secret)) == (False, True)


async def test_an_overlap_of_nothing_ends_the_old_secret_at_once(world: WebhookWorld) -> None:
    old = await world.register()
    async with world.works.open() as work:
        await rotate_webhook_secret(work, box=BOX, shipper_id=world.shipper_id, webhook_id=old.webhook_id, overlap_s=0)
        shown = await shown_secret(
            work, box=BOX, shipper_id=world.shipper_id, webhook_id=old.webhook_id, version=old.version
        )

    await world.happen((0, 1))
    await world.send()

    assert shown is None
    assert not is_signed_by(world.receiver.heard[0], old.secret)


async def test_a_secret_that_cannot_be_opened_any_more_is_said_to_be_so(world: WebhookWorld) -> None:
    made = await world.register()
    async with world.works.open() as work:
        await work.execute("UPDATE webhook SET secret = $1", SecretBox("of before").seal("whsec_x", made.webhook_id))

    await world.happen((0, 1))
    await world.send()

    assert world.receiver.heard == []
    assert await world.rows("SELECT failure, status FROM webhook_attempt") == [("SECRET_UNREADABLE", None)]


@pytest.mark.parametrize("events", [[], ["DriverWentOnline"], ["DeliveryDelivered", "PayoutFailed"]])
async def test_a_webhook_hears_of_deliveries_only(world: WebhookWorld, events: list[str]) -> None:
    with pytest.raises(BadWebhook):
        await world.register(events=frozenset(events))

    assert await world.rows("SELECT * FROM webhook") == []


async def test_a_shipper_has_a_bounded_number_of_webhooks_in_a_market_whatever_comes_together(
    world: WebhookWorld,
) -> None:
    for _ in range(WEBHOOKS_EACH - 1):
        await world.register()

    outcomes = await asyncio.gather(world.register(), world.register(), return_exceptions=True)

    assert sum(isinstance(outcome, TooManyWebhooks) for outcome in outcomes) == 1
    assert len(await world.rows("SELECT id FROM webhook")) == WEBHOOKS_EACH


async def test_a_market_that_does_not_serve_the_shipper_looks_like_none(world: WebhookWorld) -> None:
    async with world.works.open() as work:
        other = await make_market(work)

    with pytest.raises(NotFound):
        async with world.works.open() as work:
            await register_webhook(
                work,
                box=BOX,
                shipper_id=world.shipper_id,
                market_id=MarketId(other.id),
                url="https://example.com",
                events=["DeliveryDelivered"],
            )


async def test_a_disabled_webhook_hears_nothing_and_what_waited_can_be_replayed(world: WebhookWorld) -> None:
    made = await world.register()
    ours: dict[str, Any] = {"shipper_id": world.shipper_id, "webhook_id": made.webhook_id}
    world.receiver.statuses["/good"] = [500, 200]
    await world.happen((0, 1), (0, 2))
    await world.send()

    async with world.works.open() as work:
        await disable_webhook(work, **ours)
        began = work.machine_now - timedelta(minutes=1)
    await world.happen((0, 3))
    await world.later(90_000)
    await world.send()
    while_disabled = places(world.receiver.heard)
    async with world.works.open() as work:
        with pytest.raises(WebhookIsDisabled):
            await replay_webhook(work, **ours, failed_since=began)
        await enable_webhook(work, **ours)
        count = await replay_webhook(work, **ours, failed_since=began - timedelta(seconds=90_000))
    await world.send()

    assert while_disabled == [("order-0", 1)]
    assert count == 2
    assert places(world.receiver.heard)[1:] == [("order-0", 1), ("order-0", 2)]
    assert await names_of_events(world) == [("WebhookDisabled", "SHIPPER")]


async def test_one_message_is_replayed_whatever_became_of_it(world: WebhookWorld) -> None:
    made = await world.register()
    await world.happen((0, 1), (1, 1))
    await world.send()
    first = world.receiver.heard[0]
    ((message_id,),) = await world.rows("SELECT id FROM webhook_message WHERE position = 1")

    async with world.works.open() as work:
        count = await replay_webhook(
            work,
            shipper_id=world.shipper_id,
            webhook_id=made.webhook_id,
            message_id=MessageId(message_id),  # type: ignore[arg-type]  # a row of any statement
        )
    await world.send()

    again = world.receiver.heard[2]
    assert count == 1
    assert (again.headers["webhook-id"], again.body) == (first.headers["webhook-id"], first.body)
    assert await world.rows("SELECT state, attempts, attempts_before FROM webhook_message ORDER BY position") == [
        ("DELIVERED", 2, 1),
        ("DELIVERED", 1, 0),
    ]


async def test_a_test_event_is_about_no_delivery(world: WebhookWorld) -> None:
    made = await world.register()

    async with world.works.open() as work:
        await send_test_event(work, shipper_id=world.shipper_id, webhook_id=made.webhook_id)
    await world.send()

    (heard,) = world.receiver.heard
    assert heard.told["type"] == "TestEvent"
    assert heard.told["data"].keys() == {"eventId", "marketId"}
    assert is_signed_by(heard, made.secret)


async def test_410_disables_the_webhook_and_says_so(world: WebhookWorld) -> None:
    made = await world.register()
    world.receiver.statuses["/good"] = [410]
    await world.happen((0, 1), (1, 1))

    await world.send()

    row = await world.row(made.webhook_id)
    assert (row["state"], row["disabled_reason"], row["next_at"]) == ("DISABLED", "GONE", None)
    assert {state for (state,) in await world.rows("SELECT state FROM webhook_message")} == {"FAILED"}
    assert await names_of_events(world) == [("WebhookDisabled", "GONE")]
    async with world.works.read() as connection:
        trouble = await webhooks_in_trouble(connection, market_id=world.market.id)
    assert [(one["state"], one["disabled_reason"]) for one in trouble] == [("DISABLED", "GONE")]


async def test_a_webhook_that_fails_for_days_is_disabled_with_a_notice(world: WebhookWorld) -> None:
    made = await world.register()
    world.receiver.statuses["/good"] = [500]
    for sequence in range(1, 4):
        await world.happen(*((which, sequence) for which in range(4)))
    await world.send()
    states = []

    for _ in range(4):
        await world.later(2 * 86_400)
        await world.send()
        states.append((await world.row(made.webhook_id))["state"])

    assert states == ["ENABLED", "ENABLED", "DISABLED", "DISABLED"]
    assert await names_of_events(world) == [("WebhookDisabled", "FAILING")]


async def test_one_message_that_is_taken_ends_the_count_of_failures(world: WebhookWorld) -> None:
    made = await world.register()
    world.receiver.statuses["/good"] = [500, 500, 200]
    await world.happen((0, 1))
    await world.send()
    failing = await world.row(made.webhook_id)
    for _ in range(2):
        await world.later(400)
        await world.send()

    row = await world.row(made.webhook_id)
    assert (failing["failures"], failing["is_slow"], failing["failing_since"] is not None) == (1, True, True)
    assert (row["failures"], row["is_slow"], row["failing_since"]) == (0, False, None)


async def test_a_deleted_webhook_is_gone_with_its_secrets(world: WebhookWorld) -> None:
    made = await world.register()
    await world.happen((0, 1))
    await world.sender.queue()

    async with world.works.open() as work:
        await delete_webhook(work, shipper_id=world.shipper_id, webhook_id=made.webhook_id)
    await world.send()

    row = await world.row(made.webhook_id)
    assert (row["state"], row["secret"], row["previous_secret"]) == ("DELETED", "", None)
    assert world.receiver.heard == []
    async with world.works.read() as connection:
        assert await list_webhooks(connection, shipper_id=world.shipper_id) == []


async def test_somebody_elses_webhook_looks_like_none(world: WebhookWorld) -> None:
    made = await world.register()
    theirs: dict[str, Any] = {"shipper_id": ShipperId(world.deliveries[0].id), "webhook_id": made.webhook_id}

    async with world.works.open() as work:
        refusals: list[Refusal] = []
        for verb in (disable_webhook, enable_webhook, delete_webhook, send_test_event):
            with pytest.raises(NotFound) as caught:
                await verb(work, **theirs)
            refusals.append(caught.value)
        with pytest.raises(NotFound):
            await rotate_webhook_secret(work, box=BOX, **theirs)
        with pytest.raises(NotFound):
            await replay_webhook(work, **theirs, failed_since=work.machine_now)

    assert {refusal.message for refusal in refusals} == {"there is no such webhook"}
    assert (await world.row(made.webhook_id))["state"] == "ENABLED"


async def test_old_messages_are_forgotten_with_their_log(world: WebhookWorld) -> None:
    await world.register()
    await world.happen((0, 1))
    await world.send()
    async with world.works.open() as work:
        early = await forget_old_messages(work)

    await world.later(31 * 86_400)
    async with world.works.open() as work:
        late = await forget_old_messages(work)

    assert (early, late) == (0, 1)
    assert await world.rows("SELECT id FROM webhook_attempt UNION ALL SELECT id FROM webhook_message") == []
