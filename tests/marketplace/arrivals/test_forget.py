"""Predictions that nobody needs any more are dropped, and only those."""

from marketplace.arrivals import drop_old_predictions, retime_route
from marketplace.core.clock import ManualClock
from marketplace.core.work import Works
from tests.marketplace.adapters.routers.stand_ins import ScriptedRouter
from tests.marketplace.routes.drives import make_drive


async def test_predictions_are_dropped_after_two_weeks(works: Works, clock: ManualClock) -> None:
    old = await make_drive(works, clock, count=2)
    await retime_route(works, router=ScriptedRouter(), route_id=old.route.id)
    clock.advance(seconds=13 * 86_400)
    new = await make_drive(works, clock, count=1)
    await retime_route(works, router=ScriptedRouter(), route_id=new.route.id)
    clock.advance(seconds=2 * 86_400)

    async with works.open() as work:
        # At dispatch and half an hour away, of each of two deliveries.
        assert await drop_old_predictions(work) == 4
        assert await drop_old_predictions(work) == 0

    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM arrival_prediction WHERE route_id = $1", new.route.id) == 2
