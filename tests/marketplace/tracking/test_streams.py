"""Subscribers get every event of their filter once and in order, from a cursor or from now on, whatever breaks."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from uuid import UUID

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.ids import MarketId
from marketplace.core.notices import PUBLISHED, Notices
from marketplace.core.outbox import publish_events
from marketplace.core.work import Works
from marketplace.fleet.events import DriverWentOffline, DriverWentOnline
from marketplace.tracking import (
    CursorExpired,
    EventStreams,
    StreamedEvent,
    StreamEnded,
    StreamFilter,
    SubscriberTooSlow,
    head_cursor,
)
from marketplace.tracking.streams import WAITING_AT_MOST

MARKET = MarketId(UUID(int=1))
ANNA, BEN = UUID(int=11), UUID(int=12)
ALL = StreamFilter()


@pytest.fixture
async def notices(fresh_url: str) -> AsyncIterator[Notices]:
    async with Notices(fresh_url) as notices:
        await notices.until_connected()
        yield notices


@pytest.fixture
async def streams(committed_works: Works, fresh_url: str) -> AsyncIterator[EventStreams]:
    async with EventStreams(committed_works, fresh_url) as streams:
        await streams.until_connected()
        yield streams


async def publish(works: Works, notices: Notices, *drivers: UUID, market_id: MarketId = MARKET) -> None:
    """Commits one event for each driver and publishes them."""
    async with works.open() as work:
        for driver_id in drivers:
            work.emit(DriverWentOnline(market_id=market_id, driver_id=driver_id))
    while True:
        async with works.open() as work:
            if not await publish_events(work, market_id):
                break
    await notices.send(PUBLISHED, str(market_id))


async def head(works: Works) -> str:
    async with works.read() as connection:
        return await head_cursor(connection, market_id=MARKET)


async def take(stream: AsyncIterator[StreamedEvent], count: int) -> list[StreamedEvent]:
    async with asyncio.timeout(30):
        return [await anext(stream) for _ in range(count)]


async def test_a_subscriber_without_a_cursor_gets_what_happens_from_now_on(
    streams: EventStreams, committed_works: Works, notices: Notices
) -> None:
    await publish(committed_works, notices, BEN)

    async with aclosing(streams.subscribe(MARKET, None, ALL)) as stream:
        first = asyncio.create_task(take(stream, 1))
        await asyncio.sleep(0.2)
        await publish(committed_works, notices, ANNA)
        [event] = await first

    assert (event.name, event.driver_id, event.position) == ("DriverWentOnline", ANNA, 2)
    assert event.payload == {"market_id": str(MARKET), "driver_id": str(ANNA)}


async def test_a_subscriber_with_a_cursor_gets_what_it_missed_and_then_what_happens(
    streams: EventStreams, committed_works: Works, notices: Notices
) -> None:
    start = await head(committed_works)
    await publish(committed_works, notices, *[ANNA] * 1200)

    async with aclosing(streams.subscribe(MARKET, start, ALL)) as stream:
        missed = await take(stream, 1200)
        await publish(committed_works, notices, BEN)
        [live] = await take(stream, 1)

    assert [event.position for event in missed] == list(range(1, 1201))
    assert (live.position, live.driver_id) == (1201, BEN)


async def test_a_filter_holds_for_what_was_missed_and_for_what_happens(
    streams: EventStreams, committed_works: Works, notices: Notices
) -> None:
    start = await head(committed_works)
    await publish(committed_works, notices, ANNA, BEN, ANNA)
    wanted = StreamFilter(driver_id=ANNA, names=frozenset({"DriverWentOnline"}))

    async with aclosing(streams.subscribe(MARKET, start, wanted)) as stream:
        missed = await take(stream, 2)
        async with committed_works.open() as work:
            work.emit(DriverWentOffline(market_id=MARKET, driver_id=ANNA))
        await publish(committed_works, notices, BEN, ANNA)
        [live] = await take(stream, 1)

    assert [event.position for event in missed] == [1, 3]
    assert live.position == 6


async def test_twenty_disconnects_miss_nothing_and_double_nothing(
    streams: EventStreams, committed_works: Works, notices: Notices
) -> None:
    source = random.Random(20)
    total = 600
    cursor = await head(committed_works)
    got: list[int] = []

    async def commit_all() -> None:
        for number in range(total):
            await publish(committed_works, notices, UUID(int=1000 + number))
            await asyncio.sleep(0)

    committing = asyncio.create_task(commit_all())
    stops = [*sorted(source.sample(range(1, total), 20)), total]
    for stop in stops:
        async with asyncio.timeout(60), aclosing(streams.subscribe(MARKET, cursor, ALL)) as stream:
            while len(got) < stop:
                event = await anext(stream)
                got.append(event.position)
                cursor = event.cursor
        await asyncio.sleep(source.uniform(0, 0.05))
    await committing

    assert got == list(range(1, total + 1))


async def test_a_subscriber_that_is_too_slow_is_told_where_to_go_on(
    streams: EventStreams, committed_works: Works, notices: Notices
) -> None:
    await publish(committed_works, notices, BEN)
    start = await head(committed_works)
    more = WAITING_AT_MOST + 200

    async with aclosing(streams.subscribe(MARKET, start, ALL)) as slow:
        live = asyncio.create_task(take(slow, 1))
        await asyncio.sleep(0.2)
        await publish(committed_works, notices, ANNA)
        [first] = await live
        await publish(committed_works, notices, *[ANNA] * more)
        await asyncio.sleep(1)
        got = [first]
        with pytest.raises(SubscriberTooSlow) as cut:
            while True:
                got += await take(slow, 1)
    async with aclosing(streams.subscribe(MARKET, cut.value.cursor, ALL)) as again:
        got += await take(again, more + 1 - len(got))

    assert cut.value.code == "SUBSCRIBER_TOO_SLOW"
    assert [event.position for event in got] == list(range(2, more + 3))


async def test_cursors_that_cannot_be_resumed_are_refused(
    streams: EventStreams, committed_works: Works, notices: Notices, clock: ManualClock
) -> None:
    start = await head(committed_works)
    await publish(committed_works, notices, ANNA)
    latest = await head(committed_works)
    await publish(committed_works, notices, ANNA, market_id=MarketId(UUID(int=2)))
    async with committed_works.read() as connection:
        elsewhere = await head_cursor(connection, market_id=MarketId(UUID(int=2)))
    clock.now += timedelta(hours=24, seconds=1)

    refused = [start, elsewhere, "nonsense", "", latest[:-4] + "AAAA", elsewhere.swapcase()]
    for cursor in refused:
        with pytest.raises(CursorExpired) as refusal:
            await take(streams.subscribe(MARKET, cursor, ALL), 1)
        assert refusal.value.code == "CURSOR_EXPIRED"
    async with aclosing(streams.subscribe(MARKET, latest, ALL)) as stream:
        waiting = asyncio.create_task(take(stream, 1))
        await asyncio.sleep(0.2)
        await publish(committed_works, notices, BEN)
        [event] = await waiting
    assert event.driver_id == BEN


async def test_streams_go_on_while_no_notice_comes_through(
    streams: EventStreams, committed_works: Works, fresh_url: str
) -> None:
    unsent = Notices(fresh_url)

    async with aclosing(streams.subscribe(MARKET, await head(committed_works), ALL)) as stream:
        await publish(committed_works, unsent, ANNA, BEN)
        events = await take(stream, 2)

    assert [event.driver_id for event in events] == [ANNA, BEN]


async def test_streams_go_on_after_the_database_cut_every_connection(
    streams: EventStreams, committed_works: Works, notices: Notices, template: str
) -> None:
    async with aclosing(streams.subscribe(MARKET, await head(committed_works), ALL)) as stream:
        await publish(committed_works, notices, ANNA)
        before = await take(stream, 1)
        async with committed_works.open() as work:
            await work.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await publish(committed_works, notices, BEN)
        after = await take(stream, 1)

    assert [event.driver_id for event in [*before, *after]] == [ANNA, BEN]


async def test_a_stopping_server_tells_its_subscribers_where_to_go_on(
    committed_works: Works, fresh_url: str, notices: Notices
) -> None:
    start = await head(committed_works)
    async with EventStreams(committed_works, fresh_url) as streams:
        stream = streams.subscribe(MARKET, start, ALL)
        await publish(committed_works, notices, ANNA)
        [event] = await take(stream, 1)

    with pytest.raises(StreamEnded) as ended:
        await take(stream, 1)

    assert ended.value.cursor == event.cursor
    assert ended.value.retryable
