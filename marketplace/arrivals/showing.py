"""The window that people are shown: whole five minutes, rounded outward, that narrows and does not jump about.

A window that still holds stays as it is. It narrows only by a good part at a time, and moves only when what is expected
has clearly left it: people plan by it, and one that flickers is worse than one that is a little too wide.
"""

from datetime import UTC, datetime, timedelta

from marketplace.core.window import Window

STEP = timedelta(minutes=5)
LEAST_WIDTH = timedelta(minutes=10)
SLACK = timedelta(minutes=2)
"""What is expected may stick out of the window by so much before it moves."""
NARROWS_BY = timedelta(minutes=10)
NARROWS_BY_SHARE = 0.4
"""A window is narrowed when it loses so many minutes, and so large a part of itself, at once."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def shown_window(shown: Window | None, *, p10: datetime, p50: datetime, p90: datetime) -> Window:
    """The window to show from now on: the one that is shown already, unless it must move or may narrow."""
    fresh = rounded_outward(p10, p50, p90)
    if shown is None or p10 < shown.opens_at - SLACK or p90 > shown.closes_at + SLACK:
        return fresh
    width = shown.closes_at - shown.opens_at
    gained = width - (fresh.closes_at - fresh.opens_at)
    return fresh if gained >= max(NARROWS_BY, NARROWS_BY_SHARE * width) else shown


def rounded_outward(p10: datetime, p50: datetime, p90: datetime) -> Window:
    """The narrowest window of whole five minutes around the quantiles, at least ten minutes wide."""
    opens_at = p10 - (p10 - EPOCH) % STEP
    closes_at = p90 + (EPOCH - p90) % STEP
    while closes_at - opens_at < LEAST_WIDTH:
        if p50 - opens_at < closes_at - p50:
            opens_at -= STEP
        else:
            closes_at += STEP
    return Window(opens_at, closes_at)
