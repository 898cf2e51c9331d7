"""How long a driver worked: from each acceptance to the end of the last stop, with overlapping work counted once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

SECOND = timedelta(seconds=1)
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """One route's time. `version` is the pay policy it was offered under; None for time that is counted elsewhere."""

    begins_at: datetime
    ends_at: datetime
    version: int | None


def engaged_by_version(engagements: Iterable[Engagement]) -> dict[int, int]:
    """Engaged seconds under each pay policy, in any order of the routes: a second of several routes is counted once.

    It goes to the route that was accepted first. What is more than whole seconds is rounded up, once for each policy.
    """
    spent: dict[int, timedelta] = {}
    counted_until: datetime | None = None
    in_order = sorted(
        engagements, key=lambda one: (one.begins_at, one.ends_at, -1 if one.version is None else one.version)
    )
    for one in in_order:
        begins_at = one.begins_at if counted_until is None else max(one.begins_at, counted_until)
        counted_until = one.ends_at if counted_until is None else max(one.ends_at, counted_until)
        if one.version is not None:
            spent[one.version] = spent.get(one.version, timedelta()) + max(timedelta(), one.ends_at - begins_at)
    return {version: seconds(length) for version, length in sorted(spent.items())}


def joined(spans: Iterable[Span]) -> list[Span]:
    """The same time as spans that neither touch nor overlap, in order."""
    found: list[Span] = []
    for begins_at, ends_at in sorted(spans):
        if ends_at <= begins_at:
            continue
        if found and begins_at <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends_at))
        else:
            found.append((begins_at, ends_at))
    return found


def clipped(spans: Iterable[Span], within: Span) -> list[Span]:
    """What of these spans lies within another one."""
    cut = [(max(begins_at, within[0]), min(ends_at, within[1])) for begins_at, ends_at in spans]
    return [span for span in cut if span[0] < span[1]]


def seconds(length: timedelta) -> int:
    """Whole seconds, rounded up: a part of a second is the driver's."""
    return -(-length // SECOND)
