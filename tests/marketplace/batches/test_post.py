"""Posting: every row is answered, and nothing is posted twice."""

import asyncio
from datetime import datetime, timedelta

from marketplace.batches import DeliveryRequest, LocalWindow, PostBatch, PostResult, Requirement
from marketplace.billing import check_credit
from marketplace.core.errand import run_errand
from marketplace.core.work import Works
from marketplace.markets.models import Market
from marketplace.shippers.models import Shipper
from tests.builders import make_hub, make_market, make_shipper
from tests.marketplace.batches.orders import ROUTER, order


async def post(works: Works, market: Market, shipper: Shipper, *rows: DeliveryRequest) -> PostResult:
    errand = PostBatch(
        router=ROUTER, gate=check_credit, shipper_id=shipper.id, market_id=market.id, requests=list(rows)
    )
    result = await run_errand(works, errand)
    assert result is not None
    return result


async def test_a_posted_row_is_a_scheduled_delivery_with_price_and_pin(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)

    result = await post(works, market, shipper, order("a-1", hub_id=hub.id, requirements=[Requirement.PIN_AT_DROPOFF]))

    [row] = result.rows
    assert (row.is_new, row.problem, row.batch_id) == (True, None, result.batch_id)
    async with works.open() as work:
        kept = await work.fetch_row("SELECT * FROM delivery WHERE id = $1", row.delivery_id)
        assert kept is not None
        assert (kept["state"], kept["sequence"], kept["load"]) == ("SCHEDULED", 1, [1, 1200, 6])
        assert (kept["pickup_lat"], kept["pickup_address"]) == (hub.lat, hub.address)
        assert kept["dropoff_closes_at"] - work.now == timedelta(hours=3)
        assert kept["price_minor"] >= 2500
        assert len(kept["pin"]) == 6
        assert await work.fetch_value("SELECT count(*) FROM package WHERE delivery_id = $1", row.delivery_id) == 1
        events = await work.fetch("SELECT name FROM event WHERE market_id = $1 ORDER BY name", market.id)
        assert [event["name"] for event in events] == ["BatchPosted", "DeliveryPosted"]


async def test_the_same_reference_answers_with_the_first_delivery(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    first = await post(works, market, shipper, order("a-1", hub_id=hub.id))

    again = await post(works, market, shipper, order("a-1", hub_id=hub.id), order("a-2", hub_id=hub.id))

    assert again.rows[0].delivery_id == first.rows[0].delivery_id
    assert (again.rows[0].is_new, again.rows[1].is_new) == (False, True)
    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM delivery WHERE shipper_id = $1", shipper.id) == 2


async def test_a_pure_repeat_makes_no_batch_and_no_event(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    first = await post(works, market, shipper, order("a-1", hub_id=hub.id))

    again = await post(works, market, shipper, order("a-1", hub_id=hub.id))

    assert again.batch_id == first.batch_id
    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM batch WHERE shipper_id = $1", shipper.id) == 1
        assert await work.fetch_value("SELECT count(*) FROM event WHERE market_id = $1", market.id) == 2


async def test_the_same_reference_with_other_content_is_a_conflict_of_that_row(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    await post(works, market, shipper, order("a-1", hub_id=hub.id))

    result = await post(works, market, shipper, order("a-1", hub_id=hub.id, instructions="back door"))

    assert result.rows[0].problem is not None
    assert (result.rows[0].problem.code, result.batch_id) == ("EXTERNAL_ID_REUSED", None)


async def test_a_bad_row_stops_no_other(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        shipper, other = await make_shipper(work, market), await make_shipper(work, market)
        hub = await make_hub(work, market)
        foreign = await make_hub(work, market, shipper_id=other.id)
    past = LocalWindow(opens=datetime(2026, 3, 2, 8), closes=datetime(2026, 3, 2, 9))
    heavy = order("heavy", hub_id=hub.id).packages[0]

    result = await post(
        works,
        market,
        shipper,
        order("good", hub_id=hub.id),
        order("no-pickup"),
        order("foreign-hub", hub_id=foreign.id),
        order("late", hub_id=hub.id, dropoff_window=past),
        order("good", hub_id=hub.id),
        order("nul\0", hub_id=hub.id),
        order("express", hub_id=hub.id, service_level="EXPRESS"),
        order("empty", hub_id=hub.id, packages=[]),
        order("many", hub_id=hub.id, packages=[heavy] * 21),
    )

    found = [(row.problem.code, row.problem.field) if row.problem else None for row in result.rows]
    assert found == [
        None,
        ("BAD_DELIVERY", "pickup"),
        ("BAD_DELIVERY", "hubId"),
        ("BAD_DELIVERY", "dropoffWindow"),
        ("BAD_DELIVERY", "externalId"),
        ("BAD_DELIVERY", "externalId"),
        ("BAD_DELIVERY", "serviceLevel"),
        ("BAD_DELIVERY", "packages"),
        ("BAD_DELIVERY", "packages"),
    ]
    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM delivery WHERE shipper_id = $1", shipper.id) == 1


async def test_two_postings_of_one_reference_at_once_make_one_delivery(committed_works: Works) -> None:
    async with committed_works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    rows = [order(f"a-{i}", hub_id=hub.id) for i in range(20)]

    results = await asyncio.gather(*(post(committed_works, market, shipper, *rows) for _ in range(6)))

    ids = {tuple(row.delivery_id for row in result.rows) for result in results}
    assert len(ids) == 1
    assert sum(row.is_new for result in results for row in result.rows) == 20
    async with committed_works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM delivery") == 20
        assert await work.fetch_value("SELECT count(*) FROM event WHERE name = 'DeliveryPosted'") == 20


async def test_a_thousand_rows_are_one_batch(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)

    result = await post(works, market, shipper, *(order(f"a-{i}", hub_id=hub.id) for i in range(1000)))

    assert sum(row.is_new for row in result.rows) == 1000
