"""What a driver's app reads."""

from typing import Any

import orjson

from marketplace.adapters.routers import StraightLineRouter
from marketplace.batches.models import Package
from marketplace.batches.states import AttemptFailure, Requirement
from marketplace.core.clock import ManualClock
from marketplace.core.ids import to_wire
from marketplace.core.work import Works
from marketplace.routes import my_route, plan_return
from marketplace.routes.queries import MY_ROUTE
from tests.builders import make_driver
from tests.marketplace.routes.drives import Drive, make_drive


async def see(drive: Drive) -> dict[str, Any] | None:
    async with drive.works.open() as work:
        return await my_route(work.connection, driver_id=drive.driver.id, now=work.now)


async def test_a_driver_sees_the_whole_route_with_people_and_packages(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1, instructions="second bell", requirements=["FRAGILE"])
    async with works.open() as work:
        await Package.create(
            using_db=work.db, id=work.new_id(), market_id=drive.market.id, delivery_id=drive.deliveries[0].id,
            description="books", weight_g=1200, length_mm=300, width_mm=200, height_mm=100,
        )  # fmt: skip

    tree = await see(drive)

    assert tree is not None
    assert (tree["id"], tree["state"], tree["version"]) == (to_wire("route", drive.route.id), "ASSIGNED", 1)
    assert (tree["guarantee_minor"], tree["currency"]) == (5000, "CLP")
    pickup, dropoff = tree["stops"]
    assert (pickup["id"], pickup["kind"], pickup["place"]) == (to_wire("stop", drive.stops[0].id), "PICKUP", 0)
    assert (dropoff["kind"], dropoff["leg_m"], dropoff["leg_s"]) == ("DROPOFF", 2000, 300)
    delivery = dropoff["tasks"][0]["delivery"]
    assert delivery == pickup["tasks"][0]["delivery"]
    assert delivery["id"] == to_wire("delivery", drive.deliveries[0].id)
    assert delivery["dropoff"] == {
        "lat": drive.deliveries[0].dropoff_lat,
        "lon": drive.deliveries[0].dropoff_lon,
        "address": "Avenida Costanera 1200",
        "name": "Luz Pizarro",
        "phone": "+56911111111",
    }
    assert delivery["pickup"]["address"] == "Calle Balmaceda 300"
    assert (delivery["instructions"], delivery["requirements"]) == ("second bell", ["FRAGILE"])
    assert delivery["packages"] == [
        {"description": "books", "weight_g": 1200, "length_mm": 300, "width_mm": 200, "height_mm": 100}
    ]


async def test_a_route_says_how_far_it_is_to_its_first_stop_and_which_way(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    async with works.open() as work:
        await work.execute("UPDATE route SET approach_m = 900, approach_s = 120 WHERE id = $1", drive.route.id)
        await work.execute("UPDATE stop SET path = '_p~iF~ps|U' WHERE id = $1", drive.stops[0].id)

    tree = await see(drive)

    assert tree is not None
    assert (tree["approach_m"], tree["approach_s"]) == (900, 120)
    assert [stop["path"] for stop in tree["stops"]] == ["_p~iF~ps|U", None]


async def test_the_recipients_pin_is_never_shown_to_the_driver(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, requirements=[Requirement.PIN_AT_DROPOFF.value], pin="83741926")

    tree = await see(drive)

    assert b"83741926" not in orjson.dumps(tree)
    assert b"PIN_AT_DROPOFF" in orjson.dumps(tree)


async def test_the_next_stop_comes_first(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    await drive.start()
    await drive.pick_up(0)

    tree = await see(drive)

    assert tree is not None
    assert [(stop["place"], stop["state"]) for stop in tree["stops"]] == [
        (1, "EN_ROUTE"),
        (2, "PENDING"),
        (0, "COMPLETED"),
    ]


async def test_nobody_else_sees_the_route(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    async with works.open() as work:
        stranger = await make_driver(work, drive.market)

        assert await my_route(work.connection, driver_id=stranger.id, now=work.now) is None


async def test_a_route_that_is_over_is_not_shown_any_more(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive.start()
    await drive.pick_up(0)
    await drive.drop_off(1)

    assert await see(drive) is None


async def test_a_delivery_that_left_the_route_takes_its_addresses_with_it(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    async with works.open() as work:
        await work.execute(
            "UPDATE delivery SET state = 'SCHEDULED', route_id = NULL WHERE id = $1", drive.deliveries[0].id
        )

    tree = await see(drive)

    assert tree is not None
    assert [len(stop["tasks"]) for stop in tree["stops"]] == [1, 0, 1]


async def test_a_day_after_the_end_a_driver_sees_nobody_and_no_door_any_more(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=2, instructions="second bell", safe_place="PORCH")
    await drive.start()
    await drive.pick_up(0)
    await drive.drop_off(1)
    before = await see(drive)

    clock.advance(seconds=86_399)
    assert await see(drive) == before
    clock.advance(seconds=1)
    tree = await see(drive)

    assert tree is not None
    over = next(stop for stop in tree["stops"] if stop["state"] == "COMPLETED" and stop["kind"] == "DROPOFF")
    delivery = over["tasks"][0]["delivery"]
    nobody = {"address": "", "name": "", "phone": ""}
    assert delivery["dropoff"] == {**nobody, "lat": round(over["lat"], 2), "lon": round(over["lon"], 2)}
    assert {**delivery["pickup"], **nobody} == delivery["pickup"]
    assert (delivery["instructions"], delivery["safe_place"], over["path"]) == ("", None, None)
    still_open = next(stop for stop in tree["stops"] if stop["state"] != "COMPLETED")
    shown = still_open["tasks"][0]["delivery"]
    assert (shown["dropoff"]["name"], shown["instructions"]) == ("Luz Pizarro", "second bell")


async def test_a_driver_reads_what_shipper_and_recipient_ask(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(
        works, clock, count=1, instructions="second bell", recipient_instructions="dog", safe_place="GARAGE"
    )

    tree = await see(drive)

    assert tree is not None
    delivery = tree["stops"][1]["tasks"][0]["delivery"]
    assert (delivery["instructions"], delivery["safe_place"]) == ("second bell\ndog", "GARAGE")
    assert "is_over" not in delivery


async def test_a_return_shows_the_packages_of_its_original(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    async with works.open() as work:
        await Package.create(
            using_db=work.db, id=work.new_id(), market_id=drive.market.id, delivery_id=drive.deliveries[0].id,
            description="books", weight_g=1200, length_mm=300, width_mm=200, height_mm=100,
        )  # fmt: skip
    await drive.start()
    await drive.pick_up(0)
    await drive.fail(1, AttemptFailure.RECIPIENT_REFUSED)
    await plan_return(works, router=StraightLineRouter(), delivery_id=drive.deliveries[0].id)

    tree = await see(drive)

    assert tree is not None
    back = tree["stops"][0]["tasks"][0]["delivery"]
    assert (tree["stops"][0]["kind"], back["packages"][0]["description"]) == ("RETURN", "books")
    assert back["return_of"] == to_wire("delivery", drive.deliveries[0].id)


async def test_reading_a_route_needs_no_scan_of_a_table(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)

    async with works.open() as work:
        await work.execute("SET LOCAL enable_seqscan = off")
        plan = await work.fetch_value(f"EXPLAIN (FORMAT JSON) {MY_ROUTE}", drive.driver.id, work.now)

    # Which of a route's indexes is taken is open where a table has a handful of rows.
    assert "Seq Scan" not in plan
