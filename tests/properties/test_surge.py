"""Surge is bounded, rises with the ratio, does not tremble, and is nothing where too few are around."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from marketplace.core.work import Work
from marketplace.markets import dials
from marketplace.pricing import Around, SurgeLimit, SurgeRule, SurgeState, next_step
from marketplace.pricing.surge import STEP_PERCENT
from marketplace.surge import BonusOffered, decide_surge, keep_bonus
from marketplace.surge.budget import window_start
from marketplace.surge.neighbourhood import CellCounts, Neighbourhoods, cells_to_judge
from marketplace.surge.promise import SurgeSpent
from tests.builders import HUB_PLACE, make_batch, make_delivery, make_route
from tests.marketplace.surge.worlds import BusyWorld, make_busy_world

pure = settings(max_examples=80, deadline=None)

rules = st.builds(
    SurgeRule,
    starts_at_percent=st.integers(0, 900),
    full_after_percent=st.integers(1, 1_000),
    max_step_percent=st.integers(10, 100),
    every_s=st.integers(10, 3_600),
    half_life_s=st.integers(0, 3_600),
    minimum_population=st.integers(0, 10),
    stops_per_driver=st.integers(1, 20),
    bonus_cap_minor=st.integers(0, 10**9),
    surcharge_cap_percent=st.integers(0, 100),
)
seen = st.builds(
    Around,
    demand_milli=st.integers(0, 10**6),
    supply_milli=st.integers(0, 10**6),
    population=st.integers(0, 30),
)
PLAIN = SurgeRule(
    starts_at_percent=100,
    full_after_percent=200,
    max_step_percent=100,
    every_s=60,
    half_life_s=0,
    minimum_population=0,
    stops_per_driver=3,
    bonus_cap_minor=1_000,
    surcharge_cap_percent=20,
)


def follow(rule: SurgeRule, looks: list[Around]) -> list[SurgeState]:
    """The cell after each look."""
    states: list[SurgeState] = []
    for around in looks:
        states.append(next_step(rule, states[-1] if states else None, around).state)
    return states


def wanted(percent: int) -> Around:
    """Stops at so many for each hundred that can be carried."""
    return Around(demand_milli=percent * 100, supply_milli=10_000, population=50)


@pure
@given(rule=rules, looks=st.lists(seen, min_size=1, max_size=30))
def test_it_is_bounded_whatever_is_seen(rule: SurgeRule, looks: list[Around]) -> None:
    states = follow(rule, looks)

    levels = [0] + [state.level_percent for state in states]
    assert all(0 <= level <= 100 for level in levels)
    assert all(abs(after - before) <= rule.max_step_percent for before, after in pairwise(levels))
    assert all(0 <= rule.bonus_minor(level) <= rule.bonus_cap_minor for level in levels)
    assert all(0 <= rule.surcharge_basis_points(level) <= rule.surcharge_cap_percent * 100 for level in levels)


@pure
@given(rule=rules, low=st.integers(0, 3_000), more=st.integers(0, 3_000), ticks=st.integers(1, 40))
def test_at_rest_it_rises_with_the_ratio(rule: SurgeRule, low: int, more: int, ticks: int) -> None:
    less, greater = (follow(rule, [wanted(ratio)] * ticks)[-1] for ratio in (low, low + more))

    assert less.level_percent <= greater.level_percent


@pure
@given(
    rule=rules,
    begin=st.integers(0, 10).map(lambda step: step * 10),
    middle=st.integers(0, 100),
    noise=st.lists(st.integers(0, STEP_PERCENT - 1), min_size=1, max_size=60),
)
def test_a_target_that_trembles_by_less_than_a_step_never_turns_it_back(
    rule: SurgeRule, begin: int, middle: int, noise: list[int]
) -> None:
    rule = replace(PLAIN, max_step_percent=rule.max_step_percent)
    before = SurgeState(demand_milli=0, supply_milli=0, level_percent=begin)
    levels = [begin]
    for extra in noise:
        # A ratio of 100 + 2 × target asks for just that target under the plain rule.
        before = next_step(rule, before, wanted(100 + 2 * min(100, middle + extra))).state
        levels.append(before.level_percent)

    turns = {(after > earlier) - (after < earlier) for earlier, after in pairwise(levels)} - {0}
    assert len(turns) <= 1


@pure
@given(rule=rules, looks=st.lists(seen, min_size=3, max_size=20))
def test_it_rises_after_two_that_ask_for_more_and_falls_after_three(rule: SurgeRule, looks: list[Around]) -> None:
    steps, state = [], None
    for around in looks:
        steps.append(next_step(rule, state, around))
        state = steps[-1].state

    levels = [0] + [step.state.level_percent for step in steps]
    # What a tick asks for is held against the level that it finds.
    asks = [(step.target_percent - level) / STEP_PERCENT for step, level in zip(steps, levels, strict=False)]
    for place, (before, after) in enumerate(pairwise(levels)):
        if after > before:
            assert place >= 1
            assert all(ask >= 1 for ask in asks[place - 1 : place + 1])
        if after < before:
            assert place >= 2
            assert all(ask <= -1 for ask in asks[place - 2 : place + 1])


def test_too_few_around_ask_for_nothing() -> None:
    rule = replace(PLAIN, minimum_population=5)

    step = next_step(rule, None, replace(wanted(900), population=4))

    assert (step.ratio_percent, step.target_percent, step.bound_by) == (900, 0, SurgeLimit.POPULATION)


def test_smoothing_takes_half_of_a_change_in_its_half_life() -> None:
    rule = replace(PLAIN, every_s=60, half_life_s=60)
    before = SurgeState(demand_milli=10_000, supply_milli=10_000)

    step = next_step(rule, before, wanted(300))

    assert (step.raw_ratio_percent, step.ratio_percent) == (300, 200)
    assert (step.target_percent, step.state.level_percent, step.bound_by) == (50, 0, SurgeLimit.PATIENCE)


def test_a_rise_is_as_large_as_the_market_allows_at_once() -> None:
    rule = replace(PLAIN, max_step_percent=30)

    states = follow(rule, [wanted(300)] * 6)

    assert [state.level_percent for state in states] == [0, 30, 60, 90, 100, 100]


@pure
@given(parcels=st.integers(1, 40), drivers=st.integers(0, 20), near=st.integers(0, 40), people=st.integers(0, 10))
def test_more_parcels_next_door_never_lower_the_ratio_and_more_drivers_never_raise_it(
    parcels: int, drivers: int, near: int, people: int
) -> None:
    rule = replace(PLAIN, minimum_population=0)
    cell = HUB_PLACE.cell
    (other, *_) = [one for one in cells_to_judge({cell: CellCounts(open_stops=1)}, []) if one != cell]

    def ratio(neighbour: CellCounts) -> int:
        counts = {cell: CellCounts(open_stops=parcels, idle_drivers=drivers), other: neighbour}
        return next_step(rule, None, Neighbourhoods(rule, counts).around(cell)).ratio_percent

    alone = ratio(CellCounts())
    assert ratio(CellCounts(open_stops=near)) >= alone >= ratio(CellCounts(idle_drivers=people))


def test_a_place_with_hardly_anybody_around_goes_by_its_parents_surroundings() -> None:
    rule = replace(PLAIN, minimum_population=10)
    cell = HUB_PLACE.cell
    counts = {cell: CellCounts(open_stops=6, idle_drivers=1)}

    around = Neighbourhoods(rule, counts).around(cell)

    assert (around.is_wide, around.demand_milli, around.supply_milli, around.population) == (True, 6_000, 3_000, 7)


class Undo(Exception):
    """Ends an example's savepoint."""


