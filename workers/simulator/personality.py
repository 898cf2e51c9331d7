"""What kind of driver somebody is: who takes which offers, thinks how long, and drives how fast."""

from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

DECLINE_REASONS = ("TOO_FAR", "PAY_TOO_LOW", "TOO_MANY_STOPS", "WRONG_DIRECTION", "BREAK", None)
LONGEST_THOUGHT_S = 25.0
"""Market seconds; with a minute to answer, nobody loses an offer only by being slow."""
LARGEST_RATE = 0.95
BRINGS_OUT_MINOR = (50, 350)
"""Bonuses of a drop-off, in the pesos of the demo, that bring somebody of the reserve out."""


class Answer(StrEnum):
    """What a driver makes of an offer."""

    ACCEPT = "ACCEPT"
    DECLINE = "DECLINE"
    IGNORE = "IGNORE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Personality:
    """The lasting traits of a driver. Seconds are of market time."""

    decline_rate: float
    ignore_rate: float
    mistype_rate: float
    thinks_s: tuple[float, float]
    pace: float
    """Driving time as a share of the planned one: below 1 is faster."""
    pickup_s: tuple[float, float]
    hand_over_s: tuple[float, float]
    comes_online_after_s: float
    comes_for_minor: int = 0
    """The bonus of a drop-off that brings this driver out; 0 for whoever comes anyway."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer to one offer, after some thought. IGNORE has no after: the offer runs out by itself."""

    answer: Answer
    after_s: float
    reason: str | None = None


def draw_personality(
    source: Random,
    *,
    decline_rate: float,
    ignore_rate: float,
    mistype_rate: float,
    gathering_s: float,
    reserve_rate: float = 0.0,
) -> Personality:
    """Draws a driver around the rates of the whole fleet; all are online within `gathering_s`, but for the reserve.

    The reserve comes for a bonus: some for any, others for a good one.
    """
    slowest = source.uniform(10.0, LONGEST_THOUGHT_S)
    stop = source.uniform(45.0, 90.0)
    traits = Personality(
        decline_rate=min(LARGEST_RATE, decline_rate * source.uniform(0.3, 1.7)),
        ignore_rate=min(LARGEST_RATE, ignore_rate * source.uniform(0.3, 1.7)),
        mistype_rate=mistype_rate,
        thinks_s=(4.0, slowest),
        pace=source.uniform(0.85, 1.1),
        pickup_s=(stop, 2.0 * stop),
        hand_over_s=(0.6 * stop, 1.4 * stop),
        comes_online_after_s=source.uniform(0.0, gathering_s),
    )
    if reserve_rate and source.random() < reserve_rate:
        return replace(traits, comes_for_minor=source.randint(*BRINGS_OUT_MINOR))
    return traits


class Mind:
    """A driver's decisions, one after the other, drawn from the driver's own source."""

    def __init__(self, personality: Personality, source: Random) -> None:
        self.personality = personality
        self._source = source

    def decide(self) -> Decision:
        """What to answer to the next offer. A driver's yes and no never depend on who else is asked."""
        traits, draw = self.personality, self._source.random()
        after_s = self._source.uniform(*traits.thinks_s)
        reason = self._source.choice(DECLINE_REASONS)
        if draw < traits.ignore_rate:
            return Decision(Answer.IGNORE, 0.0)
        if draw < traits.ignore_rate + traits.decline_rate:
            return Decision(Answer.DECLINE, after_s, reason)
        return Decision(Answer.ACCEPT, after_s)

    def set_off_s(self) -> float:
        """How long it takes to get going with a new route."""
        return self.hand_over_s() / 4

    def driving_s(self, planned_s: float) -> float:
        """How long a leg really takes."""
        return max(1.0, planned_s * self.personality.pace * self._source.uniform(0.92, 1.1))

    def pickup_s(self) -> float:
        """How long loading takes."""
        return self._source.uniform(*self.personality.pickup_s)

    def hand_over_s(self) -> float:
        """How long it takes at a door."""
        return self._source.uniform(*self.personality.hand_over_s)

    def mistypes(self) -> bool:
        """Whether the PIN is typed wrong the first time."""
        return self._source.random() < self.personality.mistype_rate
