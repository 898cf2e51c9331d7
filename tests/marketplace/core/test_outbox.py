"""Events get their place in the order in which they came to be, with no gap and by one writer at a time."""

import asyncio
from uuid import UUID

from marketplace.batches.events import DeliveryMoved
from marketplace.core.ids import MarketId
from marketplace.core.outbox import PUBLISHED_AT_ONCE, markets_with_unpublished, publish_events
from marketplace.core.work import Work, Works
from marketplace.fleet.events import DriverWentOffline, DriverWentOnline
from tests.builders import make_batch, make_delivery, make_hub, make_market, make_shipper

COMMITTERS = 6
STEPS_EACH = 10


async def test_events_are_published_in_the_order_of_their_work(work: Work) -> None:
    market_id = MarketId(work.new_id())
    drivers = [work.new_id() for _ in range(20)]
    for driver_id in drivers:
        work.emit(DriverWentOnline(market_id=market_id, driver_id=driver_id))
    await work.store_events()

    published = await publish_events(work, market_id)

    assert [event.position for event in published] == list(range(1, 21))
    assert [event.driver_id for event in published] == drivers
    assert published[0].payload == {"market_id": str(market_id), "driver_id": str(drivers[0])}
    work.events.clear()


async def test_each_market_has_a_stream_of_its_own(work: Work) -> None:
    one, other = MarketId(work.new_id()), MarketId(work.new_id())
    work.emit(DriverWentOnline(market_id=one, driver_id=work.new_id()))
    work.emit(DriverWentOnline(market_id=other, driver_id=work.new_id()))
    await work.store_events()

    assert sorted(await markets_with_unpublished(work.connection)) == sorted([one, other])
    first = await publish_events(work, one)
    assert await markets_with_unpublished(work.connection) == [other]
    second = await publish_events(work, other)

    assert [event.position for event in [*first, *second]] == [1, 1]
    assert await markets_with_unpublished(work.connection) == []
    work.events.clear()


async def test_one_call_publishes_a_bounded_number_and_the_next_goes_on(work: Work) -> None:
    market_id = MarketId(work.new_id())
    for _ in range(PUBLISHED_AT_ONCE + 3):
        work.emit(DriverWentOffline(market_id=market_id, driver_id=work.new_id()))
    await work.store_events()

    first, second, third = [await publish_events(work, market_id) for _ in range(3)]

    assert (len(first), len(second), len(third)) == (PUBLISHED_AT_ONCE, 3, 0)
    assert second[-1].position == PUBLISHED_AT_ONCE + 3
    work.events.clear()


async def test_a_second_relay_leaves_a_market_to_the_first(committed_works: Works) -> None:
    market_id = MarketId(UUID(int=7))
    for _ in range(2):
        async with committed_works.open() as work:
            await publish_events(work, market_id)
            work.emit(DriverWentOnline(market_id=market_id, driver_id=work.new_id()))

    async with committed_works.open() as one, committed_works.open() as other:
        by_one = await publish_events(one, market_id)
        by_other = await publish_events(other, market_id)

    assert (len(by_one), len(by_other)) == (1, 0)


async def test_concurrent_relays_and_committers_leave_no_gap_and_keep_the_order_of_a_delivery(
    committed_works: Works,
) -> None:
    works = committed_works
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        batch = await make_batch(work, market, shipper)
        deliveries = [await make_delivery(work, market, shipper, hub, batch) for _ in range(3)]
    market_id = MarketId(market.id)
    is_over = False

    async def commit_steps(number: int) -> None:
        for step in range(STEPS_EACH):
            delivery = deliveries[(number + step) % 3]
            async with works.open() as work:
                # The Work has begun; that it waits here for another makes the order of beginnings worth nothing.
                sequence = await work.fetch_value(
                    "UPDATE delivery SET sequence = sequence + 1 WHERE id = $1 RETURNING sequence", delivery.id
                )
                await asyncio.sleep(0.002)
                work.emit(
                    DeliveryMoved(
                        market_id=market.id,
                        shipper_id=shipper.id,
                        delivery_id=delivery.id,
                        batch_id=batch.id,
                        sequence=sequence,
                        state="PICKED_UP",
                        route_id=market.id,
                        driver_id=market.id,
                        occurred_at=work.now,
                    )
                )

    async def relay() -> None:
        while not is_over:
            async with works.open() as work:
                await publish_events(work, market_id)
            await asyncio.sleep(0.001)

    relays = [asyncio.create_task(relay()) for _ in range(2)]
    await asyncio.gather(*(commit_steps(number) for number in range(COMMITTERS)))
    is_over = True
    await asyncio.gather(*relays)
    async with works.open() as work:
        await publish_events(work, market_id)
        rows = await work.fetch(
            "SELECT position, delivery_id, (payload->>'sequence')::int AS sequence FROM event ORDER BY position"
        )

    assert [row["position"] for row in rows] == list(range(1, COMMITTERS * STEPS_EACH + 1))
    for delivery in deliveries:
        sequences = [row["sequence"] for row in rows if row["delivery_id"] == delivery.id]
        assert sequences == list(range(1, 21))
