"""The budget of bonuses when many routes are offered at the same moment: real commits, never a peso too much."""

import asyncio
from uuid import UUID

from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.errors import Unavailable
from marketplace.core.work import Works
from marketplace.offers import SendWave
from marketplace.surge import decide_surge
from tests.builders import make_batch, make_delivery, make_driver, make_route
from tests.marketplace.offers.worlds import ROUTER
from tests.marketplace.surge.worlds import make_busy_world, tick

ROUTES = 12
BUDGET = 4_000
"""Enough for three bonuses of 1,200."""
TRIES = 8


async def offer(works: Works, route_id: UUID) -> None:
    """Sends a route's wave as the job does: what has moved meanwhile is looked at again."""
    for _ in range(TRIES):
        try:
            await run_errand(works, SendWave(router=ROUTER, route_id=route_id))
        except Unavailable:
            await asyncio.sleep(0.02)
        else:
            return


async def test_routes_that_are_offered_together_never_promise_more_than_the_budget(
    committed_works: Works, clock: ManualClock
) -> None:
    works = committed_works
    async with works.open() as work:
        world = await make_busy_world(work, parcels=200, drivers=0, surge_budget_minor=BUDGET, wave_size=1)
        batch = await make_batch(work, world.market, world.shipper)
        route_ids = []
        for _ in range(ROUTES):
            await make_driver(work, world.market)
            pair = [await make_delivery(work, world.market, world.shipper, world.hub, batch) for _ in range(2)]
            route, _ = await make_route(work, world.market, pair)
            route_ids.append(route.id)
    await tick(works, clock, world, 2)

    await asyncio.gather(*(offer(works, route_id) for route_id in route_ids))

    async with works.open() as work:
        promised = await work.fetch("SELECT bonus_minor FROM surge_bonus")
        offered = await work.fetch(
            "SELECT r.bonus_minor, l.minor FROM offer o JOIN route r ON r.id = o.route_id LEFT JOIN LATERAL"
            " (SELECT (l ->> 'amount_minor')::bigint AS minor FROM jsonb_array_elements(o.lines) l"
            "  WHERE l ->> 'code' = 'bonus') l ON true"
        )
    assert [row["bonus_minor"] for row in promised] == [1_200] * 3
    assert sorted(row["bonus_minor"] for row in offered) == [0] * (ROUTES - 3) + [1_200] * 3
    assert all(row["bonus_minor"] == (row["minor"] or 0) for row in offered)


async def test_of_processes_that_tick_together_one_decides(committed_works: Works, clock: ManualClock) -> None:
    works = committed_works
    async with works.open() as work:
        world = await make_busy_world(work)
    clock.advance(seconds=60)

    async def look() -> int:
        async with works.open() as work:
            return await decide_surge(work, market_id=world.market.id)

    decided = await asyncio.gather(*(look() for _ in range(5)))

    assert sorted(decided) == [0, 0, 0, 0, 7]
