"""The cache: the same numbers with fewer questions, for the hour they were asked for, and never estimates."""

from datetime import timedelta
from random import Random

import numpy as np

from marketplace.adapters.routers import CachedRouter, StraightLineRouter
from marketplace.core.geo import Point
from tests.marketplace.adapters.routers.stand_ins import ScriptedRouter
from tests.marketplace.adapters.small_cities import MONDAY_NOON, at
from tests.marketplace.adapters.traffic import traffic_of_slots


def stops(count: int, seed: int = 1) -> list[Point]:
    random = Random(seed)
    return [at(random.uniform(0, 5_000), random.uniform(0, 5_000)) for _ in range(count)]


async def test_the_next_plan_asks_for_new_rows_and_new_columns_only() -> None:
    streets, places = ScriptedRouter(), stops(12)
    router = CachedRouter(streets)
    await router.matrix(places[:10], depart_at=MONDAY_NOON)

    again = await router.matrix(places[:10], depart_at=MONDAY_NOON)
    moved = await router.matrix(places[2:], depart_at=MONDAY_NOON)

    assert streets.asked == [(10, 10), (2, 10), (8, 2)]
    truth = await StraightLineRouter().matrix(places, depart_at=MONDAY_NOON)
    assert np.array_equal(again.durations_s, truth.durations_s[:10, :10])
    assert np.array_equal(moved.durations_s, truth.durations_s[2:, 2:])
    assert np.array_equal(moved.distances_m, truth.distances_m[2:, 2:])
    assert moved.is_reachable.all()
    assert (moved.engine, moved.dataset) == ("scripted", "first streets")


async def test_a_single_new_row_is_asked_alone() -> None:
    streets, places = ScriptedRouter(), stops(9)
    router = CachedRouter(streets)
    await router.matrix(places[:8], depart_at=MONDAY_NOON)

    await router.matrix(places[8:], places[:8], depart_at=MONDAY_NOON)

    assert streets.asked == [(8, 8), (1, 8)]


async def test_an_answer_is_kept_for_its_hour_of_departure() -> None:
    streets, places = ScriptedRouter(), stops(4)
    router = CachedRouter(streets)

    for minutes in (0, 59, 60, 30):
        await router.matrix(places, depart_at=MONDAY_NOON + timedelta(minutes=minutes))

    assert streets.asked == [(4, 4), (4, 4)]


async def test_places_asked_for_longest_ago_make_room() -> None:
    streets, places = ScriptedRouter(), stops(12)
    router = CachedRouter(streets, places_kept=8)
    await router.matrix(places[:8], depart_at=MONDAY_NOON)
    await router.matrix(places[8:], depart_at=MONDAY_NOON)
    streets.asked.clear()

    await router.matrix(places[4:], depart_at=MONDAY_NOON)
    answer = await router.matrix(places[:4], depart_at=MONDAY_NOON)

    # The last four of the old and the four new places are both known, though not between each other.
    assert streets.asked[0] == (8, 8)
    assert streets.asked[1] == (4, 4)
    truth = await StraightLineRouter().matrix(places[:4], depart_at=MONDAY_NOON)
    assert np.array_equal(answer.durations_s, truth.durations_s)


async def test_more_places_than_can_be_kept_pass_by() -> None:
    streets, places = ScriptedRouter(), stops(9)
    router = CachedRouter(streets, places_kept=8)

    for _ in range(2):
        assert (await router.matrix(places, depart_at=MONDAY_NOON)).shape == (9, 9)

    assert streets.asked == [(9, 9), (9, 9)]


async def test_estimates_are_passed_on_and_never_kept() -> None:
    streets, places = ScriptedRouter(), stops(3)
    router = CachedRouter(streets)
    streets.is_degraded = True

    assert (await router.matrix(places, depart_at=MONDAY_NOON)).is_degraded
    streets.is_degraded = False

    assert not (await router.matrix(places, depart_at=MONDAY_NOON)).is_degraded


async def test_new_streets_make_everything_forgotten() -> None:
    streets, places = ScriptedRouter(), stops(5)
    router = CachedRouter(streets)
    await router.matrix(places[:4], depart_at=MONDAY_NOON)

    streets.dataset = "second streets"
    mixed = await router.matrix(places, depart_at=MONDAY_NOON)
    streets.asked.clear()
    fresh = await router.matrix(places[:4], depart_at=MONDAY_NOON)

    assert mixed.dataset == fresh.dataset == "second streets"
    assert streets.asked == [(4, 4)]


async def test_journeys_pass_and_closing_closes() -> None:
    streets, places = ScriptedRouter(), stops(3)
    router = CachedRouter(streets)

    journey = await router.legs(places, depart_at=MONDAY_NOON)
    await router.aclose()

    assert len(journey.legs) == 2
    assert streets.is_closed


async def test_new_traffic_makes_it_forget() -> None:
    streets, places = ScriptedRouter(), stops(4)
    router = CachedRouter(streets)
    await router.matrix(places, depart_at=MONDAY_NOON)

    await router.take_traffic(traffic_of_slots({}))
    await router.matrix(places, depart_at=MONDAY_NOON)
    await router.matrix(places, depart_at=MONDAY_NOON)

    assert streets.asked == [(4, 4), (4, 4)]


async def test_a_drive_that_runs_into_other_traffic_is_never_remembered() -> None:
    lines, places = StraightLineRouter(), stops(10)
    router, ending = CachedRouter(lines), MONDAY_NOON + timedelta(hours=4)  # a slot of Chile ends at 13
    await router.take_traffic(traffic_of_slots({ending - timedelta(hours=1): 3.0}))

    for minutes in (30, 4, 2, 11, 3):
        depart_at = ending - timedelta(minutes=minutes)
        answer = await router.matrix(places, depart_at=depart_at)
        truth = await lines.matrix(places, depart_at=depart_at)
        assert np.array_equal(answer.durations_s, truth.durations_s)
