"""Admission: a bound on the requests in flight, and a reserve for what must go on when there is too much of everything.

A process that takes all that comes answers nobody in time. Past the bound a request is refused at once, which costs
almost nothing, and told when to come back. Accepting, delivering and going offline have a reserve of their own.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from marketplace.core.metrics import OVERLOADED
from schema.refusals import Overloaded

PRIORITY = frozenset(
    {
        "acceptOffer",
        "declineOffer",
        "startRoute",
        "arriveAtStop",
        "pickUp",
        "dropOff",
        "failStop",
        "createProofUpload",
        "goOffline",
        "reportPositions",
    }
)
"""Root fields that may use the reserve: what keeps accepted work moving and drivers reachable."""
LARGEST_LOOK = 65_536
"""Bytes of a body that are still taken in and looked into when only the reserve is free."""
MOST_LARGE_BODIES = 32
"""Bodies past that size, or of unknown size, that a process takes in at a time: at most 32 MiB of memory."""


class Load:
    """Counts the requests in flight of this process; `regular` for all, and as many again for priority ones."""

    def __init__(self, regular: int) -> None:
        self.regular = regular
        self.in_flight = 0
        self.large_bodies = 0
        self.refused = 0

    @property
    def has_room(self) -> bool:
        """Whether any request may come in."""
        return self.in_flight < self.regular

    @property
    def has_reserve(self) -> bool:
        """Whether a priority request may still come in."""
        return self.in_flight < 2 * self.regular

    @contextmanager
    def admit(self, *, is_priority: bool) -> Iterator[None]:
        """Counts one request for as long as it is worked on; raises Overloaded when there is no room for it."""
        if not (self.has_reserve if is_priority else self.has_room):
            raise self.refusal()
        self.in_flight += 1
        try:
            yield
        finally:
            self.in_flight -= 1

    @contextmanager
    def reading(self, announced: int | None) -> Iterator[None]:
        """Watches over the reading of a body of that many bytes; raises Overloaded when not even that makes sense."""
        is_large = announced is None or announced > LARGEST_LOOK
        if not (self.has_room if is_large else self.has_reserve):
            raise self.refusal()
        if is_large and self.large_bodies >= MOST_LARGE_BODIES:
            raise self.refusal()
        self.large_bodies += is_large
        try:
            yield
        finally:
            self.large_bodies -= is_large

    def refusal(self) -> Overloaded:
        """The answer to a request for which there is no room, counted."""
        self.refused += 1
        OVERLOADED.inc()
        return Overloaded("too many requests at this moment; try again in a second")
