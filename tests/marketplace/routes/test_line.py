"""Lines on maps: short texts that any map library reads, close to the streets, and never long."""

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.routes.line import LONGEST_LINE, MOST_POINTS, TOLERANCE_M, _away_m, read_line, simplify, write_line
from marketplace.routing import Shape

PLACES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


def test_a_line_is_an_encoded_polyline_of_five_decimals() -> None:
    # The example with which the format is published.
    shape = ((38.5, -120.2), (40.7, -120.95), (43.252, -126.453))

    assert write_line(shape) == "_p~iF~ps|U_ulLnnqC_mqNvxq`@"
    assert read_line("_p~iF~ps|U_ulLnnqC_mqNvxq`@") == shape


@given(st.lists(PLACES, min_size=2, max_size=MOST_POINTS))
def test_a_line_is_read_as_it_was_written_and_never_long(shape: list[tuple[float, float]]) -> None:
    text = write_line(tuple(shape))

    assert len(text) <= LONGEST_LINE
    for (lat, lon), (read_lat, read_lon) in zip(simplify(tuple(shape)), read_line(text), strict=True):
        assert read_lat == pytest.approx(lat, abs=0.6e-5)
        assert read_lon == pytest.approx(lon, abs=0.6e-5)


def winding_street(count: int) -> Shape:
    source = random.Random(3)
    lat, lon, heading = -29.9, -71.25, 0.0
    points = []
    for _ in range(count):
        heading += source.uniform(-0.5, 0.5)
        lat, lon = lat + math.cos(heading) / 5_000, lon + math.sin(heading) / 5_000
        points.append((lat, lon))
    return tuple(points)


def test_a_simplified_line_stays_close_to_the_streets_and_keeps_its_ends() -> None:
    streets = winding_street(80)

    line = simplify(streets)

    assert len(line) < len(streets)
    assert (line[0], line[-1]) == (streets[0], streets[-1])
    for point in streets:
        assert min(_away_m(point, *part) for part in pairwise(line)) <= TOLERANCE_M


def test_points_on_one_straight_street_are_left_out() -> None:
    assert simplify(tuple((-29.9, -71.25 + step / 1_000) for step in range(50))) == ((-29.9, -71.25), (-29.9, -71.201))


def test_a_very_long_way_is_drawn_coarser() -> None:
    assert 20 < len(simplify(winding_street(5_000))) <= MOST_POINTS


def test_a_way_that_goes_nowhere_is_two_points() -> None:
    assert simplify(((-29.9, -71.25), (-29.9, -71.25))) == ((-29.9, -71.25), (-29.9, -71.25))
