"""Snapping: the nearest point of the nearest street, found without measuring every street."""

from random import Random

import numpy as np
import pytest

from marketplace.adapters.city import make_grid_city
from marketplace.adapters.routers.snapping import StreetIndex
from marketplace.adapters.routers.street_graph import StreetGraph, build_street_graph
from marketplace.core.geo import Point, straight_line_m
from tests.marketplace.adapters.small_cities import at, build_city, street


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> StreetGraph:
    return build_street_graph(make_grid_city(tmp_path_factory.mktemp("cities") / "grid", blocks=8))


def test_the_index_finds_what_measuring_every_street_finds(graph: StreetGraph) -> None:
    index = StreetIndex(graph, np.ones(graph.street_count, bool))
    random = Random(2)
    lat = np.array([random.uniform(-29.965, -29.945) for _ in range(60)])
    lon = np.array([random.uniform(-71.305, -71.285) for _ in range(60)])

    snapped = index.snap(lat, lon)

    every = np.arange(graph.street_count)
    for place in range(60):
        here = Point(lat=lat[place], lon=lon[place])
        nearest_m = min(
            straight_line_m(here, Point(lat=street_lat, lon=street_lon))
            for share in np.linspace(0, 1, 61)
            for street_lat, street_lon in zip(*graph.place_at(every, graph.length_m * share), strict=True)
            if abs(street_lat - here.lat) < 0.012 and abs(street_lon - here.lon) < 0.012
        )
        assert snapped.beside_m[place] <= nearest_m + 0.05
        assert snapped.beside_m[place] == pytest.approx(nearest_m, abs=2.1)  # the samples are 2 m apart


def test_a_street_that_cannot_be_used_is_passed_over(graph: StreetGraph) -> None:
    everywhere = StreetIndex(graph, np.ones(graph.street_count, bool))
    lat, lon = graph.place_at(np.array([10]), np.array([30.0]))
    assert everywhere.snap(lat, lon).street.tolist() == [10]

    usable = np.ones(graph.street_count, bool)
    usable[10] = False
    elsewhere = StreetIndex(graph, usable).snap(lat, lon)

    assert elsewhere.street.tolist() != [10]
    assert elsewhere.beside_m[0] == pytest.approx(30.0, abs=1.0)  # the nearer corner


def test_a_far_place_snaps_to_the_nearest_end_and_tells_how_far_it_is(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("cities") / "small"
    streets = street("Long", (0, 0), (1_000, 0)), street("Up", (0, 0), (0, 300))
    small = build_street_graph(build_city(folder, *streets))
    place = at(4_000, 4_000)

    snapped = StreetIndex(small, np.ones(small.street_count, bool)).snap(np.array([place.lat]), np.array([place.lon]))

    assert snapped.beside_m[0] == pytest.approx(5_000, rel=0.002)
    lat, lon = small.place_at(snapped.street, snapped.at_m)
    assert straight_line_m(Point(lat=lat[0], lon=lon[0]), at(1_000, 0)) < 0.1


def test_many_short_streets_a_little_further_off_do_not_hide_a_long_one(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    # The long street's index piece is centred 25 m from the place, the crumbs of the other at 15 to 24 m.
    folder = tmp_path_factory.mktemp("cities") / "crumbs"
    long_street = street("Long", (-39, 0), (0, 0))
    crumbs = street("Crumbs", *((20, north) for north in range(-12, 13)))
    link = street("Link", (-39, 0), (-39, 600), (20, 600), (20, 12), kmh=50)
    graph = build_street_graph(build_city(folder, long_street, crumbs, link))
    place = at(5, 0)

    snapped = StreetIndex(graph, np.ones(graph.street_count, bool)).snap(np.array([place.lat]), np.array([place.lon]))

    assert snapped.beside_m[0] == pytest.approx(5.0, abs=0.05)
