"""Operators read, adopt and edit pay policies of their market, and are written down with it."""

from datetime import timedelta
from typing import Any

import pytest

from marketplace.core.ids import to_wire
from marketplace.core.work import Works
from schema.asgi import build_app
from schema.documents import load_document
from tests.schema.conftest import Api, Caller, TestMarketplace

RATES = {
    "baseMinor": 100, "perKmMinor": 20, "perMinuteMinor": 10, "perStopMinor": 0, "waitPerMinuteMinor": 0,
    "waitGraceS": 60, "minimumMinor": 300,
}  # fmt: skip
OFFER_FLOOR = {
    "time": {"minor": 50, "per": "MINUTE"},
    "distance": {"minor": 80, "per": "MILE"},
    "minimumMinor": 600,
}


class Office:
    """Operations of one market in dollars."""

    def __init__(self, api: Api, operator: Caller) -> None:
        self.api = api
        self.operator = operator
        self.market = to_wire("market", operator.market_id)

    async def ask(self, name: str, **variables: Any) -> Any:
        """The one field of an operation, asked by the operator."""
        [value] = (await self.api.ask(load_document("operations", name), variables, self.operator)).values()
        return value

    async def policies(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self.ask("pay_policies", marketId=self.market)
        return found


@pytest.fixture
async def office(works: Works, marketplace: TestMarketplace, operator: Caller) -> Office:
    """Operations of a market in dollars, which has policy 1 of the builders."""
    async with works.open() as work:
        await work.execute("UPDATE market SET currency = 'USD' WHERE id = $1", operator.market_id)
    return Office(Api(build_app(marketplace)), operator)


async def test_packs_are_listed_with_their_source_doubts_and_parameters(office: Office) -> None:
    packs = {pack["name"]: pack for pack in await office.ask("pay_policy_packs")}

    assert len(packs) == 6
    california = packs["california_prop_22_2025"]
    assert [one["name"] for one in california["parameters"]] == ["local_minimum_wage_minor"]
    assert (california["currency"], california["effectiveFrom"]) == ("USD", "2025-01-01")
    assert "The mile rate of 2026." in california["unverified"]


async def test_a_pack_is_adopted_from_a_date_once_and_written_down(office: Office, works: Works) -> None:
    async with works.open() as work:
        begins_at = work.now + timedelta(days=3)
    variables = {
        "marketId": office.market,
        "pack": "california_prop_22_2025",
        "parameters": [{"name": "local_minimum_wage_minor", "value": 1678}],
        "calendar": {"firstDay": "2026-03-02", "hour": 4, "days": 14, "settleAfterH": 72},
        "effectiveFrom": begins_at.isoformat(),
        "idempotencyKey": "a",
    }

    first, again = [await office.ask("adopt_pay_policy_pack", **variables) for _ in range(2)]

    assert first == again
    policy = first["policy"]
    assert (policy["version"], policy["effectiveUntil"], policy["rates"]["baseMinor"]) == (2, None, 900)
    assert policy["floors"]["pack"] == "california_prop_22_2025"
    assert policy["floors"]["period"] == {
        "time": {"minor": 1678, "per": "HOUR", "percent": 120},
        "distance": {"minor": 36, "per": "MILE", "percent": 100},
        "calendar": {"firstDay": "2026-03-02", "hour": 4, "days": 14, "settleAfterH": 72},
        "isPooled": False,
    }
    policies = await office.policies()
    assert [(one["version"], one["effectiveUntil"] is None) for one in policies] == [(2, True), (1, False)]
    assert policies[1]["effectiveUntil"] == policies[0]["effectiveFrom"]
    page = await office.ask("operator_actions", marketId=office.market)
    [action] = [edge["node"] for edge in page["edges"]]
    assert (action["verb"], action["subjectId"]) == ("adoptPayPolicyPack", office.market)
    assert '"version":2' in action["details"].replace(" ", "")


async def test_rates_and_floors_are_edited_and_floors_stay_until_they_are_dropped(office: Office) -> None:
    common: dict[str, Any] = {"marketId": office.market, "rates": RATES, "dropsFloors": False}
    floors = {"jurisdiction": "US-WA-SEA", "offer": OFFER_FLOOR}

    await office.ask("set_pay_policy", **common, floors=floors, idempotencyKey="a")
    await office.ask("set_pay_policy", **common, idempotencyKey="b")
    await office.ask("set_pay_policy", **common | {"dropsFloors": True}, idempotencyKey="c")

    found = [one["floors"] for one in reversed(await office.policies())]
    assert [one and one["offer"]["minimumMinor"] for one in found] == [None, 600, 600, None]
    assert found[1]["offer"]["time"] == {"minor": 50, "per": "MINUTE", "percent": 100}
    assert found[1]["pack"] is None


@pytest.mark.parametrize(
    ("operation", "more", "code"),
    [
        ("set_pay_policy", {"rates": RATES | {"baseMinor": -1}, "dropsFloors": False}, "BAD_PAY_POLICY"),
        ("set_pay_policy", {"rates": RATES, "dropsFloors": False, "floors": {"jurisdiction": "X"}}, "BAD_PAY_FLOOR"),
        (
            "set_pay_policy",
            {"rates": RATES, "dropsFloors": False, "effectiveFrom": "2020-01-01T00:00:00Z"},
            "BAD_PAY_POLICY",
        ),
        ("adopt_pay_policy_pack", {"pack": "atlantis"}, "NOT_FOUND"),
        ("adopt_pay_policy_pack", {"pack": "british_columbia_2024"}, "BAD_PAY_FLOOR"),
        ("adopt_pay_policy_pack", {"pack": "california_prop_22_2025"}, "BAD_PAY_FLOOR"),
        (
            "adopt_pay_policy_pack",
            {
                "pack": "new_york_city_2026",
                "calendar": {"firstDay": "2026-03-02", "hour": 25, "days": 7, "settleAfterH": 0},
            },
            "BAD_PAY_CALENDAR",
        ),
    ],
)
async def test_what_nobody_could_be_paid_by_is_refused_and_changes_nothing(
    office: Office, operation: str, more: dict[str, Any], code: str
) -> None:
    answer = await office.ask(operation, marketId=office.market, idempotencyKey="a", **more)

    assert answer["code"] == code
    assert [one["version"] for one in await office.policies()] == [1]
    assert (await office.ask("operator_actions", marketId=office.market))["edges"] == []
