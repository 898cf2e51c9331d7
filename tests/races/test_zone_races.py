"""Several workers plan the zones of one market: a zone is planned by one at a time, a driver is planned for once."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import pytest

from marketplace.adapters.routers import StraightLineRouter
from marketplace.core.errand import run_errand
from marketplace.core.ids import JobId
from marketplace.core.jobs import WantedJob, claim_job, make_jobs
from marketplace.core.work import Works
from marketplace.matching import MatchMarket, MatchZone, SolverPool, wake_due, zones_of
from marketplace.matching.commit import CommittedPlan
from marketplace.matching.queries import INSIDE_ZONE
from marketplace.matching.zoning import Zone
from tests.marketplace.matching.cities import City, make_city
from tests.races.together import at_once, until_one_waits

LIMIT = 20
PLANNED = """
SELECT r.planned_driver_id AS driver_id, count(DISTINCT r.id) AS routes FROM route r
WHERE r.state IN ('PLANNED', 'OFFERING') GROUP BY r.planned_driver_id
"""
TWICE = "SELECT delivery_id FROM task GROUP BY delivery_id HAVING count(*) <> 2"


@pytest.fixture(scope="module")
def solver() -> Iterator[SolverPool]:
    """A solver that has time, whatever else this machine does."""
    with SolverPool(1, grace_s=60) as pool:
        yield pool


class Crowd:
    """A city of several zones on real commits."""

    def __init__(self, works: Works, solver: SolverPool) -> None:
        self.works, self.solver, self.router = works, solver, StraightLineRouter()

    async def city(self, deliveries: int, *, drivers: int) -> tuple[City, list[Zone]]:
        """A city that is cut, and its zones."""
        async with self.works.open() as work:
            city = await make_city(work, shops=30, radius_km=4, zone_limit=LIMIT)
            await city.post(work, deliveries)
            await city.bring_online(work, drivers)
        await run_errand(self.works, MatchMarket(router=self.router, solver=self.solver, market_id=city.market.id))
        async with self.works.open() as work:
            return city, await zones_of(work, market_id=city.market.id)

    def look_at(self, zone: Zone) -> MatchZone:
        return MatchZone(router=self.router, solver=self.solver, zone_id=zone.id)

    async def planned(self) -> Counter[int]:
        """How many drivers have how many routes planned for them."""
        async with self.works.open() as work:
            assert await work.fetch(TWICE) == []
            return Counter(row["routes"] for row in await work.fetch(PLANNED))


@pytest.fixture
def crowd(committed_works: Works, solver: SolverPool) -> Crowd:
    """A city of several zones."""
    return Crowd(committed_works, solver)


async def test_of_two_zones_that_want_one_driver_one_has_the_route_and_the_other_looks_again(crowd: Crowd) -> None:
    _, (one, other) = await crowd.city(36, drivers=1)
    looks = [crowd.look_at(one), crowd.look_at(other)]
    found = []
    for look in looks:
        async with crowd.works.open() as work:
            found.append(await look.read(work))
    snapshots = [snapshot for snapshot in found if snapshot is not None]
    answers = [await look.call(snapshot) for look, snapshot in zip(looks, snapshots, strict=True)]
    assert [len(answer.plan.routes) for answer in answers] == [1, 1]

    plans: list[CommittedPlan] = await at_once(
        (crowd.works, lambda work: looks[0].record(work, snapshots[0], answers[0])),
        (crowd.works, lambda work: looks[1].record(work, snapshots[1], answers[1])),
    )

    assert sorted(len(plan.route_ids) for plan in plans) == [0, 1]
    assert await crowd.planned() == {1: 1}
    loser = plans.index(next(plan for plan in plans if not plan.route_ids))
    wanted = {step.delivery_id for route in answers[loser].plan.routes for step in route.steps}
    async with crowd.works.open() as work:
        due = await work.fetch(
            f"SELECT d.id FROM delivery d JOIN matching_zone z ON {INSIDE_ZONE}"
            " WHERE z.id = $1 AND d.state = 'SCHEDULED' AND d.plan_after <= $2",
            (one, other)[loser].id,
            work.now,
        )
        assert {str(row["id"]) for row in due} == wanted
        assert await wake_due(work) > 0


async def test_zones_planned_at_once_by_several_workers_share_the_drivers(crowd: Crowd) -> None:
    """Everything is planned in the end, nothing and nobody twice."""
    _, zones = await crowd.city(60, drivers=9)
    others = SolverPool(2, grace_s=60)
    try:
        for _ in range(6):
            looks = [
                MatchZone(router=crowd.router, solver=pool, zone_id=zone.id)
                for zone, pool in zip(zones, [crowd.solver, others] * len(zones), strict=False)
            ]
            await asyncio.gather(*(run_errand(crowd.works, look) for look in looks))
            assert set(await crowd.planned()) == {1}
    finally:
        others.close()

    async with crowd.works.open() as work:
        rows = await work.fetch("SELECT DISTINCT unassigned_reason FROM delivery WHERE state = 'SCHEDULED'")
        busy = await work.fetch_value("SELECT count(*) FROM route WHERE state = 'PLANNED'")
    assert busy == 9 or not rows


async def test_a_zone_is_planned_by_one_worker_at_a_time(crowd: Crowd) -> None:
    city, (zone, *_) = await crowd.city(36, drivers=1)
    wanted = WantedJob(market_id=city.market.id, kind="match_zone", subject=str(zone.id))
    async with crowd.works.open() as work:
        (first,) = await make_jobs(work, [wanted])
    async with crowd.works.open() as work:
        assert await claim_job(work, first.id, lease_s=10) is not None
    async with crowd.works.open() as work:
        (second,) = await make_jobs(work, [wanted])

    claims = await at_once(*[(crowd.works, lambda work: claim_job(work, JobId(second.id), lease_s=10))] * 3)

    assert claims == [None, None, None]


async def test_a_zone_is_not_cut_while_its_plan_is_written(crowd: Crowd) -> None:
    city, (zone, *_) = await crowd.city(36, drivers=3)
    look = crowd.look_at(zone)
    async with crowd.works.open() as work:
        found = await look.read(work)
    assert found is not None
    answer = await look.call(found)
    async with crowd.works.open() as work:
        for _ in range(3):
            await city.post(work, LIMIT)

    async def cut() -> None:
        async with crowd.works.open() as work:
            assert await look.read(work) is None

    async with crowd.works.open() as work:
        plan = await look.record(work, found, answer)
        cutting = asyncio.create_task(cut())
        await until_one_waits(crowd.works)
    await cutting

    assert plan.route_ids
    async with crowd.works.open() as work:
        assert zone not in await zones_of(work, market_id=city.market.id)
    assert set(await crowd.planned()) == {1}
