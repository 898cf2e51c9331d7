"""What a window costs more or less than another: by what it adds to the plan, within what the shipper allows."""

from collections.abc import Sequence
from statistics import median_low

from marketplace.core.money import rate_times
from marketplace.pricing import Promises

SHOWN_PERCENT = 20
"""Where the shipper charges no difference, one of at most so many percent of the price is shown."""
WHOLE = 100


def differences(costs_minor: Sequence[int], *, price_minor: int, promises: Promises) -> list[int]:
    """For each window the minor units that it costs more, or with a minus less, than the one in the middle of the day.

    A window that a vehicle passes anyway is cheaper than one that needs a trip of its own, and no window moves the
    price further than the rate card lets it.
    """
    if not costs_minor:
        return []
    usual = median_low(costs_minor)
    most = rate_times(price_minor, promises.window_swing_percent or SHOWN_PERCENT, WHOLE)
    return [max(-most, min(most, cost - usual)) for cost in costs_minor]
