"""The street graph: exact times on small cities, and agreement with a plain search on a large one."""

import heapq
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import numpy as np
import pytest

from marketplace.adapters.city import PlaceSampler, make_grid_city
from marketplace.adapters.city.pack import CityPack
from marketplace.adapters.city.road_classes import RoadClass
from marketplace.adapters.routers import GraphEngine
from marketplace.adapters.routers.turns import find_turns
from marketplace.core.geo import Point
from marketplace.routing import NO_WAY, TooFarFromStreet, Unreachable
from tests.marketplace.adapters.small_cities import MONDAY_NOON, at, build_city, drive, street
from tests.marketplace.adapters.traffic import traffic_of_places, traffic_of_slots


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> CityPack:
    return make_grid_city(tmp_path_factory.mktemp("cities") / "grid", blocks=20)


def test_a_drive_along_one_street_takes_its_length_over_its_speed(tmp_path: Path) -> None:
    engine = GraphEngine(build_city(tmp_path / "city", street("Long", (0, 0), (1_000, 0))))

    assert drive(engine, at(100, 0), at(600, 0)) == (50, 500)
    assert drive(engine, at(600, 0), at(100, 0)) == (50, 500)
    assert drive(engine, at(600, 0), at(600, 0)) == (0, 0)


def test_places_beside_a_street_are_driven_to_from_the_middle_of_the_block(tmp_path: Path) -> None:
    engine = GraphEngine(build_city(tmp_path / "city", street("Long", (0, 0), (1_000, 0))))

    matrix = engine.matrix([at(250, 30)], [at(750, -40)], depart_at=MONDAY_NOON)

    assert (matrix.durations_s[0, 0], matrix.distances_m[0, 0]) == (50, 500)
    assert matrix.source_snap_m == pytest.approx([30], abs=0.1)
    assert matrix.target_snap_m == pytest.approx([40], abs=0.1)


def test_a_place_behind_on_a_one_way_street_is_reached_by_going_around(tmp_path: Path) -> None:
    # A square of one-way streets, 400 m around, without a junction: nothing is lost at corners that nobody chooses.
    ring = street("Ring", (0, 0), (100, 0), (100, 100), (0, 100), (0, 0), one_way=True)
    engine = GraphEngine(build_city(tmp_path / "city", ring))

    assert drive(engine, at(20, 0), at(70, 0)) == (5, 50)
    assert drive(engine, at(70, 0), at(20, 0)) == (35, 350)


def test_one_ways_make_the_way_there_and_the_way_back_differ(tmp_path: Path) -> None:
    there = street("There", (0, 0), (1_000, 0), one_way=True)
    back = street("Back", (1_000, 0), (1_000, 200), (0, 200), (0, 0), one_way=True)
    engine = GraphEngine(build_city(tmp_path / "city", there, back))

    assert drive(engine, at(100, 0), at(900, 0)) == (80, 800)
    assert drive(engine, at(900, 0), at(100, 0)) == (160, 1_600)


def test_a_turn_across_the_traffic_costs_more_than_one_away_from_it(tmp_path: Path) -> None:
    main = street("Main", (-500, 0), (0, 0), (500, 0))
    side = street("Side", (0, 0), (0, 500))
    on_the_right = GraphEngine(build_city(tmp_path / "right", main, side))
    on_the_left = GraphEngine(build_city(tmp_path / "left", main, side, drives_on_right=False))

    assert drive(on_the_right, at(-300, 0), at(0, 300)) == (67, 600)  # a left turn
    assert drive(on_the_right, at(300, 0), at(0, 300)) == (62, 600)  # a right turn
    assert drive(on_the_left, at(-300, 0), at(0, 300)) == (62, 600)
    assert drive(on_the_left, at(300, 0), at(0, 300)) == (67, 600)
    assert drive(on_the_right, at(-300, 0), at(300, 0)) == (60, 600)


def test_nobody_turns_around_in_a_junction_but_everybody_does_at_a_dead_end(tmp_path: Path) -> None:
    pack = build_city(tmp_path / "city", street("Main", (-500, 0), (0, 0), (500, 0)), street("Side", (0, 0), (0, 100)))
    engine = GraphEngine(pack)
    graph, turns = engine.network.graph, find_turns(engine.network.graph)

    around = graph.twin[turns.from_edge] == turns.to_edge

    assert sorted(turns.cost_ms[around].tolist()) == [20_000, 20_000, 20_000]
    assert len(set(graph.head[turns.from_edge[around]].tolist())) == 3


