"""postBatch of 50 deliveries against a bare route that inserts the same rows by one INSERT … SELECT from their JSON.

Prices come from road distances: the street router of the generated city behind its cache, which knows the places after
the warm-up, so no search is measured.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from marketplace.core.ids import to_wire
from schema.documents import load_document
from tests.benchmarks.load import post
from tests.benchmarks.measure import ROUNDS, Contender, measure, report
from tests.benchmarks.servers import Servers
from tests.benchmarks.world import World

DELIVERIES = 50
BATCHES_A_ROUND = 24
CONNECTIONS = 8
SOUTH, WEST, SIDE = -29.955, -71.295, 0.035
"""A square within the generated city."""
HOMES = 400
POSTED = """
SELECT count(*) AS deliveries, count(DISTINCT external_id) AS orders,
       (SELECT count(*) FROM package) AS packages,
       (SELECT count(*) FROM event WHERE name = 'DeliveryPosted') AS told
FROM delivery WHERE external_id LIKE $1
"""


@pytest.mark.bench
async def test_posting_batches_of_50(servers: Servers, world: World) -> None:
    await world.admin.execute("UPDATE hub SET lat = $1, lon = $2", SOUTH + SIDE / 2, WEST + SIDE / 2)

    results = await measure(
        [
            Contender(
                name="bare INSERT … SELECT",
                server=servers.bare,
                requests=lambda number: [_bare(world, number, i) for i in range(BATCHES_A_ROUND)],
                connections=CONNECTIONS,
            ),
            Contender(
                name="postBatch",
                server=servers.api,
                requests=lambda number: [_post(world, number, i) for i in range(BATCHES_A_ROUND)],
                connections=CONNECTIONS,
            ),
        ],
        world.admin,
    )

    report(
        f"post: batches of {DELIVERIES} deliveries",
        results,
        baseline={"postBatch": "bare INSERT … SELECT"},
        unit="batches",
    )
    count = DELIVERIES * BATCHES_A_ROUND * (ROUNDS + 1)
    ours = await world.admin.fetchrow(POSTED, "ours-%")
    assert ours is not None
    assert tuple(ours) == (count, count, count, count)
    assert await world.admin.fetchval("SELECT count(*) FROM delivery WHERE external_id LIKE 'bare-%'") == count
    assert all(reply.body.count(b'"isNew":true') == DELIVERIES for reply in results["postBatch"].replies)


def _rows(prefix: str, number: int, i: int) -> Sequence[dict[str, Any]]:
    """Rows as a shipper sends them; the places are the same in every round."""
    draw = random.Random(i)
    local = datetime.now(ZoneInfo("America/Santiago")).replace(tzinfo=None, microsecond=0)
    window = {"opens": local.isoformat(), "closes": (local + timedelta(hours=3)).isoformat()}
    return [
        {
            "externalId": f"{prefix}-{number}-{i}-{row}",
            "dropoff": {
                "lat": SOUTH + draw.randrange(HOMES) / HOMES * SIDE,
                "lon": WEST + draw.randrange(2) * SIDE,
                "address": f"Avenida Costanera {row}",
                "name": "Luz Pizarro",
                "phone": "+56911111111",
            },
            "packages": [{"weightG": 900, "lengthMm": 300, "widthMm": 200, "heightMm": 100}],
            "pickupWindow": window,
            "dropoffWindow": window,
        }
        for row in range(DELIVERIES)
    ]


def _post(world: World, number: int, i: int) -> bytes:
    hub_id = to_wire("hub", world.hub_id)
    variables = {
        "marketId": to_wire("market", world.market_id),
        "deliveries": [row | {"hubId": hub_id} for row in _rows("ours", number, i)],
        "idempotencyKey": f"{number}-{i}",
    }
    key = world.api_keys[i % len(world.api_keys)]
    return post("/graphql", {"query": load_document("portal", "post_batch"), "variables": variables}, token=key)


def _bare(world: World, number: int, i: int) -> bytes:
    wanted = {
        "market": world.market_id.hex,
        "shipper": world.shipper_ids[i % len(world.shipper_ids)].hex,
        "hub": world.hub_id.hex,
        "deliveries": _rows("bare", number, i),
    }
    return post("/post", wanted)
