"""What an offer pays: the policy over the whole drive, with the way to the first stop, the raise and the bonus."""

from marketplace.offers.candidates import RouteNeeds
from marketplace.pricing import PayLines, RouteFacts, offer_pay, with_agreed_price


def pay_of_offer(
    needs: RouteNeeds, *, approach_m: int, approach_s: int, raise_minor: int, agreed_minor: int = 0
) -> PayLines:
    """The itemised pay of a route for a driver who is `approach_s` away, under the policy of this moment.

    `agreed_minor` is what the driver's company was promised for a route; raise and bonus come on top of it.
    """
    facts = RouteFacts(
        distance_m=needs.distance_m + approach_m,
        duration_s=needs.duration_s + approach_s,
        stop_count=needs.dropoff_count,
    )
    paid = offer_pay(needs.policy, facts, raise_minor, needs.bonus_minor, needs.bonus_rule)
    return with_agreed_price(paid, agreed_minor)
