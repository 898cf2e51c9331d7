"""Operations set, read and freeze surge over the API."""

from datetime import timedelta
from typing import Any

import pytest

from marketplace.core.ids import to_wire
from marketplace.core.work import Works
from schema.asgi import build_app
from schema.documents import load_document
from tests.marketplace.surge.worlds import BUSY, CELL
from tests.schema.conftest import Api, Caller, TestMarketplace


class Tower:
    """Operations of one market with surge."""

    def __init__(self, api: Api, operator: Caller) -> None:
        self.api = api
        self.operator = operator
        self.market = to_wire("market", operator.market_id)

    async def ask(self, name: str, **variables: Any) -> Any:
        """The one field of an operation about the market, asked by the operator."""
        document = load_document("operations", name)
        [value] = (await self.api.ask(document, {"marketId": self.market, **variables}, self.operator)).values()
        return value


@pytest.fixture
async def tower(works: Works, marketplace: TestMarketplace, operator: Caller) -> Tower:
    """Operations of a market in which surge is full at 600 a drop-off and 20 percent."""
    async with works.open() as work:
        names = list(BUSY)
        changes = ", ".join(f"{name} = ${i}" for i, name in enumerate(names, start=2))
        await work.execute(f"UPDATE market SET {changes} WHERE id = $1", operator.market_id, *BUSY.values())
    return Tower(Api(build_app(marketplace)), operator)


async def test_a_level_is_set_seen_explained_frozen_and_cleared(tower: Tower, works: Works) -> None:
    async with works.open() as work:
        expires_at = (work.now + timedelta(hours=1)).isoformat()
    setting = {"cells": [CELL], "percent": 50, "reason": "a fair", "expiresAt": expires_at, "idempotencyKey": "a"}

    first, again = [await tower.ask("set_surge", **setting) for _ in range(2)]

    assert first == again == {"cells": 1}
    now = await tower.ask("surge")
    [cell] = now["cells"]
    assert (cell["cell"], cell["percent"], cell["driverBonusMinor"], cell["surchargeBasisPoints"]) == (
        CELL,
        50,
        300,
        1000,
    )
    assert len(cell["outline"]) == 6
    [override] = now["overrides"]
    assert (override["cell"], override["percent"], override["reason"]) == (CELL, 50, "a fair")
    page = await tower.ask("surge_decisions", cell=CELL)
    [decision] = [edge["node"] for edge in page["edges"]]
    assert (decision["id"], decision["boundBy"], decision["reason"]) == (cell["decisionId"], "OVERRIDE", "a fair")
    assert not page["pageInfo"]["hasNextPage"]

    until = {"reason": "a flood", "expiresAt": expires_at, "idempotencyKey": "b"}
    assert await tower.ask("freeze_surge", **until) == {"expiresAt": expires_at.replace("+00:00", "Z")}
    assert (await tower.ask("surge"))["cells"] == []
    assert await tower.ask("clear_surge", idempotencyKey="c") == {"ended": 2}
    assert (await tower.ask("surge"))["overrides"] == []
    page = await tower.ask("operator_actions")
    verbs = sorted(edge["node"]["verb"] for edge in page["edges"])
    assert verbs == ["clearSurge", "freezeSurge", "setSurge"]


async def test_a_level_beyond_the_caps_is_refused_in_words(tower: Tower, works: Works) -> None:
    async with works.open() as work:
        expires_at = (work.now + timedelta(hours=1)).isoformat()

    answer = await tower.ask(
        "set_surge", cells=[CELL], percent=101, reason="a fair", expiresAt=expires_at, idempotencyKey="a"
    )

    assert (answer["code"], answer["field"], answer["retryable"]) == ("BAD_OVERRIDE", "percent", False)
    assert (await tower.ask("surge")) == {"currency": "CLP", "cells": [], "overrides": []}
