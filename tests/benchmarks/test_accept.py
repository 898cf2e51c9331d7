"""acceptOffer against a bare route with one conditional statement; two drivers fight for every route.

A driver's app has told its place some seconds before, so the API knows the credential already, as in life.
"""

from collections.abc import Callable, Sequence

import pytest

from marketplace.core.ids import to_wire
from schema.documents import load_document
from tests.benchmarks.load import post
from tests.benchmarks.measure import ROUNDS, Contender, measure, report
from tests.benchmarks.servers import Servers
from tests.benchmarks.world import OpenOffer, World

ROUTES_A_ROUND = 100
RIVALS = 2
DELIVERIES = 4
BRIEF = """
mutation($offerId: ID!, $idempotencyKey: String!) {
  acceptOffer(offerId: $offerId, idempotencyKey: $idempotencyKey) {
    __typename ... on OfferAccepted { offerId route { id state guaranteeMinor } } ... on Problem { code }
  }
}
"""
OUTCOME = """
SELECT count(*) FILTER (WHERE r.state = 'ASSIGNED') AS assigned, count(DISTINCT r.driver_id) AS drivers,
       count(*) FILTER (WHERE 1 <> (SELECT count(*) FROM offer o
                                    WHERE o.route_id = r.id AND o.state = 'ACCEPTED' AND o.driver_id = r.driver_id)
                           OR 1 <> (SELECT count(*) FROM event e
                                    WHERE e.route_id = r.id AND e.name = 'OfferAccepted')) AS wrong
FROM route r WHERE r.id = ANY($1)
"""
ONE_EVENT_EACH = """
SELECT count(*) FROM delivery d WHERE d.route_id = ANY($1) AND (d.state <> 'ASSIGNED' OR 1 <> (
    SELECT count(*) FROM event e WHERE e.delivery_id = d.id AND e.name = 'DeliveryAssigned'))
"""


@pytest.mark.bench
async def test_accepting_offers_of_which_half_must_lose(servers: Servers, world: World) -> None:
    count = ROUTES_A_ROUND * (ROUNDS + 1)
    full = await world.make_offers(count, drivers_per_route=RIVALS, deliveries=DELIVERIES)
    brief = await world.make_offers(count, drivers_per_route=RIVALS, deliveries=DELIVERIES)
    bare = await world.make_offers(count, drivers_per_route=RIVALS, deliveries=DELIVERIES)
    await world.admin.execute("ANALYZE")

    results = await measure(
        [
            Contender(name="bare", server=servers.bare, requests=_in_rounds(bare, _bare)),
            Contender(
                name="acceptOffer, brief answer",
                server=servers.api,
                requests=_in_rounds(brief, lambda offer: _accept(offer, BRIEF)),
                before=_in_rounds(brief, _greet),
            ),
            Contender(
                name="acceptOffer, whole route",
                server=servers.api,
                requests=_in_rounds(full, lambda offer: _accept(offer, load_document("driver", "accept_offer"))),
                before=_in_rounds(full, _greet),
            ),
        ],
        world.admin,
    )

    baseline = {"acceptOffer, brief answer": "bare", "acceptOffer, whole route": "bare"}
    report(f"accept: {RIVALS} drivers for each route of {DELIVERIES} deliveries", results, baseline=baseline)
    for offers in (full, brief, bare):
        routes = list({offer.route_id for offer in offers})
        row = await world.admin.fetchrow(OUTCOME, routes)
        assert row is not None
        assert (row["assigned"], row["drivers"], row["wrong"]) == (count, count, 0)
    routes = list({offer.route_id for offer in (*full, *brief)})
    assert await world.admin.fetchval(ONE_EVENT_EACH, routes) == 0
    winners = {name: sum(_has_won(reply.body) for reply in result.replies) for name, result in results.items()}
    assert set(winners.values()) == {ROUTES_A_ROUND * ROUNDS}


def _in_rounds(offers: Sequence[OpenOffer], request: Callable[[OpenOffer], bytes]) -> Callable[[int], Sequence[bytes]]:
    size = ROUTES_A_ROUND * RIVALS
    return lambda number: [request(offer) for offer in offers[number * size : (number + 1) * size]]


def _accept(offer: OpenOffer, query: str) -> bytes:
    variables = {"offerId": to_wire("offer", offer.offer_id), "idempotencyKey": offer.offer_id.hex}
    return post("/graphql", {"query": query, "variables": variables}, token=offer.token)


def _greet(offer: OpenOffer) -> bytes:
    return post("/graphql", {"query": load_document("driver", "me")}, token=offer.token)


def _bare(offer: OpenOffer) -> bytes:
    return post("/accept", {"offer": offer.offer_id.hex, "driver": offer.driver_id.hex})


def _has_won(body: bytes) -> bool:
    lost = b'"code":"OFFER_TAKEN"' in body or body == b'{"ok":false}'
    won = b'"guaranteeMinor":4930' in body or body == b'{"ok":true}'
    assert won != lost, body
    return won
