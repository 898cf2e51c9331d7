"""myOffers and myRoute against bare routes that pass the JSON of the same SQL statement through."""

from collections.abc import Callable, Sequence
from uuid import UUID

import pytest

from schema.documents import load_document
from tests.benchmarks.load import post
from tests.benchmarks.measure import Contender, measure, report
from tests.benchmarks.servers import Servers
from tests.benchmarks.world import World

DRIVERS = 400
"""Each sends one request in a round: one who asks more often runs into the budget of the API."""
DELIVERIES = 6
"""A route of seven stops."""


@pytest.mark.bench
async def test_reading_offers_and_the_route(servers: Servers, world: World) -> None:
    asked = await world.make_offers(DRIVERS, deliveries=DELIVERIES)
    driving = await world.make_offers(DRIVERS, deliveries=DELIVERIES)
    await world.give_routes(driving)
    await world.admin.execute("ANALYZE")
    asked_tokens = [offer.token for offer in asked]
    driving_tokens = [offer.token for offer in driving]

    results = await measure(
        [
            Contender(
                name="bare offers",
                server=servers.bare,
                requests=_bare("/offers", [offer.driver_id for offer in asked]),
            ),
            Contender(name="myOffers", server=servers.api, requests=_ours("my_offers", asked_tokens)),
            Contender(
                name="bare route",
                server=servers.bare,
                requests=_bare("/route", [offer.driver_id for offer in driving]),
            ),
            Contender(name="myRoute", server=servers.api, requests=_ours("my_route", driving_tokens)),
        ],
        world.admin,
    )

    baseline = {"myOffers": "bare offers", "myRoute": "bare route"}
    report(f"hot reads: one open offer, one route, of {DELIVERIES + 1} stops each", results, baseline=baseline)
    for name, piece in {
        "bare offers": b'"pay_minor" : 4930',
        "myOffers": b'"payMinor":4930',
        "bare route": b'"Luz Pizarro"',
        "myRoute": b'"Luz Pizarro"',
    }.items():
        assert all(piece in reply.body for reply in results[name].replies), name


def _ours(operation: str, tokens: Sequence[str]) -> Callable[[int], Sequence[bytes]]:
    query = load_document("driver", operation)
    requests = [post("/graphql", {"query": query}, token=token) for token in tokens]
    return lambda _: requests


def _bare(path: str, drivers: Sequence[UUID]) -> Callable[[int], Sequence[bytes]]:
    requests = [post(path, {"driver": driver_id.hex}) for driver_id in drivers]
    return lambda _: requests
