"""What things cost and what work pays: pure rules over whole numbers, with no clock, no database and no network.

A delivery is priced from its shipper's rate card. A route promises its driver pay in an offer, from the market's pay
policy and the planned drive; when it is driven, the statement counts again and may only be more. Every amount is made
of lines that name their rule, so that a shipper and a driver can check each of them by hand.
"""

from marketplace.pricing.driver_pay import (
    BadFacts,
    DrivenFacts,
    PayLines,
    RouteFacts,
    offer_pay,
    statement_digest,
    statement_pay,
)
from marketplace.pricing.lines import PriceLine, total_minor
from marketplace.pricing.promises import BadPromises, Promises
from marketplace.pricing.quote import BadDistance, price_delivery
from marketplace.pricing.rate_card import BadRateCard, RateCard
from marketplace.pricing.surcharge import BadSurcharge, PricedFacts, Surcharge, read_surcharges

__all__ = [
    "BadDistance",
    "BadFacts",
    "BadPromises",
    "BadRateCard",
    "BadSurcharge",
    "DrivenFacts",
    "PayLines",
    "PriceLine",
    "PricedFacts",
    "Promises",
    "RateCard",
    "RouteFacts",
    "Surcharge",
    "offer_pay",
    "price_delivery",
    "read_surcharges",
    "statement_digest",
    "statement_pay",
    "total_minor",
]
