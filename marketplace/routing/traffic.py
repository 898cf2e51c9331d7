"""Traffic: how many times as long as on empty streets a drive takes, by time of day, by place and by kind of road.

It is learnt from sums of what our own drivers' drives took and would have taken on empty streets. Where few have driven
it says what is true further around: the cell goes by its kind of road in the slot, that by the slot, that by the city.
What happens right now is a layer on top, which holds for a short while after it was learnt.

Traffic changes at known moments only, from one *phase* to the next. A drive that lasts beyond a phase goes on at the
next one's pace, so that nobody arrives earlier by departing later.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from marketplace.routing.slots import slot_at, slot_ends_at

LEAST_FACTOR, GREATEST_FACTOR = 0.4, 8.0
LIVE_FOR = timedelta(minutes=45)
"""How long after a release its live layer is believed."""
PHASES_IN_A_DRIVE = 12
"""A drive of more phases than this ends at the pace of the last one."""
FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)

Factors = npt.NDArray[np.float32]
Cells = npt.NDArray[np.int64]
Whole = npt.NDArray[np.integer[Any]]
Seconds = npt.NDArray[np.int32]


class RoadGroup(IntEnum):
    """Kinds of road that fill alike."""

    MAIN = 0
    COLLECTOR = 1
    LOCAL = 2


GROUPS = len(RoadGroup)


class Phase(NamedTuple):
    """A stretch of time in which traffic stays as it is; equal keys mean equal traffic."""

    slot: int
    is_live: bool
    ends_at: datetime

    @property
    def key(self) -> tuple[int, bool]:
        """What the traffic of the phase depends on."""
        return self.slot, self.is_live


EMPTY_STREETS = Phase(slot=-1, is_live=False, ends_at=FOR_EVER)
"""The only phase where no traffic is known."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Traffic:
    """One version of what is known about a city's traffic; plain arrays that go to other processes as they are."""

    version: int
    time_zone: str
    city: Factors  # one for each slot
    roads: Factors  # slots × groups
    cells: Cells  # sorted
    places: Factors  # cells × slots × groups
    live_from: datetime | None = None
    live_city: float = 1.0
    live_places: Factors = field(default_factory=lambda: np.ones((0, GROUPS), np.float32))  # cells × groups

    def phase_at(self, moment: datetime) -> Phase:
        """The phase that a moment falls into."""
        slot, ends_at = slot_at(moment, self.time_zone), slot_ends_at(moment, self.time_zone)
        if self.live_from is None or moment >= self.live_from + LIVE_FOR:
            return Phase(slot, False, ends_at)
        if moment >= self.live_from:
            return Phase(slot, True, min(ends_at, self.live_from + LIVE_FOR))
        return Phase(slot, False, min(ends_at, self.live_from))

    def city_factor(self, phase: Phase) -> float:
        """One number for the whole city, for engines that know no streets of ours."""
        return float(self.city[phase.slot]) * (self.live_city if phase.is_live else 1.0)

    def factors(self, phase: Phase, cell: Whole, group: Whole) -> Factors:
        """The factors of many streets, each told by its cell and its group."""
        factors = self.roads[phase.slot, group].astype(np.float64)
        live = np.full(len(cell), self.live_city if phase.is_live else 1.0)
        if len(self.cells):
            at = np.minimum(np.searchsorted(self.cells, cell), len(self.cells) - 1)
            is_known = self.cells[at] == cell
            factors = np.where(is_known, self.places[at, phase.slot, group], factors)
            if phase.is_live:
                live = np.where(is_known, self.live_places[at, group], live)
        return np.asarray(np.clip(factors * live, LEAST_FACTOR, GREATEST_FACTOR), np.float32)


@runtime_checkable
class LearnedRouter(Protocol):
    """A router that takes over what is learnt about traffic while it goes on answering."""

    async def take_traffic(self, traffic: Traffic) -> None:
        """Answers by this traffic from now on."""
        ...


def through_phases(
    first_s: Whole, depart_at: datetime, traffic: Traffic | None, ask: Callable[[Phase], Whole]
) -> Seconds:
    """How long drives take that depart now and take `first_s` if nothing changes; `ask` has their times in a phase.

    A drive that is half done when a phase ends needs half of what it takes in the next one. So whoever departs later
    never arrives earlier, and a drive within one phase takes exactly what that phase says.
    """
    if traffic is None:
        return first_s.astype(np.int32)
    phase, begins_at = traffic.phase_at(depart_at), depart_at
    times, to_do, spent_s = first_s.astype(np.float64), np.ones(first_s.shape), np.zeros(first_s.shape)
    for _ in range(PHASES_IN_A_DRIVE):
        left_s = (phase.ends_at - begins_at).total_seconds()
        goes_on = to_do * times > left_s
        if not goes_on.any():
            break
        spent_s += np.where(goes_on, left_s, to_do * times)
        to_do = np.where(goes_on, to_do - left_s / np.maximum(times, 1.0), 0.0)
        begins_at, phase = phase.ends_at, traffic.phase_at(phase.ends_at)
        times = ask(phase).astype(np.float64)
    return np.rint(spent_s + to_do * times).astype(np.int32)
