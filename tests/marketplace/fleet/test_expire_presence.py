"""A presence ends at its hour: not before, once, and for nobody who is on a route."""

from datetime import timedelta
from typing import Any

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.work import Work, Works
from marketplace.fleet import PresenceState, expire_presence, next_presence_end
from marketplace.fleet.events import DriverWentOffline
from marketplace.fleet.expire_presence import NEXT
from marketplace.fleet.models import Driver
from tests.builders import make_driver, make_market

ASKABLE = [PresenceState.AVAILABLE, PresenceState.OFFERED, PresenceState.PAUSED]
HOURS = timedelta(hours=8)
"""How long the drivers of the builders are online."""


async def presence(work: Work, driver: Driver) -> tuple[Any, ...]:
    row = await work.fetch_row("SELECT state, online_until, changed_at FROM presence WHERE driver_id = $1", driver.id)
    assert row is not None
    return tuple(row)


@pytest.mark.parametrize("state", ASKABLE)
async def test_a_driver_whose_time_is_over_is_offline_and_it_is_told(
    works: Works, clock: ManualClock, state: PresenceState
) -> None:
    async with works.open() as work:
        driver = await make_driver(work, await make_market(work), state=state)
    clock.now += HOURS

    async with works.open() as work:
        assert await expire_presence(work) == 1

        assert await presence(work, driver) == ("OFFLINE", None, clock.now)
        assert work.events == [DriverWentOffline(market_id=driver.market_id, driver_id=driver.id)]
        assert await expire_presence(work) == 0
        assert len(work.events) == 1


@pytest.mark.parametrize("state", ASKABLE)
async def test_nobody_is_offline_before_the_time_is_over(
    works: Works, clock: ManualClock, state: PresenceState
) -> None:
    async with works.open() as work:
        driver = await make_driver(work, await make_market(work), state=state)
        before = await presence(work, driver)
    clock.now += HOURS - timedelta(microseconds=1)

    async with works.open() as work:
        assert await expire_presence(work) == 0

        assert await presence(work, driver) == before
        assert work.events == []


@pytest.mark.parametrize("state", [PresenceState.ENGAGED, PresenceState.OFFLINE])
async def test_one_who_drives_or_is_gone_is_left_alone(works: Works, clock: ManualClock, state: PresenceState) -> None:
    async with works.open() as work:
        driver = await make_driver(work, await make_market(work), state=state)
        before = await presence(work, driver)
    clock.now += HOURS

    async with works.open() as work:
        assert await next_presence_end(work.connection) is None
        assert await expire_presence(work) == 0

        assert await presence(work, driver) == before
        assert work.events == []


async def test_the_longest_over_go_first_and_a_batch_is_bounded(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        market = await make_market(work)
        drivers = [await make_driver(work, market) for _ in range(5)]
        for place, driver in enumerate(drivers):
            await work.execute(
                "UPDATE presence SET online_until = online_until - $2::interval WHERE driver_id = $1",
                driver.id,
                timedelta(minutes=place),
            )
        assert await next_presence_end(work.connection) == clock.now + HOURS - timedelta(minutes=4)
    clock.now += HOURS

    async with works.open() as work:
        assert await expire_presence(work, limit=3) == 3

        assert [(await presence(work, driver))[0] for driver in drivers] == ["AVAILABLE"] * 2 + ["OFFLINE"] * 3
        assert await next_presence_end(work.connection) == clock.now - timedelta(minutes=1)


async def test_the_next_end_is_read_from_an_index(work: Work) -> None:
    await work.execute("SET LOCAL enable_seqscan = off")

    plan = "\n".join(row[0] for row in await work.fetch(f"EXPLAIN {NEXT}"))

    assert "presence_next_end" in plan
