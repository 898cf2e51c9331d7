"""The `doorstep` command: it teaches, it may be repeated, and what a person can mend it says in one sentence."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import osmium
import pytest
from osmium.osm.mutable import Node, Way
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from marketplace.__main__ import app
from marketplace.adapters.city import load_city_pack
from marketplace.core.clock import DatabaseClock
from marketplace.core.database import connect
from marketplace.core.migrate import newest
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from schema.asgi import build_app
from tests.flows.api import Caller
from tests.marketplace.matching.questions import example
from tests.processes import NO_ROUTER
from tests.schema.conftest import TestMarketplace

NOWHERE = "redis://127.0.0.1:9"
COMMANDS = [
    "serve",
    "work",
    "migrate",
    "backup",
    "restore",
    "seed",
    "demo",
    "simulate",
    "plan",
    "explain",
    "standing",
    "stripe-sandbox",
    "reconcile",
    "forecast",
    "kpis",
    "geo",
    "ledger",
    "payouts",
    "traffic",
    "hubs",
]
PATIENCE_S = 100
COUNT = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it said where."""

    code: int
    answer: str
    said: str


async def doorstep(folder: Path, *words: str, given: str = "", **environment: str) -> Ended:
    """Runs the command in a process of its own; without streets, for that is quicker."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "marketplace", *words),
        env=own
        | {"DOORSTEP_STATE_FOLDER": str(folder), "DOORSTEP_CITY": "grid", "REDIS_URL": NOWHERE, "ROUTER_URL": NO_ROUTER}
        | environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE_S):
        answer, said = await process.communicate(given.encode())
    assert process.returncode is not None
    return Ended(process.returncode, answer.decode(), said.decode())


def commands(group: TyperGroup, *above: str) -> Iterator[tuple[str, ...]]:
    """The words of every command, groups of commands too."""
    for name, command in group.commands.items():
        yield (*above, name)
        if isinstance(command, TyperGroup):
            yield from commands(command, *above, name)


def test_the_commands_are_these() -> None:
    group = get_command(app)

    assert isinstance(group, TyperGroup)
    assert list(group.commands) == COMMANDS


@pytest.mark.parametrize("words", [(), *commands(get_command(app))], ids=" ".join)  # type: ignore[arg-type]  # a group
def test_every_command_and_every_option_is_explained(words: tuple[str, ...]) -> None:
    command: Any = get_command(app)
    for word in words:
        command = command.commands[word]

    shown = CliRunner().invoke(app, [*words, "--help"])

    assert shown.exit_code == 0
    assert f"Usage: doorstep {' '.join(words)}".strip() in shown.output
    assert len(command.help.split()) > 4
    assert all(part.help and part.help.endswith(".") for part in command.params)
    assert len({part.help for part in command.params}) == len(command.params)


def test_without_a_command_all_of_them_are_shown() -> None:
    shown = CliRunner().invoke(app, [])

    assert all(name in shown.output for name in COMMANDS)


async def test_migrating_twice_is_as_good_as_once(fresh_url: str, tmp_path: Path) -> None:
    connection = await connect(fresh_url)
    tables = await connection.fetchval(COUNT)

    ended = await doorstep(tmp_path, "migrate", DATABASE_URL=fresh_url)

    assert (ended.code, ended.answer) == (0, f"the database is at {newest()}\n")
    assert await connection.fetchval(COUNT) == tables
    await connection.close()


async def test_a_day_is_simulated_and_told_in_figures(fresh_url: str, tmp_path: Path) -> None:
    counts = ("--deliveries", "4", "--drivers", "2", "--hours", "0.2")

    ended = await doorstep(
        tmp_path, "simulate", "--json", "--seed", "3", "--book", "100", *counts, DATABASE_URL=fresh_url
    )

    assert ended.code == 0, ended.said
    figures = json.loads(ended.answer)
    assert (figures["posted"], figures["unfinished"], figures["ledger_sum_minor"]) == (4, 0, 0)
    windows = figures["windows"]
    assert (windows["asked"], windows["kept_pct"]) == (4, 100.0)
    assert 0 < windows["booked"] == windows["kept"]
    assert figures["event_hash"] in ended.said


async def test_days_on_end_are_told_in_one_table(fresh_url: str, tmp_path: Path) -> None:
    counts = ("--days", "2", "--deliveries", "2", "--drivers", "2", "--hours", "0.1")

    ended = await doorstep(tmp_path, "simulate", "--json", "--traffic", "4", *counts, DATABASE_URL=fresh_url)

    assert ended.code == 0, ended.said
    figures = json.loads(ended.answer)
    assert [day["day"] for day in figures["days"]] == ["2026-03-02", "2026-03-03"]
    assert [day["posted"] for day in figures["days"]] == [2, 2]
    assert (figures["ledger_sum_minor"], figures["ledger_findings"], figures["windows"]) == (0, 0, None)
    assert figures["event_hash"] in ended.said


async def test_a_seeded_market_can_be_used_at_once(
    fresh_url: str, fresh_database: AsyncpgDBClient, tmp_path: Path
) -> None:
    counts = ("--shippers", "1", "--hubs", "1", "--drivers", "2", "--operators", "1", "--deliveries", "2")
    ended = await doorstep(tmp_path, "seed", "--json", *counts, "--wave-size", "5", DATABASE_URL=fresh_url)

    assert ended.code == 0, ended.said
    seeded = json.loads(ended.answer)
    kinds = ("shippers", "hubs", "drivers", "operators", "batches", "offers")
    assert [len(seeded[kind]) for kind in kinds] == [1, 1, 2, 1, 1, 0]
    (shipper,), drivers, (operator,) = seeded["shippers"], seeded["drivers"], seeded["operators"]
    marketplace = TestMarketplace(settings=Settings(), works=Works(fresh_database, DatabaseClock()))
    transport = httpx.ASGITransport(build_app(marketplace))
    async with httpx.AsyncClient(transport=transport, base_url="http://doorstep.test") as http:
        portal = Caller(http, "portal", shipper["api_key"])
        assert (await portal("me"))["id"] == shipper["id"]
        batch = await portal("batch", id=seeded["batches"][0]["id"])
        assert sorted(one["id"] for one in batch["deliveries"]) == sorted(seeded["batches"][0]["deliveries"])
        for driver in drivers:
            profile = await Caller(http, "driver", driver["access_token"])("my_profile")
            assert (profile["id"], profile["presence"]) == (driver["id"], "AVAILABLE")
        desk = Caller(http, "operations", operator["access_token"])
        assert len(await desk("live_drivers", marketId=seeded["market_id"])) == 2
    assert await fresh_database.execute_query_dict("SELECT wave_size, offer_ttl_s FROM market") == [
        {"wave_size": 5, "offer_ttl_s": 60}
    ]


async def test_a_problem_is_planned_dry_and_what_happened_is_explained(
    fresh_url: str, fresh_database: AsyncpgDBClient, tmp_path: Path
) -> None:
    counts = ("--shippers", "1", "--hubs", "1", "--drivers", "4", "--operators", "0", "--deliveries", "30")
    ended = await doorstep(tmp_path, "seed", "--json", *counts, "--offers", "1", DATABASE_URL=fresh_url)
    assert ended.code == 0, ended.said
    seeded = json.loads(ended.answer)
    offer = seeded["offers"][0]
    hub = {name: seeded["hubs"][0][name] for name in ("lat", "lon")}
    problem = {
        "deliveries": [{"reference": "tea", "pickup": hub, "dropoff": hub}],
        "drivers": [{"reference": "ana", "point": hub}],
    }
    file = tmp_path / "problem.json"
    file.write_text(json.dumps(problem))
    routes = await fresh_database.execute_query_dict("SELECT count(*) FROM route")

    planned = await doorstep(tmp_path, "plan", "--dry-run", str(file), DATABASE_URL=fresh_url)
    why = await doorstep(tmp_path, "explain", offer["id"], "--json", DATABASE_URL=fresh_url)

    assert planned.code == 0, planned.said
    assert planned.answer.startswith("1 route for ")
    assert "ana (crowdsourced) sets off at " in planned.answer
    assert await fresh_database.execute_query_dict("SELECT count(*) FROM route") == routes
    told = json.loads(why.answer)
    assert (told["offer_id"], told["driver_id"]) == (offer["id"], offer["driver_id"])
    assert offer["driver_id"] in [one["driver_id"] for one in told["search"]["candidates"]]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("explain", "tea"),
            "doorstep: explain a delivery (dlv_…), an offer (off_…), or a driver (drv_…) with --route",
        ),
        (("explain", "dlv_" + 32 * "0"), "doorstep: there is no such delivery"),
        (("plan", "--dry-run", __file__), "is not JSON"),
    ],
)
async def test_what_cannot_be_explained_or_planned_is_said_in_one_sentence(
    fresh_url: str, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    ended = await doorstep(tmp_path, *words, DATABASE_URL=fresh_url)

    assert ended.code == 1
    assert sentence in ended.said
    assert "Traceback" not in ended.said


async def test_production_is_not_seeded_and_not_even_touched(fresh_url: str, tmp_path: Path) -> None:
    connection = await connect(fresh_url)
    await connection.execute("DROP TABLE tortoise_migrations")

    ended = await doorstep(
        tmp_path, "seed", DATABASE_URL=fresh_url, DOORSTEP_MODE="production", DOORSTEP_SECRET="x" * 40
    )

    assert_refused(ended, "doorstep: seeding is for development; it is refused in production mode")
    assert await connection.fetchval("SELECT to_regclass('tortoise_migrations')") is None
    assert await connection.fetchval("SELECT count(*) FROM market") == 0
    await connection.close()


async def test_a_failpoint_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    away = "postgres://market@127.0.0.1:9/doorstep"

    ended = await doorstep(tmp_path, "work", DATABASE_URL=away, DOORSTEP_FAILPOINT="nowhere")

    assert_refused(ended, "doorstep: DOORSTEP_FAILPOINT is name or name:n, with one of after_accept_before_reply,")


async def test_production_does_not_begin_to_start_servers_of_its_own(tmp_path: Path) -> None:
    ended = await doorstep(tmp_path, "serve", DATABASE_URL="", REDIS_URL="", DOORSTEP_MODE="production")

    assert_refused(ended, "doorstep: production mode: DOORSTEP_SECRET must be your own")
    assert "DATABASE_URL must name a PostgreSQL server; REDIS_URL must name" in ended.said
    assert is_empty(tmp_path)


def is_empty(folder: Path) -> bool:
    return list(folder.iterdir()) == []


def assert_refused(ended: Ended, sentence: str) -> None:
    assert (ended.code, ended.answer) == (1, "")
    assert sentence in ended.said
    assert "Traceback" not in ended.said
    assert len(ended.said.strip().splitlines()) == 1


def test_a_number_out_of_range_is_refused_with_the_range() -> None:
    refused = CliRunner().invoke(app, ["seed", "--drivers", "-1"])

    assert refused.exit_code == 2
    assert "greater than or equal to 0" in refused.output


async def test_a_plan_is_one_line_for_each_line(tmp_path: Path) -> None:
    lines = [json.dumps(example()), "{}", json.dumps(example() | {"request_id": 2})]

    ended = await doorstep(tmp_path, "plan", given="\n".join(lines) + "\n")

    assert ended.code == 0, ended.said
    replies = [json.loads(line) for line in ended.answer.splitlines()]
    assert [reply.get("request_id") for reply in replies] == ["r-1", None, 2]
    assert ["routes" in reply for reply in replies] == [True, False, True]
    assert replies[0]["routes"] == replies[2]["routes"]


async def test_a_plan_can_be_looked_at(tmp_path: Path) -> None:
    asked = example()
    places = len(asked.pop("durations_s"))
    asked.pop("distances_m", None)
    asked |= {"points": [[-29.9 + 0.01 * i, -71.2] for i in range(places)], "speed_mps": 10}

    ended = await doorstep(tmp_path, "plan", "--picture", str(tmp_path / "plan.png"), given=json.dumps(asked) + "\n")

    assert ended.code == 0, ended.said
    assert json.loads(ended.answer)["routes"]
    assert (tmp_path / "plan.png").read_bytes().startswith(b"\x89PNG")


async def test_a_city_is_imported_from_an_extract(tmp_path: Path) -> None:
    extract = write_extract(tmp_path / "small.osm.pbf")

    ended = await doorstep(tmp_path / "state", "geo", "import", str(extract), "--name", "Pueblo", "--json")

    assert ended.code == 0, ended.said
    folder = tmp_path / "state" / "city"
    assert json.loads(ended.answer.splitlines()[-1]) == {
        "name": "Pueblo",
        "folder": str(folder),
        "attribution": "© OpenStreetMap contributors",
    }
    assert load_city_pack(folder).names == ("Calle Larga",)


def write_extract(path: Path) -> Path:
    """A street of a kilometre with a corner."""
    writer = osmium.SimpleWriter(str(path))
    for number, place in enumerate([(-71.30, -29.90), (-71.30, -29.905), (-71.295, -29.905)], start=1):
        writer.add_node(Node(id=number, location=place))
    writer.add_way(Way(id=1, nodes=[1, 2, 3], tags={"highway": "residential", "name": "Calle Larga"}))
    writer.close()
    return path


def test_an_extract_that_is_not_there_is_refused() -> None:
    refused = CliRunner().invoke(app, ["geo", "import", "/nowhere.osm.pbf", "--name", "Nowhere"])

    assert refused.exit_code == 2
    assert "does not exist" in refused.output


async def test_an_extract_that_is_none_is_refused_in_a_sentence(tmp_path: Path) -> None:
    extract = tmp_path / "none.osm.pbf"
    extract.write_text("no map")

    ended = await doorstep(tmp_path / "state", "geo", "import", str(extract), "--name", "Nowhere")

    assert (ended.code, ended.answer) == (1, "")
    assert "Traceback" not in ended.said
    assert ended.said.splitlines()[-1].startswith("doorstep: ")
