"""What operations see on the map: routes of their market that are not over, with the ways along streets."""

from marketplace.core.clock import ManualClock
from marketplace.core.ids import to_wire
from marketplace.core.work import Works
from marketplace.tracking import live_routes
from tests.marketplace.routes.drives import make_drive


async def test_a_live_route_says_how_its_driver_came_and_where_it_leads(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    async with works.open() as work:
        await work.execute("UPDATE route SET approach_m = 900, approach_s = 120 WHERE id = $1", drive.route.id)
        await work.execute("UPDATE stop SET path = '_p~iF~ps|U' WHERE id = $1", drive.stops[0].id)

    async with works.read() as connection:
        [route] = await live_routes(connection, market_id=drive.market.id)

    assert (route["id"], route["approach_m"], route["approach_s"]) == (to_wire("route", drive.route.id), 900, 120)
    assert [stop["path"] for stop in route["stops"]] == ["_p~iF~ps|U", None]


async def test_a_route_of_another_market_or_one_that_is_over_is_not_shown(works: Works, clock: ManualClock) -> None:
    drive, other = await make_drive(works, clock, count=1), await make_drive(works, clock, count=1)
    async with works.open() as work:
        await work.execute(
            "UPDATE route SET state = 'CANCELLED', ended_at = $2 WHERE id = $1", drive.route.id, work.now
        )

    async with works.read() as connection:
        assert await live_routes(connection, market_id=drive.market.id) == []
        assert len(await live_routes(connection, market_id=other.market.id)) == 1
