"""A market is a city that is operated as one.

It has a time zone, a currency, the dials of its offers and its matching, and dated versions of how its drivers are
paid. Everything that happens often belongs to exactly one market, so a market is also the unit that can move to another
database when one is outgrown.
"""

from marketplace.markets.create import create_market, set_pay_policy
from marketplace.markets.dials import Dials
from marketplace.markets.pay_policy import BadPayPolicy, PayPolicy
from marketplace.markets.queries import describe_market, dials, market_by_slug, market_ids, pay_policy_at
from marketplace.markets.set_dials import set_dials

__all__ = [
    "BadPayPolicy",
    "Dials",
    "PayPolicy",
    "create_market",
    "describe_market",
    "dials",
    "market_by_slug",
    "market_ids",
    "pay_policy_at",
    "set_dials",
    "set_pay_policy",
]
