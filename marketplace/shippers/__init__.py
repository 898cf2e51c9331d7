"""A shipper is a company that posts deliveries and pays for them by its own rate cards.

A rate card is dated and never edited: each version is in force until the next one of its level begins.
"""

from marketplace.shippers.create import create_shipper
from marketplace.shippers.queries import list_rate_cards, rate_card_row, rate_card_version
from marketplace.shippers.set_rate_card import SERVICE_LEVELS, BadRateCardDate, set_rate_card

__all__ = [
    "SERVICE_LEVELS",
    "BadRateCardDate",
    "create_shipper",
    "list_rate_cards",
    "rate_card_row",
    "rate_card_version",
    "set_rate_card",
]
