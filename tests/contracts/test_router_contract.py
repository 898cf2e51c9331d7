"""What every router must do, whatever answers behind it: the same suite over all of them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random

import numpy as np
import pytest

from marketplace.adapters.city import CityPack, PlaceSampler, make_grid_city
from marketplace.adapters.city.distances import metres_between
from marketplace.adapters.city.grid import place_of
from marketplace.adapters.routers import (
    CachedRouter,
    FallbackRouter,
    GraphEngine,
    GraphRouter,
    OsrmRouter,
    PlanarRouter,
    StraightLineRouter,
)
from marketplace.core.geo import Point
from marketplace.routing import (
    MAX_JOURNEY_POINTS,
    MAX_MATRIX_SIDE,
    NO_WAY,
    SNAP_LIMIT_M,
    LearnedRouter,
    Matrix,
    NaiveDeparture,
    Router,
    TooFarFromStreet,
    TooManyPoints,
)
from tests.contracts.osrm_double import OsrmDouble, serving
from tests.marketplace.adapters.small_cities import MONDAY_NOON
from tests.marketplace.adapters.traffic import traffic_of_slots

TURN_AROUND_S = 20
"""Stopping somewhere lets a driver leave the way he came, which a drive past it may not do for nothing."""

ROUNDING_S = 2
DESERT = Point(lat=-29.90, lon=-71.10)
"""More than ten kilometres from the grid city."""


AFTERNOON = MONDAY_NOON + timedelta(hours=8, minutes=5)
"""Five past five in Chile, where a slot ends at six."""
AFTERNOON_ENDS = MONDAY_NOON + timedelta(hours=9)
TRAFFIC = traffic_of_slots({AFTERNOON: 1.5}, version=3)


@dataclass(frozen=True)
class Case:
    """A router under test and what it can know."""

    router: Router
    is_on_streets: bool
    is_degraded: bool = False


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> CityPack:
    return make_grid_city(tmp_path_factory.mktemp("cities") / "grid", blocks=20)


@pytest.fixture(scope="module")
def places(city: CityPack) -> list[Point]:
    return [place.point for place in PlaceSampler(city).draw_places(Random(1), 60)]


@pytest.fixture(
    scope="module", params=["graph", "cached graph", "graph with a fallback", "osrm", "straight line", "plane"]
)
async def case(request: pytest.FixtureRequest, city: CityPack) -> AsyncIterator[Case]:
    if request.param == "osrm":
        with serving(OsrmDouble(GraphEngine(city))) as url:
            router = OsrmRouter(url)
            await router.take_traffic(TRAFFIC)
            yield Case(router, is_on_streets=True)
            await router.aclose()
        return
    router_by_name: dict[str, Callable[[], Router]] = {
        "graph": lambda: GraphRouter(city.folder),
        "cached graph": lambda: CachedRouter(GraphRouter(city.folder)),
        "graph with a fallback": lambda: FallbackRouter(GraphRouter(city.folder), StraightLineRouter(), timeout_s=60.0),
        "straight line": StraightLineRouter,
        "plane": lambda: PlanarRouter(metres_per_minute=320.0),
    }
    chosen = router_by_name[request.param]()
    if isinstance(chosen, LearnedRouter):
        await chosen.take_traffic(TRAFFIC)
    is_estimate = request.param == "straight line"
    yield Case(chosen, is_on_streets=not is_estimate and request.param != "plane", is_degraded=is_estimate)
    await chosen.aclose()


@pytest.fixture
async def matrix(case: Case, places: list[Point]) -> Matrix:
    return await case.router.matrix(places, depart_at=MONDAY_NOON)


def needs_traffic(case: Case) -> None:
    if not isinstance(case.router, LearnedRouter):
        pytest.skip("a plane has no traffic")


def needs_streets(case: Case) -> None:
    if not case.is_on_streets:
        pytest.skip("a straight line knows no streets")


def test_answers_have_the_documented_form(case: Case, matrix: Matrix, places: list[Point]) -> None:
    assert matrix.shape == (60, 60)
    assert matrix.durations_s.dtype == matrix.distances_m.dtype == np.int32
    assert matrix.is_reachable.dtype == bool
    assert matrix.source_snap_m.shape == matrix.target_snap_m.shape == (60,)
    assert matrix.engine
    assert matrix.dataset


def test_a_degraded_answer_says_so_and_no_other_does(case: Case, matrix: Matrix) -> None:
    assert matrix.is_degraded is case.is_degraded


def test_every_place_is_no_drive_from_itself_and_some_drive_from_others(matrix: Matrix) -> None:
    assert matrix.is_reachable.all()
    assert (np.diag(matrix.durations_s) == 0).all()
    assert (np.diag(matrix.distances_m) == 0).all()
    assert (matrix.durations_s >= 0).all()
    assert np.count_nonzero(matrix.distances_m) == 60 * 59


def test_no_drive_is_shorter_than_the_straight_line(matrix: Matrix, places: list[Point]) -> None:
    lat, lon = np.array([p.lat for p in places]), np.array([p.lon for p in places])
    straight_m = metres_between(lat[:, None], lon[:, None], lat[None, :], lon[None, :])

    beside_m = matrix.source_snap_m[:, None] + matrix.target_snap_m[None, :]

    assert (matrix.distances_m >= straight_m - beside_m - 1).all()


def test_a_stop_on_the_way_saves_no_time(case: Case, matrix: Matrix) -> None:
    duration_s = matrix.durations_s.astype(np.int64)

    by_way_of = (duration_s[:, :, None] + duration_s[None, :, :]).min(axis=1)

    tolerance_s = ROUNDING_S + (TURN_AROUND_S if case.is_on_streets else 0)
    assert (duration_s <= by_way_of + tolerance_s).all()


async def test_one_way_streets_make_there_and_back_differ(case: Case) -> None:
    needs_streets(case)
    # Street 1 of the grid runs one way, from west to east.
    (west_lat, west_lon), (_, east_lon) = place_of((1, 3)), place_of((1, 4))
    near_west = Point(lat=west_lat, lon=west_lon + 0.2 * (east_lon - west_lon))
    near_east = Point(lat=west_lat, lon=west_lon + 0.8 * (east_lon - west_lon))

    there_and_back = await case.router.matrix([near_west, near_east], depart_at=MONDAY_NOON)

    there_m, back_m = int(there_and_back.distances_m[0, 1]), int(there_and_back.distances_m[1, 0])
    assert there_m in range(70, 77)
    assert back_m > 400


async def test_rows_and_columns_alone_equal_the_same_cells_of_the_whole(
    case: Case, matrix: Matrix, places: list[Point]
) -> None:
    few_sources = await case.router.matrix(places[5:8], places, depart_at=MONDAY_NOON)
    few_targets = await case.router.matrix(places, places[5:8], depart_at=MONDAY_NOON)

    assert np.array_equal(few_sources.durations_s, matrix.durations_s[5:8])
    assert np.array_equal(few_targets.distances_m, matrix.distances_m[:, 5:8])
    assert few_targets.shape == (60, 3)


async def test_a_place_far_from_every_street_has_no_way_and_spoils_no_other_cell(
    case: Case, matrix: Matrix, places: list[Point]
) -> None:
    needs_streets(case)

    answer = await case.router.matrix([*places[:3], DESERT], depart_at=MONDAY_NOON)

    assert answer.is_reachable[:3, :3].all()
    assert np.array_equal(answer.durations_s[:3, :3], matrix.durations_s[:3, :3])
    assert not answer.is_reachable[3, :].any()
    assert not answer.is_reachable[:, 3].any()
    assert (answer.durations_s[3, :] == NO_WAY).all()
    assert (answer.distances_m[:, 3] == NO_WAY).all()
    assert answer.source_snap_m[3] > SNAP_LIMIT_M


async def test_a_journey_to_a_place_far_from_every_street_is_refused(case: Case, places: list[Point]) -> None:
    needs_streets(case)

    with pytest.raises(TooFarFromStreet, match="point 1 lies"):
        await case.router.legs([places[0], DESERT, places[1]], depart_at=MONDAY_NOON)


async def test_legs_are_exactly_the_cells_of_the_matrix(case: Case, matrix: Matrix, places: list[Point]) -> None:
    journey = await case.router.legs(places[:30], depart_at=MONDAY_NOON)

    steps = (range(29), range(1, 30))
    assert [leg.duration_s for leg in journey.legs] == matrix.durations_s[steps].tolist()
    assert [leg.distance_m for leg in journey.legs] == matrix.distances_m[steps].tolist()
    assert journey.duration_s == matrix.durations_s[steps].sum()
    assert journey.is_degraded == matrix.is_degraded


async def test_each_leg_departs_when_the_one_before_arrives(case: Case, places: list[Point]) -> None:
    journey = await case.router.legs(places[:5], depart_at=MONDAY_NOON)

    moment = MONDAY_NOON
    for leg in journey.legs:
        assert leg.departs_at == moment
        moment = leg.arrives_at
        assert moment == leg.departs_at + timedelta(seconds=leg.duration_s)


async def test_each_leg_is_drawn_from_place_to_place_as_long_as_it_is(
    case: Case, matrix: Matrix, places: list[Point]
) -> None:
    journey = await case.router.legs([*places[:10], places[9]], depart_at=MONDAY_NOON)

    assert len(journey.geometry) == 10
    for index, shape in enumerate(journey.geometry[:9]):
        line = np.array(shape)
        ends = [places[index], places[index + 1]]
        far_m = metres_between(
            line[[0, -1], 0], line[[0, -1], 1], np.array([p.lat for p in ends]), np.array([p.lon for p in ends])
        )
        assert (far_m <= matrix.source_snap_m[[index, index + 1]] + 1).all()
        if case.is_on_streets:
            drawn_m = metres_between(line[:-1, 0], line[:-1, 1], line[1:, 0], line[1:, 1]).sum()
            assert drawn_m == pytest.approx(journey.legs[index].distance_m, abs=2)
    assert (journey.legs[9].duration_s, len(journey.geometry[9])) == (0, 2)


async def test_a_journey_of_one_place_has_no_legs_and_nothing_asked_is_nothing_answered(
    case: Case, places: list[Point]
) -> None:
    alone = await case.router.legs(places[:1], depart_at=MONDAY_NOON)
    nothing = await case.router.matrix([], depart_at=MONDAY_NOON)
    to_nobody = await case.router.matrix(places[:2], [], depart_at=MONDAY_NOON)

    assert (alone.legs, alone.geometry, alone.duration_s) == ((), (), 0)
    assert nothing.shape == (0, 0)
    assert to_nobody.shape == (2, 0)


async def test_questions_beyond_the_limits_are_refused(case: Case, places: list[Point]) -> None:
    too_many = [places[0]] * (MAX_MATRIX_SIDE + 1)

    with pytest.raises(TooManyPoints, match="sources"):
        await case.router.matrix(too_many, places[:1], depart_at=MONDAY_NOON)
    with pytest.raises(TooManyPoints, match="targets"):
        await case.router.matrix(places[:1], too_many, depart_at=MONDAY_NOON)
    with pytest.raises(TooManyPoints):
        await case.router.legs(too_many[: MAX_JOURNEY_POINTS + 1], depart_at=MONDAY_NOON)


async def test_a_departure_without_a_time_zone_is_refused(case: Case, places: list[Point]) -> None:
    noon_somewhere = datetime(2026, 1, 5, 12)

    with pytest.raises(NaiveDeparture):
        await case.router.matrix(places[:2], depart_at=noon_somewhere)
    with pytest.raises(NaiveDeparture):
        await case.router.legs(places[:2], depart_at=noon_somewhere)


async def test_a_busier_time_of_day_makes_drives_longer_and_leaves_other_times_alone(
    case: Case, matrix: Matrix, places: list[Point]
) -> None:
    needs_traffic(case)
    some = places[:10]

    busy = await case.router.matrix(some, depart_at=AFTERNOON)
    noon = await case.router.matrix(some, depart_at=MONDAY_NOON)

    off_diagonal = ~np.eye(10, dtype=bool)
    assert (busy.durations_s > noon.durations_s)[off_diagonal].all()
    assert np.array_equal(noon.durations_s, matrix.durations_s[:10, :10])
    assert np.array_equal(busy.distances_m > 0, noon.distances_m > 0)
    assert (busy.traffic_version, noon.traffic_version) == (TRAFFIC.version, TRAFFIC.version)


async def test_a_leg_takes_as_long_as_its_cell_when_it_departs_whatever_the_traffic(
    case: Case, places: list[Point]
) -> None:
    needs_traffic(case)
    some = places[:6]

    journey = await case.router.legs(some, depart_at=AFTERNOON_ENDS - timedelta(seconds=400))

    for index, leg in enumerate(journey.legs):
        cells = await case.router.matrix(some, depart_at=leg.departs_at)
        assert leg.duration_s == cells.durations_s[index, index + 1]
        assert leg.distance_m == cells.distances_m[index, index + 1]


async def test_nobody_arrives_earlier_by_departing_later(case: Case, places: list[Point]) -> None:
    needs_traffic(case)
    departures = [AFTERNOON_ENDS + timedelta(seconds=after) for after in (-300, -240, -120, -60, -1, 0, 60)]

    answers = [await case.router.matrix(places[:8], depart_at=moment) for moment in departures]

    arrives_s = [
        answer.durations_s + (moment - departures[0]).total_seconds()
        for answer, moment in zip(answers, departures, strict=True)
    ]
    assert all((later >= earlier).all() for earlier, later in pairwise(arrives_s))


async def test_many_callers_at_once_get_their_own_answers(case: Case, matrix: Matrix, places: list[Point]) -> None:
    answers = await asyncio.gather(
        *(case.router.matrix(places[n : n + 3], places[:4], depart_at=MONDAY_NOON) for n in range(12)),
    )

    for n, answer in enumerate(answers):
        assert np.array_equal(answer.durations_s, matrix.durations_s[n : n + 3, :4])
