"""A market is a city that is operated as one.

It has a time zone, a currency, the dials of its offers and its matching, and dated versions of how its drivers are
paid. Everything that happens often belongs to exactly one market, so a market is also the unit that can move to another
database when one is outgrown.
"""

from marketplace.markets.adopt_pay_policy_pack import adopt_pay_policy_pack
from marketplace.markets.create import create_market
from marketplace.markets.dials import Dials
from marketplace.markets.pauses import (
    Pause,
    cells_around,
    cells_within,
    open_pauses,
    pause_zone,
    paused_until,
    resume_zone,
)
from marketplace.markets.pay_calendar import BadPayCalendar, PayCalendar, PayPeriod
from marketplace.markets.pay_floors import BadPayFloor, ExactRate, OfferFloor, PayFloors, PayUnit, PeriodFloor
from marketplace.markets.pay_packs import PayPack, pay_pack, pay_packs
from marketplace.markets.pay_policy import BadPayPolicy, PayPolicy
from marketplace.markets.queries import (
    DatedPolicy,
    describe_market,
    dials,
    find_pay_policy,
    market_by_slug,
    market_ids,
    markets_of_city,
    pay_policies,
    pay_policy_at,
    pay_policy_version,
)
from marketplace.markets.set_dials import set_dials
from marketplace.markets.set_pay_policy import set_pay_policy

__all__ = [
    "BadPayCalendar",
    "BadPayFloor",
    "BadPayPolicy",
    "DatedPolicy",
    "Dials",
    "ExactRate",
    "OfferFloor",
    "Pause",
    "PayCalendar",
    "PayFloors",
    "PayPack",
    "PayPeriod",
    "PayPolicy",
    "PayUnit",
    "PeriodFloor",
    "adopt_pay_policy_pack",
    "cells_around",
    "cells_within",
    "create_market",
    "describe_market",
    "dials",
    "find_pay_policy",
    "market_by_slug",
    "market_ids",
    "markets_of_city",
    "open_pauses",
    "pause_zone",
    "paused_until",
    "pay_pack",
    "pay_packs",
    "pay_policies",
    "pay_policy_at",
    "pay_policy_version",
    "resume_zone",
    "set_dials",
    "set_pay_policy",
]
