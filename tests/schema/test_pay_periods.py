"""Closed pay periods: operations list them, and a driver's statements say when theirs was closed."""

from marketplace.accounts import Tokens
from marketplace.core.clock import ManualClock
from marketplace.core.ids import to_wire
from marketplace.core.work import Works
from marketplace.payouts import page_statements, true_up_market
from schema.asgi import build_app
from schema.documents import load_document
from tests.builders import make_market
from tests.marketplace.payouts.test_close_pay_period import SETTLED, make_week
from tests.marketplace.payouts.test_true_up_pay import at
from tests.schema.conftest import Api, TestMarketplace
from tests.schema.test_operations import make_operator


async def test_closed_periods_are_listed_for_operations_of_their_market(
    works: Works, tokens: Tokens, marketplace: TestMarketplace, clock: ManualClock
) -> None:
    world, drivers = await make_week(works, paid_minor=2144)
    async with works.open() as work:
        before = await page_statements(work.connection, driver_id=drivers[0].id, before=None, limit=10)
    at(clock, SETTLED)
    await true_up_market(works, market_id=world.market_id)
    async with works.open() as work:
        marta = await make_operator(work, tokens, market_id=world.market_id, name="Marta")
        elsewhere = await make_market(work, name="Ovalle", currency="PEN")
        otto = await make_operator(work, tokens, market_id=elsewhere.id, name="Otto")
        after = await page_statements(work.connection, driver_id=drivers[0].id, before=None, limit=10)
    api = Api(build_app(marketplace))
    variables = {"marketId": to_wire("market", world.market_id), "first": 5}

    async with api.http:
        document = load_document("operations", "pay_periods")
        page = (await api.send(document, variables, marta)).json()["data"]["payPeriods"]
        refused = (await api.send(document, variables, otto)).json()

    [period] = [edge["node"] for edge in page["edges"]]
    assert period["id"].startswith("ppd_")
    assert (period["startsAt"][:10], period["endsAt"][:10], period["number"]) == ("2026-03-02", "2026-03-09", 0)
    assert (period["driverCount"], period["shareCount"], period["sharedAt"] is None) == (2, 2, False)
    assert period["totalMinor"] == sum(line["amountMinor"] for line in period["lines"]) > 0
    assert page["pageInfo"]["hasNextPage"] is False
    assert refused["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert {tree["period_closed_at"] for _, tree in before} == {None}
    assert {(tree["kind"], tree["period_closed_at"] is None) for _, tree in after} == {
        ("ROUTE", False),
        ("TRUE_UP", False),
        ("POOL_SHARE", False),
    }
