"""What people will do and when: an agenda in market time, earliest first, and of equals what was noted first."""

import heapq
from collections.abc import Awaitable, Callable
from datetime import datetime
from itertools import count

Act = Callable[[], Awaitable[object]]
"""What somebody does; whatever it answers is not needed any more."""


class Agenda:
    """Acts that are still to come."""

    def __init__(self) -> None:
        self._acts: list[tuple[datetime, int, Act]] = []
        self._numbers = count()

    def note(self, moment: datetime, act: Act) -> None:
        """Notes an act for a moment; one that is past comes as soon as possible."""
        heapq.heappush(self._acts, (moment, next(self._numbers), act))

    @property
    def next_moment(self) -> datetime | None:
        """When the next act is due, if there is one."""
        return self._acts[0][0] if self._acts else None

    def take_due(self, now: datetime) -> Act | None:
        """The next act, if its moment has come."""
        if not self._acts or self._acts[0][0] > now:
            return None
        return heapq.heappop(self._acts)[2]
