"""The stage plays what people do and what falls due in order of market time, and never sleeps."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.errors import Conflict, Unavailable
from marketplace.core.ids import MarketId
from marketplace.core.work import Works
from marketplace.fleet.events import DriverWentOnline
from tests.builders import make_market
from tests.workers.offers import make_offered_route, send_offers
from workers.jobs import JOBS
from workers.simulation.stage import Stage

DAY = timedelta(days=1)


def play_on(works: Works, clock: ManualClock, market_id: UUID, **jobs: Callable[[UUID], Awaitable[None]]) -> Stage:
    """A stage on which only these jobs are run."""
    return Stage(works, clock, market_id=MarketId(market_id), jobs=jobs, leaves_out=JOBS.keys() - jobs.keys())


async def test_acts_come_in_order_of_time_and_of_equals_in_order_of_noting(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        market = await make_market(work)
    stage, begun, seen = play_on(works, clock, market.id), clock.now, list[tuple[str, datetime]]()

    async def see(name: str) -> None:
        seen.append((name, clock.now))

    stage.after(3_600, lambda: see("last"))
    stage.after(60, lambda: see("first"))
    stage.after(60, lambda: see("second"))
    await stage.play(until=begun + DAY)

    minute, hour = begun + timedelta(minutes=1), begun + timedelta(hours=1)
    assert seen == [("first", minute), ("second", minute), ("last", hour)]
    assert not stage.has_acts


async def test_what_lies_beyond_the_end_of_the_day_is_left(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        market = await make_market(work)
    stage, begun = play_on(works, clock, market.id), clock.now

    async def never() -> None:
        raise AssertionError("this is another day")

    stage.at(begun + DAY + timedelta(seconds=1), never)
    await stage.play(until=begun + DAY)

    assert (clock.now, stage.has_acts) == (begun, True)


async def test_the_clock_jumps_to_each_deadline_and_everybody_hears_of_it(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        offered = await make_offered_route(work, 2)
        await send_offers(work, offered, [30, 90])
    stage, begun, heard = play_on(works, clock, offered.market_id), clock.now, list[tuple[str, datetime]]()
    stage.listen(lambda event: heard.append((event.name, clock.now)))

    await stage.play(until=begun + timedelta(minutes=5))

    first, second = begun + timedelta(seconds=30), begun + timedelta(seconds=90)
    assert heard == [("OfferExpired", first), ("OfferExpired", second), ("WaveExhausted", second)]


@pytest.mark.parametrize("misses", [0, 3])
async def test_a_job_that_follows_runs_at_once_and_again_when_it_is_refused_for_now(
    works: Works, clock: ManualClock, misses: int
) -> None:
    async with works.open() as work:
        market = await make_market(work)
        work.emit(DriverWentOnline(market_id=market.id, driver_id=work.new_id()))
    begun, tried = clock.now, list[datetime]()

    async def match(market_id: UUID) -> None:
        assert market_id == market.id
        tried.append(clock.now)
        if len(tried) <= misses:
            raise Unavailable("not now")

    await play_on(works, clock, market.id, match_market=match).play(until=begun + DAY)

    assert tried == [begun + timedelta(seconds=second) for second in range(misses + 1)]


async def test_a_job_that_fails_fails_the_day(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        market = await make_market(work)
        work.emit(DriverWentOnline(market_id=market.id, driver_id=work.new_id()))

    async def match(_: UUID) -> None:
        raise Conflict("never")

    with pytest.raises(Conflict, match="never"):
        await play_on(works, clock, market.id, match_market=match).play(until=clock.now + DAY)


async def test_two_routines_do_not_keep_each_other_alive(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        market = await make_market(work)
    stage, begun, done = play_on(works, clock, market.id), clock.now, list[tuple[str, datetime]]()

    async def do(name: str) -> None:
        done.append((name, clock.now))

    stage.regularly(60, lambda: do("learn"), goes_on=lambda: stage.has_acts)
    stage.regularly(90, lambda: do("pay"), goes_on=lambda: stage.has_acts, first_s=0.0)
    stage.after(100, lambda: do("drive"))
    await stage.play(until=begun + DAY)

    seconds = [(name, int((moment - begun).total_seconds())) for name, moment in done]
    assert seconds == [("pay", 0), ("learn", 60), ("pay", 90), ("drive", 100), ("learn", 120), ("pay", 180)]
    assert not stage.has_acts


async def test_somebody_may_look_after_each_job_of_a_kind(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        market = await make_market(work)
        work.emit(DriverWentOnline(market_id=market.id, driver_id=work.new_id()))
    seen = list[str]()

    async def match(_: UUID) -> None:
        seen.append("match")

    async def look() -> None:
        seen.append("look")

    stage = play_on(works, clock, market.id, match_market=match)
    stage.follow("match_market", look)
    await stage.play(until=clock.now + DAY)

    assert seen == ["match", "look"]
