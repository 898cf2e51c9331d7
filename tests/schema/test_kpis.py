"""Operations see all figures of their market, shippers their own without what drivers got, companies none."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest

from marketplace.accounts import Tokens
from marketplace.analytics import count_kpis
from marketplace.core.clock import ManualClock
from marketplace.core.ids import MarketId, to_wire
from marketplace.core.work import Works
from schema.asgi import build_app
from schema.documents import load_document
from tests.marketplace.analytics.test_roll_up import publish
from tests.marketplace.routes.drives import Drive, make_drive
from tests.schema.conftest import Api, Caller, TestMarketplace
from tests.schema.test_operations import make_operator

DAY = date(2026, 3, 2)


@pytest.fixture
async def whole_api(marketplace: TestMarketplace) -> AsyncIterator[Api]:
    """The API with all of its nouns."""
    api = Api(build_app(marketplace))
    async with api.http:
        yield api


async def deliver_both(works: Works, clock: ManualClock, shipper: Caller) -> Drive:
    """A market's day with two hand-overs, one for each of two shippers."""
    drive = await make_drive(works, clock)
    async with works.open() as work:
        await work.execute("UPDATE delivery SET shipper_id = $2 WHERE id = $1", drive.deliveries[0].id, shipper.id)
        await work.execute("UPDATE driver SET contract_kind = 'DEDICATED' WHERE id = $1", drive.driver.id)
    await drive.drive_to_first_door()
    await drive.drop_off(1)
    clock.advance(seconds=600)
    await drive.arrive(2)
    await drive.drop_off(2)
    await publish(works, drive.market)
    await count_kpis(works, market_id=MarketId(drive.market.id))
    return drive


def asking(drive: Drive, group: str) -> dict[str, Any]:
    market = to_wire("market", drive.market.id)
    return {"marketId": market, "from": DAY.isoformat(), "to": DAY.isoformat(), "groupBy": group}


async def test_operations_see_costs_and_shippers_their_own_deliveries_alone(
    whole_api: Api, works: Works, tokens: Tokens, shipper: Caller, clock: ManualClock
) -> None:
    drive = await deliver_both(works, clock, shipper)
    async with works.open() as work:
        marta = await make_operator(work, tokens, market_id=drive.market.id, name="Marta")
        foreign = await make_operator(work, tokens, market_id=shipper.market_id, name="Eva")
    read = load_document("operations", "kpis")

    [whole] = (await whole_api.ask(read, asking(drive, "MARKET"), marta))["kpis"]
    by_shipper = (await whole_api.ask(read, asking(drive, "SHIPPER"), marta))["kpis"]
    [own] = (await whole_api.ask(read, asking(drive, "SHIPPER"), shipper))["kpis"]
    elsewhere = (await whole_api.send(read, asking(drive, "MARKET"), foreign)).json()

    assert (whole["delivered"], whole["stops"], whole["distanceM"], whole["emptyM"]) == (2, 3, 4_000, 0)
    # 4 km of a car at 12 and 45 pence a mile, 1,234.065 pesos to the pound
    assert (whole["fuelMinor"], whole["vehicleMinor"], whole["costMinor"]) == (368, 1_012, 1_380)
    assert (whole["co2G"], whole["routes"], whole["utilisationPercent"]) == (652, 1, 100.0)
    assert sorted(row["delivered"] for row in by_shipper) == [1, 1]
    assert sum(row["costMinor"] for row in by_shipper) == whole["costMinor"]
    # Half of the route was each shipper's; a driver who waits does so for both
    assert [(row["routes"], row["utilisationPercent"], row["fairness"]) for row in by_shipper] == [(0.5, None, [])] * 2
    assert [(each["contractKind"], each["driverDays"]) for each in whole["fairness"]] == [(None, 1), ("DEDICATED", 1)]
    assert sum(part["minor"] for part in whole["costParts"]) == whole["costMinor"]
    assert (own["shipperId"], own["delivered"], own["distanceM"]) == (to_wire("shipper", shipper.id), 1, 2_000)
    hidden = ("driverMinor", "fuelMinor", "supportMinor", "costMinor", "costPerDeliveryMinor", "marginMinor", "actions")
    assert [own[name] for name in hidden] == [None] * len(hidden)
    assert (own["routes"], own["offersSent"], own["costParts"], own["fairness"]) == (None, None, [], [])
    assert elsewhere["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_year_is_the_most(whole_api: Api, works: Works, tokens: Tokens, clock: ManualClock) -> None:
    drive = await make_drive(works, clock)
    async with works.open() as work:
        marta = await make_operator(work, tokens, market_id=drive.market.id, name="Marta")

    answer = await whole_api.send(
        load_document("operations", "kpis"), asking(drive, "DAY") | {"from": "2025-03-01"}, marta
    )

    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_DAYS"


async def test_the_table_is_for_those_who_may_ask(
    whole_api: Api, works: Works, tokens: Tokens, shipper: Caller, clock: ManualClock
) -> None:
    drive = await deliver_both(works, clock, shipper)
    async with works.open() as work:
        marta = await make_operator(work, tokens, market_id=drive.market.id, name="Marta")
        foreign = await make_operator(work, tokens, market_id=shipper.market_id, name="Eva")
    about = asking(drive, "SHIPPER")
    path = f"/figures/{about['marketId']}.csv"

    told = await whole_api.http.get(path, params=about, headers=marta.headers)
    own = await whole_api.http.get(path, params=about, headers=shipper.headers)
    others = [
        (await whole_api.http.get(path, params=params, headers=headers)).status_code
        for params, headers in [(about, foreign.headers), (about, {}), (about | {"from": "x"}, marta.headers)]
    ]

    assert told.headers["content-type"] == "text/csv; charset=utf-8"
    assert told.headers["content-disposition"] == 'attachment; filename="figures.csv"'
    assert told.content.startswith(b"\xef\xbb\xbfday,")
    assert told.text.count("\r\n") == 3
    assert (own.text.count("\r\n"), to_wire("shipper", drive.shipper.id) in own.text) == (2, False)
    assert others == [404, 401, 400]
