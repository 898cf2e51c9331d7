"""The generated city: always the same, labelled as such, and with what makes streets differ from lines."""

from pathlib import Path

import numpy as np

from marketplace.adapters.city import make_grid_city, zones_of
from marketplace.adapters.city.grid import place_of
from marketplace.adapters.routers import GraphEngine
from marketplace.core.geo import Point, straight_line_m
from tests.marketplace.adapters.small_cities import MONDAY_NOON


def test_the_grid_city_says_that_it_is_generated_and_is_always_the_same(tmp_path: Path) -> None:
    first, second = make_grid_city(tmp_path / "one", blocks=20), make_grid_city(tmp_path / "two", blocks=20)

    assert first.meta.is_generated
    assert "generated" in first.meta.name
    assert "no real streets" in first.meta.attribution
    assert first.meta.streets_sha256 == second.meta.streets_sha256


def test_the_grid_city_has_a_hierarchy_one_ways_and_people(tmp_path: Path) -> None:
    pack = make_grid_city(tmp_path / "grid", blocks=20)

    assert len(np.unique(pack.arrays.road_class)) == 3
    assert 0.2 < pack.arrays.is_one_way.mean() < 0.6
    assert len(zones_of(pack).population) == 9
    assert pack.population > 10_000
    assert (pack.arrays.zone_index >= 0).mean() > 0.9


def test_the_river_is_crossed_on_bridges_only(tmp_path: Path) -> None:
    engine = GraphEngine(make_grid_city(tmp_path / "grid", blocks=20))
    (south_lat, lon), (north_lat, _) = place_of((10, 5)), place_of((11, 5))
    banks = [Point(lat=south_lat, lon=lon), Point(lat=north_lat, lon=lon)]

    across = engine.matrix(banks, depart_at=MONDAY_NOON)

    assert straight_line_m(*banks) < 130
    assert across.distances_m[0, 1] > 1_200  # the nearest bridges are five blocks away
