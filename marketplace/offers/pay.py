"""What an offer pays: the market's policy over the whole drive, with the way to the first stop, and the raise."""

import orjson

from marketplace.core.work import Work
from marketplace.markets import PayPolicy
from marketplace.offers.candidates import RouteNeeds
from marketplace.pricing import PayLines, RouteFacts, offer_pay

POLICY = "SELECT version, rates FROM pay_policy WHERE market_id = $1 AND version = $2"


async def pay_of_offer(
    work: Work, *, needs: RouteNeeds, approach_m: int, approach_s: int, raise_minor: int
) -> PayLines:
    """The itemised pay of a route for a driver who is `approach_s` away, under the policy it was planned with."""
    row = await work.fetch_row(POLICY, needs.market_id, needs.policy_version)
    assert row is not None, "a route names a policy that exists"
    policy = PayPolicy.of(row["version"], orjson.loads(row["rates"]))
    facts = RouteFacts(
        distance_m=needs.distance_m + approach_m,
        duration_s=needs.duration_s + approach_s,
        stop_count=needs.dropoff_count,
    )
    return offer_pay(policy, facts, raise_minor)
