"""Two workers that plan a city are killed in turn: every zone is planned in the end, nothing and nobody twice."""

import pytest

from marketplace.core.work import Works
from marketplace.matching.events import PlanningDue
from tests.marketplace.matching.cities import make_city
from tests.processes import Stage
from tests.waiting import until

pytestmark = pytest.mark.timeout(400)

DELIVERIES, DRIVERS, LIMIT = 160, 60, 20
PLANNED_TWICE = """
SELECT planned_driver_id FROM route WHERE state IN ('PLANNED', 'OFFERING')
GROUP BY planned_driver_id HAVING count(*) > 1
"""
ON_TWO_ROUTES = """
SELECT t.delivery_id FROM task t JOIN stop s ON s.id = t.stop_id JOIN route r ON r.id = s.route_id
WHERE r.state IN ('PLANNED', 'OFFERING', 'ASSIGNED', 'STARTED')
GROUP BY t.delivery_id HAVING count(DISTINCT r.id) > 1
"""


async def test_zones_of_a_killed_worker_are_planned_by_another(stage: Stage, stage_works: Works) -> None:
    async with stage_works.open() as work:
        city = await make_city(work, shops=40, radius_km=5, zone_limit=LIMIT, offer_ttl_s=600)
        await work.execute("INSERT INTO stream_head (market_id) VALUES ($1)", city.market.id)
        await city.post(work, DELIVERIES)
        await city.bring_online(work, DRIVERS)
        work.emit(PlanningDue(market_id=city.market.id, delivery_count=DELIVERIES))

    async def on_routes() -> int:
        async with stage_works.read() as connection:
            count: int = await connection.fetchval("SELECT count(*) FROM delivery WHERE state <> 'SCHEDULED'")
        return count

    async def has_begun() -> bool:
        return await on_routes() > 0

    async def has_gone_on() -> bool:
        return await on_routes() > planned

    async def is_done() -> bool:
        return await on_routes() == DELIVERIES

    first, second = await stage.work(), await stage.work()
    await until(has_begun, patience_s=120)
    await first.kill()
    planned = await on_routes()
    await until(has_gone_on, patience_s=60)
    await second.kill()
    third = await stage.work()
    await until(is_done, patience_s=180)

    assert third.is_running
    async with stage_works.open() as work:
        zones = await work.fetch("SELECT path FROM matching_zone")
        assert len(zones) > 4
        assert await work.fetch(PLANNED_TWICE) == []
        assert await work.fetch(ON_TWO_ROUTES) == []
        assert await work.fetch_value("SELECT count(*) FROM job WHERE state = 'DEAD'") == 0
