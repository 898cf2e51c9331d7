"""Cuts a market into areas with about equally many open deliveries: straight cuts, so that each is in just one area.

An area is a rectangle of pickups and a rectangle of drop-offs. It is cut where its pickups spread furthest, or between
its drop-offs where the pickups lie too close together to tell deliveries apart, as those of one hub do. A cut touches
only the area that it goes through: all the others stay as they are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt

DEEPEST = 60
_SIDE_BY_SIDE = 0.25
"""Pickups within this part of the spread of the drop-offs count as lying close together."""
_LOPSIDED = 0.25
"""A cut that leaves a smaller part than this on one side is taken only where there is no better one."""

Places = npt.NDArray[np.float64]
"""A row for each delivery: pickup latitude and longitude, drop-off latitude and longitude."""
Corner = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Area:
    """A part of a market: deliveries whose four coordinates are from `low` on and below `high`.

    `path` tells how it was cut: 0 for the lower half and 1 for the upper half of what its path less one names.
    """

    path: str
    low: Corner
    high: Corner

    def holds(self, places: Places) -> npt.NDArray[np.bool_]:
        """Which of the deliveries are in this area."""
        inside = (places >= np.array(self.low)) & (places < np.array(self.high))
        return np.asarray(inside.all(axis=1), dtype=np.bool_)


EVERYWHERE = Area("", (-inf,) * 4, (inf,) * 4)


def cut(area: Area, places: Places, most: int) -> list[Area]:
    """The area in equal parts of at most `most` of its deliveries; the area itself where there is nothing to cut."""
    return list(_parts(area, places[area.holds(places)], most))


def joined(areas: Sequence[Area]) -> Area:
    """The area that these were cut from."""
    path = areas[0].path[:-1]
    while not all(area.path.startswith(path) for area in areas):
        path = path[:-1]
    low, high = np.array([area.low for area in areas]), np.array([area.high for area in areas])
    return Area(path, _corner(low.min(axis=0)), _corner(high.max(axis=0)))


def _parts(area: Area, places: Places, most: int) -> Iterator[Area]:
    parts = -(-len(places) // most)
    found = _best_cut(places, (parts // 2) / parts) if parts > 1 and len(area.path) < DEEPEST else None
    if found is None:
        yield area
        return
    axis, value = found
    is_upper = places[:, axis] >= value
    high = _corner(value if i == axis else edge for i, edge in enumerate(area.high))
    low = _corner(value if i == axis else edge for i, edge in enumerate(area.low))
    yield from _parts(Area(area.path + "0", area.low, high), places[~is_upper], most)
    yield from _parts(Area(area.path + "1", low, area.high), places[is_upper], most)


def _best_cut(places: Places, share: float) -> tuple[int, float] | None:
    """Axis and value of the first cut in order of spread that leaves enough on either side, or of the evenest."""
    cuts = [(axis, *found) for axis in _axes(places) if (found := _cut_along(places[:, axis], share)) is not None]
    if not cuts:
        return None
    even = [found for found in cuts if found[2] >= _LOPSIDED]
    axis, value, _ = even[0] if even else max(cuts, key=lambda found: found[2])
    return axis, value


def _axes(places: Places) -> list[int]:
    """The axes in the order in which to try them: where deliveries spread furthest first."""
    metres = np.array([1.0, float(np.cos(np.radians(places[:, 0].mean())))] * 2)
    spread = (places.max(axis=0) - places.min(axis=0)) * metres
    pickups, dropoffs = (sorted(pair, key=lambda axis: -spread[axis]) for pair in ((0, 1), (2, 3)))
    is_side_by_side = spread[pickups[0]] < _SIDE_BY_SIDE * spread[dropoffs[0]]
    return dropoffs + pickups if is_side_by_side else pickups + dropoffs


def _cut_along(values: npt.NDArray[np.float64], share: float) -> tuple[float, float] | None:
    """The value between different ones that parts nearest to `share`, and the smaller side's part of all."""
    ordered = np.sort(values)
    steps = np.flatnonzero(np.diff(ordered) > 0) + 1
    if not steps.size:
        return None
    at = int(steps[np.abs(steps - share * len(ordered)).argmin()])
    return float(ordered[at]), min(at, len(ordered) - at) / len(ordered)


def _corner(values: "Iterator[float] | npt.NDArray[np.float64]") -> Corner:
    south, west, drop_south, drop_west = (float(value) for value in values)
    return south, west, drop_south, drop_west
