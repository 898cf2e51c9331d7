"""A shipper is a company that posts deliveries and pays for them by its own rate cards.

A rate card is dated and never edited: each version is in force until the next one of its level begins. So are the
terms of a tier: what it promises, what it costs more, and what a broken promise gives back. An area says
where it is served.
"""

from marketplace.shippers.area import BadServiceArea, ServiceArea, kept_area, read_area
from marketplace.shippers.create import create_shipper
from marketplace.shippers.failure_wishes import (
    MOST_ATTEMPTS,
    BadFailureWishes,
    FailureWishes,
    failure_wishes,
    set_failure_wishes,
)
from marketplace.shippers.level import BadServiceLevel, Miss, ServiceLevel, Tier
from marketplace.shippers.queries import (
    KeptLevel,
    area_of,
    find_service_area,
    find_service_level,
    list_rate_cards,
    list_service_levels,
    rate_card_row,
    rate_card_version,
    service_levels_at,
)
from marketplace.shippers.set_rate_card import SERVICE_LEVELS, BadRateCardDate, set_rate_card
from marketplace.shippers.set_service_area import set_service_area
from marketplace.shippers.set_service_level import set_service_level

__all__ = [
    "MOST_ATTEMPTS",
    "SERVICE_LEVELS",
    "BadFailureWishes",
    "BadRateCardDate",
    "BadServiceArea",
    "BadServiceLevel",
    "FailureWishes",
    "KeptLevel",
    "Miss",
    "ServiceArea",
    "ServiceLevel",
    "Tier",
    "area_of",
    "create_shipper",
    "failure_wishes",
    "find_service_area",
    "find_service_level",
    "kept_area",
    "list_rate_cards",
    "list_service_levels",
    "rate_card_row",
    "rate_card_version",
    "read_area",
    "service_levels_at",
    "set_failure_wishes",
    "set_rate_card",
    "set_service_area",
    "set_service_level",
]
