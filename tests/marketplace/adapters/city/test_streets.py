"""Streets for the map: GeoJSON by area and detail, with names, to the metre."""

import json
from pathlib import Path

import pytest

from marketplace.adapters.city import BadMapArea, CityPack, Detail, streets_geojson
from marketplace.adapters.city.road_classes import RoadClass
from tests.marketplace.adapters.small_cities import at, build_city, street


@pytest.fixture
def pack(tmp_path: Path) -> CityPack:
    return build_city(
        tmp_path / "city",
        street("Main", (0, 0), (500, 0), (1_000, 0), road_class=RoadClass.PRIMARY),
        street("Side", (500, 0), (500, 400)),
        street("", (1_000, 0), (1_000, 300), road_class=RoadClass.SERVICE),
    )


def test_a_street_is_one_feature_with_its_name_and_class(pack: CityPack) -> None:
    streets = streets_geojson(pack)

    found = [(f["properties"]["name"], f["properties"]["class"]) for f in streets["features"]]
    assert found == [("", "service"), ("Side", "residential"), ("Main", "primary")]  # the greatest last, drawn on top
    main = streets["features"][-1]["geometry"]
    assert main["type"] == "MultiLineString"
    corners = [at(0, 0), at(500, 0), at(1_000, 0)]
    expected = [[round(corner.lon, 5), round(corner.lat, 5)] for corner in corners]
    assert main["coordinates"] == [expected[:2], expected[1:]]
    assert streets["attribution"] == "nobody"
    assert json.loads(json.dumps(streets)) == streets


def test_main_roads_alone_are_what_is_seen_from_afar(pack: CityPack) -> None:
    streets = streets_geojson(pack, detail=Detail.MAIN)

    assert [feature["properties"]["name"] for feature in streets["features"]] == ["Main"]


def test_an_area_keeps_the_pieces_that_touch_it(pack: CityPack) -> None:
    south_west, north_east = at(450, 100), at(550, 200)

    streets = streets_geojson(pack, area=(south_west.lon, south_west.lat, north_east.lon, north_east.lat))

    assert [feature["properties"]["name"] for feature in streets["features"]] == ["Side"]


@pytest.mark.parametrize("area", [(0, 0, 0, 1), (10, 5, 5, 10), (-181, 0, 1, 1), (0, 0, float("nan"), 1)])
def test_an_area_that_is_none_is_refused(pack: CityPack, area: tuple[float, float, float, float]) -> None:
    with pytest.raises(BadMapArea):
        streets_geojson(pack, area=area)
