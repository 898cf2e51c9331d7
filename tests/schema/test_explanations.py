"""Explanations and dry runs over the API: ready-made operations, for operations and, of the own pay, for drivers."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tortoise.backends.asyncpg.client import AsyncpgDBClient

from marketplace.core.clock import ManualClock
from marketplace.core.ids import from_wire, to_wire
from schema.dry_runs import SEATS
from schema.prepared import Documents
from schema.results import engine_schema
from schema.schema import schema as strawberry_schema
from tests.builders import make_driver
from tests.flows.api import Caller
from tests.marketplace.offers.worlds import send_wave
from tests.schema.tenants import Tenants, open_tenants

PLACE = {"lat": -29.9, "lon": -71.25}
PROBLEM: dict[str, Any] = {
    "deliveries": [
        {"reference": "tea", "pickup": PLACE, "dropoff": {"lat": -29.92, "lon": -71.26}},
        {"reference": "vaccine", "pickup": PLACE, "dropoff": PLACE, "requirements": ["COLD", "PIN_AT_DROPOFF"]},
    ],
    "drivers": [{"reference": "ana", "point": PLACE, "skills": []}],
}


@pytest.fixture
async def tenants(
    fresh_url: str, fresh_database: AsyncpgDBClient, clock: ManualClock, tmp_path: Path
) -> AsyncIterator[Tenants]:
    """Two tenants of each kind."""
    async with open_tenants(fresh_url, fresh_database, clock, tmp_path) as opened:
        yield opened


async def test_operations_hear_everything_and_a_driver_hears_of_the_own_pay(tenants: Tenants) -> None:
    desk = Caller(tenants.http, "operations", tenants.first["operator"])
    driver = Caller(tenants.http, "driver", tenants.first["driver"])
    works = tenants.marketplace.works
    async with works.open() as work:
        # Nobody has answered; now the search goes on, with somebody else beside the tenants' drivers.
        await work.execute("UPDATE offer SET state = 'DECLINED', ended_at = $1", work.now)
        await work.execute("UPDATE wave SET state = 'EXHAUSTED', closed_at = $1", work.now)
        route_id = await work.fetch_value("SELECT id FROM route WHERE state = 'OFFERING'")
        delivery_id = await work.fetch_value("SELECT id FROM delivery WHERE route_id = $1", route_id)
        other = await make_driver(work, tenants.market)
    await send_wave(works, route_id)
    async with works.open() as work:
        offer_id = await work.fetch_value("SELECT id FROM offer WHERE driver_id = $1", other.id)

    delivery = await desk("explain_delivery", deliveryId=to_wire("delivery", delivery_id))
    offer = await desk("explain_offer", offerId=to_wire("offer", offer_id))
    declined = await desk("explain_driver", driverId=tenants.things.driver, routeId=to_wire("route", route_id))
    own = await driver("explain_offer", offerId=tenants.things.offer)
    waiting = await desk("explain_delivery", deliveryId=tenants.things.delivery)

    assert (delivery["state"], delivery["code"]) == ("OFFERING", None)
    assert delivery["searches"] == [offer["search"]]
    candidates = {one["driverId"]: one for one in offer["search"]["candidates"]}
    assert candidates[to_wire("driver", other.id)]["isAsked"] is True
    assert tenants.things.driver not in candidates
    assert declined["couldBeAskedNow"] is False
    # This driver drives another route, which is asked before what was declined.
    assert declined["codeNow"] == "BUSY"
    assert [look["code"] for look in declined["looks"]] == ["BUSY"]
    assert own["payMinor"] == 5000
    assert (waiting["code"], waiting["words"]) == ("NO_DRIVER", "No driver was online who could be asked.")


async def test_a_dry_run_is_planned_as_the_market_would(tenants: Tenants) -> None:
    desk = Caller(tenants.http, "operations", tenants.first["operator"])

    planned = await desk("dry_run", marketId=tenants.things.market, input=PROBLEM)

    (route,) = planned["routes"]
    assert [(step["delivery"], step["kind"]) for step in route["steps"]] == [("tea", "PICKUP"), ("tea", "DROPOFF")]
    assert planned["payoutMinor"] == route["payoutMinor"] > 0
    (waiting,) = planned["unassigned"]
    assert (waiting["delivery"], waiting["code"]) == ("vaccine", "NO_SKILL")
    assert [(rule["code"], rule["drivers"]) for rule in waiting["failedRules"]] == [("NO_SKILL", 1)]


async def test_an_operator_has_one_dry_run_under_way(tenants: Tenants) -> None:
    desk = Caller(tenants.http, "operations", tenants.first["operator"])
    row_id = from_wire("operator", (await desk("me"))["id"])

    with SEATS.take(row_id), pytest.raises(AssertionError, match="TOO_MANY_AT_ONCE"):
        await desk("dry_run", marketId=tenants.things.market, input=PROBLEM)


@pytest.mark.parametrize("wrong", [{"deliveries": []}, {"drivers": [PROBLEM["drivers"][0]] * 2}])
async def test_a_dry_run_that_makes_no_sense_is_refused(tenants: Tenants, wrong: dict[str, Any]) -> None:
    desk = Caller(tenants.http, "operations", tenants.first["operator"])

    with pytest.raises(AssertionError, match="BAD_DRY_RUN"):
        await desk("dry_run", marketId=tenants.things.market, input=PROBLEM | wrong)


def test_a_dry_run_costs_more_than_its_fields() -> None:
    text = "query($m:ID!,$i:DryRunInput!){dryRun(marketId:$m,input:$i){currency}}"

    assert Documents(engine_schema(strawberry_schema)).prepare(text).select(None).units({}) == 701
