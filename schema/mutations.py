"""The one way in which a mutation runs: one Work, one answer for each idempotency key, refusals as data.

A resolver does four things: parse ids, check access, hand `run` and `answer` to `mutate`, return what comes back.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ParamSpec, TypeVar

import asyncpg
import strawberry

from marketplace.core.errors import Refusal, Unavailable
from marketplace.core.failpoints import pass_failpoint
from marketplace.core.idempotency import recall, remember, request_hash
from marketplace.core.work import Work, Works
from schema.access import require_principal
from schema.context import Info
from schema.problem import Problem, problem_of

Payload = TypeVar("Payload")
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")

TRIES = 3
PAUSE_S = 0.02
"""Pause before a Work that lost a deadlock is tried again; it doubles, and a random part keeps rivals apart."""

LOST_RACES = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
WAITED_TOO_LONG = (asyncpg.LockNotAvailableError, asyncpg.QueryCanceledError)

KEY_DESCRIPTION = (
    "1 to 200 characters, chosen by the caller. The same key with the same arguments has one effect and one answer"
    " for at least 24 hours; with other arguments it is refused as IDEMPOTENCY_KEY_REUSED."
)


class Busy(Unavailable):
    """Others kept changing the same records for too long."""

    code = "BUSY"


def mutation(
    *, description: str
) -> Callable[[Callable[Arguments, Awaitable[Result]]], Callable[Arguments, Awaitable[Result]]]:
    """A mutation field whose refusals, wherever they are raised, come back as a Problem."""

    def decorate(resolver: Callable[Arguments, Awaitable[Result]]) -> Any:
        @functools.wraps(resolver)
        async def answered(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result | Problem:
            try:
                return await resolver(*args, **kwargs)
            except Refusal as refusal:
                return problem_of(refusal)

        return strawberry.mutation(answered, description=description)

    return decorate


async def mutate(
    info: Info,
    *,
    operation: str,
    arguments: Mapping[str, object],
    idempotency_key: str,
    run: Callable[[Work], Awaitable[str | Refusal]],
    answer: Callable[[Work, str], Awaitable[Payload]],
    failpoint: str | None = None,
) -> Payload | Problem:
    """Runs a change once for each key of a caller, and answers every repetition alike.

    `run` makes the change and returns a short reference to its result, such as an id; `answer` builds the payload from
    that reference, the first time and every time after. A refusal that `run` raises undoes everything, the key
    included; one that it returns is an answer like any other, and what the Work counted stays.
    """
    principal = require_principal(info)
    digest = request_hash(operation, arguments)

    async def once(work: Work) -> Payload | Problem:
        reference = await recall(work, principal_id=principal.id, key=idempotency_key, digest=digest)
        if reference is None:
            result = await run(work)
            if isinstance(result, Refusal):
                return problem_of(result)
            await remember(work, principal_id=principal.id, key=idempotency_key, reply=result)
            reference = result
        return await answer(work, reference)

    payload = await change(info, once)
    if failpoint is not None:
        pass_failpoint(failpoint)
    return payload


async def change(info: Info, run: Callable[[Work], Awaitable[Result]]) -> Result:
    """Runs one Work, again when it lost a deadlock; for the few mutations that are safe to repeat without a key."""
    works: Works = info.context.marketplace.works
    for attempt in range(1, TRIES + 1):
        try:
            async with works.open() as work:
                return await run(work)
        except LOST_RACES as failure:
            if attempt == TRIES:
                raise Busy("others are changing the same records; try again in a moment") from failure
            await asyncio.sleep(PAUSE_S * 2**attempt * works.source.uniform(0.5, 1.0))
        except WAITED_TOO_LONG as failure:
            raise Busy("others are changing the same records; try again in a moment") from failure
    raise AssertionError("the last try returns or raises")
