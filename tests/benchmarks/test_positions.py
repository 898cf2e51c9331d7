"""reportPositions against a bare route that writes each report at once: one INSERT and one UPDATE for each request."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from marketplace.tracking.positions import FLUSH_EVERY_S
from schema.documents import load_document
from tests.benchmarks.load import post
from tests.benchmarks.measure import ROUNDS, Contender, measure, report
from tests.benchmarks.servers import Server, Servers
from tests.benchmarks.world import World

DRIVERS = 400
"""Each sends one report in a round."""
MANY = 10
"""Positions in a report of an app that gathers them for some seconds."""


@pytest.mark.bench
async def test_reporting_positions(servers: Servers, world: World) -> None:
    groups = [await world.make_drivers(DRIVERS) for _ in range(4)]
    await world.admin.execute("ANALYZE")

    def contender(name: str, server: Server, requests: Callable[[int], Sequence[bytes]], units: int) -> Contender:
        return Contender(name=name, server=server, requests=requests, units=units, settle_s=2 * FLUSH_EVERY_S)

    results = await measure(
        [
            contender("bare, 1 each", servers.bare, _bare(world, groups[0], 1), 1),
            contender("reportPositions, 1 each", servers.api, _ours(world, groups[1], 1), 1),
            contender(f"bare, {MANY} each", servers.bare, _bare(world, groups[2], MANY), MANY),
            contender(f"reportPositions, {MANY} each", servers.api, _ours(world, groups[3], MANY), MANY),
        ],
        world.admin,
    )

    baseline = {
        "reportPositions, 1 each": "bare, 1 each",
        f"reportPositions, {MANY} each": f"bare, {MANY} each",
    }
    report(
        "positions: from the report to the history and the driver's presence",
        results,
        baseline=baseline,
        unit="positions",
    )
    for drivers, units in zip(groups, (1, 1, MANY, MANY), strict=True):
        kept = await world.admin.fetchval("SELECT count(*) FROM position WHERE driver_id = ANY($1)", drivers)
        moved = await world.admin.fetchval(
            "SELECT count(*) FROM presence WHERE driver_id = ANY($1) AND lat < -29.91", drivers
        )
        assert (kept, moved) == (DRIVERS * units * (ROUNDS + 1), DRIVERS)


def _positions(number: int, count: int) -> list[dict[str, Any]]:
    """A drive to the south, a second between two positions."""
    began = datetime.now(UTC) - timedelta(seconds=count)
    return [
        {
            "point": {"lat": -29.92 - 0.0001 * (number * count + i), "lon": -71.25},
            "occurredAt": (began + timedelta(seconds=i)).isoformat(),
            "accuracyM": 8.5,
        }
        for i in range(count)
    ]


def _ours(world: World, drivers: Sequence[UUID], count: int) -> Callable[[int], Sequence[bytes]]:
    tokens = [world.token(driver_id) for driver_id in drivers]
    query = load_document("driver", "report_positions")

    def requests(number: int) -> Sequence[bytes]:
        variables = {"positions": _positions(number, count)}
        return [post("/graphql", {"query": query, "variables": variables}, token=token) for token in tokens]

    return requests


def _bare(world: World, drivers: Sequence[UUID], count: int) -> Callable[[int], Sequence[bytes]]:
    def requests(number: int) -> Sequence[bytes]:
        positions = _positions(number, count)
        return [
            post("/positions", {"driver": driver_id.hex, "market": world.market_id.hex, "positions": positions})
            for driver_id in drivers
        ]

    return requests
