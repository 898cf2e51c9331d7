"""Deadlines take effect when they are due: none early, none forgotten, an earlier one first, a failing one again."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import asyncpg

from marketplace import offers
from marketplace.core.clock import ManualClock
from marketplace.core.notices import EVENTS, Notices
from marketplace.core.work import Work, Works
from marketplace.fleet.events import DriverWentOnline
from tests.waiting import until
from tests.workers.offers import make_offered_route, make_offers, send_offers
from workers.waker import Deadline, Waker, fire_all

OFFERS = Deadline("offer expires", next_due=offers.next_expiry, fire=offers.expire_due)


@asynccontextmanager
async def awake(waker: Waker) -> AsyncIterator[Waker]:
    running = asyncio.create_task(waker.run())
    try:
        yield waker
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def open_offers(works: Works) -> int:
    async with works.read() as connection:
        count: int = await connection.fetchval("SELECT count(*) FROM offer WHERE state = 'SENT'")
    return count


async def lateness_s(works: Works) -> list[float]:
    async with works.read() as connection:
        rows = await connection.fetch(
            "SELECT extract(epoch FROM ended_at - expires_at)::float8 AS late FROM offer"
            " WHERE state = 'EXPIRED' ORDER BY 1"
        )
    return [row["late"] for row in rows]


async def test_two_hundred_offers_expire_and_none_early(live_works: Works) -> None:
    source = random.Random(3)
    async with live_works.open() as work:
        offered = await make_offered_route(work, 200)
    async with live_works.open() as work:
        await send_offers(work, offered, [1 + source.uniform(0, 2) for _ in range(200)])

    async with awake(Waker(live_works, OFFERS)), awake(Waker(live_works, OFFERS)):
        await until(lambda: _all_expired(live_works))

    late = await lateness_s(live_works)
    assert len(late) == 200
    assert late[0] >= 0
    async with live_works.open() as work:
        told = await work.fetch_value("SELECT count(*) FROM event WHERE name = 'OfferExpired'")
        exhausted = await work.fetch_value("SELECT count(*) FROM event WHERE name = 'WaveExhausted'")
    assert (told, exhausted) == (200, 1)


async def test_deadlines_of_a_market_that_runs_faster_are_met(live_works: Works) -> None:
    async with live_works.open() as work:
        await work.execute(
            "INSERT INTO market_clock (id, machine_origin, market_origin, factor)"
            " VALUES ('market', now(), '2026-03-02T15:00:00Z', 60)"
        )
    async with live_works.open() as work:
        offered = await make_offered_route(work, 60)
    async with live_works.open() as work:
        await send_offers(work, offered, [60 + number for number in range(60)])

    async with awake(Waker(live_works, OFFERS)):
        await until(lambda: _all_expired(live_works))

    late = await lateness_s(live_works)
    assert len(late) == 60
    assert late[0] >= 0


async def test_a_sleeping_waker_hears_of_an_earlier_deadline(live_works: Works, fresh_url: str) -> None:
    waker = Waker(live_works, OFFERS)
    async with live_works.open() as work:
        [later] = await make_offers(work, [600])

    async with Notices(fresh_url, heard={EVENTS: lambda _: waker.ring()}) as notices, awake(waker):
        await notices.until_connected()
        async with live_works.open() as work:
            [sooner] = await make_offers(work, [0.3])
            work.emit(DriverWentOnline(market_id=work.new_id(), driver_id=work.new_id()))
        await until(lambda: _is_expired(live_works, sooner))

    assert not await _is_expired(live_works, later)


async def test_nothing_is_fired_before_its_time(committed_works: Works, clock: ManualClock) -> None:
    async with committed_works.open() as work:
        await make_offers(work, [10, 20])
    waker = Waker(committed_works, OFFERS)

    clock.advance(seconds=9.999)
    assert await fire_all(committed_works, OFFERS) == 0
    assert 0 < await waker.fire_due() <= 1
    assert await open_offers(committed_works) == 2
    clock.advance(seconds=0.001)
    await waker.fire_due()
    assert await open_offers(committed_works) == 1
    clock.advance(seconds=100)
    assert await fire_all(committed_works, OFFERS) == 1


async def test_more_than_one_batch_is_fired_to_the_end(committed_works: Works, clock: ManualClock) -> None:
    async def fire_three(work: Work) -> int:
        return await offers.expire_due(work, limit=3)

    async with committed_works.open() as work:
        await make_offers(work, [1] * 10)
    clock.advance(seconds=1)

    assert await fire_all(committed_works, Deadline("by threes", offers.next_expiry, fire_three)) == 10
    assert await open_offers(committed_works) == 0


async def test_a_deadline_that_fails_is_tried_again(committed_works: Works, clock: ManualClock) -> None:
    tries: list[datetime] = []

    async def due_now(_: asyncpg.Connection) -> datetime | None:
        return clock.now if len(tries) < 2 else None

    async def fail_once(work: Work) -> int:
        tries.append(work.now)
        if len(tries) == 1:
            raise ValueError("not this time")
        return 0

    async with awake(Waker(committed_works, Deadline("fails", due_now, fail_once))):
        await until(lambda: len(tries) == 2)


async def _all_expired(works: Works) -> bool:
    return await open_offers(works) == 0


async def _is_expired(works: Works, offer_id: object) -> bool:
    async with works.read() as connection:
        state = await connection.fetchval("SELECT state FROM offer WHERE id = $1", offer_id)
    return bool(state == "EXPIRED")
