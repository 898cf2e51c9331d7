"""A floor that all drivers of a period share: engaged time and on-call time of everybody at the law's rate.

Where all of them together were paid less, the shortfall is shared by their time. The shares are cut one after the other
from the whole, so that together they are the shortfall to the last unit and each is within one unit of exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

import orjson

from marketplace.core.money import check_whole
from marketplace.markets import PayPolicy
from marketplace.pricing.floors import floor_line
from marketplace.pricing.lines import PriceLine, price_line, total_minor, without_nothing
from marketplace.pricing.true_up import BadPeriod


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolWork:
    """All drivers' seconds under one pay policy: engaged, and on call, which is online and free to be asked."""

    version: int
    engaged_s: int
    on_call_s: int

    def __post_init__(self) -> None:
        check_whole(asdict(self), refusal=BadPeriod, thing="a period's time")


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFacts:
    """What the closing of a period rests on: everybody's time, and everything that they were paid for it."""

    work: tuple[PoolWork, ...]
    paid_minor: int
    paid_before_minor: int
    drivers: int

    def as_json(self) -> dict[str, Any]:
        """The facts as a closed period keeps them."""
        return asdict(self) | {"work": [asdict(one) for one in self.work]}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "PoolFacts":
        """The facts of a closed period, so that it can be reckoned again."""
        return cls(**{**kept, "work": tuple(PoolWork(**one) for one in kept["work"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolShare:
    """One driver's part of a shortfall: so many seconds of all, after those whose shares were cut before."""

    shortfall_minor: int
    time_s: int
    time_before_s: int
    time_of_all_s: int

    @property
    def minor(self) -> int:
        """What is due up to and with this one, less what was due before it, both rounded down."""
        until = self.shortfall_minor * (self.time_before_s + self.time_s) // self.time_of_all_s
        return until - self.shortfall_minor * self.time_before_s // self.time_of_all_s


def pool_lines(policies: Mapping[int, PayPolicy], facts: PoolFacts) -> tuple[PriceLine, ...]:
    """The floor of everybody together, less what they were paid; where that is nothing or less, it comes to nothing."""
    lines: list[PriceLine] = []
    for one in sorted(facts.work, key=lambda work: work.version):
        policy = policies[one.version]
        floor = policy.floors.period if policy.floors else None
        if floor is None or not floor.is_pooled:
            continue
        rule = policy.floor_rule("pooled_floor")
        lines.append(floor_line("floor_time", floor.time, one.engaged_s, rule))
        lines.append(floor_line("floor_on_call", floor.time, one.on_call_s, rule))
    if not lines:
        return ()
    lines.append(_whole("paid", -facts.paid_minor, "statements:total_minor"))
    lines.append(_whole("paid_before", -facts.paid_before_minor, "pool_shares:total_minor"))
    beyond = -total_minor(lines)
    lines += [_whole("above_floor", beyond, "pool:never_below_nothing")] if beyond > 0 else []
    return tuple(without_nothing(lines))


def share_shortfall(shortfall_minor: int, times_s: Sequence[int]) -> list[PoolShare]:
    """The shortfall shared by time, in the given order; nothing where nobody has any."""
    shares, before = [], 0
    for time_s in times_s:
        share = PoolShare(
            shortfall_minor=shortfall_minor, time_s=time_s, time_before_s=before, time_of_all_s=sum(times_s)
        )
        shares.append(share)
        before += time_s
    return shares if before else []


def share_line(share: PoolShare, rule: str) -> PriceLine:
    """The line of one driver's share; how it was cut stands in the share."""
    return price_line(code="pool_share", quantity=1, unit="period", rate_minor=share.minor, rule=rule)


def share_digest(share: PoolShare, period: Mapping[str, str], line: PriceLine) -> bytes:
    """A digest of what a share's statement rests on."""
    rests_on = {"share": asdict(share), "period": dict(period), "line": asdict(line)}
    return sha256(orjson.dumps(rests_on, option=orjson.OPT_SORT_KEYS)).digest()


def _whole(code: str, minor: int, rule: str) -> PriceLine:
    return price_line(code=code, quantity=1, unit="period", rate_minor=minor, rule=rule)
