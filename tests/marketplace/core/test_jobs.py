"""A job is a row: asked for often it waits once, claimed by many it runs once, failing too often it dies in sight."""

from datetime import timedelta
from uuid import UUID

import pytest

from marketplace.core.errors import NotFound
from marketplace.core.ids import MarketId
from marketplace.core.jobs import (
    ClaimedJob,
    ReadyJob,
    WantedJob,
    claim_job,
    dead_jobs,
    fail_job,
    finish_job,
    job_waiting_behind,
    jobs_to_start,
    lost_jobs,
    make_jobs,
    renew_leases,
    replay_job,
    return_job,
)
from marketplace.core.work import Work

MARKET = MarketId(UUID(int=5))
MATCH = WantedJob(market_id=MARKET, kind="match_market", subject=str(MARKET))


async def make(work: Work, wanted: WantedJob = MATCH) -> ReadyJob:
    [job] = await make_jobs(work, [wanted])
    return job


async def claim(work: Work, job: ReadyJob) -> ClaimedJob:
    claimed = await claim_job(work, job.id, lease_s=10)
    assert claimed is not None
    return claimed


async def states(work: Work) -> list[tuple[str, int]]:
    rows = await work.fetch("SELECT state, attempts FROM job WHERE subject = $1 ORDER BY state", MATCH.subject)
    return [(row["state"], row["attempts"]) for row in rows]


async def test_a_job_that_is_asked_for_often_waits_once(work: Work) -> None:
    first = await make_jobs(work, [MATCH, MATCH])
    second = await make_jobs(work, [MATCH])

    assert [(job.kind, job.attempts) for job in first] == [("match_market", 0)]
    assert second == []
    assert await states(work) == [("READY", 0)]


async def test_a_job_is_claimed_once(work: Work) -> None:
    job = await make(work)

    first = await claim_job(work, job.id, lease_s=10)
    second = await claim_job(work, job.id, lease_s=10)

    assert first is not None
    assert (first.kind, first.subject, first.attempts) == ("match_market", MATCH.subject, 1)
    assert second is None


async def test_a_job_does_not_start_while_its_like_runs_and_starts_behind_it(work: Work) -> None:
    running = await claim(work, await make(work))
    waiting = await make(work)

    assert await claim_job(work, waiting.id, lease_s=10) is None
    assert await finish_job(work, running)
    assert await job_waiting_behind(work.connection, running) == waiting
    assert await claim_job(work, waiting.id, lease_s=10) is not None


async def test_a_job_that_is_done_leaves_no_row(work: Work) -> None:
    running = await claim(work, await make(work))

    assert await finish_job(work, running)

    assert await states(work) == []
    assert not await finish_job(work, running)


async def test_a_failed_job_waits_before_it_is_tried_again(work: Work) -> None:
    job = await make(work)
    running = await claim(work, job)

    await fail_job(work, running, error="Sad: no road", retry_after_s=4)

    row = await work.fetch_row("SELECT state, attempts, error, run_at, enqueued_at FROM job WHERE id = $1", job.id)
    assert row is not None
    assert tuple(row) == ("READY", 1, "Sad: no road", work.machine_now + timedelta(seconds=4), None)
    assert await claim_job(work, job.id, lease_s=10) is None
    assert await claim_job(work, job.id, lease_s=10, is_early=True) is not None


async def test_a_failed_job_and_its_like_that_came_meanwhile_become_one(work: Work) -> None:
    running = await claim(work, await make(work))
    waiting = await make(work)

    await fail_job(work, running, error="Sad: no road", retry_after_s=4)

    rows = await work.fetch("SELECT id, state, attempts, error FROM job")
    assert [tuple(row) for row in rows] == [(waiting.id, "READY", 1, "Sad: no road")]


async def test_a_dead_job_is_in_sight_and_can_be_replayed(work: Work) -> None:
    running = await claim(work, await make(work))

    await fail_job(work, running, error="Sad: no road", retry_after_s=None)

    [dead] = await dead_jobs(work.connection, market_id=MARKET)
    assert (dead.kind, dead.subject, dead.attempts, dead.error) == ("match_market", MATCH.subject, 1, "Sad: no road")
    assert await dead_jobs(work.connection, market_id=MarketId(UUID(int=6))) == []
    with pytest.raises(NotFound):
        await replay_job(work, job_id=dead.id, market_id=MarketId(UUID(int=6)))
    again = await replay_job(work, job_id=dead.id, market_id=MARKET)
    assert (again.kind, again.attempts) == ("match_market", 0)
    assert await dead_jobs(work.connection) == []


async def test_of_dead_jobs_about_one_subject_the_last_is_kept(work: Work) -> None:
    for error in ("first", "second"):
        running = await claim(work, await make(work))
        await fail_job(work, running, error=error, retry_after_s=None)

    assert [dead.error for dead in await dead_jobs(work.connection)] == ["second"]


async def test_a_job_given_back_counts_as_not_begun(work: Work) -> None:
    running = await claim(work, await make(work))

    await return_job(work, running)

    assert await states(work) == [("READY", 0)]


async def test_a_job_whose_lease_ran_out_is_found_and_no_longer_its_first_runners(work: Work) -> None:
    job = await make(work)
    lost = await claim_job(work, job.id, lease_s=-1)
    assert lost is not None

    assert await lost_jobs(work) == [lost]
    await fail_job(work, lost, error="WorkerLost", retry_after_s=0)
    later = await claim(work, job)

    assert later.attempts == 2
    assert not await finish_job(work, lost)
    assert await states(work) == [("RUNNING", 2)]


async def test_a_renewed_lease_does_not_run_out(work: Work) -> None:
    job = await make(work)
    running = await claim_job(work, job.id, lease_s=-1)
    assert running is not None

    await renew_leases(work, [running], lease_s=10)

    assert await lost_jobs(work) == []


async def test_a_sweep_finds_what_was_not_queued_of_late_and_is_due(work: Work) -> None:
    await make_jobs(work, [WantedJob(market_id=MARKET, kind="a", subject="queued just now")])
    assert await make_jobs(work, [WantedJob(market_id=MARKET, kind="a", subject="delayed", delay_s=60)]) == []
    [forgotten] = await make_jobs(work, [WantedJob(market_id=MARKET, kind="a", subject="forgotten")])
    await work.execute(
        "UPDATE job SET enqueued_at = $2 WHERE id = $1", forgotten.id, work.machine_now - timedelta(minutes=1)
    )
    [behind] = await make_jobs(work, [WantedJob(market_id=MARKET, kind="b", subject="busy")])
    await claim(work, behind)
    await make_jobs(work, [WantedJob(market_id=MARKET, kind="b", subject="busy")])
    await work.execute("UPDATE job SET enqueued_at = NULL WHERE kind = 'b'")

    found = await jobs_to_start(work)

    assert found == [forgotten]
    assert await jobs_to_start(work) == []
