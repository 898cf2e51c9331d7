"""A tick: what is counted, what is decided of it, and who hears."""

from dataclasses import fields
from datetime import timedelta

import orjson
import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.geo import Point
from marketplace.core.work import Works
from marketplace.fleet.states import PresenceState
from marketplace.pricing import SurgeLimit
from marketplace.surge import SurgeChanged, decide_surge, drop_old_decisions, surge_decisions, surge_map
from marketplace.surge.models import DemandForecast
from tests.builders import make_driver, make_market
from tests.marketplace.surge.worlds import BUSY, CELL, make_busy_world, surge_now, tick

FAR = Point(lat=-30.5, lon=-71.3)


async def test_a_decision_keeps_what_it_rests_on(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_busy_world(work, parcels=6, drivers=1)
        await make_driver(work, world.market, state=PresenceState.ENGAGED)
        await make_driver(work, world.market, place=FAR)
    await tick(works, clock, world, 2)

    async with works.open() as work:
        (first, *_) = await surge_decisions(work.connection, market_id=world.market.id, cell=CELL)

    assert (first.open_stops, first.idle_drivers, first.forecast_milli, first.population) == (6, 1, 0, 7)
    # Six wait where one driver can carry three: half of the way from 100 to 300
    assert (first.demand_milli, first.supply_milli, first.ratio_percent) == (6_000, 3_000, 200)
    assert (first.target_percent, first.level_percent, first.percent, first.bound_by) == (50, 50, 50, None)
    assert (first.driver_bonus_minor, first.surcharge_basis_points) == (300, 1_000)
    assert first.holds_until == first.decided_at + timedelta(seconds=180)


async def test_one_tick_alone_moves_nothing(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_busy_world(work)

    await tick(works, clock, world)

    async with works.open() as work:
        (first, *_) = await surge_decisions(work.connection, market_id=world.market.id, cell=CELL)
        assert (first.target_percent, first.percent, first.bound_by) == (100, 0, SurgeLimit.PATIENCE)
        assert await surge_map(work.connection, market_id=world.market.id, at=work.now) == []
    assert (await surge_now(works, world)).decision_id is None


async def test_it_is_not_decided_twice_in_one_interval(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_busy_world(work)
    decided = await tick(works, clock, world)
    clock.advance(seconds=59)

    async with works.open() as work:
        again = await decide_surge(work, market_id=world.market.id)

    assert (decided, again) == (7, 0)


async def test_a_market_without_surge_decides_nothing(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_busy_world(work, surge_bonus_cap_minor=0, surge_surcharge_cap_percent=0)

    assert await tick(works, clock, world) == 0

    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM surge_decision") == 0


async def test_what_is_expected_counts_as_far_as_it_is_near(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_busy_world(work, parcels=0, drivers=2)
        slots = [(-50, 6.0), (10, 12.0), (90, 100.0)]
        for minutes, stops in slots:
            await DemandForecast.create(
                using_db=work.db,
                id=work.new_id(),
                market_id=world.market.id,
                cell=CELL,
                slot_start=work.now + timedelta(minutes=minutes, seconds=60),
                expected_stops=stops,
            )

    await tick(works, clock, world)

    async with works.open() as work:
        (first, *_) = await surge_decisions(work.connection, market_id=world.market.id, cell=CELL)
    # Of the hour that ends in ten minutes a sixth of 6, of the one that begins then twenty minutes of 12
    assert first.forecast_milli == 1_000 + 4_000


async def test_cells_that_change_are_told_once_together(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_busy_world(work)

    await tick(works, clock, world, 4)

    async with works.open() as work:
        rows = await work.fetch("SELECT payload FROM event WHERE name = 'SurgeChanged' ORDER BY ordinal")
    (told,) = [orjson.loads(row["payload"]) for row in rows]
    assert len(told["cells"]) == 7
    assert told["cells"] == sorted(told["cells"])
    assert dict(zip(told["cells"], told["driver_bonus_minor"], strict=True))[CELL] == 600
    assert set(told) == {field.name for field in fields(SurgeChanged)}


async def test_a_look_that_fails_to_come_ends_surge_by_itself(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_busy_world(work)
    await tick(works, clock, world, 2)
    assert (await surge_now(works, world)).driver_bonus_minor == 600

    clock.advance(seconds=181)

    assert (await surge_now(works, world)).decision_id is None


async def test_surge_falls_after_three_quiet_ticks_and_the_cells_are_let_go(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_busy_world(work)
    await tick(works, clock, world, 2)
    async with works.open() as work:
        await work.execute("UPDATE delivery SET state = 'CANCELLED' WHERE market_id = $1", world.market.id)

    levels = []
    for _ in range(4):
        decided = await tick(works, clock, world)
        levels.append(((await surge_now(works, world)).driver_bonus_minor, decided))

    assert levels == [(600, 7), (600, 7), (0, 7), (0, 0)]


async def test_a_spent_budget_ends_surge_for_both_sides(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_busy_world(work, surge_budget_minor=0)

    await tick(works, clock, world, 2)

    async with works.open() as work:
        (first, *_) = await surge_decisions(work.connection, market_id=world.market.id, cell=CELL)
    assert (first.level_percent, first.percent, first.bound_by) == (100, 0, SurgeLimit.BUDGET)
    assert (first.driver_bonus_minor, first.surcharge_basis_points) == (0, 0)


@pytest.mark.parametrize("edit", ["UPDATE surge_decision SET percent = 0", "DELETE FROM surge_decision"])
async def test_a_decision_stays_as_it_was(works: Works, clock: ManualClock, edit: str) -> None:
    async with works.open() as work:
        world = await make_busy_world(work)
    await tick(works, clock, world, 3)

    with pytest.raises(Exception, match="surge_decision is history"):
        async with works.open() as work:
            await work.execute(edit)


async def test_an_old_decision_is_dropped_unless_it_was_surge(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_busy_world(work)
    await tick(works, clock, world, 3)
    async with works.open() as work:
        before = [row.percent for row in await surge_decisions(work.connection, market_id=world.market.id)]
        nothing = await drop_old_decisions(work)

    clock.advance(seconds=86_400 * 31)
    async with works.open() as work:
        dropped = await drop_old_decisions(work)
        after = [row.percent for row in await surge_decisions(work.connection, market_id=world.market.id)]

    assert (nothing, dropped) == (0, before.count(0))
    assert 0 < len(after) < len(before)
    assert after == [percent for percent in before if percent > 0]


async def test_another_market_is_not_counted(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_busy_world(work)
        other = await make_market(work, **BUSY)
        await make_driver(work, other)
    await tick(works, clock, world, 2)

    async with works.open() as work:
        assert await decide_surge(work, market_id=other.id) == 0
        assert await surge_map(work.connection, market_id=other.id, at=work.now) == []


@pytest.mark.parametrize("lacking", ["documents_until", "vehicle_until"])
async def test_who_has_no_good_papers_is_no_supply(works: Works, clock: ManualClock, lacking: str) -> None:
    async with works.open() as work:
        world = await make_busy_world(work, parcels=6, drivers=3)
        await work.execute(f"UPDATE driver SET {lacking} = $2 WHERE id = $1", world.drivers[0].id, work.now)
    await tick(works, clock, world)

    async with works.open() as work:
        (first, *_) = await surge_decisions(work.connection, market_id=world.market.id, cell=CELL)
    assert first.idle_drivers == 2
