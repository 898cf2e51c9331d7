"""What things cost and what work pays: pure rules over whole numbers, with no clock, no database and no network.

A delivery is priced from its shipper's rate card. A route promises its driver pay in an offer, from the market's pay
policy and the planned drive; when it is driven, the statement counts again and may only be more. Where the law asks
more of an offer or of a whole pay period, that is counted here too. Every amount is made of lines that name their rule,
so that a shipper and a driver can check each of them by hand.
"""

from marketplace.pricing.agreed_price import with_agreed_price
from marketplace.pricing.block_floor import BadBlockFacts, BlockFacts, block_digest, block_floor_lines
from marketplace.pricing.driver_pay import (
    BadFacts,
    DrivenFacts,
    PayLines,
    RouteFacts,
    offer_pay,
    statement_digest,
    statement_pay,
)
from marketplace.pricing.engaged_time import Engagement, Span, clipped, engaged_by_version, joined, length, seconds
from marketplace.pricing.floors import dearest_first, offer_floor_lines, period_floor_lines
from marketplace.pricing.lines import PriceLine, total_minor
from marketplace.pricing.pool import (
    PoolFacts,
    PoolShare,
    PoolWork,
    pool_lines,
    share_digest,
    share_line,
    share_shortfall,
)
from marketplace.pricing.promises import BadPromises, Promises
from marketplace.pricing.quote import BadDistance, price_delivery, with_surge, with_tier, with_zone
from marketplace.pricing.rate_card import BadRateCard, RateCard
from marketplace.pricing.surcharge import BadSurcharge, PricedFacts, Surcharge, read_surcharges
from marketplace.pricing.surge import (
    FULL_PERCENT,
    Around,
    BadSurge,
    SurgeLimit,
    SurgeRule,
    SurgeState,
    SurgeStep,
    next_step,
)
from marketplace.pricing.tip import tip_digest, tip_line
from marketplace.pricing.tip_terms import smallest_tip, suggested_tips
from marketplace.pricing.true_up import BadPeriod, PeriodFacts, PeriodWork, true_up_digest, true_up_lines

__all__ = [
    "FULL_PERCENT",
    "Around",
    "BadBlockFacts",
    "BadDistance",
    "BadFacts",
    "BadPeriod",
    "BadPromises",
    "BadRateCard",
    "BadSurcharge",
    "BadSurge",
    "BlockFacts",
    "DrivenFacts",
    "Engagement",
    "PayLines",
    "PeriodFacts",
    "PeriodWork",
    "PoolFacts",
    "PoolShare",
    "PoolWork",
    "PriceLine",
    "PricedFacts",
    "Promises",
    "RateCard",
    "RouteFacts",
    "Span",
    "Surcharge",
    "SurgeLimit",
    "SurgeRule",
    "SurgeState",
    "SurgeStep",
    "block_digest",
    "block_floor_lines",
    "clipped",
    "dearest_first",
    "engaged_by_version",
    "joined",
    "length",
    "next_step",
    "offer_floor_lines",
    "offer_pay",
    "period_floor_lines",
    "pool_lines",
    "price_delivery",
    "read_surcharges",
    "seconds",
    "share_digest",
    "share_line",
    "share_shortfall",
    "smallest_tip",
    "statement_digest",
    "statement_pay",
    "suggested_tips",
    "tip_digest",
    "tip_line",
    "total_minor",
    "true_up_digest",
    "true_up_lines",
    "with_agreed_price",
    "with_surge",
    "with_tier",
    "with_zone",
]
