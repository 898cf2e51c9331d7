"""A held statement moves its money when an operator of its market says so, once."""

from uuid import UUID

import pytest

from marketplace.accounts.models import Operator
from marketplace.core.errors import NotFound
from marketplace.core.ids import DriverId, OperatorId, RouteId, StatementId
from marketplace.core.work import Work
from marketplace.ledger import check_ledger
from marketplace.payouts import StatementState, issue_statement, release_statement
from marketplace.payouts.events import PayStatementIssued
from tests.builders import make_driver, make_market
from tests.marketplace.payouts.world import PayWorld, make_driven_route, make_pay_world, statement_row, wallet_minor


async def make_operator(work: Work, market_id: UUID | None) -> OperatorId:
    operator = await Operator.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market_id,
        name="Marta",
        email=f"{work.new_id()}@example.com",
        created_at=work.now,
    )
    return OperatorId(operator.id)


async def make_held_statement(work: Work) -> tuple[PayWorld, DriverId, StatementId]:
    world = await make_pay_world(work)
    driver = await make_driver(work, world.market)
    route = await make_driven_route(work, world, driver, is_flagged=True)
    statement_id = await issue_statement(work, route_id=RouteId(route.id))
    work.events.clear()
    return world, DriverId(driver.id), statement_id


@pytest.mark.parametrize("looks_after", ["this market", "all markets"])
async def test_a_released_statement_is_payable_and_on_the_wallet(work: Work, looks_after: str) -> None:
    world, driver_id, statement_id = await make_held_statement(work)
    operator_id = await make_operator(work, world.market.id if looks_after == "this market" else None)

    state = await release_statement(work, statement_id=statement_id, operator_id=operator_id)

    row = await statement_row(work, statement_id)
    assert (state, row["state"]) == (StatementState.PAYABLE, "PAYABLE")
    assert row["journal_id"] == await work.fetch_value("SELECT id FROM journal WHERE subject_id = $1", statement_id)
    assert await wallet_minor(work, world, driver_id) == (4140, 0)
    assert [(event.is_held, event.total_minor) for event in work.events if isinstance(event, PayStatementIssued)] == [
        (False, 4140)
    ]
    assert (await check_ledger(work, market_id=world.market_id)).is_sound


async def test_releasing_twice_pays_once(work: Work) -> None:
    world, driver_id, statement_id = await make_held_statement(work)
    operator_id = await make_operator(work, world.market.id)
    await release_statement(work, statement_id=statement_id, operator_id=operator_id)

    state = await release_statement(work, statement_id=statement_id, operator_id=operator_id)

    assert state is StatementState.PAYABLE
    assert await wallet_minor(work, world, driver_id) == (4140, 0)
    assert len(work.events) == 1


@pytest.mark.parametrize("who", ["operator of another market", "nobody"])
async def test_a_statement_is_hidden_from_operators_of_other_markets(work: Work, who: str) -> None:
    world, driver_id, statement_id = await make_held_statement(work)
    other = await make_market(work)
    operator_id = OperatorId(work.new_id()) if who == "nobody" else await make_operator(work, other.id)

    with pytest.raises(NotFound):
        await release_statement(work, statement_id=statement_id, operator_id=operator_id)

    assert (await statement_row(work, statement_id))["state"] == "HELD"
    assert await wallet_minor(work, world, driver_id) == (0, 0)
    assert work.events == []


async def test_an_unknown_statement_is_not_found(work: Work) -> None:
    operator_id = await make_operator(work, None)

    with pytest.raises(NotFound):
        await release_statement(work, statement_id=StatementId(work.new_id()), operator_id=operator_id)
