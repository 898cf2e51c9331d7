"""The straight line: an estimate by distance, the same both ways, always marked."""

from marketplace.adapters.routers import StraightLineRouter
from tests.marketplace.adapters.small_cities import MONDAY_NOON, at


async def test_an_estimate_is_the_distance_with_a_detour_at_a_city_speed() -> None:
    router = StraightLineRouter()

    matrix = await router.matrix([at(0, 0), at(0, 2_300)], depart_at=MONDAY_NOON)

    assert matrix.distances_m.tolist() == [[0, 3_105], [3_105, 0]]
    assert matrix.durations_s.tolist() == [[0, 270], [270, 0]]
    assert matrix.is_reachable.all()
    assert matrix.is_degraded
    assert matrix.source_snap_m.tolist() == [0, 0]


async def test_a_journey_is_drawn_straight() -> None:
    router = StraightLineRouter()
    start, end = at(0, 0), at(0, 2_300)

    journey = await router.legs([start, end], depart_at=MONDAY_NOON)

    assert journey.geometry == (((start.lat, start.lon), (end.lat, end.lon)),)
    assert journey.is_degraded
