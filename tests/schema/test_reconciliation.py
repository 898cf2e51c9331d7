"""Operations see where the ledger and the payment provider differ, and book what is nobody's."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from marketplace.accounts import Tokens
from marketplace.core.clock import ManualClock
from marketplace.core.ids import MarketId, to_wire
from marketplace.core.work import Works
from marketplace.payments import reconcile
from schema.asgi import build_app
from schema.documents import load_document
from tests.builders import make_market
from tests.marketplace.payments.test_reconcile import make_charge, make_movement, make_reading
from tests.schema.conftest import Api, Caller, TestMarketplace
from tests.schema.test_operations import make_operator


class Desk:
    """A market with one charge that the provider does not know, and one top-up that the ledger does not."""

    def __init__(self, api: Api, works: Works) -> None:
        self.api = api
        self.works = works
        self.market_id: MarketId
        self.charge = ""
        self.marta: Caller
        self.stranger: Caller

    @property
    def market(self) -> str:
        return to_wire("market", self.market_id)

    async def compare(self) -> None:
        async with self.works.open() as work:
            await reconcile(work, market_id=self.market_id)

    async def ask(self, name: str, caller: Caller, **variables: Any) -> Any:
        """The one field of an operation, or its refusal's code."""
        variables["marketId"] = self.market
        answer = (await self.api.send(load_document("operations", name), variables, caller)).json()
        if "errors" in answer:
            return answer["errors"][0]["extensions"]["code"]
        [value] = answer["data"].values()
        return value


@pytest.fixture
async def desk(works: Works, tokens: Tokens, marketplace: TestMarketplace) -> AsyncIterator[Desk]:
    """Operations at work."""
    desk = Desk(Api(build_app(marketplace)), works)
    async with works.open() as work:
        market, elsewhere = await make_market(work), await make_market(work, name="Ovalle", currency="PEN")
        desk.market_id = MarketId(market.id)
        desk.charge = str(await make_charge(work, market, moved=0))
        await make_movement(work, "txn_topup", 500, object_id=None)
        await make_reading(work)
        desk.marta = await make_operator(work, tokens, market_id=market.id, name="Marta")
        desk.stranger = await make_operator(work, tokens, market_id=elsewhere.id, name="Otto")
    async with desk.api.http:
        yield desk


async def test_each_difference_is_shown_until_it_is_explained(desk: Desk, clock: ManualClock) -> None:
    await desk.compare()
    [before] = (await desk.ask("reconciliations", desk.marta))["edges"]
    asked = {"movement": "txn_topup", "bookedAs": "OWNER_FUNDS", "idempotencyKey": "a"}

    booked = await desk.ask("book_movement", desk.marta, **asked)
    again = await desk.ask("book_movement", desk.marta, **asked)

    clock.advance(seconds=60)
    await desk.compare()
    after = (await desk.ask("reconciliations", desk.marta))["edges"]
    findings = [(one["code"], one["subject"], one["ledgerMinor"], one["providerMinor"]) for one in _findings(before)]
    missing = ("MISSING_MOVEMENT", desk.charge, 4074, None)
    assert findings == [missing, ("FOREIGN_MOVEMENT", "txn_topup", None, 500)]
    assert booked == again == {"movement": "txn_topup", "bookedAs": "OWNER_FUNDS"}
    assert [[one["code"] for one in _findings(edge)] for edge in after] == [
        ["MISSING_MOVEMENT"],
        ["MISSING_MOVEMENT", "FOREIGN_MOVEMENT"],
    ]


async def test_another_markets_operator_sees_and_books_nothing(desk: Desk) -> None:
    await desk.compare()
    asked = {"movement": "txn_topup", "bookedAs": "UNKNOWN", "idempotencyKey": "a"}

    assert await desk.ask("reconciliations", desk.stranger) == "NOT_FOUND"
    refused = await desk.ask("book_movement", desk.stranger, **asked)
    assert (refused if isinstance(refused, str) else refused["code"]) == "NOT_FOUND"


async def test_what_does_not_exist_is_not_booked(desk: Desk) -> None:
    refused = await desk.ask("book_movement", desk.marta, movement="txn_0", bookedAs="UNKNOWN", idempotencyKey="a")

    assert refused["code"] == "NOT_FOUND"


def _findings(edge: dict[str, Any]) -> list[dict[str, Any]]:
    findings: list[dict[str, Any]] = edge["node"]["findings"]
    return findings
