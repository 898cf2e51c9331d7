"""Calls that meet: several Works at the same moment, each on a connection of its own."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from marketplace.core.errors import Refusal
from marketplace.core.work import Work, Works
from tests.waiting import until

Verb = Callable[[Work], Awaitable[Any]]
"""What one Work does."""

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def at_once(*verbs: tuple[Works, Verb]) -> list[Any]:
    """Runs each verb in a Work of its own, all begun before the first goes on; a refusal stands for its result."""
    begun = asyncio.Barrier(len(verbs))

    async def run(works: Works, verb: Verb) -> Any:
        try:
            async with works.open() as work:
                await begun.wait()
                return await verb(work)
        except Refusal as no:
            return no

    return list(await asyncio.gather(*(run(works, verb) for works, verb in verbs)))


def codes(answers: Sequence[Any]) -> Counter[str]:
    """How often each answer came: `done`, or the code of a refusal."""
    return Counter(answer.code if isinstance(answer, Refusal) else "done" for answer in answers)


async def until_one_waits(works: Works) -> None:
    """Returns when a connection to this database waits for another one's lock."""

    async def is_waiting() -> bool:
        async with works.read() as connection:
            return bool(await connection.fetchval(WAITING))

    await until(is_waiting)
