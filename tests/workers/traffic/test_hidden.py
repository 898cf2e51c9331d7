"""Hidden traffic: the same for the same seed, smooth in time, heavier on fast roads, and driven edge by edge."""

from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest

from marketplace.adapters.city import CityPack, PlaceSampler, make_grid_city
from marketplace.adapters.city.road_classes import RoadClass
from marketplace.core.geo import straight_line_m
from workers.traffic import HiddenTraffic

RUSH = datetime(2026, 3, 2, 21, 24, tzinfo=UTC)
"""A Monday evening in Chile, where it is three hours earlier."""
NIGHT = RUSH + timedelta(hours=10)
SATURDAY = RUSH + timedelta(days=5)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> CityPack:
    return make_grid_city(tmp_path_factory.mktemp("cities") / "grid", blocks=20)


@pytest.fixture(scope="module")
def traffic(city: CityPack) -> HiddenTraffic:
    return HiddenTraffic(city, seed=5, time_zone="America/Santiago")


def test_the_same_seed_makes_the_same_traffic_and_another_one_does_not(city: CityPack, traffic: HiddenTraffic) -> None:
    again = HiddenTraffic(city, seed=5, time_zone="America/Santiago")
    other = HiddenTraffic(city, seed=6, time_zone="America/Santiago")

    assert np.array_equal(again.factors(RUSH), traffic.factors(RUSH))
    assert not np.array_equal(other.factors(RUSH), traffic.factors(RUSH))


def test_without_strength_all_streets_are_empty_at_all_hours(city: CityPack) -> None:
    calm = HiddenTraffic(city, seed=5, time_zone="America/Santiago", strength=0.0)

    assert (calm.factors(RUSH) == 1.0).all()


def test_days_differ_by_their_noise_and_keep_their_pattern(city: CityPack, traffic: HiddenTraffic) -> None:
    noisy = HiddenTraffic(city, seed=5, time_zone="America/Santiago", day_noise=0.15)
    again = HiddenTraffic(city, seed=5, time_zone="America/Santiago", day_noise=0.15)
    days = [RUSH + timedelta(days=number) for number in range(4)]

    usual, means = traffic.factors(RUSH), [noisy.factors(day).mean() for day in days]

    assert all(np.array_equal(traffic.factors(day), usual) for day in days)
    assert all(np.array_equal(noisy.factors(day), again.factors(day)) for day in days)
    assert len(set(means)) == 4
    assert all(np.corrcoef(noisy.factors(day), usual)[0, 1] > 0.95 for day in days)


def test_the_evening_is_slower_than_the_night_and_a_weekday_than_a_saturday(traffic: HiddenTraffic) -> None:
    rush, night, saturday = (traffic.factors(moment).mean() for moment in (RUSH, NIGHT, SATURDAY))

    assert rush > saturday > night
    assert rush > 1.2


def test_a_minute_changes_little(traffic: HiddenTraffic) -> None:
    now, soon = traffic.factors(RUSH - timedelta(hours=1)), traffic.factors(RUSH - timedelta(minutes=59))

    assert np.abs(soon / now - 1.0).max() < 0.02


def test_fast_roads_lose_more_than_side_streets(traffic: HiddenTraffic) -> None:
    graph = traffic.engine.network.graph
    gained = traffic.factors(RUSH) / traffic.factors(NIGHT)

    road_class = graph.road_class[graph.street]
    assert gained[road_class <= RoadClass.SECONDARY].mean() > gained[road_class >= RoadClass.RESIDENTIAL].mean() + 0.1


def test_a_drive_takes_longer_in_the_evening_and_tells_where_it_is(city: CityPack, traffic: HiddenTraffic) -> None:
    origin, target = (place.point for place in PlaceSampler(city).draw_places(Random(2), 2))
    free_s = int(traffic.engine.matrix([origin], [target], depart_at=RUSH).durations_s[0, 0])

    drive = traffic.drive(origin, target, departs_at=RUSH)
    told = drive.reports(RUSH, RUSH + timedelta(hours=1), every_s=10.0, off_by_m=5.0, source=Random(1))

    assert drive.duration_s > traffic.drive(origin, target, departs_at=NIGHT).duration_s
    assert drive.duration_s > free_s
    assert straight_line_m(drive.place_at(RUSH), origin) < 60
    assert straight_line_m(drive.place_at(RUSH + timedelta(seconds=drive.duration_s)), target) < 60
    assert len(told) == int(drive.duration_s / 10)
    assert all(straight_line_m(place, drive.place_at(at)) < 30 for at, place in told)


def test_a_drive_by_somebody_slower_goes_the_same_way_later(city: CityPack, traffic: HiddenTraffic) -> None:
    origin, target = (place.point for place in PlaceSampler(city).draw_places(Random(2), 2))
    drive = traffic.drive(origin, target, departs_at=RUSH)

    slow = drive.lasting(2 * drive.duration_s)

    assert slow.duration_s == pytest.approx(2 * drive.duration_s)
    assert slow.distance_m == drive.distance_m
    halfway = straight_line_m(slow.place_at(RUSH + timedelta(seconds=60)), drive.place_at(RUSH + timedelta(seconds=30)))
    assert halfway < 0.01


def test_the_luck_of_a_trip_comes_from_its_own_source(city: CityPack, traffic: HiddenTraffic) -> None:
    origin, target = (place.point for place in PlaceSampler(city).draw_places(Random(2), 2))

    first, again, other = (
        traffic.drive(origin, target, departs_at=RUSH, source=Random(seed)).duration_s for seed in (1, 1, 2)
    )

    assert first == again != other
