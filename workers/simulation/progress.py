"""How far a simulated day has come: minutes of market time while shippers post, and deliveries at their end."""

from collections.abc import Callable
from datetime import datetime

OnProgress = Callable[[str, int, int], None]
"""Hears what is counted, how much of it is done, and of how much."""
Ends = Callable[[], tuple[int, int]]
"""How many deliveries are at their end, of how many."""


def telling(
    on_progress: OnProgress,
    *,
    starts_at: datetime,
    minutes: int,
    thing: str = "minutes of the market",
    ends: Ends | None = None,
) -> Callable[[datetime], None]:
    """Tells of each minute of a day of so many, and of deliveries, which come to their end long after the posting."""
    told = -1
    ended = (-1, -1)

    def tell(now: datetime) -> None:
        nonlocal told, ended
        gone = min(minutes, max(0, int((now - starts_at).total_seconds() // 60)))
        if gone != told:
            told = gone
            on_progress(thing, gone, minutes)
        if ends is not None and ends() != ended:
            ended = ends()
            on_progress("deliveries at their end", *ended)

    return tell
