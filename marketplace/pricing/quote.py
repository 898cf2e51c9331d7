"""Prices a delivery for its shipper: base, road distance, the stop at the door, and the card's minimum."""

from marketplace.core.money import BadMoney, check_whole
from marketplace.pricing.lines import METRES_PER_KM, PriceLine, price_line, top_up, without_nothing
from marketplace.pricing.rate_card import RateCard

STOPS_OF_A_DELIVERY = 1
"""A delivery pays for the stop at its drop-off; the pickup, which a batch shares, is in the base."""


class BadDistance(BadMoney):
    """A distance that is not a whole number of metres from 0 up."""

    code = "BAD_DISTANCE"


def price_delivery(card: RateCard, *, distance_m: int) -> list[PriceLine]:
    """What one delivery over `distance_m` metres of road costs its shipper; the price is the sum of the lines."""
    check_whole({"distance_m": distance_m}, refusal=BadDistance, thing="a delivery")
    lines = without_nothing(
        [
            price_line(
                code="base", quantity=1, unit="delivery", rate_minor=card.base_minor, rule=card.rule("base_minor")
            ),
            price_line(
                code="distance",
                quantity=distance_m,
                unit="m",
                rate_minor=card.per_km_minor,
                per=METRES_PER_KM,
                rule=card.rule("per_km_minor"),
            ),
            price_line(
                code="stop",
                quantity=STOPS_OF_A_DELIVERY,
                unit="stop",
                rate_minor=card.per_stop_minor,
                rule=card.rule("per_stop_minor"),
            ),
        ]
    )
    return lines + top_up(lines, to_minor=card.minimum_minor, code="minimum", rule=card.rule("minimum_minor"))
