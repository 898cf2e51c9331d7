"""What a law asks for so much time and distance, as lines that show how its floor was reckoned."""

from collections.abc import Mapping
from fractions import Fraction

from marketplace.markets import ExactRate, PayPolicy
from marketplace.pricing.lines import PriceLine, price_line, top_up, without_nothing


def offer_floor_lines(policy: PayPolicy, *, distance_m: int, duration_s: int) -> list[PriceLine]:
    """The least pay of one offer: its time, its distance, and what is missing to the minimum; the sum is the floor."""
    floor = policy.floors.offer if policy.floors else None
    if floor is None:
        return []
    rule = policy.floor_rule("offer_floor")
    lines = _lines(floor.time, floor.distance, distance_m=distance_m, seconds=duration_s, rule=rule)
    return lines + top_up(lines, to_minor=floor.minimum_minor, code="floor_minimum", rule=rule)


def period_floor_lines(policy: PayPolicy, *, distance_m: int, engaged_s: int) -> list[PriceLine]:
    """The least pay of the work that a driver did in one pay period under one policy; the sum of it is the floor."""
    floor = policy.floors.period if policy.floors else None
    if floor is None:
        return []
    rule = policy.floor_rule("period_floor")
    return _lines(floor.time, floor.distance, distance_m=distance_m, seconds=engaged_s, rule=rule)


def dearest_first(policies: Mapping[int, PayPolicy]) -> list[int]:
    """Versions by what a second of a pay period is worth under them, the most first, later ones before earlier."""

    def worth(version: int) -> tuple[Fraction, int]:
        floors = policies[version].floors
        return (Fraction(*floors.period.time.ratio) if floors and floors.period else Fraction(0), version)

    return sorted(policies, key=worth, reverse=True)


def floor_line(code: str, rate: ExactRate, quantity: int, rule: str) -> PriceLine:
    """A line of so many seconds or metres at a rate of the law."""
    minor, per = rate.ratio
    unit = "s" if rate.per.is_time else "m"
    return price_line(code=code, quantity=quantity, unit=unit, rate_minor=minor, per=per, rule=rule)


def _lines(time: ExactRate, distance: ExactRate | None, *, distance_m: int, seconds: int, rule: str) -> list[PriceLine]:
    lines = [floor_line("floor_time", time, seconds, rule)]
    if distance is not None:
        lines.append(floor_line("floor_distance", distance, distance_m, rule))
    return without_nothing(lines)