moves = st.lists(
    st.one_of(
        st.tuples(st.just("grant"), st.integers(1, 900)),
        st.tuples(st.just("call off"), st.integers(0, 20)),
        st.tuples(st.just("decide"), st.integers(0, 100)),
        st.tuples(st.just("pass"), st.integers(1, 400)),
    ),
    min_size=5,
    max_size=30,
)
BUDGET = 2_000
SPENT = """
SELECT b.window_start, sum(b.bonus_minor)::bigint AS minor FROM surge_bonus b JOIN route r ON r.id = b.route_id
WHERE b.market_id = $1 AND r.state NOT IN ('DISSOLVED', 'CANCELLED') GROUP BY b.window_start
"""


@settings(
    deadline=None,
    max_examples=8,
    # Each example runs in a savepoint of the same connection, so the fixture may be shared.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(history=moves)
async def test_no_window_promises_more_than_its_budget_after_any_history(
    work: Work, history: list[tuple[str, int]]
) -> None:
    with pytest.raises(Undo):
        async with work.connection.transaction():
            world = await make_busy_world(work, surge_budget_minor=BUDGET, surge_window_s=600)
            await _decide(work, world, 100)
            route_ids: list[UUID] = []
            for kind, number in history:
                await _move(work, world, route_ids, kind, number)
                assert all(row["minor"] <= BUDGET for row in await work.fetch(SPENT, world.market.id))
            raise Undo


async def _move(work: Work, world: BusyWorld, route_ids: list[UUID], kind: str, number: int) -> None:
    """One thing that happens to a budget: granted from, given back to, decided about, or its window passes."""
    match kind:
        case "pass":
            work.now += timedelta(seconds=number)
        case "decide":
            await _decide(work, world, number)
        case "call off" if route_ids:
            called_off = route_ids[number % len(route_ids)]
            await work.execute("UPDATE route SET state = 'DISSOLVED' WHERE id = $1", called_off)
        case "grant":
            await _grant(work, world, route_ids, number)


async def _decide(work: Work, world: BusyWorld, percent: int) -> None:
    """The next tick, under a cap of the bonus that somebody has set meanwhile."""
    cap_minor = 6 * percent
    await work.execute("UPDATE market SET surge_bonus_cap_minor = $2 WHERE id = $1", world.market.id, cap_minor)
    work.now += timedelta(seconds=60)
    await decide_surge(work, market_id=world.market_id)


async def _grant(work: Work, world: BusyWorld, route_ids: list[UUID], bonus_minor: int) -> None:
    """A route asks for its bonus, and has it exactly where the window's budget has as much left."""
    settings_now = await dials(work, market_id=world.market_id)
    start = window_start(settings_now, work.now)
    spent = {row["window_start"]: row["minor"] for row in await work.fetch(SPENT, world.market.id)}
    batch = await make_batch(work, world.market, world.shipper)
    delivery = await make_delivery(work, world.market, world.shipper, world.hub, batch)
    route, _ = await make_route(work, world.market, [delivery])
    decision_id = await work.fetch_value("SELECT id FROM surge_decision WHERE market_id = $1 LIMIT 1", world.market.id)
    bonus = BonusOffered(decision_id=decision_id, bonus_minor=bonus_minor, rule="surge:borne_by_platform")
    try:
        await keep_bonus(work, settings_now, route_id=route.id, bonus=bonus)
    except SurgeSpent:
        assert spent.get(start, 0) + bonus_minor > BUDGET
    else:
        assert spent.get(start, 0) + bonus_minor <= BUDGET
        route_ids.append(route.id)
