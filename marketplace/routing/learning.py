"""Learning traffic: sums of driven and of free-flow seconds become factors, each leaning on what is true around it.

A cell in which few have driven says little by itself. What is known for sure stands in for it: some seconds of
free-flow driving at the pace of its kind of road in that slot, times how the cell does at all times of day. The kind of
road leans on the whole slot in the same way, the slot on the city, and the city on empty streets. Sums fade with time,
so that the city of this month outweighs that of the last.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from marketplace.routing.slots import SLOTS
from marketplace.routing.traffic import GREATEST_FACTOR, GROUPS, LEAST_FACTOR, Factors, RoadGroup, Traffic

PRIOR_S = 120.0
"""Seconds of free-flow driving that what is true further around counts for."""
PLACE_PRIOR_S = 300.0
"""A cell is driven through by few, each fast or slow in their own way, and needs more of them to be believed."""
LIVE_PRIOR_S = 600.0
"""What happens now must be seen by several drivers before it outweighs what is usual."""

Sums = npt.NDArray[np.float64]


class Layer(StrEnum):
    """What a sum is about: what is usual in a slot, or how now differs from what is usual."""

    USUAL = "USUAL"
    LIVE = "LIVE"


HALF_LIFE = {Layer.USUAL: timedelta(days=21), Layer.LIVE: timedelta(minutes=20)}
"""After so long a sum counts half."""
NO_SLOT = -1
"""What the live layer has for a slot: it is about now."""


@dataclass(frozen=True, slots=True)
class SpeedSum:
    """What drives in one cell on one kind of road took, and what they would have taken, both faded to one moment.

    In the live layer `free_s` is what was to be expected at that time of day.
    """

    layer: Layer
    slot: int
    cell: int
    group: RoadGroup
    free_s: float
    driven_s: float


def traffic_of(sums: Iterable[SpeedSum], *, version: int, time_zone: str, live_from: datetime | None = None) -> Traffic:
    """Makes traffic of sums; without any every street is empty at all hours."""
    found = list(sums)
    cells = np.unique(np.array([one.cell for one in found], np.int64))
    free, driven = _tables([one for one in found if one.layer is Layer.USUAL], cells)
    city = _leaning(driven.sum(), free.sum(), 1.0)
    slots = _leaning(driven.sum(axis=(0, 2)), free.sum(axis=(0, 2)), city)
    roads = _leaning(driven.sum(axis=0), free.sum(axis=0), slots[:, None])
    places = _places(driven, free, roads)
    expected, took = _tables([one for one in found if one.layer is Layer.LIVE], cells)
    live_city = _leaning(took.sum(), expected.sum(), 1.0, LIVE_PRIOR_S)
    live_places = _leaning(took.sum(axis=1), expected.sum(axis=1), live_city, LIVE_PRIOR_S)
    return Traffic(
        version=version,
        time_zone=time_zone,
        city=_bounded(slots),
        roads=_bounded(roads),
        cells=cells,
        places=_bounded(places),
        live_from=live_from,
        live_city=float(live_city),
        live_places=live_places.astype(np.float32),
    )


def fade(layer: Layer, age: timedelta) -> float:
    """What is left of a sum of that age."""
    return float(0.5 ** (max(age, timedelta()) / HALF_LIFE[layer]))


def _places(driven: Sums, free: Sums, roads: Sums) -> Sums:
    """Cells × slots × groups: a cell that is slow at other times of day is likely to be slow at this one."""
    usual = free * roads
    took_else, usual_else = (sums.sum(axis=1, keepdims=True) - sums for sums in (driven, usual))
    cell = _leaning(took_else.sum(axis=2), usual_else.sum(axis=2), 1.0, PLACE_PRIOR_S)
    ratio = _leaning(took_else, usual_else, cell[:, :, None], PLACE_PRIOR_S)
    return _leaning(driven, free, roads * ratio, PLACE_PRIOR_S)


def _leaning(driven_s: Sums | float, free_s: Sums | float, on: Sums | float, prior_s: float = PRIOR_S) -> Sums:
    return np.asarray((driven_s + prior_s * np.asarray(on)) / (np.asarray(free_s) + prior_s))


def _tables(sums: Sequence[SpeedSum], cells: npt.NDArray[np.int64]) -> tuple[Sums, Sums]:
    free, driven = np.zeros((2, len(cells), SLOTS, GROUPS))
    at = np.searchsorted(cells, np.array([one.cell for one in sums], np.int64))
    for number, one in zip(at.tolist(), sums, strict=True):
        slot = max(one.slot, 0)
        free[number, slot, one.group] += one.free_s
        driven[number, slot, one.group] += one.driven_s
    return free, driven


def _bounded(factors: Sums) -> Factors:
    return np.clip(factors, LEAST_FACTOR, GREATEST_FACTOR).astype(np.float32)
