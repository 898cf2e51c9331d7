"""A generated city on a grid: for tests, and where the real default city cannot be fetched. It is labelled as such.

It has what makes real streets differ from straight lines: a hierarchy of roads, one-way streets, a river with few
bridges. It is the same city every time.
"""

from collections.abc import Iterator
from pathlib import Path

from marketplace.adapters.city.draft import CityDraft, SegmentDraft
from marketplace.adapters.city.pack import CityPack
from marketplace.adapters.city.road_classes import RoadClass, free_flow_kmh
from marketplace.adapters.city.zones import ZoneDraft

BLOCKS = 40
"""City blocks along each side of the default grid."""

BLOCK_DEGREES_LAT = 0.0011  # about 120 m
BLOCK_DEGREES_LON = 0.00127  # about 120 m at the grid's latitude
SOUTH, WEST = -29.96, -71.30
AVENUE_EVERY = 5
BOULEVARD_EVERY = 10
BRIDGE_EVERY = 10
ZONE_BLOCKS = 8

Node = tuple[int, int]  # (row from the south, column from the west)


def make_grid_city(folder: Path, *, blocks: int = BLOCKS) -> CityPack:
    """Draws the grid city and writes it as a pack whose meta data says that it is generated."""
    draft = CityDraft(segments=list(_streets(blocks)), zones=list(_zones(blocks)))
    return draft.save(
        folder,
        name="Grid City (generated)",
        source=f"generated: {blocks} × {blocks} blocks; no real place",
        licence="none needed",
        attribution="Generated city, no real streets",
        is_generated=True,
    )


def _streets(blocks: int) -> Iterator[SegmentDraft]:
    river = blocks // 2  # runs from west to east between this row and the next
    for line in range(blocks + 1):
        for block in range(blocks):
            yield _segment(f"Street {line}", line, (line, block), (line, block + 1))
            if block != river or line % BRIDGE_EVERY == 0:
                yield _segment(f"Avenue {line}", line, (block, line), (block + 1, line))


def _segment(name: str, line: int, start: Node, end: Node) -> SegmentDraft:
    road_class = _road_class(line)
    is_one_way = road_class is RoadClass.RESIDENTIAL and line % 2 == 1
    if is_one_way and line % 4 == 3:  # neighbouring one-way streets run in opposite directions
        start, end = end, start
    return SegmentDraft(
        start=start, end=end, road_class=road_class, is_one_way=is_one_way, name=name,
        speed_kmh=free_flow_kmh(road_class), shape=[place_of(start), place_of(end)],
    )  # fmt: skip


def _road_class(line: int) -> RoadClass:
    if line % BOULEVARD_EVERY == 0:
        return RoadClass.PRIMARY
    return RoadClass.TERTIARY if line % AVENUE_EVERY == 0 else RoadClass.RESIDENTIAL


def _zones(blocks: int) -> Iterator[ZoneDraft]:
    """Squares of streets: the nearer to the middle, the more people."""
    for south in range(0, blocks, ZONE_BLOCKS):
        for west in range(0, blocks, ZONE_BLOCKS):
            north, east = min(south + ZONE_BLOCKS, blocks), min(west + ZONE_BLOCKS, blocks)
            off_centre = (abs(south + north - blocks) + abs(west + east - blocks)) / (2 * blocks)
            corners = [(south, west), (south, east), (north, east), (north, west)]
            yield ZoneDraft(population=round(5_000 * (1.5 - off_centre)), rings=[[place_of(node) for node in corners]])


def place_of(node: Node) -> tuple[float, float]:
    """The latitude and longitude of a crossing: `node` counts blocks from the south and from the west."""
    row, column = node
    return SOUTH + row * BLOCK_DEGREES_LAT, WEST + column * BLOCK_DEGREES_LON
