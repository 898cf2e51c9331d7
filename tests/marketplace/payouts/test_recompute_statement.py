"""An old statement can be reckoned again, to the byte, from what it keeps."""

import pytest

from marketplace.core.errors import NotFound
from marketplace.core.ids import RouteId, StatementId
from marketplace.core.work import Work
from marketplace.payouts import issue_statement, recompute_statement
from tests.builders import make_driver
from tests.marketplace.payouts.world import make_driven_route, make_pay_world


async def make_statement(work: Work) -> StatementId:
    """A statement with every kind of line in it."""
    world = await make_pay_world(work)
    driver = await make_driver(work, world.market)
    route = await make_driven_route(
        work, world, driver, stop_time_s=400, guarantee_minor=9000, raise_minor=200, is_flagged=True
    )
    await work.execute("UPDATE stop SET kind = 'RETURN' WHERE route_id = $1 AND place = 2", route.id)
    return await issue_statement(work, route_id=RouteId(route.id))


async def test_the_same_facts_under_the_same_policy_give_the_same_bytes(work: Work) -> None:
    statement_id = await make_statement(work)

    assert await recompute_statement(work, statement_id=statement_id)


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE pay_statement SET facts = facts || '{\"engaged_s\": 9999}'",
        "UPDATE pay_statement SET facts = facts || '{\"guarantee_minor\": 1}'",
        "UPDATE pay_statement SET lines = lines - 0",
        "UPDATE pay_statement SET total_minor = total_minor + 1",
        "UPDATE pay_statement SET digest = '\\x00'",
    ],
)
async def test_an_edited_statement_no_longer_matches(work: Work, edit: str) -> None:
    statement_id = await make_statement(work)

    await work.execute(edit)

    assert not await recompute_statement(work, statement_id=statement_id)


async def test_an_unknown_statement_is_not_found(work: Work) -> None:
    with pytest.raises(NotFound):
        await recompute_statement(work, statement_id=StatementId(work.new_id()))
