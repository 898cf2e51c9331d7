"""A vehicle is where the leg has it at each moment, and takes as long as the plan says that the leg takes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from marketplace.adapters.city import PlaceSampler, make_grid_city
from marketplace.core.geo import Point
from workers.simulator.driving import SET_OFF_S, STRAIGHT_M_PER_S, Leg, planned_drive_s, way_from
from workers.traffic import HiddenTraffic

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOME, SHOP = Point(lat=-29.90, lon=-71.25), Point(lat=-29.94, lon=-71.21)
LEG = Leg(origin=HOME, target=SHOP, departs_at=NOON, arrives_at=NOON + timedelta(seconds=400))


def stop(place: Point, *, leg_m: int, leg_s: int) -> dict[str, Any]:
    """A stop as the API tells it."""
    return {"lat": place.lat, "lon": place.lon, "legM": leg_m, "legS": leg_s}


@pytest.mark.parametrize(
    ("after_s", "lat", "lon"),
    [(-60, -29.90, -71.25), (0, -29.90, -71.25), (100, -29.91, -71.24), (200, -29.92, -71.23), (999, -29.94, -71.21)],
)
def test_a_vehicle_is_on_the_line_as_far_as_its_time_has_brought_it(after_s: int, lat: float, lon: float) -> None:
    place = LEG.place_at(NOON + timedelta(seconds=after_s))

    assert (place.lat, place.lon) == pytest.approx((lat, lon))


@pytest.mark.parametrize(
    ("after_s", "lat", "lon"),
    [(0, -29.90, -71.25), (107, -29.92, -71.25), (400, -29.94, -71.21), (900, -29.94, -71.21)],
)
def test_a_vehicle_follows_the_way_where_one_is_known(after_s: int, lat: float, lon: float) -> None:
    corner = Point(lat=-29.94, lon=-71.25)
    leg = Leg(origin=HOME, target=SHOP, departs_at=NOON, arrives_at=NOON + timedelta(seconds=400), way=(HOME, corner))

    place = leg.place_at(NOON + timedelta(seconds=after_s))

    assert (place.lat, place.lon) == pytest.approx((lat, lon), abs=2e-4)


def test_a_way_from_elsewhere_is_not_taken() -> None:
    assert way_from(HOME, (HOME, SHOP)) == (HOME, SHOP)
    assert way_from(SHOP, (HOME, SHOP)) == ()
    assert way_from(SHOP, ()) == ()


def test_a_leg_without_length_in_time_has_arrived() -> None:
    leg = Leg(origin=HOME, target=SHOP, departs_at=NOON, arrives_at=NOON)

    assert leg.place_at(NOON) == SHOP


def test_positions_are_taken_evenly_and_at_the_end() -> None:
    samples = LEG.samples(NOON, NOON + timedelta(seconds=40), every_s=15)

    assert [(moment - NOON).total_seconds() for moment, _ in samples] == [15, 30, 40]
    assert samples[-1][1] == LEG.place_at(NOON + timedelta(seconds=40))


def test_the_planned_leg_counts_between_two_stops() -> None:
    assert planned_drive_s(HOME, stop(SHOP, leg_m=7_000, leg_s=610)) == 610.0


def test_a_leg_that_cannot_be_the_way_from_here_is_estimated() -> None:
    straight_m = 5_891.0

    estimated_s = planned_drive_s(HOME, stop(SHOP, leg_m=900, leg_s=80))

    assert estimated_s == pytest.approx(SET_OFF_S + straight_m / STRAIGHT_M_PER_S, abs=1.0)


def test_the_drive_to_the_first_stop_is_estimated() -> None:
    assert planned_drive_s(HOME, stop(SHOP, leg_m=0, leg_s=0)) > SET_OFF_S


def test_a_stop_right_here_still_takes_a_moment() -> None:
    assert planned_drive_s(SHOP, stop(SHOP, leg_m=0, leg_s=0)) == 20.0


def test_in_hidden_traffic_a_vehicle_is_where_the_streets_let_it_be(tmp_path: Path) -> None:
    city = make_grid_city(tmp_path / "grid", blocks=10)
    origin, target = (place.point for place in PlaceSampler(city).draw_places(Random(1), 2))
    drive = HiddenTraffic(city, seed=1, time_zone="UTC").drive(origin, target, departs_at=NOON)
    arrives_at = NOON + timedelta(seconds=drive.duration_s)
    leg = Leg(origin=origin, target=target, departs_at=NOON, arrives_at=arrives_at, drive=drive)

    assert leg.place_at(NOON) == origin
    assert leg.place_at(NOON + timedelta(seconds=30)) == drive.place_at(NOON + timedelta(seconds=30))
    assert leg.place_at(arrives_at) == target
