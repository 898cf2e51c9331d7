"""Prices a delivery for its shipper: base, road distance, the stop at the door, and the card's minimum."""

from marketplace.core.money import BadMoney, check_whole
from marketplace.pricing.lines import METRES_PER_KM, PriceLine, price_line, top_up, total_minor, without_nothing
from marketplace.pricing.rate_card import RateCard
from marketplace.pricing.surcharge import PricedFacts, Surcharge
from marketplace.pricing.surge import BASIS_POINTS, surcharge_line

STOPS_OF_A_DELIVERY = 1
"""A delivery pays for the stop at its drop-off; the pickup, which a batch shares, is in the base."""
WHOLE = 100
"""Percent."""


class BadDistance(BadMoney):
    """A distance that is not a whole number of metres from 0 up."""

    code = "BAD_DISTANCE"


def price_delivery(card: RateCard, *, distance_m: int, facts: PricedFacts | None = None) -> list[PriceLine]:
    """What one delivery over `distance_m` metres of road costs its shipper; the price is the sum of the lines.

    Surcharges need `facts`; percentages are of base, distance and stop. The card's minimum counts the sum of all.
    """
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
    if facts is not None:
        lines += _surcharges(card, facts, total_minor(lines))
    return lines + top_up(lines, to_minor=card.minimum_minor, code="minimum", rule=card.rule("minimum_minor"))


def with_tier(lines: list[PriceLine], *, basis_points: int, amount_minor: int, rule: str) -> list[PriceLine]:
    """The lines of a delivery with what its tier costs more: an amount, and a part of all that it costs otherwise."""
    return lines + _more("tier", total_minor(lines), basis_points, amount_minor, rule)


def with_zone(lines: list[PriceLine], *, basis_points: int, amount_minor: int, rule: str) -> list[PriceLine]:
    """The lines of a delivery into a rural zone: an amount, and a part of all that it costs otherwise."""
    return lines + _more("zone", total_minor(lines), basis_points, amount_minor, rule)


def with_surge(lines: list[PriceLine], *, basis_points: int, rule: str) -> list[PriceLine]:
    """The lines of a delivery in a busy hour: so much more of all that it costs otherwise, by a decision."""
    return lines + surcharge_line(total_minor(lines), basis_points, rule)


def _more(code: str, otherwise_minor: int, basis_points: int, amount_minor: int, rule: str) -> list[PriceLine]:
    amount = price_line(code=code, quantity=1, unit="delivery", rate_minor=amount_minor, rule=rule)
    part = price_line(
        code=code, quantity=otherwise_minor, unit="minor", rate_minor=basis_points, per=BASIS_POINTS, rule=rule
    )
    return without_nothing([amount, part])


def _surcharges(card: RateCard, facts: PricedFacts, plain_minor: int) -> list[PriceLine]:
    lines = [_surcharge(card, one, plain_minor) for one in card.surcharges if one.applies(facts)]
    return without_nothing(lines)


def _surcharge(card: RateCard, surcharge: Surcharge, plain_minor: int) -> PriceLine:
    code, rule = f"surcharge:{surcharge.code}", card.rule(f"surcharge:{surcharge.code}")
    if surcharge.percent:
        rate = surcharge.percent
        return price_line(code=code, quantity=plain_minor, unit="minor", rate_minor=rate, per=WHOLE, rule=rule)
    return price_line(code=code, quantity=1, unit="delivery", rate_minor=surcharge.amount_minor, rule=rule)
