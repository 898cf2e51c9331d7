"""How far a simulated day has come, in minutes of market time."""

from collections.abc import Callable
from datetime import datetime

OnProgress = Callable[[str, int, int], None]
"""Hears what is counted, how much of it is done, and of how much."""


def telling(
    on_progress: OnProgress, *, starts_at: datetime, minutes: int, thing: str = "minutes of the market"
) -> Callable[[datetime], None]:
    """Tells of each minute of a day of so many; what comes after them counts as its end."""
    told = -1

    def tell(now: datetime) -> None:
        nonlocal told
        gone = min(minutes, max(0, int((now - starts_at).total_seconds() // 60)))
        if gone != told:
            told = gone
            on_progress(thing, gone, minutes)

    return tell
