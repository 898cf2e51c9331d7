"""What drivers have taught goes to an OSRM server as speeds between nodes, by OpenStreetMap's own numbers."""

from pathlib import Path

import numpy as np
import pytest

from marketplace.adapters.city import CityPack, import_osm, load_city_pack, make_grid_city
from marketplace.adapters.routers import GraphEngine, NoStreetNumbers, segment_speeds
from marketplace.routing import GROUPS, SLOTS, RoadGroup, Traffic
from tests.marketplace.adapters.city.test_osm import write_extract
from tests.marketplace.adapters.traffic import traffic_of_slots


@pytest.fixture
def pack(tmp_path: Path) -> CityPack:
    return import_osm(write_extract(tmp_path / "small.osm.pbf", {}, []), tmp_path / "city", name="Small")


def told(pack: CityPack, traffic: Traffic) -> dict[tuple[int, int], float]:
    rows = [line.split(",") for line in segment_speeds(pack, traffic)]
    return {(int(begin), int(end)): float(kmh) for begin, end, kmh in rows}


def test_every_piece_of_street_has_its_speed_in_each_direction_that_may_be_driven(pack: CityPack) -> None:
    speeds = told(pack, traffic_of_slots({}))

    assert speeds[2, 3] == speeds[3, 2] == 26.0
    assert speeds[6, 8] == speeds[8, 4] == 40.0
    assert (8, 6) not in speeds
    assert speeds[3, 9] == speeds[9, 6] == 40.0  # drawn the other way round than it may be driven
    assert (6, 9) not in speeds


def test_what_is_slower_than_the_city_gets_a_lower_speed_and_the_time_of_day_none(pack: CityPack) -> None:
    city = np.linspace(1.0, 2.0, SLOTS).astype(np.float32)
    roads = np.repeat(city[:, None], GROUPS, axis=1)
    cells = np.unique(GraphEngine(pack).cells[0].astype(np.int64))
    places = np.repeat(roads[None], len(cells), axis=0)
    places[:, :, RoadGroup.COLLECTOR] *= 2.0
    traffic = Traffic(version=1, time_zone="UTC", city=city, roads=roads, cells=cells, places=places)

    speeds = told(pack, traffic)

    assert (speeds[2, 3], speeds[6, 8]) == (26.0, 20.0)


def test_the_numbers_of_nodes_are_kept_with_the_pack(pack: CityPack) -> None:
    again = load_city_pack(pack.folder)

    assert len(again.arrays.osm_node) == len(again.arrays.lat_e7)
    assert set(again.arrays.osm_node.tolist()) <= set(range(1, 10))


def test_a_city_without_numbers_says_what_to_do(tmp_path: Path) -> None:
    grid = make_grid_city(tmp_path / "grid", blocks=4)

    with pytest.raises(NoStreetNumbers, match="doorstep geo import"):
        list(segment_speeds(grid, traffic_of_slots({})))
