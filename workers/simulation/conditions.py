"""What a day is played under, beside its people and its demand: what an operator wonders about before changing it."""

import argparse
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, NoReturn

from marketplace.core.errors import CannotStart
from marketplace.core.geo import BadPoint, Point

MOST_BLOCKS = 500
MOST_PEAK = 10.0
MOST_VARIANTS = 8
"""As many columns of a table can still be read side by side."""
BASELINE = "baseline"
SURGE_DIALS: Mapping[str, Any] = {
    "surge_every_s": 60,
    "surge_starts_at_percent": 150,
    "surge_full_after_percent": 250,
    "surge_half_life_s": 120,
    "surge_stops_per_driver": 3,
    "surge_bonus_cap_minor": 500,
    "surge_surcharge_cap_percent": 20,
    "surge_budget_minor": 150_000,
}
"""Surge in the pesos of the demo city; what is promised to drivers is bounded for each hour."""
BLOCK_FLOOR_PER_HOUR_MINOR = 9_000
"""What a block of the demo city guarantees for each hour, in pesos."""


class BadVariant(CannotStart):
    """The words of a variant say nothing that can be played."""


class Waves(StrEnum):
    """How drivers are asked for a route: one by one and together when it is urgent, always together, or one by one."""

    LADDER = "ladder"
    BROADCAST = "broadcast"
    ONE = "one"


WAVE_DIALS: Mapping[Waves, Mapping[str, Any]] = {
    Waves.LADDER: {},
    Waves.BROADCAST: {"broadcast_below_ttls": 10_000, "broadcast_fill_percent": 100, "wave_size": 10},
    Waves.ONE: {"broadcast_below_ttls": 0, "wave_size": 1},
}


class OrderOfCall(StrEnum):
    """Whether the kinds of drivers are called by the market's rule or compete by what they cost."""

    RULE = "rule"
    MARGINAL_COST = "marginal_cost"


ORDER_DIALS: Mapping[OrderOfCall, Mapping[str, Any]] = {
    OrderOfCall.RULE: {"order_of_call": "by_rule"},
    OrderOfCall.MARGINAL_COST: {"order_of_call": "by_marginal_cost"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What may differ between two plays of the same day.

    Without `has_surge` there is neither bonus nor surcharge. Without `has_crowd` nobody of the crowd comes by itself.
    `blocks` is how many places in blocks are published where the day lacks drivers most; who takes them would not come
    otherwise. `hub` is where another hub is opened, from which those parcels come that live nearer to it than to the
    hub that they would come from. `order_of_call` is in which order the kinds of drivers are called; where it is not
    told, as the market does. `peak` is how much is asked for in the peak hours, as a multiple of what the day asks for
    in them; what is added is the same in every variant.
    """

    has_surge: bool = False
    has_crowd: bool = True
    waves: Waves = Waves.LADDER
    order_of_call: OrderOfCall | None = None
    blocks: int = 0
    hub: Point | None = None
    peak: float = 1.0

    def dials(self, own: Mapping[str, Any], *, has_own_surge: bool = False) -> dict[str, Any]:
        """A market's own dials, changed as far as these conditions say; one that has surge of its own keeps its own."""
        surge = {} if has_own_surge else SURGE_DIALS
        order = ORDER_DIALS[self.order_of_call] if self.order_of_call else {}
        none = {"surge_bonus_cap_minor": 0, "surge_surcharge_cap_percent": 0}
        return {**own, **(surge if self.has_surge else none), **WAVE_DIALS[self.waves], **order}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One play of a day among several, and by which words it differs from the first."""

    name: str
    conditions: Conditions = field(default_factory=Conditions)
    words: str = ""


def read_variants(texts: Sequence[str], first: Conditions) -> list[Variant]:
    """The first play of a day and its variants, each told as `name: --surge off --blocks +10`."""
    variants = [Variant(name=BASELINE, conditions=first), *(read_variant(text, first) for text in texts)]
    names = [variant.name for variant in variants]
    if len(names) > MOST_VARIANTS:
        raise BadVariant(f"at most {MOST_VARIANTS - 1} variants are played beside the first day")
    if len(set(names)) < len(names):
        raise BadVariant("each variant has a name of its own, and none is called baseline")
    return variants


def read_variant(text: str, first: Conditions) -> Variant:
    """One variant, which keeps of the first play's conditions what its words do not change."""
    name, colon, words = text.partition(":")
    if not (colon and name.strip() and words.strip()):
        raise BadVariant(f"“{text}”: a variant is told as its name, a colon and its switches")
    return Variant(name=name.strip(), conditions=read_switches(words, first), words=words.strip())


def read_switches(words: str, first: Conditions) -> Conditions:
    """Conditions, changed as `--surge off --blocks +10` and the like say."""
    try:
        switches = vars(_switches().parse_args(shlex.split(words)))
    except ValueError as problem:
        raise BadVariant(f"“{words}”: {problem}") from problem
    return replace(first, **{name: value for name, value in switches.items() if value is not None})


def is_on(text: str) -> bool:
    """Whether a switch is on, from its word."""
    if text not in {"on", "off"}:
        raise argparse.ArgumentTypeError(f"{text} is neither on nor off")
    return text == "on"


def read_place(text: str) -> Point:
    """A place told as `lat,lon`."""
    try:
        lat, lon = map(float, text.split(","))
        return Point(lat=lat, lon=lon)
    except (ValueError, BadPoint) as problem:
        raise argparse.ArgumentTypeError(f"{text} is no place such as -29.95,-71.33") from problem


def read_blocks(text: str) -> int:
    """How many blocks more, told as `+10`."""
    blocks = _number(text)
    if not (blocks.is_integer() and 0 <= blocks <= MOST_BLOCKS):
        raise argparse.ArgumentTypeError(f"{text} is no number of blocks from 0 to {MOST_BLOCKS}")
    return int(blocks)


def read_peak(text: str) -> float:
    """How many times as much is asked for in the peak."""
    peak = _number(text)
    if not 1.0 <= peak <= MOST_PEAK:
        raise argparse.ArgumentTypeError(f"{text} is not from 1 to {MOST_PEAK:g} times as much")
    return peak


def read_waves(text: str) -> Waves:
    """How drivers are asked, from its word."""
    try:
        return Waves(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(f"{text} is none of {', '.join(Waves)}") from problem


def read_order(text: str) -> OrderOfCall:
    """In which order drivers are called, from its word."""
    try:
        return OrderOfCall(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(f"{text} is none of {', '.join(OrderOfCall)}") from problem


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(f"{text} is no number") from problem


class _Parser(argparse.ArgumentParser):
    """Says what is wrong instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def _switches() -> _Parser:
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("--surge", dest="has_surge", type=is_on)
    parser.add_argument("--crowd", dest="has_crowd", type=is_on)
    parser.add_argument("--waves", type=read_waves)
    parser.add_argument("--order-of-call", dest="order_of_call", type=read_order)
    parser.add_argument("--blocks", type=read_blocks)
    parser.add_argument("--hub", type=read_place)
    parser.add_argument("--peak", type=read_peak)
    return parser
