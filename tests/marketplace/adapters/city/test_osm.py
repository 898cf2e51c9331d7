"""The OpenStreetMap import: what cars may drive, which way, how fast, and which turns they may not make."""

from pathlib import Path
from types import MappingProxyType

import osmium
import pytest
from osmium.osm.mutable import Node, Relation, Way

from marketplace.adapters.city import BadCityPack, CityPack, import_osm
from marketplace.adapters.city.osm_tags import is_barrier, is_for_cars, one_way_direction, speed_kmh
from marketplace.adapters.city.osm_turns import read_turn_rule
from marketplace.adapters.city.road_classes import RoadClass
from marketplace.adapters.routers import GraphEngine
from tests.marketplace.adapters.small_cities import at, drive

NODES = {
    1: (-500, 0), 2: (0, 0), 3: (200, 0), 4: (200, 200), 5: (0, 200), 6: (500, 0), 7: (200, -300), 8: (500, 300),
    9: (350, 0),
}  # fmt: skip
"""Nodes by number, in metres; 2, 3, 4 and 5 are the corners of a block."""

WAYS = {
    9: ([1, 2], {"highway": "residential", "name": "South"}),
    10: ([2, 3], {"highway": "residential", "name": "South"}),
    11: ([3, 4, 5, 2], {"highway": "residential", "name": "Ring"}),
    12: ([6, 9, 3], {"highway": "tertiary", "name": "East", "oneway": "-1"}),
    13: ([3, 7], {"highway": "footway"}),
    14: ([3, 7], {"highway": "service", "access": "private"}),
    15: ([6, 8, 4], {"highway": "tertiary", "oneway": "yes"}),
}


def write_extract(path: Path, node_tags: dict[int, dict[str, str]], relations: list[Relation]) -> Path:
    writer = osmium.SimpleWriter(str(path))
    for number, place in NODES.items():
        point = at(*place)
        writer.add_node(Node(id=number, location=(point.lon, point.lat), tags=node_tags.get(number, {})))
    for number, (nodes, tags) in WAYS.items():
        writer.add_way(Way(id=number, nodes=nodes, tags=tags))
    for relation in relations:
        writer.add_relation(relation)
    writer.close()
    return path


def restriction(number: int, kind: str, come: int, via: int, go: int, **tags: str) -> Relation:
    members = [("w", come, "from"), ("n", via, "via"), ("w", go, "to")]
    return Relation(id=number, members=members, tags={"type": "restriction", "restriction": kind, **tags})


@pytest.fixture
def pack(tmp_path: Path) -> CityPack:
    extract = write_extract(
        tmp_path / "small.osm.pbf",
        {2: {"highway": "traffic_signals"}},
        [
            restriction(1, "no_left_turn", 9, 2, 11),
            restriction(2, "no_right_turn", 11, 4, 15, **{"except": "motorcar"}),
        ],
    )
    return import_osm(extract, tmp_path / "city", name="Small Town")


def test_streets_names_signals_and_banned_turns_are_read(pack: CityPack) -> None:
    assert pack.meta.name == "Small Town"
    assert pack.meta.attribution == "© OpenStreetMap contributors"
    assert not pack.meta.is_generated
    assert sorted(pack.names) == ["East", "Ring", "South"]
    assert pack.segment_count == 6  # South in two, Ring in two (cut at 4), East, and the nameless one cut at 4
    assert pack.arrays.has_signals.sum() == 1
    assert len(pack.arrays.banned_turns) == 1


def test_a_one_way_against_its_drawing_is_driven_the_other_way(pack: CityPack) -> None:
    engine = GraphEngine(pack)

    there, back = drive(engine, at(250, 0), at(400, 0))[1], drive(engine, at(400, 0), at(250, 0))[1]

    assert there == 150
    assert back > 700


def test_a_banned_turn_is_not_driven_and_the_same_turn_the_other_way_is(pack: CityPack) -> None:
    engine = GraphEngine(pack)

    assert drive(engine, at(-100, 0), at(0, 100))[1] == 800
    assert drive(engine, at(0, 100), at(-100, 0))[1] == 200


def test_an_only_rule_bans_every_other_turn(tmp_path: Path) -> None:
    extract = write_extract(tmp_path / "small.osm.pbf", {}, [restriction(1, "only_left_turn", 9, 2, 11)])

    pack = import_osm(extract, tmp_path / "city", name="Small Town")

    # One may go on neither along South nor back where one came from.
    assert len(pack.arrays.banned_turns) == 2
    assert drive(GraphEngine(pack), at(-100, 0), at(100, 0))[1] == 800