def test_signals_cost_time_in_every_direction(tmp_path: Path) -> None:
    main, side = street("Main", (-500, 0), (0, 0), (500, 0)), street("Side", (0, 0), (0, 500))

    engine = GraphEngine(build_city(tmp_path / "city", main, side, signals=[(0, 0)]))

    assert drive(engine, at(-300, 0), at(300, 0)) == (66, 600)
    assert drive(engine, at(300, 0), at(0, 300)) == (68, 600)


def test_crossing_a_greater_road_costs_more_than_being_crossed(tmp_path: Path) -> None:
    great = street("Great", (-500, 0), (0, 0), (500, 0), road_class=RoadClass.PRIMARY)
    small = street("Small", (0, -500), (0, 0), (0, 500))
    engine = GraphEngine(build_city(tmp_path / "city", great, small))

    assert drive(engine, at(-300, 0), at(300, 0)) == (60, 600)
    assert drive(engine, at(0, -300), at(0, 300)) == (63, 600)


def test_a_banned_turn_is_driven_around(tmp_path: Path) -> None:
    # A block: from the west one may not turn left at (0, 0), so one goes round by the next corner.
    south = street("South", (-500, 0), (0, 0), (200, 0))
    ring = street("Ring", (200, 0), (200, 200), (0, 200), (0, 0))
    free = GraphEngine(build_city(tmp_path / "free", south, ring))
    banned = GraphEngine(build_city(tmp_path / "banned", south, ring, banned_turns=[(0, (0, 0), 4)]))

    assert drive(free, at(-100, 0), at(0, 100)) == (27, 200)
    assert drive(banned, at(-100, 0), at(0, 100)) == (80, 800)
    assert drive(banned, at(0, 100), at(-100, 0)) == drive(free, at(0, 100), at(-100, 0)) == (22, 200)


def test_where_no_street_leads_back_the_answer_is_no_way(tmp_path: Path) -> None:
    pack = build_city(
        tmp_path / "city", street("Trap", (0, 0), (1_000, 0)), banned_turns=[(0, (0, 0), 0), (0, (1_000, 0), 0)]
    )
    engine = GraphEngine(pack)

    matrix = engine.matrix([at(100, 0), at(900, 0)], depart_at=MONDAY_NOON)

    assert matrix.is_reachable.tolist() == [[True, True], [False, True]]
    assert matrix.durations_s.tolist() == [[0, 80], [NO_WAY, 0]]
    assert matrix.distances_m[1, 0] == NO_WAY
    with pytest.raises(Unreachable):
        engine.legs([at(900, 0), at(100, 0)], depart_at=MONDAY_NOON)


def test_the_limit_of_500_metres_from_a_street_is_sharp(tmp_path: Path) -> None:
    engine = GraphEngine(build_city(tmp_path / "city", street("Long", (0, 0), (1_000, 0))))

    matrix = engine.matrix([at(0, 0)], [at(500, 499), at(500, 501)], depart_at=MONDAY_NOON)

    assert matrix.is_reachable.tolist() == [[True, False]]
    assert matrix.durations_s.tolist() == [[50, NO_WAY]]
    with pytest.raises(TooFarFromStreet, match="point 1 lies 501 m"):
        engine.legs([at(0, 0), at(500, 501)], depart_at=MONDAY_NOON)


def test_the_fastest_way_is_taken_and_its_own_distance_is_told(tmp_path: Path) -> None:
    slow = street("Slow", (0, 0), (1_000, 0), kmh=18)
    fast = street("Fast", (0, 0), (0, 300), (1_000, 300), (1_000, 0), kmh=72)
    tails = [*street("West", (-100, 0), (0, 0)), *street("East", (1_000, 0), (1_100, 0))]
    engine = GraphEngine(build_city(tmp_path / "city", slow, fast, tails))

    seconds, metres = drive(engine, at(-50, 0), at(1_050, 0))

    assert metres == 1_700
    assert seconds == 105  # 100 m at 10 m/s, 1,600 m at 20 m/s, two left turns of 7.3 s


