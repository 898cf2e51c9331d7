"""A receiver that misbehaves delays nobody else, however it does it."""

from marketplace.core.work import Works
from tests.marketplace.webhooks.test_send import places
from tests.marketplace.webhooks.world import WebhookWorld, open_world
from tests.waiting import until

BAD = ("/fail", "/moved", "/slow", "/endless", "/drip", "/drop", "/gone")


async def test_the_good_receiver_hears_all_while_the_bad_ones_still_hang(world: WebhookWorld) -> None:
    world.receiver.statuses |= {"/fail": [500], "/moved": [302], "/gone": [410]}
    for path in BAD:
        await world.register(path)
    await world.register("/good")
    steps = [(which, sequence) for sequence in range(1, 6) for which in range(4)]

    await world.happen(*steps)
    await world.sender.look()
    await until(lambda: len(world.receiver.at("/good")) == 20)
    hang = await world.rows(
        "SELECT count(*) FROM webhook_attempt a JOIN webhook w ON w.id = a.webhook_id WHERE w.url LIKE '%/slow'"
    )
    await world.sender.until_sent()

    assert hang == [(0,)]
    assert sorted(places(world.receiver.at("/good"))) == sorted((f"order-{which}", number) for which, number in steps)
    for which in range(4):
        mine = [number for name, number in places(world.receiver.at("/good")) if name == f"order-{which}"]
        assert mine == sorted(mine)
    failures = await world.rows(
        "SELECT DISTINCT substring(w.url from '[a-z]+$'), a.failure FROM webhook_attempt a"
        " JOIN webhook w ON w.id = a.webhook_id WHERE a.failure IS NOT NULL ORDER BY 1"
    )
    assert failures == [
        ("drip", "TIMEOUT"),
        ("drop", "CONNECTION"),
        ("endless", "ANSWER_TOO_LONG"),
        ("fail", "STATUS"),
        ("gone", "STATUS"),
        ("moved", "REDIRECT"),
        ("slow", "TIMEOUT"),
    ]


async def test_receivers_that_hang_cannot_take_the_senders_of_those_that_do_not(committed_works: Works) -> None:
    async with open_world(committed_works, quick_senders=2, slow_senders=1) as world:
        for number in range(3):
            await world.register(f"/slow{number}")
        await world.happen((0, 1))
        while len([heard for heard in world.receiver.heard if heard.path.startswith("/slow")]) < 3:
            await world.send()  # each has failed once, and belongs to the slow part from now on
        await world.register("/good")
        await world.later(400)
        await world.sender.look()
        await until(lambda: world.receiver.open_now == 1)

        await world.happen((0, 2))
        await world.sender.look()
        await until(lambda: bool(world.receiver.at("/good")))

        assert world.receiver.open_now == 1
        assert places(world.receiver.at("/good")) == [("order-0", 2)]


async def test_a_receiver_that_asks_for_patience_is_left_in_peace(world: WebhookWorld) -> None:
    await world.register("/busy")
    world.receiver.statuses["/busy"], world.receiver.extra["/busy"] = [503, 200], "retry-after: 3600\r\n"
    await world.happen((0, 1))
    await world.send()

    await world.happen((1, 1))
    await world.later(3_500)
    await world.send()
    early = places(world.receiver.heard)
    await world.later(200)
    await world.send()

    assert early == [("order-0", 1)]
    assert sorted(places(world.receiver.heard)) == [("order-0", 1), ("order-0", 1), ("order-1", 1)]


async def test_a_receiver_that_is_down_is_not_asked_for_every_message(world: WebhookWorld) -> None:
    made = await world.register("/fail")
    world.receiver.statuses["/fail"] = [500]
    await world.happen(*((which, 1) for which in range(4)))
    await world.send()
    await world.send()

    row = await world.row(made.webhook_id)
    assert len(world.receiver.heard) == 4
    assert row["failures"] == 4
    assert row["paused_until"] is not None
    assert row["next_at"] > row["paused_until"]
