"""Places are on earth, cells are coarse, and a straight line is never longer than half the way around."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.core.geo import EARTH_RADIUS_M, BadPoint, Point, cell_centre, straight_line_m

BERLIN, SANTIAGO = Point(lat=52.52, lon=13.405), Point(lat=-33.45, lon=-70.6667)
CELL_RADIUS_M = 700
"""Further than this no place lies from the middle of its cell."""

points = st.builds(Point, lat=st.floats(-90, 90), lon=st.floats(-180, 180))


@pytest.mark.parametrize("lat", [-90.000001, 90.5, math.nan, math.inf, -math.inf])
def test_a_latitude_beyond_the_poles_is_refused(lat: float) -> None:
    with pytest.raises(BadPoint, match="latitude") as refused:
        Point(lat=lat, lon=0)

    assert refused.value.field == "lat"


@pytest.mark.parametrize("lon", [-180.000001, 181, math.nan, math.inf])
def test_a_longitude_beyond_the_date_line_is_refused(lon: float) -> None:
    with pytest.raises(BadPoint, match="longitude") as refused:
        Point(lat=0, lon=lon)

    assert refused.value.field == "lon"


def test_latitude_and_longitude_are_given_by_name() -> None:
    with pytest.raises(TypeError):
        Point(52.52, 13.405)  # type: ignore[call-arg]  # that this fails is the rule


@pytest.mark.parametrize(
    ("origin", "target", "metres"),
    [
        (BERLIN, BERLIN, 0),
        (BERLIN, SANTIAGO, 12_525_000),
        (Point(lat=0, lon=179.5), Point(lat=0, lon=-179.5), 111_195),
        (Point(lat=90, lon=0), Point(lat=-90, lon=0), math.pi * EARTH_RADIUS_M),
        (Point(lat=0, lon=0), Point(lat=0, lon=180), math.pi * EARTH_RADIUS_M),
        (Point(lat=90, lon=-30), Point(lat=90, lon=150), 0),
    ],
)
def test_a_straight_line_is_a_great_circle(origin: Point, target: Point, metres: float) -> None:
    assert straight_line_m(origin, target) == pytest.approx(metres, rel=1e-3, abs=1e-3)


@given(points, points)
def test_there_is_as_far_as_back_and_nowhere_further_than_half_way_around(a: Point, b: Point) -> None:
    there, back = straight_line_m(a, b), straight_line_m(b, a)

    assert there == pytest.approx(back, abs=1e-3)
    assert 0 <= there <= math.pi * EARTH_RADIUS_M + 1e-3


@given(points)
def test_a_cell_is_near_its_places_and_stays_the_cell_of_its_middle(point: Point) -> None:
    centre = cell_centre(point.cell)

    assert straight_line_m(point, centre) < CELL_RADIUS_M
    assert centre.cell == point.cell
