"""The bonus of a route: out of the window's budget, the same for every offer of it, and never taken back."""

from uuid import UUID

from marketplace.core.clock import ManualClock
from marketplace.core.work import Work, Works
from marketplace.offers import decline_offer
from tests.builders import make_batch, make_delivery, make_driver, make_route
from tests.marketplace.offers.worlds import open_offers, send_wave
from tests.marketplace.surge.worlds import BusyWorld, make_busy_world, tick

LINES = """
SELECT l ->> 'amount_minor' AS minor, l ->> 'rule' AS rule FROM offer o CROSS JOIN jsonb_array_elements(o.lines) l
WHERE o.route_id = $1 AND l ->> 'code' = 'bonus' ORDER BY o.sent_at, o.id
"""


async def add_route(work: Work, world: BusyWorld, stops: int = 2, **changes: object) -> UUID:
    batch = await make_batch(work, world.market, world.shipper)
    deliveries = [
        await make_delivery(work, world.market, world.shipper, world.hub, batch, **changes) for _ in range(stops)
    ]
    route, _ = await make_route(work, world.market, deliveries)
    route_id: UUID = route.id
    return route_id


async def bonuses(works: Works, route_id: UUID) -> list[int]:
    async with works.open() as work:
        return [int(row["minor"]) for row in await work.fetch(LINES, route_id)]


async def test_a_route_is_offered_with_a_bonus_for_each_drop_off(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_busy_world(work)
        route_id = await add_route(work, world, stops=3)
    await tick(works, clock, world, 2)

    await send_wave(works, route_id)

    async with works.open() as work:
        kept = await work.fetch_row("SELECT * FROM surge_bonus")
        assert kept is not None
        assert (kept["bonus_minor"], kept["borne_by_shippers_minor"]) == (1_800, 0)
        assert kept["rule"].endswith(":borne_by_platform")
        assert await work.fetch_value("SELECT bonus_minor FROM route WHERE id = $1", route_id) == 1_800


async def test_later_offers_of_a_route_keep_its_bonus_when_surge_has_ended(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_busy_world(work)
        route_id = await add_route(work, world)
    await tick(works, clock, world, 2)
    await send_wave(works, route_id)
    async with works.open() as work:
        ((driver_id, offer_id),) = (await open_offers(work, route_id)).items()
        await decline_offer(work, offer_id=offer_id, driver_id=driver_id)
        await work.execute("UPDATE market SET surge_budget_minor = 0")
        await make_driver(work, world.market)
    clock.advance(seconds=600)
    await tick(works, clock, world)

    await send_wave(works, route_id)

    assert await bonuses(works, route_id) == [1_200, 1_200]


async def test_beyond_the_budget_new_offers_have_none_and_a_called_off_route_gives_back(
    works: Works, clock: ManualClock
) -> None:
    async with works.open() as work:
        world = await make_busy_world(work, parcels=40, drivers=3, surge_budget_minor=2_000)
        first, second, third = [await add_route(work, world) for _ in range(3)]
    await tick(works, clock, world, 2)

    await send_wave(works, first)
    await send_wave(works, second)
    async with works.open() as work:
        await work.execute("UPDATE route SET state = 'DISSOLVED' WHERE id = $1", first)
    await send_wave(works, third)

    assert [await bonuses(works, one) for one in (first, second, third)] == [[1_200] * 3, [], [1_200] * 3]


async def test_the_next_window_has_a_budget_of_its_own(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_busy_world(work, parcels=40, drivers=3, surge_budget_minor=1_200, surge_window_s=600)
        first, second = [await add_route(work, world) for _ in range(2)]
    await tick(works, clock, world, 2)
    await send_wave(works, first)
    await tick(works, clock, world, 10)

    await send_wave(works, second)

    assert [await bonuses(works, one) for one in (first, second)] == [[1_200] * 3, [1_200] * 3]
