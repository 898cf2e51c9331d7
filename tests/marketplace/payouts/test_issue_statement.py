"""A completed route is paid exactly once, for what was driven, and never below what was offered."""

from datetime import timedelta

import orjson
import pytest

from marketplace.core.errors import NotFound
from marketplace.core.ids import DriverId, RouteId
from marketplace.core.work import Work
from marketplace.ledger import DRIVER_PAY, balance_of, check_ledger
from marketplace.payouts import RouteNotCompleted, issue_statement
from marketplace.payouts.events import PayStatementIssued
from marketplace.routes.states import RouteState
from tests.builders import make_driver
from tests.marketplace.payouts.world import make_driven_route, make_pay_world, statement_row, wallet_minor

LATER_POLICY = """
INSERT INTO pay_policy SELECT $1, market_id, 2, effective_from, rates || '{"base_minor": 0}', floors FROM pay_policy
"""


async def test_a_completed_route_becomes_an_itemised_statement(work: Work) -> None:
    world = await make_pay_world(work)
    driver = await make_driver(work, world.market)
    route = await make_driven_route(work, world, driver)

    statement_id = await issue_statement(work, route_id=RouteId(route.id))

    row = await statement_row(work, statement_id)
    assert [(line["code"], line["quantity"], line["amount_minor"]) for line in orjson.loads(row["lines"])] == [
        ("base", 1, 900),
        ("distance", 5500, 990),
        ("time", 1500, 1500),
        ("stop", 3, 750),
    ]
    assert (row["total_minor"], row["currency"], row["state"]) == (4140, "CLP", "PAYABLE")
    assert (row["driver_id"], row["policy_version"], row["created_at"]) == (driver.id, 1, work.now)
    assert orjson.loads(row["facts"]) == {
        "distance_m": 5500,
        "engaged_s": 1500,
        "stop_count": 3,
        "stop_times_s": [120, 120, 120],
        "return_m": 0,
        "return_count": 0,
        "guarantee_minor": 0,
        "raise_minor": 0,
    }


async def test_the_pay_stands_on_the_wallet(work: Work) -> None:
    world = await make_pay_world(work)
    driver = await make_driver(work, world.market)
    route = await make_driven_route(work, world, driver)

    statement_id = await issue_statement(work, route_id=RouteId(route.id))

    assert await wallet_minor(work, world, DriverId(driver.id)) == (4140, 0)
    spent = await balance_of(work, market_id=world.market_id, account=DRIVER_PAY, currency="CLP")
    assert spent.minor == 4140
    journal = await work.fetch_row("SELECT * FROM journal")
    assert journal is not None
    assert (journal["kind"], journal["subject_id"], journal["policy_version"]) == ("DRIVER_PAY", statement_id, 1)
    assert (await statement_row(work, statement_id))["journal_id"] == journal["id"]
    assert (await check_ledger(work, market_id=world.market_id)).is_sound


async def test_the_driver_hears_of_it(work: Work) -> None:
    world = await make_pay_world(work)
    driver = await make_driver(work, world.market)
    route = await make_driven_route(work, world, driver)

    statement_id = await issue_statement(work, route_id=RouteId(route.id))

    assert work.events == [
        PayStatementIssued(
            market_id=world.market.id,
            statement_id=statement_id,
            route_id=route.id,
            driver_id=driver.id,
            total_minor=4140,
            currency="CLP",
            is_held=False,
        )
    ]


async def test_a_route_has_one_statement_however_often_it_is_issued(work: Work) -> None:
    world = await make_pay_world(work)
    driver = await make_driver(work, world.market)
    route = await make_driven_route(work, world, driver)
    first = await issue_statement(work, route_id=RouteId(route.id))

    again = await issue_statement(work, route_id=RouteId(route.id))

    assert again == first
    assert await wallet_minor(work, world, DriverId(driver.id)) == (4140, 0)
    assert len(work.events) == 1


async def test_what_was_offered_is_a_floor(work: Work) -> None:
    world = await make_pay_world(work)
    driver = await make_driver(work, world.market)
    route = await make_driven_route(work, world, driver, guarantee_minor=6000, raise_minor=400)

    row = await statement_row(work, await issue_statement(work, route_id=RouteId(route.id)))

    lines = [(line["code"], line["amount_minor"]) for line in orjson.loads(row["lines"])]
    assert lines[-2:] == [("raise", 400), ("guarantee", 1460)]
    assert row["total_minor"] == 6000


