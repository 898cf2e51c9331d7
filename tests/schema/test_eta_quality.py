"""Operations see how good the arrival times of their market were, and shippers the window of their own delivery."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from marketplace.accounts import Tokens
from marketplace.analytics import roll_up_all
from marketplace.arrivals import retime_route
from marketplace.core.clock import ManualClock
from marketplace.core.ids import MarketId, to_wire
from marketplace.core.outbox import publish_events
from marketplace.core.work import Works
from schema.asgi import build_app
from schema.documents import load_document
from tests.marketplace.adapters.routers.stand_ins import ScriptedRouter
from tests.marketplace.routes.drives import make_drive
from tests.schema.conftest import Api, Caller, TestMarketplace
from tests.schema.test_operations import make_operator


@pytest.fixture
async def whole_api(marketplace: TestMarketplace) -> AsyncIterator[Api]:
    """The API with all of its nouns."""
    api = Api(build_app(marketplace))
    async with api.http:
        yield api


async def test_operations_see_how_arrivals_turned_out(
    whole_api: Api, works: Works, tokens: Tokens, clock: ManualClock
) -> None:
    drive = await make_drive(works, clock, count=1)
    await retime_route(works, router=ScriptedRouter(), route_id=drive.route.id)
    await drive.start()
    await drive.pick_up(0)
    clock.advance(seconds=1_200)
    await drive.arrive(1)
    async with works.open() as work:
        await publish_events(work, MarketId(drive.market.id))
        marta = await make_operator(work, tokens, market_id=drive.market.id, name="Marta")
    await roll_up_all(works, market_id=MarketId(drive.market.id))
    day = clock.now.date()
    variables = {
        "marketId": to_wire("market", drive.market.id),
        "first": day.isoformat(),
        "last": (day + timedelta(days=1)).isoformat(),
    }

    answer = (await whole_api.send(load_document("operations", "eta_quality"), variables, marta)).json()
    backwards = (
        await whole_api.send(load_document("operations", "eta_quality"), {**variables, "first": "2026-03-09"}, marta)
    ).json()

    quality = answer["data"]["etaQuality"]
    [whole, by_horizon, *later] = quality["figures"]
    assert (whole["moment"], whole["horizonMin"], whole["arrivals"]) == ("DISPATCH", None, 1)
    assert {(one["moment"], one["horizonMin"]) for one in later} == {("HALF_HOUR", None), ("HALF_HOUR", 20)}
    assert by_horizon["arrivals"] == 1
    assert whole["maeS"] == by_horizon["maeS"] > 0
    assert (quality["windowsShown"], quality["windowsMoved"], quality["lateRisks"]) == (1, 0, 0)
    assert backwards["errors"][0]["extensions"]["code"] == "BAD_SPAN"


async def test_a_shipper_sees_the_planned_window_beside_the_promised_one(
    whole_api: Api, works: Works, shipper: Caller, clock: ManualClock
) -> None:
    drive = await make_drive(works, clock, count=1)
    async with works.open() as work:
        await work.execute("UPDATE delivery SET shipper_id = $2 WHERE id = $1", drive.deliveries[0].id, shipper.id)
    query = "query ($id: ID!) { delivery(id: $id) { plannedWindow { opensAt closesAt } promisedWindow { closesAt } } }"
    variables = {"id": to_wire("delivery", drive.deliveries[0].id)}
    before = await whole_api.ask(query, variables, shipper)
    await retime_route(works, router=ScriptedRouter(), route_id=drive.route.id)

    after = await whole_api.ask(query, variables, shipper)

    assert before["delivery"]["plannedWindow"] is None
    assert after["delivery"]["plannedWindow"]["opensAt"] < after["delivery"]["plannedWindow"]["closesAt"]
    assert after["delivery"]["promisedWindow"] == before["delivery"]["promisedWindow"]
