"""Operations publish blocks, drivers sign up and leave, a company has its own, over the API."""

from datetime import timedelta
from typing import Any

import pytest

from marketplace.accounts import PrincipalKind, Tokens, open_session
from marketplace.core.ids import to_wire
from marketplace.core.window import zone
from marketplace.core.work import Works
from marketplace.fleet import ContractKind, add_company, add_dispatcher
from marketplace.markets.models import Market
from schema.asgi import build_app
from schema.documents import load_document
from tests.builders import make_driver, make_hub
from tests.schema.conftest import Api, Caller, TestMarketplace

CELLS = ["87b2ddd6effffff"]


class Street:
    """Operations, a driver and a company's dispatcher of one market."""

    def __init__(self, api: Api, market: str, hub: str, callers: dict[str, Caller], hours: dict[str, str]) -> None:
        self.api = api
        self.market = market
        self.hub = hub
        self.callers = callers
        self.hours = hours

    async def ask(self, who: str, name: str, **variables: Any) -> Any:
        """The one field of an operation, asked by one of the callers."""
        client = {"operator": "operations", "dispatcher": "company"}.get(who, "driver")
        document = load_document(client, name)
        if "$marketId" in document:
            variables["marketId"] = self.market
        [value] = (await self.api.ask(document, variables, self.callers[who])).values()
        return value


@pytest.fixture
async def street(works: Works, marketplace: TestMarketplace, operator: Caller, tokens: Tokens) -> Street:
    """A market whose clock is right, with a hub."""
    async with works.open() as work:
        market = await Market.get(using_db=work.db, id=operator.market_id)
        hub = await make_hub(work, market)
        company = await add_company(work, market_id=market.id, name="Reparto")
        ids = {
            "driver": (await make_driver(work, market)).id,
            "their driver": (await make_driver(work, market, kind=ContractKind.CONTRACTED, company_id=company)).id,
            "dispatcher": await add_dispatcher(
                work, company_id=company, market_id=market.id, name="Dispatcher", email="d@doorstep.example"
            ),
        }
        await work.execute("DELETE FROM shift")
        callers = {"operator": operator}
        for name, identity in ids.items():
            kind = PrincipalKind.DISPATCHER if name == "dispatcher" else PrincipalKind.DRIVER
            opened = await open_session(
                work, kind=kind, principal_id=identity, tokens=tokens, access_lasts=timedelta(hours=1)
            )
            callers[name] = Caller(id=identity, market_id=market.id, credential=opened.access_token)
        local = (work.now + timedelta(hours=4)).astimezone(zone(hub.time_zone)).replace(tzinfo=None, microsecond=0)
    hours = {"opens": local.isoformat(), "closes": (local + timedelta(hours=2)).isoformat()}
    return Street(Api(build_app(marketplace)), to_wire("market", market.id), to_wire("hub", hub.id), callers, hours)


async def test_a_block_is_published_signed_up_for_left_and_cancelled(street: Street) -> None:
    plan = {**street.hours, "hubId": street.hub, "places": 1, "floorPerHourMinor": 6000, "drawS": 0}

    first, again = [await street.ask("operator", "publish_blocks", blocks=[plan], idempotencyKey="a") for _ in range(2)]

    [block] = first["blocks"]
    assert first == again
    assert (block["state"], block["places"], block["taken"], block["floorPerHourMinor"]) == ("PUBLISHED", 1, 0, 6000)
    [seen] = await street.ask("driver", "blocks")
    assert (seen["id"], seen["mySignUp"]) == (block["id"], None)
    joined = await street.ask("driver", "sign_up_for_block", blockId=block["id"], idempotencyKey="b")
    assert (joined["block"]["taken"], joined["block"]["mySignUp"]["state"]) == (1, "SIGNED")
    waits = await street.ask("their driver", "sign_up_for_block", blockId=block["id"], idempotencyKey="c")
    assert (waits["block"]["mySignUp"]["state"], waits["block"]["mySignUp"]["line"]) == ("WAITING", 2)
    left = await street.ask("driver", "leave_block", blockId=block["id"], idempotencyKey="d")
    assert (left["block"]["mySignUp"]["state"], left["block"]["mySignUp"]["isLate"]) == ("LEFT", False)
    [mine] = await street.ask("their driver", "my_blocks")
    assert mine["mySignUp"]["state"] == "ASKED"
    over = await street.ask("operator", "cancel_block", blockId=block["id"], reason="a storm", idempotencyKey="e")
    assert (over["block"]["state"], over["block"]["reason"]) == ("CANCELLED", "a storm")
    [listed] = await street.ask("operator", "blocks")
    assert (listed["state"], listed["taken"], listed["waiting"]) == ("CANCELLED", 0, 0)
    page = await street.ask("operator", "operator_actions")
    assert sorted(edge["node"]["verb"] for edge in page["edges"]) == ["cancelBlock", "publishBlocks"]


async def test_a_companys_block_is_for_its_own_drivers(street: Street) -> None:
    plan = {**street.hours, "areaName": "Centro", "areaCells": CELLS, "places": 1, "drawS": 0}

    [block] = (await street.ask("dispatcher", "publish_blocks", blocks=[plan], idempotencyKey="a"))["blocks"]

    assert await street.ask("driver", "blocks") == []
    refused = await street.ask("driver", "sign_up_for_block", blockId=block["id"], idempotencyKey="b")
    assert refused["code"] == "NOT_FOUND"
    [seen] = await street.ask("their driver", "blocks")
    assert (seen["id"], seen["areaName"]) == (block["id"], "Centro")
    public = {**street.hours, "hubId": street.hub, "places": 1}
    [other] = (await street.ask("operator", "publish_blocks", blocks=[public], idempotencyKey="c"))["blocks"]
    assert [one["id"] for one in await street.ask("dispatcher", "blocks")] == [block["id"]]
    refused = await street.ask("dispatcher", "cancel_block", blockId=other["id"], reason="no", idempotencyKey="d")
    assert refused["code"] == "NOT_FOUND"
    over = await street.ask("dispatcher", "cancel_block", blockId=block["id"], reason="a storm", idempotencyKey="e")
    assert over["block"]["state"] == "CANCELLED"


async def test_what_a_hub_needs_is_told_without_a_forecast_too(street: Street) -> None:
    need = await street.ask("operator", "blocks_needed", hubId=street.hub, day=street.hours["opens"][:10])

    assert (need["hubId"], need["forecast"], need["stopsPerDriverHour"]) == (street.hub, None, 3.0)
    assert {hour["blocksNeeded"] for hour in need["hours"]} == {0}
