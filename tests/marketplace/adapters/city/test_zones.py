"""Zones: which area a place lies in, holes included."""

import numpy as np

from marketplace.adapters.city.zones import ZoneDraft, flatten_zones, zones_of_points

SQUARE = [(0.0, 0.0), (0.0, 4.0), (4.0, 4.0), (4.0, 0.0)]
HOLE = [(1.0, 1.0), (1.0, 2.0), (2.0, 2.0), (2.0, 1.0)]
TRIANGLE = [(10.0, 0.0), (10.0, 4.0), (14.0, 4.0), (10.0, 0.0)]  # closed, as most sources write it


def test_places_are_found_in_their_zone_and_not_in_its_hole() -> None:
    zones = flatten_zones([ZoneDraft(population=10, rings=[SQUARE, HOLE]), ZoneDraft(population=5, rings=[TRIANGLE])])

    lat, lon = np.array([0.5, 1.5, 3.0, 11.0, 13.0, 7.0]), np.array([0.5, 1.5, 3.0, 3.0, 1.0, 2.0])

    assert zones_of_points(zones, lat, lon).tolist() == [0, -1, 0, 1, -1, -1]


def test_a_zone_of_several_areas_holds_places_in_each() -> None:
    zones = flatten_zones([ZoneDraft(population=10, rings=[SQUARE, TRIANGLE])])

    assert zones_of_points(zones, np.array([1.0, 11.0]), np.array([1.0, 3.0])).tolist() == [0, 0]
    assert [len(ring[0]) for ring in zones.rings_of(0)] == [4, 4]


def test_without_zones_no_place_is_in_one() -> None:
    assert zones_of_points(flatten_zones([]), np.array([1.0]), np.array([1.0])).tolist() == [-1]
