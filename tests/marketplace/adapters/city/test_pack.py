"""The city pack: written whole, checked when it is read, never mixed with other files."""

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from marketplace.adapters.city import BadCityPack, load_city_pack
from marketplace.adapters.city.draft import SegmentDraft
from marketplace.adapters.city.pack import META_FILE, STREETS_FILE, CityArrays
from marketplace.adapters.city.road_classes import RoadClass
from tests.marketplace.adapters.small_cities import at, build_city, street

STREETS = (street("Ñuñoa", (0, 0), (300, 0), (300, 400)), street("", (0, 0), (0, 100), road_class=RoadClass.SERVICE))


def test_a_pack_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    written = build_city(tmp_path / "city", *STREETS, signals=[(300, 0)], banned_turns=[(0, (300, 0), 1)])

    read = load_city_pack(tmp_path / "city")

    assert read.meta == written.meta
    assert read.names == ("Ñuñoa",)
    assert [read.name_of(segment) for segment in range(3)] == ["Ñuñoa", "Ñuñoa", ""]
    assert read.arrays.has_signals.sum() == 1
    assert read.arrays.banned_turns.tolist() == [[0, 1, 1]]
    assert read.arrays.road_class.tolist() == [RoadClass.RESIDENTIAL, RoadClass.RESIDENTIAL, RoadClass.SERVICE]
    lat, lon = read.shape_of(1)
    assert (lat[1], lon[1]) == pytest.approx((at(300, 400).lat, at(300, 400).lon), abs=1e-7)
    for field in fields(CityArrays):
        assert np.array_equal(getattr(read.arrays, field.name), getattr(written.arrays, field.name))


def test_meta_data_say_where_the_streets_come_from_and_where_they_lie(tmp_path: Path) -> None:
    pack = build_city(tmp_path / "city", *STREETS)

    meta = json.loads((pack.folder / META_FILE).read_text())

    assert meta["name"] == "Small City"
    assert meta["is_generated"] is True
    assert {"source", "licence", "attribution", "created_by", "streets_sha256", "source_sha256"} <= meta.keys()
    assert (meta["south"], meta["west"]) == pytest.approx((-30.0, -71.0), abs=1e-6)
    assert (meta["north"], meta["east"]) == pytest.approx((at(0, 400).lat, at(300, 0).lon), abs=1e-6)
    assert pack.dataset == f"Small City@{meta['streets_sha256'][:12]}"


def test_the_same_streets_make_the_same_file(tmp_path: Path) -> None:
    first, second = (build_city(tmp_path / name, *STREETS) for name in ("one", "two"))

    assert first.meta.streets_sha256 == second.meta.streets_sha256


def test_a_damaged_pack_is_refused(tmp_path: Path) -> None:
    pack = build_city(tmp_path / "city", *STREETS)
    streets = pack.folder / STREETS_FILE
    streets.write_bytes(streets.read_bytes()[:-1] + b"!")

    with pytest.raises(BadCityPack, match="does not match its checksum"):
        load_city_pack(pack.folder)


def test_a_pack_of_another_format_or_none_at_all_is_refused(tmp_path: Path) -> None:
    pack = build_city(tmp_path / "city", *STREETS)
    meta = pack.folder / META_FILE
    meta.write_text(meta.read_text().replace('"format_version": 1', '"format_version": 99'))

    with pytest.raises(BadCityPack, match="format 99"):
        load_city_pack(pack.folder)
    with pytest.raises(BadCityPack, match="no city pack can be read"):
        load_city_pack(tmp_path)


def test_a_new_pack_replaces_an_old_or_damaged_one_and_leaves_nothing_else_behind(tmp_path: Path) -> None:
    old = build_city(tmp_path / "city", *STREETS)
    (old.folder / STREETS_FILE).write_bytes(b"damaged")

    new = build_city(tmp_path / "city", STREETS[0])

    assert load_city_pack(tmp_path / "city").dataset == new.dataset != old.dataset
    assert [entry.name for entry in tmp_path.iterdir()] == ["city"]


def test_a_folder_with_other_files_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letters.txt").write_text("dear")

    with pytest.raises(BadCityPack, match=r"holds other files \(letters.txt\)"):
        build_city(tmp_path / "home", *STREETS)

    assert (tmp_path / "home" / "letters.txt").read_text() == "dear"
    assert [entry.name for entry in tmp_path.iterdir()] == ["home"]


def test_streets_that_cannot_be_reached_from_the_others_are_left_out(tmp_path: Path) -> None:
    island = street("Island", (9_000, 0), (9_100, 0))
    one_way_in = street("No Return", (300, 400), (600, 400), one_way=True)

    pack = build_city(tmp_path / "city", *STREETS, island, one_way_in)

    assert pack.names == ("Ñuñoa",)
    assert pack.segment_count == 3


@pytest.mark.parametrize(
    ("streets", "reason"),
    [
        ([], "no street in it"),
        ([street("There", (0, 0), (100, 0), one_way=True)], "too small"),
        ([street("Across a Country", (0, 0), (0, 400_000))], "more than a city"),
    ],
)
def test_what_is_no_city_is_refused(tmp_path: Path, streets: list[list[SegmentDraft]], reason: str) -> None:
    with pytest.raises(BadCityPack, match=reason):
        build_city(tmp_path / "city", *streets)

    assert list(tmp_path.iterdir()) == []
