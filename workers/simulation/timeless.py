"""A router on whose streets the hour does not matter, so that what it has once been asked it never forgets.

Streets of which nobody learns are empty at every hour. Asked for one and the same hour, the memory between the market
and the router keeps its answers all day.
"""

from collections.abc import Sequence
from datetime import datetime

from marketplace.core.geo import Point
from marketplace.routing import Journey, Matrix, Router, check_departure


class TimelessRouter:
    """Asks another router as if everybody always departed at the same moment."""

    def __init__(self, router: Router, *, always: datetime) -> None:
        """Owns the router and closes it."""
        self._router, self._always = router, always

    async def matrix(
        self, sources: Sequence[Point], targets: Sequence[Point] | None = None, *, depart_at: datetime
    ) -> Matrix:
        """The other router's matrix."""
        check_departure(depart_at)
        return await self._router.matrix(sources, targets, depart_at=self._always)

    async def legs(self, points: Sequence[Point], *, depart_at: datetime) -> Journey:
        """The other router's journey, at the hour at which it is made."""
        return await self._router.legs(points, depart_at=depart_at)

    async def aclose(self) -> None:
        """Closes the other router."""
        await self._router.aclose()
