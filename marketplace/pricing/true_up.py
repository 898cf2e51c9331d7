"""What a driver's pay period lacks to what the law asks for all the work in it, reckoned when the period is over.

The floor is the sum over the pay policies under which the work was offered, so that a law that changes in the middle of
a period is applied to each route by its own version. What the routes paid counts, tips never do. What was made up
before counts too, so that a late statement leads to the rest and never to a second whole true-up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

import orjson

from marketplace.core.money import BadMoney, check_whole
from marketplace.markets import PayPolicy
from marketplace.pricing.floors import period_floor_lines
from marketplace.pricing.lines import PriceLine, price_line, total_minor, without_nothing


class BadPeriod(BadMoney):
    """Facts about a pay period that cannot be: negative, or not whole."""

    code = "BAD_PERIOD"


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodWork:
    """The work of a period that was offered under one pay policy: engaged seconds counted once, and metres."""

    version: int
    engaged_s: int
    distance_m: int

    def __post_init__(self) -> None:
        check_whole(asdict(self), refusal=BadPeriod, thing="a period's work")


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodFacts:
    """What a true-up rests on: the work, what the routes paid for it, and what was made up before."""

    work: tuple[PeriodWork, ...]
    earned_minor: int
    paid_before_minor: int
    routes: int

    def __post_init__(self) -> None:
        amounts = {name: getattr(self, name) for name in ("earned_minor", "paid_before_minor", "routes")}
        check_whole(amounts, refusal=BadPeriod, thing="a pay period")

    @property
    def engaged_s(self) -> int:
        """Engaged seconds under all policies."""
        return sum(one.engaged_s for one in self.work)

    def as_json(self) -> dict[str, Any]:
        """The facts as a true-up keeps them."""
        return asdict(self) | {"work": [asdict(one) for one in self.work]}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "PeriodFacts":
        """The facts of a kept true-up, so that it can be reckoned again."""
        return cls(**{**kept, "work": tuple(PeriodWork(**one) for one in kept["work"])})


def true_up_lines(policies: Mapping[int, PayPolicy], facts: PeriodFacts) -> tuple[PriceLine, ...]:
    """The law's floor, less what was earned and made up before; where that is nothing or less, it comes to nothing."""
    lines: list[PriceLine] = []
    for one in sorted(facts.work, key=lambda work: work.version):
        policy = policies[one.version]
        lines += period_floor_lines(policy, distance_m=one.distance_m, engaged_s=one.engaged_s)
    lines += without_nothing(
        [
            _whole("earned", -facts.earned_minor, "statements:total_minor"),
            _whole("paid_before", -facts.paid_before_minor, "true_ups:total_minor"),
        ]
    )
    beyond = -total_minor(lines)
    return (*lines, *([_whole("above_floor", beyond, "true_up:never_below_nothing")] if beyond > 0 else []))


def true_up_digest(
    policies: Mapping[int, PayPolicy], facts: PeriodFacts, period: Mapping[str, str], lines: Sequence[PriceLine]
) -> bytes:
    """A digest of everything a true-up rests on; the same inputs give the same bytes in any year."""
    rests_on = {
        "floors": {
            str(one.version): floors.as_json() for one in facts.work if (floors := policies[one.version].floors)
        },
        "facts": facts.as_json(),
        "period": dict(period),
        "lines": [asdict(line) for line in lines],
    }
    return sha256(orjson.dumps(rests_on, option=orjson.OPT_SORT_KEYS)).digest()


def _whole(code: str, minor: int, rule: str) -> PriceLine:
    return price_line(code=code, quantity=1, unit="period", rate_minor=minor, rule=rule)
