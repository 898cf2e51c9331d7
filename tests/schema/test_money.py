"""Drivers and operations about money over the API: quotes before requests, what stands still, decisions in writing."""

from typing import Any

import pytest

from marketplace.accounts import PrincipalKind, Tokens, open_session
from marketplace.core.ids import to_wire
from marketplace.core.work import Works
from marketplace.payouts import request_payout
from schema.asgi import build_app
from schema.documents import load_document
from tests.marketplace.payouts.world import make_paid_driver, make_pay_world, open_account, wallet_minor
from tests.payment_worlds import open_payment_world
from tests.schema.conftest import Api, Caller, TestMarketplace
from tests.schema.test_operations import Desk, desk

__all__ = ["desk"]

PAGES = {"returnUrl": "https://app.test/paid", "refreshUrl": "https://app.test/again"}


class Till:
    """A driver's app at the end of the day."""

    def __init__(self, api: Api, driver: Caller) -> None:
        self.api, self.driver = api, driver

    async def ask(self, name: str, **variables: Any) -> Any:
        """The one field of an operation, a Problem included."""
        [value] = (await self.api.ask(load_document("driver", name), variables, self.driver)).values()
        return value


@pytest.fixture
async def till(works: Works, tokens: Tokens, marketplace: TestMarketplace) -> Any:
    """A signed-in driver of the pay world with a card that can be paid at once, and 4140 to be paid."""
    async with works.open() as work:
        world = await make_pay_world(work)
        driver_id, _ = await make_paid_driver(work, world, has_account=False)
        opened = await open_session(work, kind=PrincipalKind.DRIVER, principal_id=driver_id, tokens=tokens)
    driver = Caller(id=driver_id, market_id=world.market.id, credential=opened.access_token)
    api = Api(build_app(marketplace))
    async with api.http:
        yield Till(api, driver), world, driver_id


async def test_the_fee_is_shown_first_and_then_is_what_is_taken(till: Any, works: Works) -> None:
    app, world, driver_id = till
    refused = await app.ask("payout_quote", idempotencyKey="early")
    assert (refused["code"], refused["retryable"]) == ("NO_PAYOUT_ACCOUNT", False)
    async with works.open() as work:
        await open_account(work, world, driver_id, can_pay_at_once=True)

    free = await app.ask("payout_quote", idempotencyKey="a")
    quote = await app.ask("payout_quote", idempotencyKey="b", method="INSTANT")
    assert (free["amountMinor"], free["feeMinor"]) == (4140, 0)
    assert (quote["amountMinor"], quote["feeMinor"], quote["method"]) == (4099, 41, "INSTANT")
    unseen = await app.ask("request_payout", idempotencyKey="c", method="INSTANT")
    assert unseen["code"] == "PAYOUT_QUOTE_NEEDED"
    wanted = {"idempotencyKey": "d", "method": "INSTANT", "quoteId": quote["id"]}
    asked = [await app.ask("request_payout", **wanted) for _ in range(2)]

    assert asked[0] == asked[1]
    payout = await app.ask("payout", id=asked[0]["payout"]["id"])
    assert (payout["state"], payout["amountMinor"], payout["feeMinor"]) == ("SCHEDULED", 4099, 41)
    assert payout["entries"] == [{"kind": "DRIVER_PAY", "amountMinor": 4140}]
    assert [step["kind"] for step in payout["steps"]] == ["RESERVED"]
    earnings = await app.ask("my_earnings")
    assert (earnings["availableMinor"], earnings["onTheWayMinor"], earnings["debtMinor"]) == (0, 4099, 0)


