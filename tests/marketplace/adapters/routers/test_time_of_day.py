"""Engines that know no streets of ours are told how the city as a whole does."""

from datetime import timedelta

import numpy as np

from marketplace.adapters.routers import CachedRouter, FallbackRouter, StraightLineRouter
from marketplace.adapters.routers.time_of_day import at_time_of_day
from tests.marketplace.adapters.routers.stand_ins import ScriptedRouter
from tests.marketplace.adapters.small_cities import MONDAY_NOON, at
from tests.marketplace.adapters.traffic import traffic_of_slots


async def test_a_straight_line_is_stretched_by_the_citys_traffic() -> None:
    router, places = StraightLineRouter(), [at(0, 0), at(4_000, 0)]
    free = await router.matrix(places, depart_at=MONDAY_NOON)

    await router.take_traffic(traffic_of_slots({MONDAY_NOON: 1.5}))
    busy = await router.matrix(places, depart_at=MONDAY_NOON)
    calm = await router.matrix(places, depart_at=MONDAY_NOON + timedelta(hours=8))

    assert busy.durations_s.tolist() == np.rint(1.5 * free.durations_s).astype(int).tolist()
    assert calm.durations_s.tolist() == free.durations_s.tolist()
    assert (free.traffic_version, busy.traffic_version) == (0, 1)


async def test_traffic_reaches_every_router_behind_the_first() -> None:
    lines = StraightLineRouter()
    router = FallbackRouter(CachedRouter(ScriptedRouter()), lines)

    await router.take_traffic(traffic_of_slots({MONDAY_NOON: 1.5}))

    assert (await lines.matrix([at(0, 0)], depart_at=MONDAY_NOON)).traffic_version == 1


def test_without_traffic_times_are_those_of_empty_streets() -> None:
    assert at_time_of_day(np.array([60]), MONDAY_NOON, None).tolist() == [60]
