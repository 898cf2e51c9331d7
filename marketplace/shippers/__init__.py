"""A shipper is a company that posts deliveries and pays for them by its own rate cards.

A rate card is dated and never edited: each version is in force until the next one of its level begins.
"""

from marketplace.shippers.create import create_shipper
from marketplace.shippers.failure_wishes import (
    MOST_ATTEMPTS,
    BadFailureWishes,
    FailureWishes,
    failure_wishes,
    set_failure_wishes,
)
from marketplace.shippers.queries import list_rate_cards, rate_card_row, rate_card_version
from marketplace.shippers.set_rate_card import SERVICE_LEVELS, BadRateCardDate, set_rate_card

__all__ = [
    "MOST_ATTEMPTS",
    "SERVICE_LEVELS",
    "BadFailureWishes",
    "BadRateCardDate",
    "FailureWishes",
    "create_shipper",
    "failure_wishes",
    "list_rate_cards",
    "rate_card_row",
    "rate_card_version",
    "set_failure_wishes",
    "set_rate_card",
]
