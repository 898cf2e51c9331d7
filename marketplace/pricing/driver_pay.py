"""What a route pays its driver: promised in the offer, itemised in the statement.

The offer is a floor and never a ceiling. Its total comes back as the guarantee of the statement, which counts what was
really driven and may only be more. What the law asks of an offer is asked of the offer and again of the statement, by
the time and distance really driven. Raises and bonuses come on top of the minimum and of the law's floor, and return
legs on top of the guarantee, so that none is swallowed. All is whole minor units, metres and seconds; each line is
rounded once. Tips never come here.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256

import orjson

from marketplace.core.money import BadMoney, check_whole
from marketplace.markets import PayPolicy
from marketplace.pricing.floors import offer_floor_lines
from marketplace.pricing.lines import (
    METRES_PER_KM,
    SECONDS_PER_MINUTE,
    PriceLine,
    price_line,
    top_up,
    total_minor,
    without_nothing,
)

OFFER = "offer"
"""The rule of what an accepted offer promised: its raise, its bonus and its guarantee."""
ON_TOP = frozenset({"raise", "bonus"})
"""Codes of what is promised on top of the work, whoever bears it and by whichever rule."""


class BadFacts(BadMoney):
    """Facts about a route that nobody can have driven: negative, or not whole."""

    code = "BAD_FACTS"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteFacts:
    """What a route asks of one driver, with the way to its first stop counted in."""

    distance_m: int
    duration_s: int
    stop_count: int

    def __post_init__(self) -> None:
        check_whole(asdict(self), refusal=BadFacts, thing="a route")


@dataclass(frozen=True, slots=True, kw_only=True)
class DrivenFacts:
    """What was really driven. `engaged_s` runs from acceptance to the last stop; `stop_times_s` has one number a stop.

    `distance_m` and `stop_count` leave out the legs and stops that gave parcels back: `return_m` and `return_count`.
    """

    distance_m: int
    engaged_s: int
    stop_count: int
    stop_times_s: tuple[int, ...] = ()
    return_m: int = 0
    return_count: int = 0

    def __post_init__(self) -> None:
        whole = asdict(self)
        waits = {f"stop_times_s[{i}]": seconds for i, seconds in enumerate(whole.pop("stop_times_s"))}
        check_whole(whole | waits, refusal=BadFacts, thing="a driven route")

    def as_json(self) -> dict[str, object]:
        """The facts as a statement keeps them."""
        return asdict(self) | {"stop_times_s": list(self.stop_times_s)}

    @classmethod
    def from_json(cls, kept: Mapping[str, object]) -> "DrivenFacts":
        """The facts of a kept statement, so that it can be reckoned again."""
        stop_times = kept["stop_times_s"]
        assert isinstance(stop_times, list)
        whole = {name: int(str(value)) for name, value in kept.items() if name != "stop_times_s"}
        return cls(stop_times_s=tuple(stop_times), **whole)

    @property
    def engaged_m(self) -> int:
        """All metres that were driven for the route, the ways back included."""
        return self.distance_m + self.return_m

    def waited_s(self, grace_s: int) -> int:
        """Seconds spent at stops beyond the grace that each stop has."""
        return sum(max(0, seconds - grace_s) for seconds in self.stop_times_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayLines:
    """Itemised pay under one policy version."""

    policy_version: int
    lines: tuple[PriceLine, ...]

    @property
    def total_minor(self) -> int:
        """What the driver gets."""
        return total_minor(self.lines)

    def as_json(self) -> list[dict[str, object]]:
        """The lines as an offer or a statement keeps them."""
        return [asdict(line) for line in self.lines]


def offer_pay(
    policy: PayPolicy, facts: RouteFacts, raise_minor: int, bonus_minor: int = 0, bonus_rule: str | None = None
) -> PayLines:
    """What an offer of this route promises: the planned work, lifted to the floors, the raise and the bonus on top.

    `bonus_rule` names the decision by which the bonus was given, and who bears it.
    """
    check_whole({"raise_minor": raise_minor, "bonus_minor": bonus_minor}, refusal=BadFacts, thing="an offer")
    lines = _work(policy, facts.distance_m, facts.duration_s, facts.stop_count)
    lines += _minimum(policy, lines)
    lines += _legal(policy, lines, facts.distance_m, facts.duration_s)
    lines += _on_top(raise_minor, bonus_minor, bonus_rule)
    return PayLines(policy_version=policy.version, lines=tuple(lines))


def statement_pay(
    policy: PayPolicy,
    facts: DrivenFacts,
    guarantee_minor: int,
    raise_minor: int,
    bonus_minor: int = 0,
    bonus_rule: str | None = None,
) -> PayLines:
    """What was really driven pays: never less than the law asks or the offer guaranteed, and returns beyond that.

    The law's floor counts every engaged metre, so what returns pay counts towards it.
    """
    promised = {"guarantee_minor": guarantee_minor, "raise_minor": raise_minor, "bonus_minor": bonus_minor}
    check_whole(promised, refusal=BadFacts, thing="a driven route")
    lines = _work(policy, facts.distance_m, facts.engaged_s, facts.stop_count) + _wait(policy, facts)
    lines += _minimum(policy, lines)
    returns = _returns(policy, facts)
    lines += _legal(policy, lines + returns, facts.engaged_m, facts.engaged_s)
    lines += _on_top(raise_minor, bonus_minor, bonus_rule)
    lines += top_up(lines, to_minor=guarantee_minor, code="guarantee", rule=f"{OFFER}:guarantee_minor")
    return PayLines(policy_version=policy.version, lines=tuple(lines + returns))


def statement_digest(
    policy: PayPolicy,
    facts: DrivenFacts,
    pay: PayLines,
    *,
    guarantee_minor: int,
    raise_minor: int,
    bonus_minor: int = 0,
    bonus_rule: str | None = None,
) -> bytes:
    """A digest of everything a statement rests on; the same inputs give the same bytes in any year.

    What a policy or an offer does not have is left out, so that statements of before there were floors still match.
    """
    kept: dict[str, object] = {"version": policy.version, "rates": policy.rates()}
    rests_on = {
        "policy": kept | ({"floors": policy.floors.as_json()} if policy.floors else {}),
        "facts": facts.as_json(),
        "guarantee_minor": guarantee_minor,
        "raise_minor": raise_minor,
        "lines": pay.as_json(),
    }
    rests_on |= {"bonus_minor": bonus_minor} if bonus_minor else {}
    rests_on |= {"bonus_rule": bonus_rule} if bonus_rule else {}
    return sha256(orjson.dumps(rests_on, option=orjson.OPT_SORT_KEYS)).digest()


def _work(policy: PayPolicy, distance_m: int, duration_s: int, stop_count: int) -> list[PriceLine]:
    return without_nothing(
        [
            _line(policy, "base", 1, "route", "base_minor"),
            _line(policy, "distance", distance_m, "m", "per_km_minor", per=METRES_PER_KM),
            _line(policy, "time", duration_s, "s", "per_minute_minor", per=SECONDS_PER_MINUTE),
            _line(policy, "stop", stop_count, "stop", "per_stop_minor"),
        ]
    )


def _wait(policy: PayPolicy, facts: DrivenFacts) -> list[PriceLine]:
    waited_s = facts.waited_s(policy.wait_grace_s)
    return without_nothing([_line(policy, "wait", waited_s, "s", "wait_per_minute_minor", per=SECONDS_PER_MINUTE)])


def _minimum(policy: PayPolicy, lines: list[PriceLine]) -> list[PriceLine]:
    return top_up(lines, to_minor=policy.minimum_minor, code="minimum", rule=policy.rule("minimum_minor"))


def _legal(policy: PayPolicy, lines: list[PriceLine], distance_m: int, duration_s: int) -> list[PriceLine]:
    if policy.floors is None or policy.floors.offer is None:
        return []
    floor_minor = total_minor(offer_floor_lines(policy, distance_m=distance_m, duration_s=duration_s))
    return top_up(lines, to_minor=floor_minor, code="legal_floor", rule=policy.floor_rule("offer_floor"))


def _on_top(raise_minor: int, bonus_minor: int, bonus_rule: str | None) -> list[PriceLine]:
    promised = (
        ("raise", raise_minor, f"{OFFER}:raise_minor"),
        ("bonus", bonus_minor, bonus_rule or f"{OFFER}:bonus_minor"),
    )
    return without_nothing(
        [price_line(code=code, quantity=1, unit="route", rate_minor=minor, rule=rule) for code, minor, rule in promised]
    )


def _returns(policy: PayPolicy, facts: DrivenFacts) -> list[PriceLine]:
    return without_nothing(
        [
            _line(policy, "return_distance", facts.return_m, "m", "per_km_minor", per=METRES_PER_KM),
            _line(policy, "return_stop", facts.return_count, "stop", "per_stop_minor"),
        ]
    )


def _line(policy: PayPolicy, code: str, quantity: int, unit: str, rate: str, *, per: int = 1) -> PriceLine:
    rate_minor = policy.rates()[rate]
    return price_line(code=code, quantity=quantity, unit=unit, rate_minor=rate_minor, per=per, rule=policy.rule(rate))
