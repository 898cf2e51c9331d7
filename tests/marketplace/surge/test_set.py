"""Surge by hand: it holds at once, has a reason and an end, is written down, and takes nothing back."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.ids import OperatorId
from marketplace.core.work import Works
from marketplace.pricing import SurgeLimit
from marketplace.surge import BadOverride, clear_surge, freeze_surge, hand_set, set_surge, surge_decisions, surge_map
from tests.marketplace.payouts.world import make_operator
from tests.marketplace.surge.worlds import CELL, BusyWorld, make_busy_world, surge_now, tick

Desk = tuple[BusyWorld, OperatorId]


async def desk(works: Works, **changes: Any) -> Desk:
    async with works.open() as work:
        world = await make_busy_world(work, **changes)
        return world, await make_operator(work, world.market.id)


async def put(works: Works, at: Desk, percent: int = 30, minutes: int = 30, **changes: Any) -> int:
    world, olga = at
    async with works.open() as work:
        values: dict[str, Any] = {
            "cells": [CELL],
            "reason": "a fair",
            "expires_at": work.now + timedelta(minutes=minutes),
        }
        values |= {"market_id": world.market_id, "percent": percent, "operator_id": olga}
        return await set_surge(work, **values | changes)


async def test_it_holds_from_its_own_moment_to_its_end(works: Works, clock: ManualClock) -> None:
    at = await desk(works, parcels=0)
    world, _ = at

    assert await put(works, at, percent=30, minutes=2) == 1

    assert (await surge_now(works, world)).driver_bonus_minor == 180
    await tick(works, clock, world)
    assert (await surge_now(works, world)).surcharge_basis_points == 600
    clock.advance(seconds=60)
    assert (await surge_now(works, world)).decision_id is None


async def test_the_ratio_is_counted_on_and_holds_again_when_it_is_cleared(works: Works, clock: ManualClock) -> None:
    at = await desk(works)
    world, olga = at
    await put(works, at, percent=10)
    await tick(works, clock, world, 3)
    assert (await surge_now(works, world)).driver_bonus_minor == 60

    async with works.open() as work:
        assert await clear_surge(work, market_id=world.market_id, operator_id=olga, cells=[CELL]) == 1

    assert (await surge_now(works, world)).driver_bonus_minor == 600
    async with works.open() as work:
        latest, before, *_ = await surge_decisions(work.connection, market_id=world.market_id, cell=CELL)
        assert (latest.level_percent, latest.percent, latest.bound_by, latest.reason) == (100, 100, None, None)
        assert (before.level_percent, before.percent) == (100, 10)
        assert (before.bound_by, before.reason) == (SurgeLimit.OVERRIDE, "a fair")


async def test_setting_again_replaces_what_was_set(works: Works) -> None:
    at = await desk(works, parcels=0)
    world, _ = at
    await put(works, at, percent=30)

    await put(works, at, percent=50)

    assert (await surge_now(works, world)).driver_bonus_minor == 300
    async with works.open() as work:
        assert [one.percent for one in await hand_set(work.connection, market_id=world.market_id, at=work.now)] == [50]


async def test_a_freeze_ends_everything_at_once_and_what_was_set_too(works: Works, clock: ManualClock) -> None:
    at = await desk(works)
    world, olga = at
    await tick(works, clock, world, 2)
    await put(works, at, percent=50)

    async with works.open() as work:
        await freeze_surge(
            work,
            market_id=world.market_id,
            reason="a flood",
            expires_at=work.now + timedelta(seconds=90),
            operator_id=olga,
        )

    assert (await surge_now(works, world)).decision_id is None
    await tick(works, clock, world)
    async with works.open() as work:
        assert await surge_map(work.connection, market_id=world.market_id, at=work.now) == []
        (first, *_) = await surge_decisions(work.connection, market_id=world.market_id, cell=CELL)
        assert (first.level_percent, first.percent, first.bound_by) == (100, 0, SurgeLimit.FROZEN)
    await tick(works, clock, world)
    assert (await surge_now(works, world)).driver_bonus_minor == 300


async def test_clearing_everything_thaws_the_market(works: Works, clock: ManualClock) -> None:
    at = await desk(works)
    world, olga = at
    await tick(works, clock, world, 2)
    async with works.open() as work:
        until = work.now + timedelta(hours=1)
        await freeze_surge(work, market_id=world.market_id, reason="a flood", expires_at=until, operator_id=olga)

    async with works.open() as work:
        assert await clear_surge(work, market_id=world.market_id, operator_id=olga) == 1

    assert (await surge_now(works, world)).driver_bonus_minor == 600


async def test_each_is_written_down_with_name_and_reason(works: Works) -> None:
    at = await desk(works, parcels=0)
    world, olga = at
    await put(works, at)
    async with works.open() as work:
        await clear_surge(work, market_id=world.market_id, operator_id=olga)

        rows = await work.fetch("SELECT verb, operator_id, subject_id, details FROM operator_action ORDER BY id")

    assert [(row["verb"], row["operator_id"], row["subject_id"]) for row in rows] == [
        ("setSurge", olga, world.market.id),
        ("clearSurge", olga, world.market.id),
    ]
    assert orjson.loads(rows[0]["details"])["reason"] == "a fair"


@pytest.mark.parametrize(
    "wrong",
    [
        {"cells": []},
        {"cells": ["nowhere"]},
        {"cells": ["87b2ddd6dffffff"]},
        {"percent": 101},
        {"percent": -1},
        {"reason": " "},
        {"reason": "x" * 201},
        {"minutes": 0},
        {"minutes": 7 * 24 * 60 + 1},
    ],
    ids=str,
)
async def test_what_nobody_could_apply_is_refused_and_nothing_changes(works: Works, wrong: dict[str, Any]) -> None:
    at = await desk(works, parcels=0)

    with pytest.raises(BadOverride):
        await put(works, at, **wrong)

    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM surge_override") == 0
        assert await work.fetch_value("SELECT count(*) FROM operator_action") == 0