def test_a_street_without_length_between_two_junctions_is_harmless(tmp_path: Path) -> None:
    left, right = street("Left", (0, 0), (500, 0)), street("Right", (500.001, 0), (1_000, 0))
    (joint,) = street("Joint", (500, 0), (500.001, 0))
    loop = replace(joint, start=joint.end, shape=[joint.shape[1]] * 2)
    engine = GraphEngine(
        build_city(tmp_path / "city", left, right, [replace(joint, road_class=RoadClass.SERVICE), loop])
    )

    assert drive(engine, at(100, 0), at(900, 0)) == (80, 800)
    assert drive(engine, at(500, 0), at(900, 0)) == (40, 400)
    assert engine.network.graph.street_count == 3


def test_journeys_follow_the_streets_and_keep_the_clock(tmp_path: Path) -> None:
    corner = street("Corner", (0, 0), (300, 0), (300, 400))
    engine = GraphEngine(build_city(tmp_path / "city", corner))

    journey = engine.legs([at(100, 0), at(300, 100), at(300, 300)], depart_at=MONDAY_NOON)

    assert [(leg.duration_s, leg.distance_m) for leg in journey.legs] == [(30, 300), (20, 200)]
    assert journey.legs[0].departs_at == MONDAY_NOON
    assert journey.legs[1].departs_at == journey.legs[0].arrives_at
    assert journey.duration_s == (journey.legs[1].arrives_at - MONDAY_NOON).total_seconds() == 50
    expected = [(place.lat, place.lon) for place in (at(100, 0), at(300, 0), at(300, 100))]
    assert np.array(journey.geometry[0]) == pytest.approx(np.array(expected), abs=2e-6)


def test_slower_hours_make_longer_drives_and_never_shorter_ones(grid: CityPack) -> None:
    free = GraphEngine(grid)
    afternoon, night = MONDAY_NOON + timedelta(hours=8), MONDAY_NOON + timedelta(hours=15)
    busy = GraphEngine(grid, traffic=traffic_of_places(free, 1, [afternoon]))
    slow = GraphEngine(grid, traffic=traffic_of_slots({MONDAY_NOON: 1.5}))
    places = [place.point for place in PlaceSampler(grid).draw_places(Random(4), 25)]

    at_night = busy.matrix(places, depart_at=night)
    at_noon = slow.matrix(places, depart_at=MONDAY_NOON)
    at_five = busy.matrix(places, depart_at=afternoon)
    without = free.matrix(places, depart_at=MONDAY_NOON)

    assert np.array_equal(at_night.durations_s, without.durations_s)
    assert (at_five.durations_s >= without.durations_s).all()
    assert at_five.durations_s.sum() > 1.2 * without.durations_s.sum()
    off_diagonal = ~np.eye(len(places), dtype=bool)
    assert (at_noon.durations_s[off_diagonal] > without.durations_s[off_diagonal]).all()
    assert (at_noon.durations_s <= np.ceil(1.5 * (without.durations_s + 1))).all()
    assert (without.traffic_version, at_noon.traffic_version) == (0, 1)


def test_a_leg_takes_as_long_as_its_cell_though_traffic_changes_on_the_way(grid: CityPack) -> None:
    places = [place.point for place in PlaceSampler(grid).draw_places(Random(4), 12)]
    free = GraphEngine(grid)
    before_one = MONDAY_NOON + timedelta(hours=3, minutes=59)  # in Chile, where a slot ends at 13
    busy = GraphEngine(grid, traffic=traffic_of_places(free, 2, [before_one]))

    matrix = busy.matrix(places, depart_at=before_one)
    legs = [busy.legs([places[0], target], depart_at=before_one).legs[0] for target in places[1:]]

    assert [leg.duration_s for leg in legs] == matrix.durations_s[0, 1:].tolist()
    assert [leg.distance_m for leg in legs] == matrix.distances_m[0, 1:].tolist()
    whole = busy.matrix(places, depart_at=before_one - timedelta(hours=1))
    calm = free.matrix(places, depart_at=before_one)
    assert (matrix.durations_s <= whole.durations_s).all()
    assert (matrix.durations_s >= calm.durations_s).all()
    assert (matrix.durations_s[0, 1:] < whole.durations_s[0, 1:]).any()


