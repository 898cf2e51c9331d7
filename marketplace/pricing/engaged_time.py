"""How long a driver worked: from each acceptance to the end of the last stop, with overlapping work counted once."""

from collections.abc import Iterable, Sequence
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


def engaged_by_version(engagements: Iterable[Engagement], dearest_first: Sequence[int]) -> dict[int, int]:
    """Engaged seconds under each pay policy, in any order of the routes: a second of several routes is counted once.

    It goes to the policy that pays most for it, so that no work makes other work worth less; time that is counted
    elsewhere goes first. What is more than whole seconds is rounded up, once for each policy.
    """
    spans: dict[int | None, list[Span]] = {}
    for one in engagements:
        spans.setdefault(one.version, []).append((one.begins_at, one.ends_at))
    counted = joined(spans.get(None, ()))
    spent: dict[int, int] = {}
    for version in dearest_first:
        so_far = length(counted)
        counted = joined([*counted, *spans.get(version, ())])
        spent[version] = seconds(length(counted) - so_far)
    return spent


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


def length(spans: Iterable[Span]) -> timedelta:
    """How long spans are together that do not overlap."""
    return sum((ends_at - begins_at for begins_at, ends_at in spans), timedelta())


def seconds(time: timedelta) -> int:
    """Whole seconds, rounded up: a part of a second is the driver's."""
    return -(-time // SECOND)
