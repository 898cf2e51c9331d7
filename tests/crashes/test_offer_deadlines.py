"""Deadlines of offers hold while the queue forgets everything and the worker is killed: late perhaps, early never."""

import sys
from statistics import quantiles

import pytest

from marketplace.core.work import Works
from tests.processes import Stage
from tests.waiting import until
from tests.workers.conftest import flush
from tests.workers.offers import make_offered_route, send_offers

pytestmark = pytest.mark.timeout(400)

OFFERS = 200
DEADLINE_S = 10.0
DISASTER_AFTER_S = 5.0
LATE_AT_MOST_S = 10.0
"""After the deadline and after the new worker has begun, whichever is later: starting it is the machine's affair."""

SECONDS_GONE = "SELECT extract(epoch FROM clock_timestamp() - min(sent_at))::float8 FROM offer"
ALL_ENDED = "SELECT NOT EXISTS (SELECT FROM offer WHERE wave_id = $1 AND state = 'SENT')"
LATENESS = """
SELECT extract(epoch FROM ended_at - expires_at)::float8 AS late_s,
       extract(epoch FROM ended_at - greatest(expires_at, $1))::float8 AS slow_s, state
FROM offer WHERE wave_id = $2 ORDER BY 1
"""


async def test_two_hundred_offers_expire_though_the_queue_forgets_and_the_worker_dies(
    stage: Stage, stage_works: Works
) -> None:
    worker = await stage.work()
    async with stage_works.open() as work:
        offered = await make_offered_route(work, OFFERS)
    await stage.until_working()
    async with stage_works.open() as work:
        await send_offers(work, offered, [DEADLINE_S] * OFFERS)

    async def seconds_gone() -> float:
        async with stage_works.read() as connection:
            return float(await connection.fetchval(SECONDS_GONE))

    async def is_time() -> bool:
        return await seconds_gone() >= DISASTER_AFTER_S

    await until(is_time)
    await flush(stage.redis_url)
    await worker.kill()
    await stage.work()
    await stage.until_working()
    async with stage_works.open() as work:
        working_since = work.machine_now

    async def all_ended() -> bool:
        async with stage_works.read() as connection:
            return bool(await connection.fetchval(ALL_ENDED, offered.wave_id))

    await until(all_ended, patience_s=60)
    async with stage_works.open() as work:
        rows = await work.fetch(LATENESS, working_since, offered.wave_id)
        told = await work.fetch("SELECT name, count(*) FROM event WHERE market_id = $1 GROUP BY 1", offered.market_id)
    late = [row["late_s"] for row in rows]
    marks = quantiles(late, n=100)
    sys.stdout.write(f"\nlate by p50 {marks[49]:.3f} s, p99 {marks[98]:.3f} s, at most {late[-1]:.3f} s\n")
    assert {row["state"] for row in rows} == {"EXPIRED"}
    assert len(late) == OFFERS
    assert late[0] >= 0
    assert max(row["slow_s"] for row in rows) <= LATE_AT_MOST_S
    events = {row["name"]: row["count"] for row in told}
    assert (events["OfferExpired"], events["WaveExhausted"]) == (OFFERS, 1)
