"""The forecast on the command line: as a table for people, as JSON for programs, and before anything was posted."""

from marketplace.core.ids import to_wire
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from tests.builders import make_driver
from tests.marketplace.payouts.world import make_driven_route, make_pay_world
from workers.forecasting import forecast, forecast_lines


async def test_a_market_is_foreseen_on_the_command_line(committed_works: Works, fresh_url: str) -> None:
    async with committed_works.open() as work:
        world = await make_pay_world(work)
    settings = Settings(database_url=fresh_url, redis_url="redis://127.0.0.1:9")
    market = to_wire("market", world.market.id)

    nothing = await forecast(settings, market=None, day=None)

    assert (nothing["market"], nothing["forecast"]) == (market, None)
    assert list(forecast_lines(nothing)) == ["Nothing has been posted yet, so nothing can be foreseen."]

    async with committed_works.open() as work:
        driver = await make_driver(work, world.market)
        await make_driven_route(work, world, driver)
        await work.execute(
            "UPDATE delivery SET created_at = now() - interval '3 hours', pickup_opens_at = now() - interval '3 hours',"
            " pickup_closes_at = now()"
        )

    told = await forecast(settings, market=market, day=None)

    [hub] = told["hubs"]
    assert (told["forecast"]["model"], told["forecast"]["held_out_hours"]) == ("SEASONAL_NAIVE", 0)
    assert (hub["name"], len(hub["hours"]) in {23, 24, 25}) == (world.hub.name, True)
    assert sum(one["expected_stops"] for one in hub["hours"]) > 0
    lines = list(forecast_lines(told))
    assert lines[1] == "There is too little history to fit a week: taken is the last week, or day, as it was."
    assert lines[3] == "  hour   stops  drivers  on shift  in blocks  lacking"
