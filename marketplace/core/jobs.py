"""Jobs: work that follows from events, kept as rows. The row is the truth; a queue only makes it prompt.

READY → RUNNING → gone, or READY again after a failure, or DEAD after too many. For one kind and subject at most one job
waits and at most one runs, so a hundred events about a market make one tick that sees them all. All times are machine
time: a job that is claimed reads what it works on after its claim, and so sees every event that asked for it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from marketplace.core.errors import NotFound
from marketplace.core.ids import JobId, MarketId
from marketplace.core.work import Work

STARTED_AT_ONCE = 200
"""Jobs that one sweep starts at most."""
TAKEN_BACK_AT_ONCE = 100
LISTED_AT_ONCE = 200
LONGEST_ERROR = 500
UNHEARD_AFTER = timedelta(seconds=5)
"""A job that was put on the queue this long ago and still waits is put there again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedJob:
    """A job that somebody asks for; the delay gathers what comes meanwhile into one run."""

    market_id: UUID
    kind: str
    subject: str
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ReadyJob:
    """A job that may start now. `attempts` tells how often it was started before."""

    id: JobId
    kind: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedJob:
    """A job that is ours to run until its lease ends; `attempts` also tells our run from a later one."""

    id: JobId
    market_id: MarketId
    kind: str
    subject: str
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadJob:
    """A job that failed too often and waits for a person."""

    id: JobId
    market_id: MarketId
    kind: str
    subject: str
    attempts: int
    error: str
    created_at: datetime


MAKE = """
INSERT INTO job (id, market_id, kind, subject, state, run_at, created_at, enqueued_at)
SELECT id, market_id, kind, subject, 'READY', $1::timestamptz + delay_s * interval '1 second', $1,
       CASE WHEN delay_s = 0 THEN $1 END
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::float8[]) AS t(id, market_id, kind, subject, delay_s)
ON CONFLICT (kind, subject) WHERE state = 'READY' DO NOTHING
RETURNING id, kind, attempts, run_at
"""

CLAIM = """
UPDATE job SET state = 'RUNNING', attempts = attempts + 1, lease_until = $2
WHERE id = $1 AND state = 'READY' AND (run_at <= $3 OR $4)
  AND NOT EXISTS (SELECT 1 FROM job r WHERE r.kind = job.kind AND r.subject = job.subject AND r.state = 'RUNNING')
RETURNING id, market_id, kind, subject, attempts
"""

REMOVE = """
DELETE FROM job WHERE id = $1 AND state = 'RUNNING' AND attempts = $2
RETURNING id, market_id, kind, subject, created_at
"""

# While it ran another job of its kind and subject may have been asked for: then the two become one.
PUT_BACK = """
INSERT INTO job (id, market_id, kind, subject, state, run_at, created_at, attempts, error)
VALUES ($1, $2, $3, $4, 'READY', $5, $6, $7, $8)
ON CONFLICT (kind, subject) WHERE state = 'READY'
DO UPDATE SET run_at = excluded.run_at, attempts = excluded.attempts, error = excluded.error, enqueued_at = NULL
"""

BURY = """
INSERT INTO job (id, market_id, kind, subject, state, run_at, created_at, attempts, error)
VALUES ($1, $2, $3, $4, 'DEAD', $5, $6, $7, $8)
"""

START = """
UPDATE job SET enqueued_at = $1 WHERE id IN (
    SELECT id FROM job w
    WHERE w.state = 'READY' AND w.run_at <= $1 AND (w.enqueued_at IS NULL OR w.enqueued_at < $1 - $2::interval)
      AND NOT EXISTS (SELECT 1 FROM job r WHERE r.kind = w.kind AND r.subject = w.subject AND r.state = 'RUNNING')
    ORDER BY w.run_at LIMIT $3 FOR UPDATE SKIP LOCKED)
RETURNING id, kind, attempts
"""

TAKE_BACK = """
SELECT id, market_id, kind, subject, attempts FROM job WHERE state = 'RUNNING' AND lease_until < $1
ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED
"""


async def make_jobs(work: Work, wanted: Iterable[WantedJob]) -> list[ReadyJob]:
    """Makes the jobs that do not wait already, and returns those that may start as soon as this Work has committed.

    A job that is claimed at this very moment is waited for; then one more is made, which runs after it.
    """
    one_each = {(job.kind, job.subject): job for job in wanted}
    jobs = [one_each[key] for key in sorted(one_each)]
    rows = await work.fetch(
        MAKE,
        work.machine_now,
        [work.new_id() for _ in jobs],
        [job.market_id for job in jobs],
        [job.kind for job in jobs],
        [job.subject for job in jobs],
        [job.delay_s for job in jobs],
    )
    return [_ready(row) for row in rows if row["run_at"] <= work.machine_now]


async def claim_job(work: Work, job_id: JobId, *, lease_s: float, is_early: bool = False) -> ClaimedJob | None:
    """Takes a job for this process; None when it is taken, gone, not due, or its like runs already."""
    lease_until = work.machine_now + timedelta(seconds=lease_s)
    row = await work.fetch_row(CLAIM, job_id, lease_until, work.machine_now, is_early)
    return _claimed(row) if row is not None else None


