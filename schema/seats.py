"""Seats: how many of something one caller may hold at the same time, such as sockets or subscriptions."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from schema.refusals import TooManyAtOnce


class Seats:
    """Counts what each caller holds now, and all of them together."""

    def __init__(self, what: str, *, each: int, together: int) -> None:
        self.what = what
        self.each = each
        self.together = together
        self._held: Counter[object] = Counter()
        self._all = 0

    @contextmanager
    def take(self, caller: object) -> Iterator[None]:
        """Holds one seat until the block ends; raises TooManyAtOnce when the caller has as many as one may."""
        if self._held[caller] >= self.each:
            raise TooManyAtOnce(f"you hold {self.each} {self.what} already; close one first")
        if self._all >= self.together:
            raise TooManyAtOnce(f"too many {self.what} at this moment; try again soon")
        self._held[caller] += 1
        self._all += 1
        try:
            yield
        finally:
            self._all -= 1
            self._held[caller] -= 1
            if not self._held[caller]:
                del self._held[caller]

    @property
    def held(self) -> int:
        """How many seats all callers hold now."""
        return self._all

    def held_by(self, caller: object) -> int:
        """How many seats the caller holds now."""
        return self._held[caller]
