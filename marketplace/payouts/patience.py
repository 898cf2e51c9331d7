"""How long a payout waits before it is tried again, in market time."""

from datetime import datetime, timedelta

FIRST_LOOK = timedelta(minutes=5)
LAST_LOOK = timedelta(hours=6)
AFTER_FAILURE = (timedelta(days=1), timedelta(days=3), timedelta(days=7))
"""After a bank has sent a payout back it is tried again this much later, and then no more without a person."""
DOUBLINGS = 16


def next_look(now: datetime, tries: int) -> datetime:
    """When to ask a stopped account again: five minutes later, then twice as long, at most six hours."""
    doublings = min(max(tries - 1, 0), DOUBLINGS)
    return now + min(FIRST_LOOK * (1 << doublings), LAST_LOOK)


def after_failure(now: datetime, failures: int) -> datetime | None:
    """When to send again what a bank has sent back for the n-th time; None when a person has to look."""
    return now + AFTER_FAILURE[failures - 1] if failures <= len(AFTER_FAILURE) else None
