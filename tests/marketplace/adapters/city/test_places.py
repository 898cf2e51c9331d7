"""Made-up addresses: beside a street with a name, where people live, the same for the same seed."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from marketplace.adapters.city import BadCityPack, PlaceSampler, make_grid_city
from marketplace.adapters.city.places import FRONT_YARD_M
from marketplace.adapters.city.road_classes import RoadClass
from marketplace.adapters.city.zones import ZoneDraft
from marketplace.adapters.routers import GraphEngine
from tests.marketplace.adapters.small_cities import at, build_city, street


def test_addresses_stand_beside_the_street_they_name(tmp_path: Path) -> None:
    pack = make_grid_city(tmp_path / "grid", blocks=10)
    engine = GraphEngine(pack)

    places = PlaceSampler(pack).draw_places(Random(3), 200)

    snapped = engine.snap([place.point for place in places])
    graph = engine.network.graph
    on_their_street = [
        pack.names[graph.name_index[number]] == place.street
        for number, place in zip(snapped.street.tolist(), places, strict=True)
    ]
    assert sum(on_their_street) > 140  # near a corner, about one house in five is nearer to the other street
    assert snapped.beside_m.max() <= FRONT_YARD_M[1] + 0.2
    assert places[0].address == f"{places[0].street} {places[0].house_number}"


def test_the_same_seed_draws_the_same_houses(tmp_path: Path) -> None:
    pack = make_grid_city(tmp_path / "grid", blocks=10)

    first, second = (PlaceSampler(pack).draw_places(Random(5), 20) for _ in range(2))

    assert first == second
    assert first != PlaceSampler(pack).draw_places(Random(6), 20)


def test_a_zone_is_drawn_as_often_as_people_live_there(tmp_path: Path) -> None:
    def square(west: float, east: float) -> list[tuple[float, float]]:
        corners = [at(west, -100), at(east, -100), at(east, 100), at(west, 100)]
        return [(corner.lat, corner.lon) for corner in corners]

    pack = build_city(
        tmp_path / "city",
        street("Crowded Lane", (0, 0), (100, 0)),
        street("Quiet Road", (100, 0), (1_000, 0)),
        zones=[
            ZoneDraft(population=900, rings=[square(-50, 100)]),
            ZoneDraft(population=100, rings=[square(100, 1_050)]),
        ],
    )

    drawn = Counter(place.street for place in PlaceSampler(pack).draw_places(Random(1), 1_000))

    assert 860 < drawn["Crowded Lane"] < 940
    assert sum(drawn.values()) == 1_000


def test_without_zones_longer_streets_are_drawn_more_often(tmp_path: Path) -> None:
    pack = build_city(
        tmp_path / "city", street("Short", (0, 0), (100, 0)), street("Long", (100, 0), (1_000, 0), kmh=50)
    )

    drawn = Counter(place.street for place in PlaceSampler(pack).draw_places(Random(1), 1_000))

    assert 860 < drawn["Long"] < 940
    assert {place.zone for place in PlaceSampler(pack).draw_places(Random(1), 10)} == {-1}


def test_nobody_lives_on_a_motorway_or_on_a_street_without_a_name(tmp_path: Path) -> None:
    pack = build_city(
        tmp_path / "city",
        street("Ruta 5", (0, 0), (1_000, 0), road_class=RoadClass.MOTORWAY),
        street("", (0, 0), (0, 1_000)),
    )

    with pytest.raises(BadCityPack, match="no address can be drawn"):
        PlaceSampler(pack)
