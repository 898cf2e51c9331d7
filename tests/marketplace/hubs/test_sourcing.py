"""What names SKUs comes from the hub that serves its door cheapest, and what is promised is promised once."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import orjson
import pytest

from marketplace.batches import CancelReason, LocalWindow, Place, cancel_delivery
from marketplace.batches.settle_stock import settle_stock, stock_goal
from marketplace.batches.states import DeliveryState as D
from marketplace.core.geo import Point
from marketplace.core.work import Work, Works
from marketplace.hubs import DayHours, Opening, reach_cell, set_hub_opening
from marketplace.hubs import ReservationState as R
from marketplace.hubs.models import Hub
from marketplace.markets.models import Market
from marketplace.routes import pick_up
from marketplace.shippers import ServiceLevel, Tier, set_service_level
from marketplace.shippers.models import Shipper
from tests.builders import HOME_PLACE, make_hub, make_market, make_shipper
from tests.marketplace.batches.orders import TODAY, order
from tests.marketplace.hubs.stock import BeyondARiver, keep, on_the_road, post, shelf, wanted

FAR = Point(lat=-29.7000, lon=-71.2000)
World = tuple[Market, Shipper, Hub, Hub]


async def make_world(work: Work) -> World:
    market = await make_market(work)
    shipper = await make_shipper(work, market)
    near = await make_hub(work, market)
    far = await make_hub(work, market, name="Norte", lat=FAR.lat, lon=FAR.lon)
    return market, shipper, near, far


async def test_it_comes_from_the_nearest_hub_that_has_it_and_is_promised_there(works: Works) -> None:
    async with works.open() as work:
        market, shipper, near, far = await make_world(work)
        tea = await keep(work, market, shipper, "tea", [(near, 3), (far, 9)])

    result = await post(works, market, shipper, wanted("a", units={"tea": 2}), wanted("b", units={"tea": 2}))

    assert [row.problem for row in result.rows] == [None, None]
    async with works.open() as work:
        rows = await work.fetch("SELECT external_id, hub_id, pickup_name, load FROM delivery ORDER BY external_id")
        assert [tuple(row) for row in rows] == [
            ("a", near.id, "Centro", [2, 1600, 6]),
            ("b", far.id, "Norte", [2, 1600, 6]),
        ]
        assert await work.fetch_value("SELECT count(*) FROM package") == 4
    assert (await shelf(works, near, tea), await shelf(works, far, tea)) == ((3, 2), (9, 2))


async def test_a_tier_gives_the_windows_of_what_comes_from_stock_and_hubs_that_are_closed_then_are_passed_over(
    works: Works,
) -> None:
    async with works.open() as work:
        market, shipper, near, far = await make_world(work)
        await keep(work, market, shipper, "tea", [(near, 3), (far, 3)])
        closed = Opening(holidays=frozenset({date(2026, 3, 3)})).as_json()
        await work.execute("UPDATE hub SET opening = $2::jsonb WHERE id = $1", near.id, orjson.dumps(closed).decode())
        level = ServiceLevel(tier=Tier.NEXT_DAY, opens=time(9), window_s=10_800)
        await set_service_level(work, shipper_id=shipper.id, market_id=market.id, level=level)
    by_tier: dict[str, Any] = {"tier": Tier.NEXT_DAY, "pickup_window": None, "dropoff_window": None}

    result = await post(
        works,
        market,
        shipper,
        wanted("a", units={"tea": 2}, **by_tier),
        wanted("b", units={"tea": 1}, **by_tier, hub_id=near.id),
        wanted("c", units={"tea": 1}, **by_tier | {"tier": Tier.EXPRESS}),
        wanted("d", units={"tea": 1}, **by_tier | {"tier": None}),
    )

    assert [row.problem and (row.problem.code, row.problem.field) for row in result.rows] == [
        None,
        ("CUT_OFF_PASSED", "tier"),
        ("BAD_TIER", "tier"),
        ("BAD_DELIVERY", "dropoffWindow"),
    ]
    async with works.open() as work:
        [row] = await work.fetch("SELECT hub_id, dropoff_opens_at, dropoff_closes_at, tier FROM delivery")
    nine = datetime(2026, 3, 3, 12, tzinfo=UTC)
    assert tuple(row) == (far.id, nine, nine + timedelta(hours=3), "NEXT_DAY")


async def test_the_drive_ranks_hubs_and_the_catchment_only_says_which_serve(works: Works) -> None:
    async with works.open() as work:
        market, shipper, near, far = await make_world(work)
        await keep(work, market, shipper, "tea", [(near, 3), (far, 3)])
        await work.execute("UPDATE hub SET reach_s = 900 WHERE id = $1", far.id)
    beyond_a_river = BeyondARiver(Point(lat=near.lat, lon=near.lon))
    row = wanted("a", units={"tea": 1})

    unreached = await post(works, market, shipper, row, router=beyond_a_river)
    async with works.open() as work:
        cell = (work.new_id(), market.id, far.id, reach_cell(HOME_PLACE), 900)
        await work.insert_many("hub_cell", ("id", "market_id", "hub_id", "cell", "drive_s"), [cell])
    reached = await post(works, market, shipper, replace(row, external_id="b"), router=beyond_a_river)
    no_river = await post(works, market, shipper, replace(row, external_id="c"))

    assert [answer.rows[0].problem for answer in (unreached, reached, no_river)] == [None, None, None]
    assert beyond_a_river.asked == 1 + 2
    async with works.open() as work:
        rows = await work.fetch("SELECT hub_id FROM delivery ORDER BY external_id")
        assert [one["hub_id"] for one in rows] == [near.id, far.id, near.id]


@pytest.mark.parametrize(
    ("opening", "code"),
    [
        (Opening(hours=(DayHours(day=2, opens=time(8), closes=time(20)),)), "HUB_CLOSED"),
        (Opening(places_per_hour=0), "HUB_FULL"),
        (Opening(docks=1, dock_s=7_200, places_per_day=0), "HUB_FULL"),
        (Opening(reach_s=60), "HUB_OUT_OF_REACH"),
    ],
    ids=["closed", "full", "day", "reach"],
)
async def test_a_hub_that_is_named_is_held_to_its_terms_too(works: Works, opening: Opening, code: str) -> None:
    async with works.open() as work:
        market, shipper, near, far = await make_world(work)
        tea = await keep(work, market, shipper, "tea", [(near, 3), (far, 3)])
        await set_hub_opening(work, market_id=market.id, hub_id=near.id, opening=opening)
    named = [wanted("a", units={"tea": 1}, hub_id=near.id), order("b", hub_id=near.id)]

    result = await post(works, market, shipper, *named, order("c", hub_id=far.id))

    assert [row.problem.code if row.problem else None for row in result.rows] == [code, code, None]
    assert await shelf(works, near, tea) == (3, 0)
    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM delivery") == 1


async def test_a_parcel_whose_door_is_not_found_yet_takes_a_place_too(works: Works) -> None:
    async with works.open() as work:
        market, shipper, near, _ = await make_world(work)
        await set_hub_opening(work, market_id=market.id, hub_id=near.id, opening=Opening(places_per_day=1))
    somewhere = Place(point=None, address="Avenida Costanera 1200")
    rows = [order(name, hub_id=near.id, dropoff=somewhere) for name in ("a", "b")]

    result = await post(works, market, shipper, *rows, has_geocoder=True)

    assert [row.problem.code if row.problem else None for row in result.rows] == [None, "HUB_FULL"]
    async with works.open() as work:
        rows_kept = await work.fetch("SELECT external_id, state FROM delivery")
        assert [tuple(row) for row in rows_kept] == [("a", "CREATED")]


async def test_rows_of_one_posting_share_the_places_of_windows_that_overlap(works: Works) -> None:
    async with works.open() as work:
        market, shipper, near, _ = await make_world(work)
        # Three places in three hours; a row of the other window takes two thirds of one.
        await set_hub_opening(work, market_id=market.id, hub_id=near.id, opening=Opening(places_per_hour=1))
    later = LocalWindow(opens=TODAY.opens + timedelta(hours=1), closes=TODAY.closes + timedelta(hours=1))
    rows = [order(f"row-{i}", hub_id=near.id, **({"dropoff_window": later} if i % 2 else {})) for i in range(6)]

    result = await post(works, market, shipper, *rows)

    assert [row.problem.code if row.problem else None for row in result.rows] == [
        None, None, None, "HUB_FULL", "HUB_FULL", "HUB_FULL",
    ]  # fmt: skip


async def test_where_no_hub_has_enough_that_row_alone_is_a_problem(works: Works) -> None:
    async with works.open() as work:
        market, shipper, near, far = await make_world(work)
        tea = await keep(work, market, shipper, "tea", [(near, 3), (far, 2)])

    result = await post(
        works,
        market,
        shipper,
        wanted("a", units={"tea": 4}),
        wanted("b", units={"mate": 1}),
        wanted("c", units={"tea": 3}, hub_id=far.id),
        wanted("d", units={"tea": 1}),
    )

    assert [row.problem.code if row.problem else None for row in result.rows] == [
        "OUT_OF_STOCK", "UNKNOWN_SKU", "OUT_OF_STOCK", None,
    ]  # fmt: skip
    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM delivery") == 1
    assert (await shelf(works, near, tea), await shelf(works, far, tea)) == ((3, 1), (2, 0))


async def test_what_no_hub_has_all_of_comes_from_several_where_that_is_allowed(works: Works) -> None:
    async with works.open() as work:
        market, shipper, near, far = await make_world(work)
        tea = await keep(work, market, shipper, "tea", [(near, 3), (far, 2)])
        cup = await keep(work, market, shipper, "cup", [(far, 1)])
    row = wanted("a", units={"tea": 4, "cup": 1})

    result = await post(works, market, shipper, row, may_split=True)
    again = await post(works, market, shipper, row, may_split=True)

    [posted], [repeated] = result.rows, again.rows
    assert (posted.problem, len(posted.part_ids), posted.is_new) == (None, 1, True)
    assert (repeated.delivery_id, list(repeated.part_ids), repeated.is_new) == (
        posted.delivery_id, list(posted.part_ids), False,
    )  # fmt: skip
    async with works.open() as work:
        rows = await work.fetch(
            "SELECT id, hub_id, part_of, load[1] AS packages FROM delivery ORDER BY part_of NULLS FIRST"
        )
        assert [tuple(one) for one in rows] == [
            (posted.delivery_id, near.id, None, 3),
            (posted.part_ids[0], far.id, posted.delivery_id, 2),
        ]
    assert (await shelf(works, near, tea), await shelf(works, far, tea)) == ((3, 3), (2, 1))
    assert await shelf(works, far, cup) == (1, 1)


async def test_what_a_stranger_keeps_there_is_nothing_to_others(works: Works) -> None:
    async with works.open() as work:
        market, shipper, near, _ = await make_world(work)
        stranger = await make_shipper(work, market)
        await keep(work, market, stranger, "tea", [(near, 3)])

    result = await post(works, market, shipper, wanted("a", units={"tea": 1}))

    assert result.rows[0].problem is not None
    assert result.rows[0].problem.code == "UNKNOWN_SKU"


@pytest.mark.parametrize(
    "opening",
    [
        Opening(hours=(DayHours(day=2, opens=time(8), closes=time(20)),)),
        Opening(places_per_hour=0),
        Opening(docks=1, dock_s=7_200, places_per_day=0),
    ],
    ids=["closed", "full", "docks"],
)
async def test_a_hub_that_is_closed_or_full_sends_nothing(works: Works, opening: Opening) -> None:
    async with works.open() as work:
        market, shipper, near, far = await make_world(work)
        await keep(work, market, shipper, "tea", [(near, 3), (far, 1)])
        kept = orjson.dumps(opening.as_json()).decode()
        await work.execute("UPDATE hub SET opening = $2::jsonb WHERE id = $1", near.id, kept)

    result = await post(works, market, shipper, wanted("a", units={"tea": 1}), wanted("b", units={"tea": 1}))

    assert [row.problem.code if row.problem else None for row in result.rows] == [None, "NO_HUB_SERVES"]
    async with works.open() as work:
        assert await work.fetch_value("SELECT hub_id FROM delivery") == far.id


async def test_docks_bound_what_is_sourced_in_one_window(works: Works) -> None:
    async with works.open() as work:
        market, shipper, near, far = await make_world(work)
        await keep(work, market, shipper, "tea", [(near, 9), (far, 9)])
        # Two vehicles in three hours at the one dock.
        kept = orjson.dumps(Opening(docks=1, dock_s=5_400).as_json()).decode()
        await work.execute("UPDATE hub SET opening = $2::jsonb WHERE id = $1", near.id, kept)

    await post(works, market, shipper, *(wanted(f"row-{i}", units={"tea": 1}) for i in range(4)))

    async with works.open() as work:
        rows = await work.fetch("SELECT hub_id FROM delivery ORDER BY external_id")
        assert [row["hub_id"] for row in rows] == [near.id, near.id, far.id, far.id]


async def test_a_cancelled_delivery_gives_back_what_it_was_promised(works: Works) -> None:
    async with works.open() as work:
        market, shipper, near, _ = await make_world(work)
        tea = await keep(work, market, shipper, "tea", [(near, 1)])
    [posted] = (await post(works, market, shipper, wanted("a", units={"tea": 1}))).rows
    assert await shelf(works, near, tea) == (1, 1)
    assert posted.delivery_id is not None

    for _ in range(2):
        async with works.open() as work:
            await cancel_delivery(
                work, shipper_id=shipper.id, delivery_id=posted.delivery_id, reason=CancelReason.OTHER
            )

    assert await shelf(works, near, tea) == (1, 0)
    assert (await post(works, market, shipper, wanted("b", units={"tea": 1}))).rows[0].problem is None


async def test_stock_goes_with_the_parcel_and_comes_back_with_it(works: Works) -> None:
    async with works.open() as work:
        market, shipper, near, _ = await make_world(work)
        tea = await keep(work, market, shipper, "tea", [(near, 5)])
    [posted] = (await post(works, market, shipper, wanted("a", units={"tea": 2}))).rows
    assert posted.delivery_id is not None
    async with works.open() as work:
        driver, pickup, _ = await on_the_road(work, market, posted.delivery_id)

    async with works.open() as work:
        await pick_up(work, driver_id=driver.id, stop_id=pickup.id, client_event_id="1", occurred_at=work.now)
    seen = [await shelf(works, near, tea)]
    for state in ("ATTEMPTED", "RETURNED", "RETURNED"):
        async with works.open() as work:
            await work.execute("UPDATE delivery SET state = $2 WHERE id = $1", posted.delivery_id, state)
            await settle_stock(work, [posted.delivery_id])
        seen.append(await shelf(works, near, tea))

    assert seen == [(3, 0), (3, 0), (5, 0), (5, 0)]
    async with works.open() as work:
        rows = await work.fetch("SELECT reason FROM stock_movement ORDER BY id")
        assert [row["reason"] for row in rows] == ["RECEIVED", "RESERVED", "SHIPPED", "RETURNED"]


@pytest.mark.parametrize(
    ("now", "state", "attempts", "reason", "is_transfer", "goal"),
    [
        (R.RESERVED, D.SCHEDULED, 0, None, False, R.RESERVED),
        (R.RESERVED, D.ARRIVED_AT_PICKUP, 0, None, False, R.RESERVED),
        (R.RESERVED, D.EXPIRED, 0, None, False, R.RELEASED),
        (R.RESERVED, D.FAILED, 0, "OTHER", False, R.RELEASED),
        (R.SHIPPED, D.SCHEDULED, 1, "RECIPIENT_UNAVAILABLE", False, R.SHIPPED),
        (R.SHIPPED, D.CANCELLED, 1, "OTHER", False, R.RETURNED),
        (R.SHIPPED, D.FAILED, 0, "OTHER", False, R.SHIPPED),
        (R.SHIPPED, D.RETURNED, 1, "DAMAGED_IN_TRANSIT", False, R.SHIPPED),
        (R.SHIPPED, D.DELIVERED, 0, None, False, R.SHIPPED),
        (R.SHIPPED, D.DELIVERED, 0, None, True, R.ARRIVED),
        (R.RELEASED, D.CANCELLED, 0, "OTHER", False, R.RELEASED),
    ],
)
def test_where_promised_stock_is(
    now: R, state: D, attempts: int, reason: str | None, is_transfer: bool, goal: R
) -> None:
    found = stock_goal(now, state, attempts=attempts, failure_reason=reason, is_transfer=is_transfer)

    assert found is goal
