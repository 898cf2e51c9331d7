"""The default city: the real streets and zones of La Serena and Coquimbo, Chile, out of a published Python package.

The wheel of `aequilibrae` carries a city of OpenStreetMap streets as reference material. It is downloaded with pip
under the machine's own configuration, read as a plain archive and thrown away; the package is never installed.
"""

import asyncio
import contextlib
import hashlib
import io
import logging
import sqlite3
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from marketplace.adapters.city.draft import CityDraft, SegmentDraft
from marketplace.adapters.city.grid import make_grid_city
from marketplace.adapters.city.pack import OSM_ATTRIBUTION, OSM_LICENCE, BadCityPack, CityPack, load_city_pack
from marketplace.adapters.city.progress import Progress, tell_nobody
from marketplace.adapters.city.road_classes import free_flow_kmh, road_class_of
from marketplace.adapters.city.spatialite import read_line, read_rings
from marketplace.adapters.city.zones import ZoneDraft

REQUIREMENT = "aequilibrae==1.7.2"
ARCHIVE = "aequilibrae/reference_files/coquimbo.zip"
ARCHIVE_SHA256 = "43de7e2ac90e87eb8d9ea8149e16f48c0c4e5bdf3ac8946a8f116f3bc51dc2a2"
DATABASE = "project_database.sqlite"
DOWNLOAD_TIMEOUT_S = 120.0
CITY_FOLDER = "la-serena-coquimbo"
GRID_FOLDER = "grid-city"

logger = logging.getLogger(__name__)


class CityDownloadFailed(BadCityPack):
    """The default city could not be fetched, or what came was not what was expected."""

    code = "CITY_DOWNLOAD_FAILED"


async def ensure_city_pack(folder: Path, *, on_progress: Progress | None = None) -> CityPack:
    """Gives the default city, fetched on first use; where it cannot be fetched, a generated city that says so."""
    report = on_progress or tell_nobody
    target = folder / CITY_FOLDER
    with contextlib.suppress(BadCityPack):
        return await asyncio.to_thread(load_city_pack, target)
    try:
        return await fetch_coquimbo(target, on_progress=report)
    except CityDownloadFailed as failure:
        logger.warning("using the generated grid city instead of La Serena and Coquimbo: %s", failure.message)
        report("drawing a generated city, because the real one cannot be fetched", 0.9)
        return await asyncio.to_thread(_ensure_grid, folder / GRID_FOLDER)


async def fetch_coquimbo(folder: Path, *, on_progress: Progress | None = None) -> CityPack:
    """Downloads the wheel, checks it and writes the pack of La Serena and Coquimbo into `folder`."""
    report = on_progress or tell_nobody
    with tempfile.TemporaryDirectory(prefix="doorstep-city-") as scratch:
        report("fetching the streets of La Serena and Coquimbo", 0.0)
        wheel = await _download(Path(scratch))
        report("reading streets and zones", 0.6)
        pack = await asyncio.to_thread(read_coquimbo, wheel, folder)
    report("the city is ready", 1.0)
    return pack


def read_coquimbo(wheel: Path, folder: Path) -> CityPack:
    """Makes the city pack out of a downloaded wheel; refuses one whose archive has another checksum."""
    try:
        with zipfile.ZipFile(wheel) as package:
            archive = package.read(ARCHIVE)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise CityDownloadFailed(f"{wheel.name} holds no {ARCHIVE}: {error}") from error
    checksum = hashlib.sha256(archive).hexdigest()
    if checksum != ARCHIVE_SHA256:
        raise CityDownloadFailed(f"{ARCHIVE} has checksum {checksum}, expected {ARCHIVE_SHA256}")

    with tempfile.TemporaryDirectory(prefix="doorstep-city-") as scratch:
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            database = files.extract(DATABASE, scratch)
        draft = read_street_database(Path(database))
    return draft.save(
        folder,
        name="La Serena–Coquimbo",
        source=f"OpenStreetMap by way of the reference files of {REQUIREMENT.replace('==', ' ')}",
        licence=OSM_LICENCE,
        attribution=OSM_ATTRIBUTION,
        source_sha256=checksum,
    )


def read_street_database(path: Path) -> CityDraft:
    """Reads streets and zones out of the package's SQLite database."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return CityDraft(segments=list(_segments(connection)), zones=list(_zones(connection)))


async def _download(folder: Path) -> Path:
    pip_download = ("pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(folder))
    pip = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *pip_download, REQUIREMENT),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(DOWNLOAD_TIMEOUT_S):
            _, errors = await pip.communicate()
    except TimeoutError:
        raise CityDownloadFailed(f"pip did not fetch {REQUIREMENT} within {DOWNLOAD_TIMEOUT_S:.0f} s") from None
    finally:
        if pip.returncode is None:
            pip.kill()
            await pip.wait()
    wheels = await asyncio.to_thread(lambda: sorted(folder.glob("*.whl")))
    if pip.returncode != 0 or not wheels:
        reason = errors.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
        raise CityDownloadFailed(f"pip could not fetch {REQUIREMENT}: {reason[0]}")
    return wheels[0]


def _segments(connection: sqlite3.Connection) -> Iterator[SegmentDraft]:
    query = "SELECT a_node, b_node, direction, link_type, name, speed_ab, geometry FROM links ORDER BY link_id"
    for start, end, direction, link_type, name, posted_kmh, geometry in connection.execute(query):
        road_class = road_class_of(link_type)
        if road_class is None:  # centroid connectors: no streets, but a traffic model's own lines
            continue
        yield SegmentDraft(
            start=start,
            end=end,
            road_class=road_class,
            is_one_way=direction == 1,
            speed_kmh=free_flow_kmh(road_class, posted_kmh),
            name=(name or "").strip(),
            shape=read_line(geometry),
        )


def _zones(connection: sqlite3.Connection) -> Iterator[ZoneDraft]:
    for population, geometry in connection.execute("SELECT population, geometry FROM zones ORDER BY zone_id"):
        yield ZoneDraft(population=float(population or 0), rings=read_rings(geometry))


def _ensure_grid(folder: Path) -> CityPack:
    with contextlib.suppress(BadCityPack):
        return load_city_pack(folder)
    return make_grid_city(folder)
