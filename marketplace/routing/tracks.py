"""Tracks: where a vehicle was at which moments, and what they tell about the streets once they are matched to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from marketplace.routing.traffic import RoadGroup

TRACKS_AT_ONCE = 500
FIXES_AT_ONCE = 5_000
"""At most so many tracks and fixes are matched in one question."""


class Fix(NamedTuple):
    """One reported place of a vehicle that was driving."""

    at: datetime
    lat: float
    lon: float
    accuracy_m: float


class Traversal(NamedTuple):
    """A piece of street that somebody drove: what it took and what it takes when it is empty, junctions left out."""

    at: datetime
    cell: int
    group: RoadGroup
    free_s: float
    driven_s: float


class TrackMatcher(Protocol):
    """Knows which streets a track was driven on."""

    async def match(self, tracks: Sequence[Sequence[Fix]]) -> list[Traversal]:
        """What the tracks tell about streets; parts that fit no street tell nothing."""
        ...
