"""Pay over the API: a statement explains itself to its driver and to operations, and a shipper can tip."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from marketplace.accounts import PrincipalKind, Tokens, create_api_key, open_session
from marketplace.core.ids import RouteId, ShipperId, StatementId, to_wire
from marketplace.core.work import Works
from marketplace.markets import set_pay_policy
from marketplace.payouts import issue_statement
from schema.asgi import build_app
from schema.documents import load_document
from tests.builders import PAY_RATES, make_driver, make_market, make_shipper
from tests.marketplace.payouts.laws import drive, make_law_world
from tests.marketplace.payouts.world import make_driven_route, make_pay_world, wallet_minor
from tests.schema.conftest import Api, Caller, TestMarketplace
from tests.schema.test_operations import make_operator


class Payroll:
    """A market with a paid route, its driver, its shipper, and others who may not see it."""

    def __init__(self, api: Api, works: Works) -> None:
        self.api = api
        self.works = works
        self.world: Any = None
        self.statement_id: StatementId
        self.delivery_id: UUID
        self.driver: Caller
        self.other_driver: Caller
        self.operator: Caller
        self.other_operator: Caller
        self.shipper: Caller

    async def explain(self, caller: Caller, client: str = "driver") -> Any:
        """The statement as a caller sees it."""
        response = await self.send(client, "pay_statement", {"id": to_wire("statement", self.statement_id)}, caller)
        return response.get("data") and response["data"]["payStatement"]

    async def send(self, client: str, name: str, variables: dict[str, Any], caller: Caller) -> Any:
        """An answer as it came."""
        return (await self.api.send(load_document(client, name), variables, caller)).json()

    async def tip(self, key: str, amount: int = 700, currency: str = "CLP") -> Any:
        """The answer to a tip."""
        variables = {
            "deliveryId": to_wire("delivery", self.delivery_id),
            "amountMinor": amount,
            "currency": currency,
            "idempotencyKey": key,
        }
        return (await self.send("portal", "tip_driver", variables, self.shipper))["data"]["tipDriver"]


async def signed_in(works: Works, tokens: Tokens, driver: Any) -> Caller:
    async with works.open() as work:
        opened = await open_session(work, kind=PrincipalKind.DRIVER, principal_id=driver.id, tokens=tokens)
    return Caller(id=driver.id, market_id=driver.market_id, credential=opened.access_token)


@pytest.fixture
async def payroll(works: Works, tokens: Tokens, marketplace: TestMarketplace) -> AsyncIterator[Payroll]:
    """A route that was driven and paid."""
    api = Api(build_app(marketplace))
    payroll = Payroll(api, works)
    async with works.open() as work:
        payroll.world = await make_pay_world(work)
        driver, other = [await make_driver(work, payroll.world.market) for _ in range(2)]
        route = await make_driven_route(work, payroll.world, driver)
        payroll.statement_id = await issue_statement(work, route_id=RouteId(route.id))
        payroll.delivery_id = await work.fetch_value("SELECT id FROM delivery ORDER BY id LIMIT 1")
        await work.execute("UPDATE delivery SET state = 'DELIVERED' WHERE id = $1", payroll.delivery_id)
        elsewhere = await make_market(work)
        payroll.operator = await make_operator(work, tokens, market_id=payroll.world.market.id, name="Marta")
        payroll.other_operator = await make_operator(work, tokens, market_id=elsewhere.id, name="Otto")
        key = await create_api_key(work, shipper_id=ShipperId(payroll.world.shipper.id))
        payroll.shipper = Caller(id=payroll.world.shipper.id, market_id=payroll.world.market.id, credential=key.secret)
    payroll.driver = await signed_in(works, tokens, driver)
    payroll.other_driver = await signed_in(works, tokens, other)
    async with api.http:
        yield payroll


async def test_a_driver_sees_lines_rules_inputs_and_that_they_still_come_to_the_same(payroll: Payroll) -> None:
    found = await payroll.explain(payroll.driver)

    statement = found["statement"]
    assert (statement["kind"], statement["totalMinor"], statement["policyVersion"]) == ("ROUTE", 4140, 1)
    assert [(line["code"], line["amountMinor"], line["rule"]) for line in statement["lines"]] == [
        ("base", 900, "pay_policy:1:base_minor"),
        ("distance", 990, "pay_policy:1:per_km_minor"),
        ("time", 1500, "pay_policy:1:per_minute_minor"),
        ("stop", 750, "pay_policy:1:per_stop_minor"),
    ]
    inputs = {one["name"]: one["value"] for one in found["inputs"]}
    assert (inputs["distance_m"], inputs["engaged_s"], inputs["stop_times_s[2]"]) == ("5500", "1500", "120")
    assert (found["floorWorking"], found["recomputedMatches"]) == ([], True)


async def test_a_statement_still_matches_after_the_policy_has_changed(payroll: Payroll) -> None:
    async with payroll.works.open() as work:
        await set_pay_policy(work, market_id=payroll.world.market.id, rates=PAY_RATES | {"base_minor": 1})

    assert (await payroll.explain(payroll.driver))["recomputedMatches"] is True


async def test_an_edited_statement_is_told_apart(payroll: Payroll) -> None:
    async with payroll.works.open() as work:
        await work.execute("UPDATE pay_statement SET total_minor = 1")

    assert (await payroll.explain(payroll.operator, "operations"))["recomputedMatches"] is False


async def test_a_statement_is_for_its_driver_and_for_operations_of_its_market(payroll: Payroll) -> None:
    assert await payroll.explain(payroll.operator, "operations") == await payroll.explain(payroll.driver)
    for caller in (payroll.other_driver, payroll.other_operator, payroll.shipper):
        answer = await payroll.send(
            "driver", "pay_statement", {"id": to_wire("statement", payroll.statement_id)}, caller
        )
        assert answer["errors"][0]["extensions"]["code"] in {"NOT_FOUND", "NOT_ALLOWED"}


async def test_the_working_of_a_legal_floor_is_shown(
    works: Works, tokens: Tokens, marketplace: TestMarketplace
) -> None:
    payroll = Payroll(Api(build_app(marketplace)), works)
    async with works.open() as work:
        payroll.world = await make_law_world(work, "seattle_payup_2024", per_minute_minor=44)
        driver = await make_driver(work, payroll.world.market)
        payroll.statement_id = await drive(
            work, payroll.world, driver, accepted_at=work.now, hours=1 / 12, metres=3219, paid_minor=0
        )
    payroll.driver = await signed_in(works, tokens, driver)
    async with payroll.api.http:
        found = await payroll.explain(payroll.driver)

    assert [(line["code"], line["amountMinor"]) for line in found["statement"]["lines"]] == [
        ("time", 220),
        ("legal_floor", 280),
    ]
    assert [(line["code"], line["quantity"], line["amountMinor"]) for line in found["floorWorking"]] == [
        ("floor_time", 300, 220),
        ("floor_distance", 3219, 148),
        ("floor_minimum", 1, 132),
    ]


async def test_a_shipper_tips_once_for_each_key_and_the_driver_sees_it_apart(payroll: Payroll) -> None:
    first, again = await payroll.tip("a"), await payroll.tip("a")

    assert first == again
    assert (first["amountMinor"], first["currency"]) == (700, "CLP")
    async with payroll.works.open() as work:
        assert await wallet_minor(work, payroll.world, payroll.driver.id) == (4140 + 700, 0)  # type: ignore[arg-type]
    page = await payroll.send("driver", "my_statements", {}, payroll.driver)
    nodes = [edge["node"] for edge in page["data"]["myStatements"]["edges"]]
    assert [(node["kind"], node["totalMinor"], node["routeId"] is None) for node in nodes] == [
        ("TIP", 700, True),
        ("ROUTE", 4140, False),
    ]
    assert nodes[0]["id"] == first["statementId"]
    earnings = await payroll.send("driver", "my_earnings", {}, payroll.driver)
    assert (earnings["data"]["myEarnings"]["tipsMinor"], earnings["data"]["myEarnings"]["routeCount"]) == (700, 1)


async def test_a_bad_tip_is_told_as_a_problem_and_moves_nothing(payroll: Payroll) -> None:
    answers = [await payroll.tip("a", amount=0), await payroll.tip("b", currency="USD")]
    async with payroll.works.open() as work:
        other = await make_shipper(work, payroll.world.market)
        await work.execute("UPDATE delivery SET shipper_id = $1", other.id)
    answers.append(await payroll.tip("c"))

    assert [answer["code"] for answer in answers] == ["BAD_TIP", "BAD_TIP", "NOT_FOUND"]
    async with payroll.works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM pay_statement") == 1