async def test_waiting_at_stops_beyond_the_grace_is_paid(work: Work) -> None:
    world = await make_pay_world(work)
    driver = await make_driver(work, world.market)
    route = await make_driven_route(work, world, driver, stop_time_s=360)

    row = await statement_row(work, await issue_statement(work, route_id=RouteId(route.id)))

    # Three stops of 360 s with 300 s grace: 180 s at 80 a minute.
    lines = {line["code"]: line["amount_minor"] for line in orjson.loads(row["lines"])}
    assert lines["wait"] == 240
    assert row["total_minor"] == 4380


async def test_a_stop_at_which_nobody_arrived_is_not_driven(work: Work) -> None:
    world = await make_pay_world(work)
    driver = await make_driver(work, world.market)
    route = await make_driven_route(work, world, driver)
    await work.execute(
        "UPDATE stop SET state = 'SKIPPED', arrived_at = NULL WHERE route_id = $1 AND place = 2", route.id
    )

    row = await statement_row(work, await issue_statement(work, route_id=RouteId(route.id)))

    facts = orjson.loads(row["facts"])
    assert (facts["distance_m"], facts["stop_count"], facts["stop_times_s"]) == (3500, 2, [120, 120])


async def test_a_failed_stop_was_driven_and_is_paid(work: Work) -> None:
    world = await make_pay_world(work)
    driver = await make_driver(work, world.market)
    route = await make_driven_route(work, world, driver)
    await work.execute("UPDATE stop SET state = 'FAILED' WHERE route_id = $1 AND place = 2", route.id)

    row = await statement_row(work, await issue_statement(work, route_id=RouteId(route.id)))

    assert row["total_minor"] == 4140


async def test_a_return_is_paid_beyond_the_guarantee(work: Work) -> None:
    world = await make_pay_world(work)
    driver = await make_driver(work, world.market)
    route = await make_driven_route(work, world, driver, guarantee_minor=5000)
    await work.execute("UPDATE stop SET kind = 'RETURN' WHERE route_id = $1 AND place = 2", route.id)

    row = await statement_row(work, await issue_statement(work, route_id=RouteId(route.id)))

    # 900 + 3.5 km 630 + 1500 + 2 stops 500 = 3530, guaranteed 5000, and 2 km 360 and a stop 250 for the return.
    lines = [(line["code"], line["amount_minor"]) for line in orjson.loads(row["lines"])]
    assert lines[-3:] == [("guarantee", 1470), ("return_distance", 360), ("return_stop", 250)]
    assert row["total_minor"] == 5610


async def test_a_flagged_route_is_held_and_moves_no_money(work: Work) -> None:
    world = await make_pay_world(work)
    driver = await make_driver(work, world.market)
    route = await make_driven_route(work, world, driver, is_flagged=True)

    row = await statement_row(work, await issue_statement(work, route_id=RouteId(route.id)))

    assert (row["state"], row["total_minor"], row["journal_id"]) == ("HELD", 4140, None)
    assert await wallet_minor(work, world, DriverId(driver.id)) == (0, 0)
    assert [event.is_held for event in work.events if isinstance(event, PayStatementIssued)] == [True]


async def test_reports_out_of_order_count_as_no_time(work: Work) -> None:
    world = await make_pay_world(work)
    driver = await make_driver(work, world.market)
    route = await make_driven_route(work, world, driver, engaged=timedelta(seconds=-30), stop_time_s=-600)

    row = await statement_row(work, await issue_statement(work, route_id=RouteId(route.id)))

    facts = orjson.loads(row["facts"])
    assert (facts["engaged_s"], facts["stop_times_s"]) == (0, [0, 0, 0])


async def test_a_route_is_paid_under_the_policy_it_was_offered_under(work: Work) -> None:
    world = await make_pay_world(work)
    driver = await make_driver(work, world.market)
    route = await make_driven_route(work, world, driver)
    await work.execute(LATER_POLICY, work.new_id())

    row = await statement_row(work, await issue_statement(work, route_id=RouteId(route.id)))

    assert (row["policy_version"], row["total_minor"]) == (1, 4140)


@pytest.mark.parametrize("state", [RouteState.ASSIGNED, RouteState.STARTED])
async def test_a_route_under_way_is_not_paid(work: Work, state: RouteState) -> None:
    world = await make_pay_world(work)
    driver = await make_driver(work, world.market)
    route = await make_driven_route(work, world, driver, state=state)

    with pytest.raises(RouteNotCompleted):
        await issue_statement(work, route_id=RouteId(route.id))

    assert await work.fetch_value("SELECT count(*) FROM pay_statement") == 0
    assert await wallet_minor(work, world, DriverId(driver.id)) == (0, 0)
    assert work.events == []


async def test_an_unknown_route_is_not_found(work: Work) -> None:
    with pytest.raises(NotFound):
        await issue_statement(work, route_id=RouteId(work.new_id()))