def test_other_traffic_is_taken_over_without_a_new_engine(grid: CityPack) -> None:
    engine = GraphEngine(grid)
    places = [place.point for place in PlaceSampler(grid).draw_places(Random(4), 5)]
    before = engine.matrix(places, depart_at=MONDAY_NOON)

    engine.take_traffic(traffic_of_slots({MONDAY_NOON: 2.0}, version=7))
    after = engine.matrix(places, depart_at=MONDAY_NOON)

    assert after.traffic_version == 7
    assert after.durations_s.sum() > 1.5 * before.durations_s.sum()


def test_matrix_agrees_with_a_plain_search_from_edge_to_edge(grid: CityPack) -> None:
    engine = GraphEngine(grid)
    places = [place.point for place in PlaceSampler(grid).draw_places(Random(8), 12)]

    matrix = engine.matrix(places, depart_at=MONDAY_NOON)

    for source in range(4):
        expected = plain_search(engine, places, source)
        assert matrix.durations_s[source].tolist() == [(ms + 500) // 1_000 for ms, _ in expected]
        assert matrix.distances_m[source].tolist() == [(cm + 50) // 100 for _, cm in expected]


def test_searching_backward_finds_what_searching_forward_finds(grid: CityPack) -> None:
    engine = GraphEngine(grid)
    places = [place.point for place in PlaceSampler(grid).draw_places(Random(9), 40)]

    whole = engine.matrix(places, depart_at=MONDAY_NOON)
    to_three = engine.matrix(places, places[:3], depart_at=MONDAY_NOON)
    from_three = engine.matrix(places[:3], places, depart_at=MONDAY_NOON)

    assert np.array_equal(whole.durations_s[:, :3], to_three.durations_s)
    assert np.array_equal(whole.distances_m[:, :3], to_three.distances_m)
    assert np.array_equal(whole.durations_s[:3], from_three.durations_s)


def plain_search(engine: GraphEngine, places: Sequence[Point], source: int) -> list[tuple[int, int]]:
    """Dijkstra's algorithm once more, with a heap and tuples: (milliseconds, centimetres) to every place."""
    graph, snapped = engine.network.graph, engine.snap(places)
    turns = find_turns(graph)
    steps: dict[int, list[tuple[int, int]]] = {}
    for come, go, cost in zip(turns.from_edge.tolist(), turns.to_edge.tolist(), turns.cost_ms.tolist(), strict=True):
        steps.setdefault(come, []).append((go, cost))

    def spots(place: int) -> list[tuple[int, int, int]]:
        street_number = int(snapped.street[place])
        share = float(snapped.at_m[place] / graph.length_m[street_number])
        edges = [(street_number, share), (int(graph.twin[street_number]), 1 - share)]
        return [
            (edge, round(part * int(graph.time_ms[edge])), round(part * int(graph.length_cm[edge])))
            for edge, part in edges
            if edge >= 0
        ]

    best: dict[int, tuple[int, int]] = {}
    queue: list[tuple[int, int, int]] = []
    for edge, behind_ms, behind_cm in spots(source):
        for go, cost in steps.get(edge, []):
            ahead = int(graph.time_ms[edge]) - behind_ms + cost, int(graph.length_cm[edge]) - behind_cm
            heapq.heappush(queue, (*ahead, go))
    while queue:
        ms, cm, edge = heapq.heappop(queue)
        if edge not in best:
            best[edge] = (ms, cm)
            for go, cost in steps.get(edge, []):
                heapq.heappush(queue, (ms + int(graph.time_ms[edge]) + cost, cm + int(graph.length_cm[edge]), go))

    answers = []
    for target in range(len(places)):
        ways = [(best[edge][0] + ms, best[edge][1] + cm) for edge, ms, cm in spots(target)]
        for edge, ms, cm in spots(target):
            ways += [(ms - a, cm - b) for e, a, b in spots(source) if e == edge and ms >= a and cm >= b]
        answers.append(min(ways))
    return answers
