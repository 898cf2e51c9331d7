"""Errands: work that needs the slow or foreign outside, such as a router, a solver or a payment gateway.

An errand reads in one Work, calls with none open, and records in another, where it checks that nothing moved meanwhile.
"""

from typing import Generic, Protocol, TypeVar

from marketplace.core.tracing import span
from marketplace.core.work import Work, Works, outside

Found = TypeVar("Found")
Answer = TypeVar("Answer")
Result_co = TypeVar("Result_co", covariant=True)


class Errand(Protocol, Generic[Found, Answer, Result_co]):
    """Three steps; `read` returns None when there is nothing to do."""

    async def read(self, work: Work) -> Found | None:
        """Gathers what the call needs, as plain values."""
        ...

    async def call(self, found: Found) -> Answer:
        """Talks to the outside; no Work is open."""
        ...

    async def record(self, work: Work, found: Found, answer: Answer) -> Result_co:
        """Writes the outcome after checking that what was read still holds."""
        ...


async def run_errand(works: Works, errand: Errand[Found, Answer, Result_co]) -> Result_co | None:
    """Runs the three steps in order; None when there was nothing to do."""
    with span(f"errand {type(errand).__name__}"):
        async with works.open() as work:
            found = await errand.read(work)
        if found is None:
            return None
        outside()
        with span("call"):
            answer = await errand.call(found)
        async with works.open() as work:
            return await errand.record(work, found, answer)
