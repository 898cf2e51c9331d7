"""Something that is done again and again, with pauses in machine time between."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from marketplace.core.work import DatabaseUnavailable

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Periodic:
    """Something that is done again and again, every so many seconds of machine time."""

    name: str
    every_s: float
    run: Callable[[], Awaitable[None]]


async def keep(periodic: Periodic) -> None:
    """Does one thing of the schedule for ever; pauses differ a little, so that processes do not march in step."""
    jitter = random.Random()  # noqa: S311 - spreads load, guards nothing
    while True:
        try:
            await periodic.run()
        except DatabaseUnavailable:
            log.warning("put off: the database is away", what=periodic.name)
        except Exception:
            log.exception("failed; it is tried again", what=periodic.name)
        await asyncio.sleep(periodic.every_s * jitter.uniform(0.9, 1.1))
