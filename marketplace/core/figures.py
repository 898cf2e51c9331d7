"""What waits in the tables of the core, read from time to time for whoever watches: jobs and the outbox."""

from dataclasses import dataclass

import asyncpg

JOBS = """
SELECT count(*) FILTER (WHERE state = 'READY' AND run_at <= transaction_timestamp()) AS due,
       count(*) FILTER (WHERE state = 'READY' AND run_at > transaction_timestamp()) AS later,
       count(*) FILTER (WHERE state = 'RUNNING') AS running,
       count(*) FILTER (WHERE state = 'DEAD') AS dead,
       coalesce(extract(epoch FROM transaction_timestamp()
         - min(run_at) FILTER (WHERE state = 'READY' AND run_at <= transaction_timestamp())), 0)::float8 AS oldest_s
FROM job
"""
OUTBOX = """
SELECT count(*) AS count, coalesce(extract(epoch FROM $1 - min(occurred_at)), 0)::float8 AS lag_s
FROM event WHERE position IS NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFigures:
    """Jobs by what they do, and how long the oldest due one has waited in machine time."""

    due: int
    later: int
    running: int
    dead: int
    oldest_s: float


async def job_figures(connection: asyncpg.Connection) -> JobFigures:
    """Counts the jobs of all markets: what is done leaves the table, so it stays small."""
    row = await connection.fetchrow(JOBS)
    assert row is not None, "counts always answer"
    return JobFigures(**dict(row))


async def outbox_figures(connection: asyncpg.Connection, *, now: object) -> tuple[int, float]:
    """How many events are not published, and the age of the oldest in market time."""
    row = await connection.fetchrow(OUTBOX, now)
    assert row is not None, "counts always answer"
    return row["count"], max(0.0, row["lag_s"])