async def renew_leases(work: Work, claimed: Sequence[ClaimedJob], *, lease_s: float) -> None:
    """Tells that this process still lives and runs these jobs."""
    await work.execute(
        "UPDATE job SET lease_until = $1 FROM unnest($2::uuid[], $3::int[]) AS ours(job_id, run)"
        " WHERE id = job_id AND attempts = run AND state = 'RUNNING'",
        work.machine_now + timedelta(seconds=lease_s),
        [job.id for job in claimed],
        [job.attempts for job in claimed],
    )


async def finish_job(work: Work, job: ClaimedJob) -> bool:
    """Removes a job that is done; False when it is no longer ours because the lease ran out."""
    return await work.fetch_row(REMOVE, job.id, job.attempts) is not None


async def fail_job(work: Work, job: ClaimedJob, *, error: str, retry_after_s: float | None) -> bool:
    """Puts a failed job back to be tried again, or lays it aside as DEAD when `retry_after_s` is None.

    Of the dead jobs of one kind and subject the last is kept. False when the job is no longer ours.
    """
    row = await work.fetch_row(REMOVE, job.id, job.attempts)
    if row is None:
        return False
    values = [row["id"], row["market_id"], row["kind"], row["subject"]]
    error = error[:LONGEST_ERROR]
    if retry_after_s is None:
        await work.execute("DELETE FROM job WHERE kind = $1 AND subject = $2 AND state = 'DEAD'", job.kind, job.subject)
        await work.execute(BURY, *values, work.machine_now, row["created_at"], job.attempts, error)
    else:
        run_at = work.machine_now + timedelta(seconds=retry_after_s)
        await work.execute(PUT_BACK, *values, run_at, row["created_at"], job.attempts, error)
    return True


async def return_job(work: Work, job: ClaimedJob) -> None:
    """Gives a job back that was begun and broken off by our own stopping; it counts as not begun."""
    row = await work.fetch_row(REMOVE, job.id, job.attempts)
    if row is not None:
        values = [row["id"], row["market_id"], row["kind"], row["subject"], work.machine_now, row["created_at"]]
        await work.execute(PUT_BACK, *values, job.attempts - 1, None)


async def jobs_to_start(work: Work) -> list[ReadyJob]:
    """Jobs that are due and were not put on the queue of late, oldest first; they count as put there by this call."""
    rows = await work.fetch(START, work.machine_now, UNHEARD_AFTER, STARTED_AT_ONCE)
    return [_ready(row) for row in rows]


async def lost_jobs(work: Work) -> list[ClaimedJob]:
    """Running jobs whose lease ran out because their process died or hangs; locked for whoever asked first."""
    return [_claimed(row) for row in await work.fetch(TAKE_BACK, work.machine_now, TAKEN_BACK_AT_ONCE)]


async def job_waiting_behind(connection: asyncpg.Connection, job: ClaimedJob) -> ReadyJob | None:
    """The job that was asked for while this one ran; to be read after the end of this one has committed."""
    row = await connection.fetchrow(
        "SELECT id, kind, attempts FROM job"
        " WHERE kind = $1 AND subject = $2 AND state = 'READY' AND run_at <= transaction_timestamp()",
        job.kind,
        job.subject,
    )
    return _ready(row) if row is not None else None


async def jobs_at_rest(connection: asyncpg.Connection) -> list[ReadyJob]:
    """Jobs that wait and have not failed, whether their delay is over or not, oldest first."""
    rows = await connection.fetch(
        "SELECT id, kind, attempts FROM job WHERE state = 'READY' AND attempts = 0 ORDER BY created_at, id LIMIT $1",
        STARTED_AT_ONCE,
    )
    return [_ready(row) for row in rows]


async def dead_jobs(connection: asyncpg.Connection, *, market_id: MarketId | None = None) -> list[DeadJob]:
    """Jobs that failed too often, latest first, of one market or of all."""
    rows = await connection.fetch(
        "SELECT id, market_id, kind, subject, attempts, error, created_at FROM job"
        " WHERE state = 'DEAD' AND ($1::uuid IS NULL OR market_id = $1) ORDER BY run_at DESC LIMIT $2",
        market_id,
        LISTED_AT_ONCE,
    )
    return [DeadJob(**dict(row)) for row in rows]


async def replay_job(work: Work, *, job_id: JobId, market_id: MarketId) -> ReadyJob:
    """Gives a dead job all its tries again, after a person has removed the cause."""
    row = await work.fetch_row(
        "DELETE FROM job WHERE id = $1 AND market_id = $2 AND state = 'DEAD' RETURNING kind, subject", job_id, market_id
    )
    if row is None:
        raise NotFound("there is no such dead job", field="jobId")
    await make_jobs(work, [WantedJob(market_id=market_id, kind=row["kind"], subject=row["subject"])])
    waiting = await work.fetch_row(
        "SELECT id, kind, attempts FROM job WHERE kind = $1 AND subject = $2 AND state = 'READY'",
        row["kind"],
        row["subject"],
    )
    assert waiting is not None
    return _ready(waiting)


def _ready(row: asyncpg.Record) -> ReadyJob:
    return ReadyJob(id=JobId(row["id"]), kind=row["kind"], attempts=row["attempts"])


def _claimed(row: asyncpg.Record) -> ClaimedJob:
    return ClaimedJob(**dict(row))