async def test_a_driver_is_led_to_a_fresh_page_each_time(till: Any, works: Works, marketplace: TestMarketplace) -> None:
    app, _, _ = till
    async with open_payment_world(works) as payments:
        marketplace.provider = payments.provider
        opening = await app.ask("payout_onboarding_link", **PAGES)
        assert (opening["code"], opening["retryable"]) == ("PAYOUT_ACCOUNT_OPENING", True)
        assert (await app.ask("my_payout_account"))["state"] == "OPENING"
        await payments.send_all()
        async with works.open() as work:
            account = await work.fetch_value("SELECT object_id FROM stripe_operation WHERE kind = 'CREATE_ACCOUNT'")
            await work.execute("UPDATE payout_account SET account = $1", account)

        links = [await app.ask("payout_onboarding_link", **PAGES) for _ in range(2)]

    assert links[0]["url"] != links[1]["url"]
    told = await app.ask("my_payout_account")
    assert told["state"] == "UNVERIFIED"
    assert told["words"] == "Tell our payment provider who you are and where your pay shall go."
    bad = await app.ask("payout_onboarding_link", returnUrl="javascript:alert(1)", refreshUrl="https://a.test")
    assert (bad["code"], bad["field"]) == ("BAD_PAGE_ADDRESS", "returnUrl")


async def test_operations_see_what_stands_still_decide_and_are_written_down(desk: Desk, works: Works) -> None:
    async with works.open() as work:
        driver_id, _ = await make_paid_driver(work, desk.world)
        payout_id = to_wire("payout", await request_payout(work, driver_id=driver_id))
    held = await desk.ask("hold_payout", {"payoutId": payout_id, "reason": "odd", "idempotencyKey": "a"}, desk.marta)
    assert held == {"payoutId": payout_id, "state": "ON_HOLD"}

    matters = await desk.ask("money_attention", {"marketId": desk.market}, desk.marta)

    assert [(matter["kind"], matter["subjectId"], matter["amountMinor"]) for matter in matters] == [
        ("PAYOUT_ON_HOLD", payout_id, 4140),
        ("STATEMENT_HELD", desk.statement_id, 4140),
    ]
    assert matters[0]["reason"] == "OPERATOR"
    assert (await desk.ask("payout", {"id": payout_id}, desk.chief))["waitsFor"] == "OPERATOR"
    assert await desk.code_of("payout", {"id": payout_id}, desk.stranger) == "NOT_FOUND"
    assert await desk.code_of("money_attention", {"marketId": desk.market}, desk.stranger) == "NOT_FOUND"
    released = await desk.ask("release_payout", {"payoutId": payout_id, "idempotencyKey": "b"}, desk.marta)
    assert released["state"] == "SCHEDULED"
    wish = {"driverId": to_wire("driver", driver_id), "reason": "toll", "evidence": "receipt 12"}
    await desk.ask("adjust_driver_pay", wish | {"amountMinor": 250, "idempotencyKey": "c"}, desk.marta)
    await desk.ask("run_payouts", {"marketId": desk.market, "idempotencyKey": "d"}, desk.marta)
    async with works.open() as work:
        assert await wallet_minor(work, desk.world, driver_id) == (250, 4140)
    assert sorted(verb for _, verb, _, _ in await desk.actions()) == [
        "adjustDriverPay",
        "holdPayout",
        "releasePayout",
        "runPayouts",
    ]


async def test_a_year_of_pay_comes_in_pages_for_operations_of_its_market(desk: Desk, works: Works) -> None:
    async with works.open() as work:
        for _ in range(3):
            await make_paid_driver(work, desk.world)
    variables = {"marketId": desk.market, "year": 2026, "first": 2}

    first = await desk.ask("pay_of_year", variables, desk.marta)
    rest = await desk.ask("pay_of_year", variables | {"after": first["pageInfo"]["endCursor"]}, desk.marta)

    rows = [edge["node"] for page in (first, rest) for edge in page["edges"]]
    assert len({row["driverId"] for row in rows}) == 3
    assert [(row["quarter"], row["grossMinor"], row["count"], row["tipsMinor"]) for row in rows] == [
        (1, 4140, 1, 0)
    ] * 3
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)
    assert await desk.code_of("pay_of_year", variables, desk.stranger) == "NOT_FOUND"
