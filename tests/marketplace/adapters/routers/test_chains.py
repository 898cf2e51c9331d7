"""Chains: pieces of street are joined where nothing can be decided, and nowhere else."""

from pathlib import Path

import numpy as np

from marketplace.adapters.city.pack import CityPack
from marketplace.adapters.city.road_classes import RoadClass
from marketplace.adapters.routers.chains import join_segments
from marketplace.adapters.routers.street_graph import build_street_graph
from tests.marketplace.adapters.small_cities import build_city, street


def lengths_m(pack: CityPack) -> list[int]:
    return sorted(round(length) for length in build_street_graph(pack).length_m.tolist())


def test_pieces_between_two_junctions_become_one_street(tmp_path: Path) -> None:
    bent = street("Bent", (0, 0), (100, 0), (100, 100), (200, 100))
    pack = build_city(
        tmp_path / "city", bent, street("Tail", (200, 100), (300, 100)), street("Up", (200, 100), (200, 300))
    )

    assert lengths_m(pack) == [100, 200, 300]


def test_pieces_drawn_in_opposite_directions_are_joined_too(tmp_path: Path) -> None:
    pack = build_city(tmp_path / "city", street("A", (0, 0), (100, 0)), street("B", (250, 0), (100, 0)))
    graph = build_street_graph(pack)

    assert lengths_m(pack) == [250]
    assert graph.edge_count == 2
    assert len(graph.lat) == 3


def test_a_change_of_class_speed_or_direction_keeps_pieces_apart(tmp_path: Path) -> None:
    pack = build_city(
        tmp_path / "city",
        street("A", (0, 0), (100, 0)),
        street("B", (100, 0), (300, 0), kmh=50),
        street("C", (300, 0), (600, 0), kmh=50, road_class=RoadClass.PRIMARY),
        street("D", (600, 0), (600, 400), (0, 400), (0, 0), one_way=True),
    )

    assert lengths_m(pack) == [100, 200, 300, 1_400]


def test_signals_and_banned_turns_keep_their_junction(tmp_path: Path) -> None:
    line = street("Line", (0, 0), (100, 0), (300, 0))

    assert lengths_m(build_city(tmp_path / "plain", line)) == [300]
    assert lengths_m(build_city(tmp_path / "signals", line, signals=[(100, 0)])) == [100, 200]
    assert lengths_m(build_city(tmp_path / "banned", line, banned_turns=[(0, (100, 0), 0)])) == [100, 200]


def test_a_ring_without_a_junction_is_one_street(tmp_path: Path) -> None:
    ring = street("Ring", (0, 0), (100, 0), (100, 100), (0, 100), (0, 0), one_way=True)
    graph = build_street_graph(build_city(tmp_path / "city", ring))

    assert graph.street_count == graph.edge_count == 1
    assert graph.tail.tolist() == graph.head.tolist()


def test_every_piece_is_in_exactly_one_street(tmp_path: Path) -> None:
    pack = build_city(
        tmp_path / "city",
        street("A", (0, 0), (100, 0), (200, 0), (300, 0)),
        street("B", (200, 0), (200, 100), (300, 100), (300, 0)),
        street("C", (0, 0), (0, 50), one_way=False),
    )

    chains = join_segments(pack.arrays)

    assert sorted(chains.segment.tolist()) == list(range(pack.segment_count))
    assert np.diff(chains.start).sum() == pack.segment_count
