"""On a plane a drive is a straight line in whole minutes, rounded up."""

import pytest

from marketplace.adapters.routers import PlanarRouter, plane_point
from tests.marketplace.adapters.small_cities import MONDAY_NOON


@pytest.mark.parametrize(
    ("east_m", "north_m", "minutes", "metres"),
    [(0, 0, 0, 0), (300, 400, 5, 500), (300, 401, 6, 501), (1, 0, 1, 1), (9_999, -10_000, 142, 14_141)],
)
async def test_a_minute_that_is_begun_counts_whole(east_m: int, north_m: int, minutes: int, metres: int) -> None:
    router = PlanarRouter(metres_per_minute=100)

    cell = await router.matrix(
        [plane_point(east_m=0, north_m=0)], [plane_point(east_m=east_m, north_m=north_m)], depart_at=MONDAY_NOON
    )

    assert (cell.durations_s[0, 0], cell.distances_m[0, 0]) == (60 * minutes, metres)


async def test_what_is_exactly_some_minutes_away_far_from_the_middle_is_not_a_minute_more() -> None:
    router = PlanarRouter(metres_per_minute=320)
    origins = [plane_point(east_m=8_317 + 7 * n, north_m=5_587 - 11 * n) for n in range(200)]
    targets = [plane_point(east_m=8_317 + 7 * n + 192 * 3, north_m=5_587 - 11 * n + 256 * 3) for n in range(200)]

    cells = await router.matrix(origins, targets, depart_at=MONDAY_NOON)

    assert {int(cells.durations_s[n, n]) for n in range(200)} == {180}
