"""Map matching: tracks tell which streets were driven on and how slowly, whatever phones say beside the street."""

from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from marketplace.adapters.city import CityPack, PlaceSampler, make_grid_city
from marketplace.adapters.city.road_classes import RoadClass
from marketplace.adapters.routers import GraphEngine
from marketplace.core.geo import Point
from marketplace.routing import Fix, RoadGroup, Traversal
from tests.marketplace.adapters.small_cities import MONDAY_NOON, at, build_city, street
from workers.traffic import HiddenTraffic

Place = tuple[float, float, float]
"""Seconds after noon, and metres east and north."""


@pytest.fixture
def crossing(tmp_path: Path) -> GraphEngine:
    """Two streets that cross, at ten metres a second."""
    main = street("Main", (-1_000, 0), (0, 0), (1_000, 0), road_class=RoadClass.PRIMARY)
    side = street("Side", (0, -1_000), (0, 0), (0, 1_000))
    return GraphEngine(build_city(tmp_path / "city", main, side))


def track(*places: Place, accuracy_m: float = 8.0) -> list[Fix]:
    fixes = []
    for seconds, east_m, north_m in places:
        place = at(east_m, north_m)
        fixes.append(Fix(MONDAY_NOON + timedelta(seconds=seconds), place.lat, place.lon, accuracy_m))
    return fixes


def free_and_driven_s(traversals: list[Traversal], group: RoadGroup | None = None) -> tuple[float, float]:
    chosen = [one for one in traversals if group in {None, one.group}]
    return sum(one.free_s for one in chosen), sum(one.driven_s for one in chosen)


def test_who_drives_at_half_the_speed_takes_twice_the_time(crossing: GraphEngine) -> None:
    fixes = track(*((10.0 * n, -900 + 50.0 * n, 3.0 * (-1) ** n) for n in range(11)))

    told = crossing.match([fixes])

    assert {one.group for one in told} == {RoadGroup.MAIN}
    assert free_and_driven_s(told) == pytest.approx((50, 100), abs=0.5)
    assert {one.cell for one in told} <= set(crossing.cells[0].tolist())


def test_a_turn_is_followed_and_its_own_time_left_out(crossing: GraphEngine) -> None:
    fixes = track((0, -200, 4), (10, -100, -3), (20, -6, 2), (35, 3, 100), (45, 0, 200))

    told = crossing.match([fixes])

    main, side = (free_and_driven_s(told, group) for group in (RoadGroup.MAIN, RoadGroup.LOCAL))
    assert main[0] == pytest.approx(20, abs=1)
    assert side[0] == pytest.approx(20, abs=1)
    # Of 45 seconds the turn and giving way to the main road take some; traffic changes neither.
    assert 36 < main[1] + side[1] < 43


def test_a_track_far_from_all_streets_tells_nothing(crossing: GraphEngine) -> None:
    assert crossing.match([track((0, 300, 300), (10, 350, 300), (20, 400, 300))]) == []
    assert crossing.match([track((0, -200, 0))]) == []
    assert crossing.match([[]]) == []


def test_nothing_is_told_of_the_time_of_which_nothing_is_known(crossing: GraphEngine) -> None:
    told = crossing.match([track((0, -900, 0), (10, -800, 0), (400, 100, 0), (410, 200, 0))])

    assert free_and_driven_s(told) == pytest.approx((20, 20), abs=0.2)


def test_no_vehicle_is_beamed(crossing: GraphEngine) -> None:
    told = crossing.match([track((0, -900, 0), (10, 900, 0), (20, 800, 0))])

    assert free_and_driven_s(told) == pytest.approx((10, 10), abs=0.2)


def test_who_stands_with_the_engine_off_is_no_traffic(crossing: GraphEngine) -> None:
    standing = [(10.0 + 60 * n, -800 + 0.5 * n, 0.0) for n in range(8)]

    told = crossing.match([track((0, -900, 0), *standing, (440, -700, 0))])

    free_s, driven_s = free_and_driven_s(told)
    assert driven_s / free_s < 2


def test_a_drive_through_a_city_is_found_again_street_by_street(tmp_path: Path) -> None:
    city: CityPack = make_grid_city(tmp_path / "grid", blocks=20)
    truth = HiddenTraffic(city, seed=3, time_zone="UTC", strength=0.0)
    source = Random(5)
    places: list[Point] = [place.point for place in PlaceSampler(city).draw_places(source, 40)]
    engine = GraphEngine(city)

    free_s = driven_s = drives_s = 0.0
    for origin, target in zip(places[::2], places[1::2], strict=True):
        drive = truth.drive(origin, target, departs_at=MONDAY_NOON).lasting(600.0)
        told = drive.reports(MONDAY_NOON, MONDAY_NOON + timedelta(hours=1), every_s=10, off_by_m=7, source=source)
        free, driven = free_and_driven_s(engine.match([[Fix(at, p.lat, p.lon, 7.0) for at, p in told]]))
        free_s, driven_s = free_s + free, driven_s + driven
        leg = engine.matrix([origin], [target], depart_at=MONDAY_NOON)
        drives_s += float(leg.durations_s[0, 0])

    assert driven_s > 0.85 * 600 * 20
    assert 0.85 < free_s / drives_s < 1.1
