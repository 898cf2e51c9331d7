"""Several plays of the same day side by side: the same seed, people and demand, and other conditions in each.

Each play has a process and a PostgreSQL of its own, as many at once as there are processors. Nothing that one does
reaches another, so that each gives the figures and the event hash that it gives alone.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process
from multiprocessing.queues import Queue
from typing import Any

from marketplace.core.errors import CannotStart
from marketplace.core.settings import Settings
from workers.simulation.closing import Played
from workers.simulation.conditions import Conditions, Variant
from workers.simulation.kpis import kpis_of
from workers.simulation.progress import OnProgress

Play = Callable[[Settings, Conditions, OnProgress], Played]
"""Plays a day under conditions, in a process of its own; all of it can be handed to one."""
LISTENS_EVERY_S = 0.2
_told: "Queue[tuple[str, str, int, int]] | None" = None
"""Where this process, if it plays one of several, tells how far it has come."""


class OneDatabase(CannotStart):
    """Several plays cannot share a database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedVariant:
    """One play among several that is over."""

    variant: Variant
    played: Played

    def as_dict(self) -> dict[str, Any]:
        """All of it as one object, ready for JSON."""
        figures = self.played.as_dict()
        return {"name": self.variant.name, "words": self.variant.words, "kpis": kpis_of(figures), "figures": figures}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Several plays of the same day; the first one is what the others are held against."""

    plays: Sequence[PlayedVariant]

    def as_dict(self) -> dict[str, Any]:
        """All of it as one object, ready for JSON."""
        return {"variants": [play.as_dict() for play in self.plays]}


async def compare(
    settings: Sequence[Settings], variants: Sequence[Variant], play: Play, on_progress: OnProgress = lambda *_: None
) -> Comparison:
    """Plays each variant by its own settings, and gives all of them back in their order."""
    if len({one.database_url for one in settings if one.database_url}) < sum(
        bool(one.database_url) for one in settings
    ):
        raise OneDatabase("DATABASE_URL names one database and each variant wants its own: leave it out for a while")
    context = get_context("spawn")
    told: Queue[tuple[str, str, int, int]] = context.Queue()
    loop = asyncio.get_running_loop()
    at_once = min(len(variants), os.cpu_count() or 1)
    with ProcessPoolExecutor(at_once, mp_context=context, initializer=_listen_here, initargs=(told,)) as pool:
        plays = [
            loop.run_in_executor(pool, partial(_play, one, variant, play))
            for one, variant in zip(settings, variants, strict=True)
        ]
        listening = asyncio.create_task(_listen(told, on_progress))
        try:
            played = await asyncio.gather(*plays)
        finally:
            listening.cancel()
            _drain(told, on_progress)
    return Comparison(
        plays=[PlayedVariant(variant=variant, played=one) for variant, one in zip(variants, played, strict=True)]
    )


def _listen_here(told: "Queue[tuple[str, str, int, int]]") -> None:
    global _told  # noqa: PLW0603 - a process of a pool gets what it shares with the others only when it begins
    _told = told
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A play for nobody any more ends at once; its servers notice and end too."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _play(settings: Settings, variant: Variant, play: Play) -> Played:
    def tell(thing: str, done: int, total: int) -> None:
        if _told is not None:
            _told.put((variant.name, thing, done, total))

    return play(settings, variant.conditions, tell)


async def _listen(told: "Queue[tuple[str, str, int, int]]", on_progress: OnProgress) -> None:
    while True:
        _drain(told, on_progress)
        await asyncio.sleep(LISTENS_EVERY_S)


def _drain(told: "Queue[tuple[str, str, int, int]]", on_progress: OnProgress) -> None:
    while not told.empty():
        name, thing, done, total = told.get()
        on_progress(f"{name}: {thing}", done, total)
