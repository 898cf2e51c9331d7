"""The forecast is kept by cell and hour beside its errors, and says what a hub lacks on any day of the year."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from marketplace.blocks import MakeForecast, blocks_needed, seasonal_baseline, stops_per_driver_hour
from marketplace.blocks.needed import hour_need
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.errors import NotFound
from marketplace.core.geo import Point
from marketplace.core.work import Work, Works
from marketplace.fleet import ContractKind
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market
from tests.marketplace.blocks.worlds import publish
from tests.marketplace.payouts.world import PayWorld, make_pay_world

FAR = Point(lat=-29.6, lon=-71.2)
COPIES = """
INSERT INTO delivery SELECT (jsonb_populate_record(d, jsonb_build_object(
    'id', gen_random_uuid(), 'external_id', gen_random_uuid()::text, 'created_at', at, 'pickup_opens_at', at,
    'pickup_closes_at', at + interval '1 day', 'dropoff_opens_at', at, 'dropoff_closes_at', at + interval '1 day'))).*
FROM delivery d, unnest($2::timestamptz[]) AS at WHERE d.id = $1
"""


async def post(work: Work, world: PayWorld, moments: list[datetime], hub_id: UUID | None = None) -> None:
    """Deliveries that were posted at these moments, at the world's hub or another."""
    batch = await make_batch(work, world.market, world.shipper)
    delivery = await make_delivery(work, world.market, world.shipper, world.hub, batch)
    await work.execute(COPIES, delivery.id, moments)
    await work.execute("UPDATE delivery SET state = 'CANCELLED' WHERE id = $1", delivery.id)
    if hub_id is not None:
        await work.execute(
            "UPDATE delivery SET pickup_lat = $2, pickup_lon = $3 WHERE batch_id = $1", batch.id, FAR.lat, FAR.lon
        )


async def test_a_market_is_foreseen_by_cell_and_hour_beside_its_errors(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_pay_world(work)
        other = await make_hub(work, world.market, lat=FAR.lat, lon=FAR.lon)
        now = work.now.replace(minute=0, second=0, microsecond=0)
        # Four weeks with six deliveries at each noon of UTC, two of them far away.
        noons = [now.replace(hour=12) - timedelta(days=day) for day in range(28)]
        await post(work, world, [noon for noon in noons for _ in range(4)])
        await post(work, world, [noon for noon in noons for _ in range(2)], other.id)

    total = await run_errand(works, MakeForecast(market_id=world.market_id, fit=seasonal_baseline))

    assert total == pytest.approx(48)
    async with works.open() as work:
        rows = await work.fetch(
            "SELECT cell, slot_start, expected_stops FROM demand_forecast WHERE expected_stops > 0 ORDER BY 2, 1"
        )
        assert {row["slot_start"].hour for row in rows} == {12}
        assert len(rows) == 16
        hub = Point(lat=world.hub.lat, lon=world.hub.lon)
        assert {(row["cell"], round(row["expected_stops"], 6)) for row in rows} == {(hub.cell, 4.0), (FAR.cell, 2.0)}
        run = await work.fetch_row("SELECT * FROM forecast_run")
        assert run is not None
        # The model of this test is the baseline: no closer, so the baseline is taken.
        assert (run["model"], run["held_out_hours"]) == ("SEASONAL_NAIVE", 168)
        assert (run["model_wmape_percent"], run["baseline_wmape_percent"]) == (0.0, 0.0)

        tomorrow = (now + timedelta(days=1)).date()
        need = await blocks_needed(work, market_id=world.market_id, hub_id=world.hub.id, day=tomorrow)
        [noon] = [hour for hour in need.hours if hour.expected_stops]
        assert (need.stops_per_driver_hour, noon.drivers, noon.blocks_needed) == (3.0, 2, 2)
        await publish(work, world, noon.slot_start, places=1)
        need = await blocks_needed(work, market_id=world.market_id, hub_id=world.hub.id, day=tomorrow)
        [noon] = [hour for hour in need.hours if hour.expected_stops]
        assert (noon.block_places, noon.blocks_needed) == (1, 1)
    again = await run_errand(works, MakeForecast(market_id=world.market_id, fit=seasonal_baseline))
    assert again == total


async def test_a_market_without_history_expects_nothing(works: Works) -> None:
    async with works.open() as work:
        world = await make_pay_world(work)

    assert await run_errand(works, MakeForecast(market_id=world.market_id, fit=seasonal_baseline)) is None

    async with works.open() as work:
        need = await blocks_needed(work, market_id=world.market_id, hub_id=world.hub.id, day=date(2026, 3, 3))
        assert (need.run, len(need.hours), sum(hour.blocks_needed for hour in need.hours)) == (None, 24, 0)
        assert await stops_per_driver_hour(work, market_id=world.market_id) == 3.0


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 9, 6), 23), (date(2026, 4, 4), 25), (date(2026, 3, 2), 24)])
async def test_a_day_has_as_many_hours_as_the_clock_makes_of_it(work: Work, day: date, hours: int) -> None:
    world = await make_pay_world(work)

    need = await blocks_needed(work, market_id=world.market_id, hub_id=world.hub.id, day=day)

    assert len(need.hours) == hours


@pytest.mark.parametrize(
    ("expected", "on_shift", "places", "drivers", "lacking"),
    [(0.0, 0.0, 0, 0, 0), (3.0, 0.0, 0, 1, 1), (3.1, 0.0, 0, 2, 2), (9.0, 1.5, 0, 3, 2), (9.0, 1.0, 5, 3, 0)],
)
def test_what_is_lacking_is_rounded_up_and_never_negative(
    expected: float, on_shift: float, places: int, drivers: int, lacking: int
) -> None:
    need = hour_need(datetime(2026, 3, 2, 12), expected, 3.0, on_shift, places)

    assert (need.drivers, need.blocks_needed) == (drivers, lacking)


async def test_shifts_count_by_the_hubs_part_and_another_markets_hub_is_none(work: Work) -> None:
    world = await make_pay_world(work)
    await make_driver(work, world.market, kind=ContractKind.DEDICATED)
    slot = work.now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    cells = [(Point(lat=world.hub.lat, lon=world.hub.lon).cell, 6.0), (FAR.cell, 2.0)]
    for cell, stops in cells:
        await work.execute(
            "INSERT INTO demand_forecast (id, market_id, cell, slot_start, expected_stops) VALUES ($1, $2, $3, $4, $5)",
            work.new_id(),
            world.market_id,
            cell,
            slot,
            stops,
        )

    need = await blocks_needed(work, market_id=world.market_id, hub_id=world.hub.id, day=date(2026, 3, 2))

    [hour] = [one for one in need.hours if one.expected_stops]
    assert (hour.slot_start, hour.shift_drivers, hour.drivers, hour.blocks_needed) == (slot, 0.75, 2, 2)
    with pytest.raises(NotFound):
        await blocks_needed(work, market_id=(await make_market(work)).id, hub_id=world.hub.id, day=date(2026, 3, 2))
