"""A process that sends operations, or looks into events, and is killed: one child for each case, forked, so that each
dies for itself.

Reads one JSON list of [operation or event, failpoint] from standard input and prints how each child ended, as a JSON
list.
"""

import asyncio
import gc
import importlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from uuid import UUID

from marketplace.adapters.stripe import StripeProvider
from marketplace.core.clock import DatabaseClock
from marketplace.core.database import MODELS, open_database
from marketplace.core.work import Works
from marketplace.payments import apply_event, send_operation

AT_ONCE = 4


async def run(thing: str, failpoint: str) -> None:
    """What a worker does with an operation of the outbox, or with an event of the inbox."""
    async with open_database(os.environ["DATABASE_URL"], pool_size=2) as client:
        provider = StripeProvider("sk_test_crashes", url=os.environ["DOORSTEP_STRIPE_URL"])
        works = Works(client, DatabaseClock())
        if failpoint.startswith("inbox_"):
            await apply_event(works, provider=provider, event_id=thing)
        else:
            await send_operation(works, provider=provider, operation_id=UUID(thing))
        await provider.aclose()


def start_child(thing: str, failpoint: str) -> int:
    """Does it in a child that will not live to tell; its process number."""
    pid = os.fork()
    if pid == 0:
        os.environ["DOORSTEP_FAILPOINT"] = failpoint
        asyncio.run(run(thing, failpoint))
        os._exit(0)
    return pid


def end_of(pid: int) -> int:
    """The negative number of the signal that ended a child."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def ends_of(cases: Sequence[tuple[str, str]]) -> Iterator[int]:
    """Runs the cases, a few at a time."""
    for start in range(0, len(cases), AT_ONCE):
        yield from map(end_of, [start_child(*case) for case in cases[start : start + AT_ONCE]])


if __name__ == "__main__":
    for module in (*MODELS, "httpcore"):
        importlib.import_module(module)  # once, not in every child
    gc.freeze()  # else the first look for garbage in a child copies all that it shares with this process
    print(json.dumps(list(ends_of(json.load(sys.stdin)))))  # noqa: T201