def test_a_rule_about_a_way_that_passes_through_is_left_out(tmp_path: Path) -> None:
    # Way 11 comes to node 4 from both sides: nobody can tell from which one the turn is banned.
    extract = write_extract(tmp_path / "small.osm.pbf", {}, [restriction(1, "no_u_turn", 11, 4, 11)])

    pack = import_osm(extract, tmp_path / "city", name="Small Town")

    assert len(pack.arrays.banned_turns) == 0


def test_a_bollard_ends_the_street_on_both_sides(tmp_path: Path) -> None:
    extract = write_extract(tmp_path / "small.osm.pbf", {5: {"barrier": "bollard"}}, [])

    pack = import_osm(extract, tmp_path / "city", name="Small Town")

    engine = GraphEngine(pack)
    assert drive(engine, at(0, 190), at(10, 200))[1] > 500
    assert drive(engine, at(0, 100), at(0, 50))[1] == 50


def test_progress_is_told_until_all_is_done(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    extract = write_extract(tmp_path / "small.osm.pbf", {}, [])

    import_osm(extract, tmp_path / "city", name="Small Town", on_progress=lambda *step: told.append(step))

    assert [share for _, share in told] == sorted(share for _, share in told)
    assert told[-1] == ("the city is ready", 1.0)


def test_a_file_that_is_no_extract_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.osm.pbf").write_text("dear")

    for path in (tmp_path / "letter.osm.pbf", tmp_path / "nowhere.osm.pbf"):
        with pytest.raises(BadCityPack, match="cannot be read"):
            import_osm(path, tmp_path / "city", name="Nowhere")


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"highway": "residential"}, True),
        ({"highway": "residential", "access": "private"}, False),
        ({"highway": "residential", "access": "no", "motor_vehicle": "yes"}, True),
        ({"highway": "residential", "access": "destination"}, True),
        ({"highway": "service", "service": "parking_aisle"}, False),
        ({"highway": "tertiary", "oneway": "reversible"}, False),
        ({"highway": "unclassified", "area": "yes"}, False),
    ],
)
def test_cars_drive_where_they_are_let(tags: dict[str, str], expected: bool) -> None:
    assert is_for_cars(tags) is expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, False),
        ({"barrier": "bollard"}, True),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, False),
        ({"barrier": "gate"}, False),
        ({"barrier": "gate", "access": "private"}, True),
        ({"barrier": "toll_booth"}, False),
    ],
)
def test_barriers_stop_cars_unless_they_are_open_to_them(tags: dict[str, str], expected: bool) -> None:
    assert is_barrier(tags) is expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"oneway": "yes"}, 1),
        ({"oneway": "-1"}, -1),
        ({"oneway": "no", "junction": "roundabout"}, 0),
        ({"junction": "roundabout"}, 1),
        ({"highway": "motorway"}, 1),
        ({}, 0),
    ],
)
def test_one_way_streets_are_told_or_implied(tags: dict[str, str], expected: int) -> None:
    assert one_way_direction(tags, RoadClass.PRIMARY) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, 26.0),
        ({"maxspeed": "50"}, 40.0),
        ({"maxspeed": "30 mph"}, 30 * 1.609344 * 0.8),
        ({"maxspeed": "20mph"}, 20 * 1.609344 * 0.8),
        ({"maxspeed": "DE:urban"}, 40.0),
        ({"maxspeed": "DE:zone:30"}, 24.0),
        ({"maxspeed": "de:zone30"}, 24.0),
        ({"maxspeed": "walk"}, 5.6),
        ({"maxspeed": "signals"}, 26.0),
        ({"maxspeed": ""}, 26.0),
        ({"maxspeed:forward": "60"}, 48.0),
        ({"surface": "gravel"}, 20.0),
    ],
)
def test_limits_are_read_in_all_their_spellings(tags: dict[str, str], expected: float) -> None:
    assert speed_kmh(MappingProxyType(tags), RoadClass.RESIDENTIAL) == pytest.approx(expected)


def test_a_rule_over_a_way_or_without_an_end_is_no_rule() -> None:
    over_a_way = [("from", "w", 1), ("via", "w", 2), ("to", "w", 3)]
    without_an_end = [("from", "w", 1), ("via", "n", 2)]

    assert read_turn_rule({"restriction": "no_left_turn"}, over_a_way) is None
    assert read_turn_rule({"restriction": "no_left_turn"}, without_an_end) is None
    assert read_turn_rule({"restriction": "give_way"}, [("from", "w", 1), ("via", "n", 2), ("to", "w", 3)]) is None
