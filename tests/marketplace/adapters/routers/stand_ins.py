"""Routers that behave as a test needs: they count, fail or keep silent on request."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from marketplace.adapters.routers import StraightLineRouter
from marketplace.core.errors import Refusal
from marketplace.core.geo import Point
from marketplace.routing import Journey, Matrix


class ScriptedRouter:
    """Answers like streets until told to refuse or to keep silent; remembers what it was asked."""

    def __init__(self) -> None:
        """Starts well."""
        self.asked: list[tuple[int, int]] = []
        self.refusal: Refusal | None = None
        self.is_silent = False
        self.dataset = "first streets"
        self.is_degraded = False
        self.is_closed = False
        self._lines = StraightLineRouter()

    async def matrix(
        self, sources: Sequence[Point], targets: Sequence[Point] | None = None, *, depart_at: datetime
    ) -> Matrix:
        """A matrix of straight lines under the name of streets."""
        self.asked.append((len(sources), len(sources if targets is None else targets)))
        await self._behave()
        answer = await self._lines.matrix(sources, targets, depart_at=depart_at)
        return replace(answer, engine="scripted", dataset=self.dataset, is_degraded=self.is_degraded)

    async def legs(self, points: Sequence[Point], *, depart_at: datetime) -> Journey:
        """A journey of straight lines under the name of streets."""
        await self._behave()
        answer = await self._lines.legs(points, depart_at=depart_at)
        return replace(answer, engine="scripted", dataset=self.dataset, is_degraded=self.is_degraded)

    async def aclose(self) -> None:
        """Notes that it was closed."""
        self.is_closed = True

    async def _behave(self) -> None:
        if self.refusal is not None:
            raise self.refusal
        if self.is_silent:
            await asyncio.sleep(60)
