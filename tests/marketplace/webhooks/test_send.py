"""Messages reach their receiver signed, in the order of their delivery, and again until they are taken."""

import asyncio
import base64
import hmac
import random
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from uuid import UUID

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient

from marketplace.core.clock import Reading
from marketplace.core.ids import to_wire
from marketplace.core.work import Works
from marketplace.recurring_batches.events import OccurrenceRefused
from tests.conftest import NOW
from tests.marketplace.webhooks.receivers import Heard
from tests.marketplace.webhooks.world import WebhookWorld, open_world
from tests.waiting import until


def places(heard: list[Heard]) -> list[tuple[str, int]]:
    return [(each.told["data"]["externalId"], each.told["data"]["sequence"]) for each in heard]


def is_signed_by(heard: Heard, secret: str) -> bool:
    """Checks as the specification of Standard Webhooks has receivers check."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{heard.headers['webhook-id']}.{heard.headers['webhook-timestamp']}.".encode() + heard.body
    expected = "v1," + base64.b64encode(hmac.new(key, content, sha256).digest()).decode()
    return expected in heard.headers["webhook-signature"].split(" ")


async def test_a_receiver_hears_of_its_deliveries_in_a_signed_message(world: WebhookWorld) -> None:
    made = await world.register()

    await world.happen((0, 3))
    await world.send()

    (heard,) = world.receiver.heard
    delivery = world.deliveries[0]
    ((message_id, event_id),) = await world.rows("SELECT id, event_id FROM webhook_message")
    assert heard.told == {
        "type": "DeliveryMoved",
        "timestamp": "2026-03-02T15:00:00Z",
        "data": {
            "eventId": to_wire("event", UUID(str(event_id))),
            "marketId": to_wire("market", world.market.id),
            "deliveryId": to_wire("delivery", delivery.id),
            "externalId": "order-0",
            "sequence": 3,
            "state": "EN_ROUTE_TO_DROPOFF",
            "batchId": to_wire("batch", delivery.batch_id),
            "driverId": to_wire("driver", UUID(int=6)),
            "occurredAt": delivery.created_at.isoformat(),
        },
    }
    assert heard.headers["webhook-id"] == to_wire("message", UUID(str(message_id)))
    assert heard.headers["content-type"] == "application/json"
    assert is_signed_by(heard, made.secret)


async def test_a_receiver_hears_what_became_of_the_days_of_a_recurring_batch_in_their_order(
    world: WebhookWorld,
) -> None:
    await world.register()
    about = {"market_id": world.market.id, "shipper_id": world.shipper_id, "recurring_batch_id": UUID(int=7)}
    async with world.works.open() as work:
        for day in ("2026-03-03", "2026-03-04"):
            work.emit(OccurrenceRefused(**about, day=day, reason="CREDIT_EXHAUSTED"))
    await world.publish()

    await world.send()

    told = [heard.told["data"] for heard in world.receiver.heard]
    assert [one.pop("eventId") != "" for one in told] == [True, True]
    assert told == [
        {
            "marketId": to_wire("market", world.market.id),
            "recurringBatchId": to_wire("recurring_batch", UUID(int=7)),
            "day": day,
            "reason": "CREDIT_EXHAUSTED",
        }
        for day in ("2026-03-03", "2026-03-04")
    ]


async def test_a_later_message_of_a_delivery_waits_for_an_earlier_one_and_other_deliveries_do_not(
    world: WebhookWorld,
) -> None:
    await world.register()
    world.receiver.statuses["/good"] = [500, 200]
    await world.happen((0, 1))
    await world.send()

    await world.happen((0, 2), (1, 1), (1, 2))
    await world.send()
    before = places(world.receiver.heard)
    await world.later(10)
    await world.send()

    assert before == [("order-0", 1), ("order-1", 1), ("order-1", 2)]
    assert places(world.receiver.heard)[3:] == [("order-0", 1), ("order-0", 2)]


async def test_a_message_keeps_its_id_and_body_however_often_it_is_sent(world: WebhookWorld) -> None:
    await world.register()
    world.receiver.statuses["/good"] = [500, 500, 200]
    await world.happen((0, 1))

    for _ in range(3):
        await world.send()
        await world.later(400)

    assert len(world.receiver.heard) == 3
    assert len({(each.headers["webhook-id"], each.body) for each in world.receiver.heard}) == 1
    assert await world.rows("SELECT state, attempts FROM webhook_message") == [("DELIVERED", 3)]
    assert await world.rows("SELECT number, status, failure, answer FROM webhook_attempt ORDER BY number") == [
        (1, 500, "STATUS", "thanks\N{REPLACEMENT CHARACTER}"),
        (2, 500, "STATUS", "thanks\N{REPLACEMENT CHARACTER}"),
        (3, 200, None, "thanks\N{REPLACEMENT CHARACTER}"),
    ]


async def test_a_message_is_given_up_after_eight_tries_and_the_next_one_has_its_turn(world: WebhookWorld) -> None:
    await world.register()
    world.receiver.statuses["/good"] = [500] * 8 + [200]
    await world.happen((0, 1), (0, 2))

    for _ in range(9):
        await world.send()
        await world.later(50_000)

    assert places(world.receiver.heard) == [("order-0", 1)] * 8 + [("order-0", 2)]
    assert await world.rows("SELECT position, state, attempts FROM webhook_message ORDER BY position") == [
        (1, "FAILED", 8),
        (2, "DELIVERED", 1),
    ]


class StandingClock:
    """Both times stand still until they are set."""

    def __init__(self) -> None:
        self.now = NOW

    async def read(self, _: asyncpg.Connection) -> Reading:
        """The time that was set by hand, as both."""
        return Reading(market_now=self.now, machine_now=self.now)


async def test_a_message_has_its_tries_at_their_times_and_not_a_moment_before(fresh_database: AsyncpgDBClient) -> None:
    clock = StandingClock()
    steps = [5, 300, 1_800, 7_200, 18_000, 28_800, 36_000]
    tried_at, counts = [clock.now], []
    async with open_world(Works(fresh_database, clock, source=random.Random(7))) as world:
        await world.register()
        world.receiver.statuses["/good"] = [500]
        await world.happen((0, 1))
        await world.send()
        for _ in steps:
            ((due,),) = await world.rows("SELECT next_at FROM webhook_message")
            assert isinstance(due, datetime)
            clock.now = due - timedelta(milliseconds=1)
            await world.send()
            early = len(world.receiver.heard)
            clock.now = due
            await world.send()
            tried_at.append(due)
            counts.append((early, len(world.receiver.heard)))
        clock.now += timedelta(days=3)
        await world.send()
        rows = await world.rows("SELECT state, attempts, next_at FROM webhook_message")
        log = await world.rows("SELECT happened_at FROM webhook_attempt ORDER BY number")

    assert counts == [(number, number + 1) for number in range(1, 8)]
    assert (rows, len(world.receiver.heard)) == ([("FAILED", 8, None)], 8)
    assert log == [(at,) for at in tried_at]
    shares = [(after - at).total_seconds() / step for (at, after), step in zip(pairwise(tried_at), steps, strict=True)]
    assert all(1 <= share <= 1.2 for share in shares)
    assert len(set(shares)) == len(steps)
    assert tried_at[-1] - tried_at[0] > timedelta(hours=24)


async def test_two_processes_never_send_to_one_webhook_at_once(world: WebhookWorld) -> None:
    await world.register()
    await world.happen(*((which, sequence) for sequence in range(1, 6) for which in range(4)))

    await asyncio.gather(*(world.sender.look() for _ in range(5)))
    await world.sender.until_sent()

    assert len(world.receiver.heard) == 20
    assert len({each.headers["webhook-id"] for each in world.receiver.heard}) == 20
    assert world.receiver.open_at_most <= 4


async def test_a_sender_whose_webhook_was_taken_over_writes_nothing(world: WebhookWorld) -> None:
    made = await world.register("/slow")
    await world.happen((0, 1))
    await world.sender.look()
    await until(lambda: bool(world.receiver.heard))

    async with world.works.open() as work:
        await work.execute("UPDATE webhook SET fence = fence + 1")
    await world.sender.until_sent()

    assert await world.rows("SELECT * FROM webhook_attempt") == []
    assert await world.rows("SELECT state, attempts FROM webhook_message") == [("READY", 0)]
    assert (await world.row(made.webhook_id))["failures"] == 0


async def test_what_a_dead_process_was_sending_is_sent_by_another(world: WebhookWorld) -> None:
    made = await world.register()
    await world.happen((0, 1))
    await world.sender.queue()
    async with world.works.open() as work:
        await work.execute("UPDATE webhook SET fence = 1, lease_until = $1", work.machine_now + timedelta(seconds=15))
    await world.send()
    meanwhile = len(world.receiver.heard)

    await world.later(20)
    await world.send()

    assert (meanwhile, len(world.receiver.heard)) == (0, 1)
    assert (await world.row(made.webhook_id))["lease_until"] is None


async def test_a_webhook_hears_only_what_it_wants_and_only_of_its_own_shipper(world: WebhookWorld) -> None:
    await world.register(events=frozenset({"DeliveryDelivered"}))
    await world.register("/mine")

    await world.happen((0, 1))
    await world.happen((1, 1), shipper_id=UUID(int=9))
    await world.send()

    assert [each.path for each in world.receiver.heard] == ["/mine"]
    assert places(world.receiver.heard) == [("order-0", 1)]


async def test_a_webhook_hears_nothing_from_before_it_was_registered(world: WebhookWorld) -> None:
    await world.happen((0, 1))
    await world.register()
    await world.happen((0, 2))

    await world.send()

    assert places(world.receiver.heard) == [("order-0", 2)]
