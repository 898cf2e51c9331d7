"""CityPack: one city's streets, names and zones as compact arrays, kept in a folder of two files.

`streets.npz` holds the arrays, `meta.json` says where they come from, under which licence and with which checksum. A
pack is written once and never changed: a folder appears whole, by a rename, or not at all.
"""

import hashlib
import io
import json
import shutil
import tempfile
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

import numpy as np

from marketplace.adapters.city.arrays import Flags, Real, Whole
from marketplace.core.errors import Invalid
from marketplace.core.geo import Point

FORMAT_VERSION = 1
OSM_LICENCE = "ODbL 1.0"
OSM_ATTRIBUTION = "© OpenStreetMap contributors"
STREETS_FILE = "streets.npz"
META_FILE = "meta.json"
DEGREES = 1e-7
"""Coordinates are stored as whole ten-millionths of a degree (about a centimetre), as OpenStreetMap does."""


class BadCityPack(Invalid):
    """A folder that holds no readable city pack, or one whose checksum does not match."""

    code = "BAD_CITY_PACK"


@dataclass(frozen=True, slots=True, kw_only=True)
class CityMeta:
    """Where a city pack comes from: shown on the map, printed in reports, checked on loading."""

    name: str
    source: str
    licence: str
    attribution: str
    is_generated: bool
    drives_on_right: bool
    south: float
    west: float
    north: float
    east: float
    source_sha256: str | None = None
    streets_sha256: str = ""
    created_by: str = f"doorstep city pack {FORMAT_VERSION}"
    format_version: int = FORMAT_VERSION

    @property
    def centre(self) -> Point:
        """The middle of the city's bounding box."""
        return Point(lat=(self.south + self.north) / 2, lon=(self.west + self.east) / 2)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CityArrays:
    """What `streets.npz` holds. A segment is a piece of street between two nodes; its shape runs from start to end."""

    start_node: Whole
    end_node: Whole
    road_class: Whole
    is_one_way: Flags  # only from start to end
    speed_kmh: Real
    name_index: Whole  # -1: no name
    zone_index: Whole  # -1: in no zone
    shape_start: Whole  # segment i owns shape points shape_start[i] .. shape_start[i + 1]
    lat_e7: Whole
    lon_e7: Whole
    has_signals: Flags  # one for each node
    banned_turns: Whole  # rows of (from segment, over node, to segment)
    names_utf8: Whole  # one name a line
    zone_population: Real
    zone_rings: Whole  # zone i owns rings zone_rings[i] .. zone_rings[i + 1]
    ring_start: Whole
    ring_lat_e7: Whole
    ring_lon_e7: Whole
    osm_node: Whole  # OpenStreetMap's number of each shape point; empty where the source has none


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CityPack:
    """One city, loaded: its meta data, its arrays, the names of its streets and the folder it lives in."""

    folder: Path
    meta: CityMeta
    arrays: CityArrays
    names: tuple[str, ...]

    @property
    def dataset(self) -> str:
        """Names these streets and no others, so that cached travel times never outlive them."""
        return f"{self.meta.name}@{self.meta.streets_sha256[:12]}"

    @property
    def segment_count(self) -> int:
        """How many pieces of street the city has."""
        return len(self.arrays.start_node)

    @property
    def population(self) -> float:
        """People living in all zones together; 0 where the source knows of none."""
        return float(self.arrays.zone_population.sum())

    def shape_of(self, segment: int) -> tuple[Real, Real]:
        """The latitudes and longitudes of a segment's line, from its start to its end."""
        part = slice(self.arrays.shape_start[segment], self.arrays.shape_start[segment + 1])
        return self.arrays.lat_e7[part] * DEGREES, self.arrays.lon_e7[part] * DEGREES

    def name_of(self, segment: int) -> str:
        """The street's name, or an empty text."""
        index = int(self.arrays.name_index[segment])
        return self.names[index] if index >= 0 else ""


def load_city_pack(folder: Path) -> CityPack:
    """Reads a pack back from its folder and refuses one that is damaged or of another format."""
    try:
        meta = CityMeta(**json.loads((folder / META_FILE).read_text(encoding="utf-8")))
        streets = (folder / STREETS_FILE).read_bytes()
    except (OSError, ValueError, TypeError) as error:
        raise BadCityPack(f"no city pack can be read from {folder}: {error}") from error
    if meta.format_version != FORMAT_VERSION:
        raise BadCityPack(
            f"{folder} has format {meta.format_version}, this is {FORMAT_VERSION}: delete and make it anew"
        )
    if hashlib.sha256(streets).hexdigest() != meta.streets_sha256:
        raise BadCityPack(f"{folder / STREETS_FILE} does not match its checksum: delete the folder and make it anew")

    with np.load(io.BytesIO(streets), allow_pickle=False) as stored:
        known = {field.name: stored[field.name] for field in fields(CityArrays) if field.name in stored}
    arrays = CityArrays(**{"osm_node": np.zeros(0, np.int64)} | known)
    return CityPack(folder=folder, meta=meta, arrays=arrays, names=_names_of(arrays))


def save_city_pack(folder: Path, meta: CityMeta, arrays: CityArrays) -> CityPack:
    """Writes a pack in one move: whoever looks sees the whole pack or none. A different pack there is replaced."""
    buffer = io.BytesIO()
    stored = {field.name: getattr(arrays, field.name) for field in fields(CityArrays)}
    if not len(arrays.osm_node):
        del stored["osm_node"]  # packs were written without it before, and are the same packs now
    np.savez_compressed(buffer, allow_pickle=False, **stored)
    streets = buffer.getvalue()
    sealed = replace(meta, streets_sha256=hashlib.sha256(streets).hexdigest())

    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        (draft / STREETS_FILE).write_bytes(streets)
        (draft / META_FILE).write_text(
            json.dumps(asdict(sealed), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        draft.chmod(0o755)
        _put_in_place(draft, folder, sealed.streets_sha256)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return load_city_pack(folder)


def _put_in_place(draft: Path, folder: Path, checksum: str) -> None:
    try:
        draft.rename(folder)
    except OSError:
        strangers = {entry.name for entry in folder.iterdir()} - {STREETS_FILE, META_FILE}
        if strangers:
            raise BadCityPack(f"{folder} holds other files ({min(strangers)}): name a folder of its own") from None
        if _holds(folder, checksum):  # another process made the same pack meanwhile: its work is as good as ours
            return
        former = Path(tempfile.mkdtemp(prefix=f".{folder.name}.former.", dir=folder.parent))
        folder.replace(former)
        draft.rename(folder)
        shutil.rmtree(former, ignore_errors=True)


def _holds(folder: Path, checksum: str) -> bool:
    try:
        return load_city_pack(folder).meta.streets_sha256 == checksum
    except BadCityPack:
        return False


def _names_of(arrays: CityArrays) -> tuple[str, ...]:
    text = arrays.names_utf8.tobytes().decode("utf-8")
    return tuple(text.split("\n")) if text else ()
