"""A worker process of the tests: `python -m tests.workers.process DATABASE_URL REDIS_URL`.

Its job `slow` writes into the table `run` that it began, waits as long as the row says, and writes that it ended. It
lets offers expire, and nothing more follows from that.
"""

import asyncio
import os
import sys
from uuid import UUID

from marketplace import offers
from marketplace.core.clock import DatabaseClock
from marketplace.core.database import open_database
from marketplace.core.nudge import Nudger
from marketplace.core.work import Works
from workers.engine import Engine
from workers.told import told_by_signal
from workers.waker import Deadline

TABLE = "CREATE TABLE run (subject uuid, process int, seconds float8, ended boolean)"


async def serve(database_url: str, redis_url: str) -> None:
    """Works until SIGTERM."""
    async with open_database(database_url) as database, Nudger(database_url) as nudger:
        works = Works(database, DatabaseClock(), after_commit=nudger.nudge)

        async def slow(subject: UUID) -> None:
            async with works.open() as work:
                seconds = await work.fetch_value("SELECT max(seconds) FROM run WHERE subject = $1", subject)
                await work.execute("INSERT INTO run VALUES ($1, $2, NULL, false)", subject, os.getpid())
            await asyncio.sleep(seconds or 0)
            async with works.open() as work:
                await work.execute("INSERT INTO run VALUES ($1, $2, NULL, true)", subject, os.getpid())

        async def nothing(_: UUID) -> None:
            return None

        engine = Engine(
            works=works,
            database_url=database_url,
            redis_url=redis_url,
            jobs={"slow": slow, "send_wave": nothing, "match_market": nothing, "roll_up": nothing},
            deadlines=[Deadline("offer expires", offers.next_expiry, offers.expire_due)],
        )
        with told_by_signal() as told:
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            await engine.run(told)


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
