"""What a block guarantees: its floor for each second attended, less what its routes paid; never below nothing. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

import orjson

from marketplace.core.money import BadMoney, check_whole
from marketplace.pricing.lines import PriceLine, price_line, total_minor

SECONDS_PER_HOUR = 3_600


class BadBlockFacts(BadMoney):
    """Facts about a block that cannot be: negative, or not whole."""

    code = "BAD_BLOCK_FACTS"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockFacts:
    """What a block's top-up rests on: seconds attended, the floor of an hour, and what the routes in it paid."""

    attended_s: int
    floor_per_hour_minor: int
    earned_minor: int

    def __post_init__(self) -> None:
        check_whole(asdict(self), refusal=BadBlockFacts, thing="a block")


def block_floor_lines(facts: BlockFacts) -> tuple[PriceLine, ...]:
    """The floor of the time attended, less what was earned; where that is nothing or less, it comes to nothing."""
    lines = [
        price_line(
            code="block_floor",
            quantity=facts.attended_s,
            unit="second",
            rate_minor=facts.floor_per_hour_minor,
            per=SECONDS_PER_HOUR,
            rule="block:floor_per_hour_minor",
        )
    ]
    if facts.earned_minor:
        lines.append(_whole("earned", -facts.earned_minor, "statements:total_minor"))
    beyond = -total_minor(lines)
    return (*lines, *([_whole("above_floor", beyond, "block:never_below_nothing")] if beyond > 0 else []))


def block_digest(facts: BlockFacts, evidence: Mapping[str, Any], lines: Sequence[PriceLine]) -> bytes:
    """A digest of everything a block's top-up rests on."""
    rests_on = {"facts": asdict(facts), "evidence": dict(evidence), "lines": [asdict(line) for line in lines]}
    return sha256(orjson.dumps(rests_on, option=orjson.OPT_SORT_KEYS)).digest()


def _whole(code: str, minor: int, rule: str) -> PriceLine:
    return price_line(code=code, quantity=1, unit="block", rate_minor=minor, rule=rule)
