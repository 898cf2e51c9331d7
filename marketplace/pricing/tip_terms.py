"""How much a recipient may give: pure, from one dial of the market, so that every currency has amounts that fit it."""

from marketplace.core.currencies import movable_part
from marketplace.core.money import Money

SMALLEST_PART = 100
SUGGESTED_PERCENTS = (2, 3, 5)


def smallest_tip(limit: Money) -> Money:
    """The least that is worth what the provider keeps of it: a hundredth of what may be given in all."""
    return Money(max(1, limit.minor // SMALLEST_PART), limit.currency)


def suggested_tips(limit: Money, left: Money) -> list[Money]:
    """Amounts to choose from, smallest first, none above what is left of the limit."""
    parts = [movable_part(Money(limit.minor * percent // 100, limit.currency)) for percent in SUGGESTED_PERCENTS]
    return [part for part in dict.fromkeys(parts) if smallest_tip(limit).minor <= part.minor <= left.minor]
