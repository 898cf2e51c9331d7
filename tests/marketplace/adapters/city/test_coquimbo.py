"""The default city: fetched once and checked, and a generated city that says so where it cannot be had."""

import sqlite3
import struct
import zipfile
from pathlib import Path

import pytest

from marketplace.adapters.city import CityDownloadFailed, ensure_city_pack, load_city_pack, read_coquimbo
from marketplace.adapters.city.coquimbo import ARCHIVE, CITY_FOLDER, GRID_FOLDER, fetch_coquimbo, read_street_database
from marketplace.adapters.city.road_classes import RoadClass
from marketplace.adapters.routers import GraphEngine


def blob(kind: int, body: bytes) -> bytes:
    """A geometry as SpatiaLite writes it; the header's contents are not read."""
    return b"\x00\x01" + bytes(36) + b"\x7c" + struct.pack("<I", kind) + body + b"\xfe"


def points(*pairs: tuple[float, float]) -> bytes:
    return struct.pack("<I", len(pairs)) + b"".join(struct.pack("<dd", lon, lat) for lat, lon in pairs)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "project_database.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE links (link_id, a_node, b_node, direction, link_type, name, speed_ab, geometry)")
    line = blob(2, points((-29.9, -71.2), (-29.91, -71.2)))
    connection.executemany(
        "INSERT INTO links VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (1, 7, 8, 0, "residential", " Los Cóndores ", None, line),
            (2, 8, 9, 1, "primary", None, 60, line),
            (3, 9, 99, 0, "centroid_connector", "centroid connector zone 1", None, line),
        ],
    )
    connection.execute("CREATE TABLE zones (zone_id, population, geometry)")
    ring = points((-29.8, -71.3), (-29.8, -71.1), (-30.0, -71.1), (-29.8, -71.3))
    polygon = b"\x69" + struct.pack("<II", 3, 1) + ring
    two_polygons = blob(6, struct.pack("<I", 2) + polygon + polygon)
    connection.execute("INSERT INTO zones VALUES (1, 1234.5, ?)", [two_polygons])
    connection.commit()
    connection.close()
    return path


def test_streets_and_zones_are_read_and_the_traffic_models_own_lines_are_not(database: Path) -> None:
    draft = read_street_database(database)

    assert [(s.start, s.end, s.name) for s in draft.segments] == [(7, 8, "Los Cóndores"), (8, 9, "")]
    assert [s.road_class for s in draft.segments] == [RoadClass.RESIDENTIAL, RoadClass.PRIMARY]
    assert [s.is_one_way for s in draft.segments] == [False, True]
    assert [s.speed_kmh for s in draft.segments] == [26.0, 48.0]
    assert draft.segments[0].shape == [(-29.9, -71.2), (-29.91, -71.2)]
    (zone,) = draft.zones
    assert zone.population == 1234.5
    assert [len(ring) for ring in zone.rings] == [4, 4]
    assert zone.rings[1][2] == (-30.0, -71.1)


def test_an_archive_with_another_checksum_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "aequilibrae.whl"
    with zipfile.ZipFile(wheel, "w") as package:
        package.writestr(ARCHIVE, b"something else")

    with pytest.raises(CityDownloadFailed, match="has checksum"):
        read_coquimbo(wheel, tmp_path / "city")

    assert not (tmp_path / "city").exists()


def test_a_package_without_the_archive_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "aequilibrae.whl"
    with zipfile.ZipFile(wheel, "w") as package:
        package.writestr("readme.txt", b"")

    with pytest.raises(CityDownloadFailed, match=r"holds no .*coquimbo\.zip"):
        read_coquimbo(wheel, tmp_path / "city")


async def test_where_nothing_can_be_fetched_the_city_is_generated_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nothing here"))

    pack = await ensure_city_pack(tmp_path / "cities", on_progress=lambda step, _share: told.append(step))

    assert pack.meta.is_generated
    assert pack.folder == tmp_path / "cities" / GRID_FOLDER
    assert "because the real one cannot be fetched" in told[-1]
    assert not (tmp_path / "cities" / CITY_FOLDER).exists()


async def test_the_real_city_is_fetched_once_and_has_all_its_streets(tmp_path: Path) -> None:
    try:
        fetched = await fetch_coquimbo(tmp_path / CITY_FOLDER)
    except CityDownloadFailed as failure:
        pytest.skip(f"the default city cannot be fetched here: {failure.message}")

    again = await ensure_city_pack(tmp_path)

    assert again.dataset == fetched.dataset == load_city_pack(tmp_path / CITY_FOLDER).dataset
    assert again.meta.name == "La Serena–Coquimbo"
    assert again.meta.attribution == "© OpenStreetMap contributors"
    assert not again.meta.is_generated
    assert (again.segment_count, len(again.names), len(again.arrays.zone_population)) == (19_741, 2_140, 133)
    assert round(again.population) == 451_899
    assert GraphEngine(again).network.is_core.mean() > 0.995
