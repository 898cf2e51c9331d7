"""What people will do and when: an agenda in market time, earliest first, and of equals what was noted first."""

import heapq
from collections.abc import Awaitable, Callable
from datetime import datetime
from itertools import count

Act = Callable[[], Awaitable[object]]
"""What somebody does; whatever it answers is not needed any more."""


class Agenda:
    """Acts that are still to come; routines among them go on only while there is something to go on for."""

    def __init__(self) -> None:
        self._acts: list[tuple[datetime, int, Act, bool]] = []
        self._numbers = count()
        self._routines = 0

    def note(self, moment: datetime, act: Act, *, is_routine: bool = False) -> None:
        """Notes an act for a moment; one that is past comes as soon as possible."""
        heapq.heappush(self._acts, (moment, next(self._numbers), act, is_routine))
        self._routines += is_routine

    @property
    def next_moment(self) -> datetime | None:
        """When the next act is due, if there is one."""
        return self._acts[0][0] if self._acts else None

    @property
    def has_acts(self) -> bool:
        """Whether anything is to come but routines."""
        return len(self._acts) > self._routines

    def take_due(self, now: datetime) -> Act | None:
        """The next act, if its moment has come."""
        if not self._acts or self._acts[0][0] > now:
            return None
        _, _, act, is_routine = heapq.heappop(self._acts)
        self._routines -= is_routine
        return act
