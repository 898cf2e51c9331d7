"""Stuck work: operators of its market see it, set it going again, and are written down with what they did."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import orjson
import pytest

from marketplace.accounts import PrincipalKind, Tokens, add_operator, open_session
from marketplace.core.ids import MarketId, RouteId, to_wire
from marketplace.core.work import Work, Works
from marketplace.payouts import issue_statement
from schema.asgi import build_app
from schema.documents import load_document
from schema.undo import NO_UNDO
from tests.builders import make_driver, make_market
from tests.marketplace.payouts.world import make_driven_route, make_pay_world, wallet_minor
from tests.schema.conftest import Api, Caller, TestMarketplace


async def make_operator(work: Work, tokens: Tokens, *, market_id: UUID | None, name: str) -> Caller:
    """A signed-in operator of one market, or of all."""
    market = MarketId(market_id) if market_id else None
    operator_id = await add_operator(work, name=name, email=f"{name}@example.com".lower(), market_id=market)
    opened = await open_session(work, kind=PrincipalKind.OPERATOR, principal_id=operator_id, tokens=tokens)
    return Caller(id=operator_id, market_id=market_id or UUID(int=0), credential=opened.access_token)


class Desk:
    """The operations of a market with one dead job and one held statement."""

    def __init__(self, api: Api, works: Works) -> None:
        self.api = api
        self.works = works
        self.world: Any = None
        self.driver_id: Any = None
        self.job_id = self.statement_id = self.market = ""
        self.marta: Caller
        self.stranger: Caller
        self.chief: Caller

    async def ask(self, name: str, variables: dict[str, Any], caller: Caller) -> Any:
        """The one field of an operation that must succeed."""
        [value] = (await self.api.ask(load_document("operations", name), variables, caller)).values()
        return value

    async def code_of(self, name: str, variables: dict[str, Any], caller: Caller) -> str:
        """The code of an operation that must be refused."""
        answer = (await self.api.send(load_document("operations", name), variables, caller)).json()
        if "errors" in answer:
            return str(answer["errors"][0]["extensions"]["code"])
        [value] = answer["data"].values()
        return str(value["code"])

    async def actions(self) -> list[tuple[str, str, str, dict[str, Any]]]:
        """What the audit of the market says: who, what, to what, with which details."""
        page = await self.ask("operator_actions", {"marketId": self.market}, self.marta)
        nodes = [edge["node"] for edge in page["edges"]]
        return [
            (node["operatorName"], node["verb"], node["subjectId"], orjson.loads(node["details"])) for node in nodes
        ]

    async def wallet(self) -> tuple[int, int]:
        async with self.works.open() as work:
            return await wallet_minor(work, self.world, self.driver_id)


@pytest.fixture
async def desk(works: Works, tokens: Tokens, marketplace: TestMarketplace) -> AsyncIterator[Desk]:
    """Operations at work."""
    api = Api(build_app(marketplace))
    desk = Desk(api, works)
    async with works.open() as work:
        desk.world = await make_pay_world(work)
        driver = await make_driver(work, desk.world.market)
        desk.driver_id = driver.id
        route = await make_driven_route(work, desk.world, driver, is_flagged=True)
        statement_id = await issue_statement(work, route_id=RouteId(route.id))
        await work.execute(
            "INSERT INTO stop_report (id, market_id, route_id, driver_id, verb, digest, occurred_at, effective_at,"
            " received_at, flag) VALUES ($1, $2, $3, $4, 'START', '', $5, $5, $5, 'TOO_EARLY')",
            *(work.new_id(), route.market_id, route.id, driver.id, work.now),
        )
        job_id = work.new_id()
        await work.execute(
            "INSERT INTO job (id, market_id, kind, subject, state, run_at, created_at, attempts, error)"
            " VALUES ($1, $2, 'send_payout', $3, 'DEAD', $4, $4, 8, 'the gateway said no')",
            *(job_id, route.market_id, str(UUID(int=9)), work.machine_now),
        )
        desk.market = to_wire("market", route.market_id)
        desk.job_id, desk.statement_id = to_wire("job", job_id), to_wire("statement", statement_id)
        elsewhere = await make_market(work, name="Ovalle")
        desk.marta = await make_operator(work, tokens, market_id=route.market_id, name="Marta")
        desk.stranger = await make_operator(work, tokens, market_id=elsewhere.id, name="Otto")
        desk.chief = await make_operator(work, tokens, market_id=None, name="Clara")
    async with api.http:
        yield desk


async def test_a_dead_job_is_listed_and_replayed_once(desk: Desk) -> None:
    [job] = await desk.ask("dead_jobs", {"marketId": desk.market}, desk.marta)
    variables = {"marketId": desk.market, "jobId": desk.job_id, "idempotencyKey": "again"}

    first = await desk.ask("replay_job", variables, desk.marta)
    second = await desk.ask("replay_job", variables, desk.marta)

    assert (job["id"], job["kind"], job["subject"]) == (desk.job_id, "send_payout", UUID(int=9).hex)
    assert (job["attempts"], job["error"]) == (8, "the gateway said no")
    assert first == second
    assert await desk.ask("dead_jobs", {"marketId": desk.market}, desk.marta) == []
    async with desk.works.open() as work:
        rows = await work.fetch("SELECT id, kind, state, attempts FROM job WHERE kind = 'send_payout'")
    assert [(to_wire("job", row["id"]), row["state"], row["attempts"]) for row in rows] == [
        (first["jobId"], "READY", 0)
    ]
    assert await desk.actions() == [
        ("Marta", "replayJob", desk.job_id, {"kind": "send_payout", "replayed_as": first["jobId"]})
    ]


async def test_a_job_that_is_not_dead_cannot_be_replayed(desk: Desk) -> None:
    variables = {"marketId": desk.market, "jobId": desk.job_id}
    await desk.ask("replay_job", variables | {"idempotencyKey": "a"}, desk.marta)

    assert await desk.code_of("replay_job", variables | {"idempotencyKey": "b"}, desk.marta) == "NOT_FOUND"
    assert len(await desk.actions()) == 1


async def test_a_held_statement_says_why_and_is_released_once(desk: Desk) -> None:
    [held] = await desk.ask("held_statements", {"marketId": desk.market}, desk.marta)
    variables = {"statementId": desk.statement_id}

    before = await desk.wallet()
    first = await desk.ask("release_statement", variables | {"idempotencyKey": "a"}, desk.marta)
    again = await desk.ask("release_statement", variables | {"idempotencyKey": "b"}, desk.chief)

    assert (held["id"], held["totalMinor"], held["currency"]) == (desk.statement_id, 4140, "CLP")
    assert sum(line["amountMinor"] for line in held["lines"]) == 4140
    assert [(report["verb"], report["flag"]) for report in held["flaggedReports"]] == [("START", "TOO_EARLY")]
    assert first == again == {"statementId": desk.statement_id, "state": "PAYABLE"}
    assert (before, await desk.wallet()) == ((0, 0), (4140, 0))
    assert await desk.ask("held_statements", {"marketId": desk.market}, desk.marta) == []
    assert await desk.actions() == [
        ("Marta", "releaseStatement", desk.statement_id, {"currency": "CLP", "total_minor": 4140})
    ]
    [edge] = (await desk.ask("operator_actions", {"marketId": desk.market}, desk.marta))["edges"]
    assert (edge["node"]["undo"], edge["node"]["noUndo"]) == (None, NO_UNDO["releaseStatement"])


async def test_an_operator_of_all_markets_may_decide_in_each(desk: Desk) -> None:
    await desk.ask("release_statement", {"statementId": desk.statement_id, "idempotencyKey": "a"}, desk.chief)

    assert [action[0] for action in await desk.actions()] == ["Clara"]


async def test_another_markets_operator_gets_nothing_and_changes_nothing(desk: Desk) -> None:
    in_market = {"marketId": desk.market}
    asked = {
        "dead_jobs": in_market,
        "held_statements": in_market,
        "operator_actions": in_market,
        "replay_job": in_market | {"jobId": desk.job_id, "idempotencyKey": "a"},
        "release_statement": {"statementId": desk.statement_id, "idempotencyKey": "b"},
    }
    own = {"marketId": to_wire("market", desk.stranger.market_id), "jobId": desk.job_id, "idempotencyKey": "c"}

    codes = {name: await desk.code_of(name, variables, desk.stranger) for name, variables in asked.items()}

    assert codes == dict.fromkeys(asked, "NOT_FOUND")
    assert await desk.code_of("replay_job", own, desk.stranger) == "NOT_FOUND"
    assert await desk.wallet() == (0, 0)
    assert len(await desk.ask("dead_jobs", in_market, desk.marta)) == 1
    assert await desk.actions() == []


async def test_turning_a_dial_is_written_down(desk: Desk) -> None:
    variables = {"marketId": desk.market, "dials": {"waveSize": 7}, "idempotencyKey": "a"}

    await desk.ask("set_market_dials", variables, desk.marta)

    assert await desk.actions() == [("Marta", "setMarketDials", desk.market, {"wave_size": 7})]


async def test_the_audit_is_read_in_pages_latest_first(desk: Desk) -> None:
    for number in (3, 4, 5):
        variables = {"marketId": desk.market, "dials": {"waveSize": number}, "idempotencyKey": str(number)}
        await desk.ask("set_market_dials", variables, desk.marta)

    first = await desk.ask("operator_actions", {"marketId": desk.market, "first": 2}, desk.marta)
    after = first["pageInfo"]["endCursor"]
    second = await desk.ask("operator_actions", {"marketId": desk.market, "first": 2, "after": after}, desk.marta)

    said = [orjson.loads(edge["node"]["details"])["wave_size"] for page in (first, second) for edge in page["edges"]]
    assert said == [5, 4, 3]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)


async def test_an_operator_sees_the_markets_to_open(desk: Desk) -> None:
    own = await desk.ask("markets", {}, desk.stranger)
    every = await desk.ask("markets", {}, desk.chief)

    assert [(market["name"], market["timeZone"], market["currency"]) for market in own] == [
        ("Ovalle", "America/Santiago", "CLP")
    ]
    assert [market["id"] for market in own] == [to_wire("market", desk.stranger.market_id)]
    names = [market["name"] for market in every]
    assert names == sorted(names)
    assert {desk.market, own[0]["id"]} <= {market["id"] for market in every}
    [busy] = [market for market in every if market["id"] == desk.market]
    counts = ("waiting", "routesOffered", "routesDriven", "driversAvailable", "driversEngaged")
    assert [busy[name] for name in counts] == [0, 0, 0, 0, 1]
