"""Where and when a day lacks drivers most: the places of blocks are put, one after the other, to what is left of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from marketplace.blocks import USUAL_STOPS_PER_HOUR

FIRST_S = 900
"""The first block opens a quarter of an hour after the day has begun: until then it is drawn who has a place."""
SLOT_S = 1_800
SLOTS = 4
"""A block lasts two hours, or as long as is posted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Something that is asked for: `at_s` seconds after the day begins, at the hub of this number."""

    at_s: float
    hub: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockHours:
    """One block: where it is, when it opens and closes in seconds after the day begins, and its places."""

    hub: int
    opens_s: int
    closes_s: int
    places: int


def hours_of_need(asks: Sequence[Ask], *, hubs: int, hours: float, places: int) -> list[BlockHours]:
    """So many places, each where most is still asked for that no place before it takes, in order of opening."""
    slots = max(1, int((hours * 3_600 - FIRST_S) // SLOT_S))
    lasts = min(SLOTS, slots)
    left = _asked(asks, hubs, slots)
    taken: Counter[tuple[int, int]] = Counter()
    for _ in range(places):
        starts = [(slot, hub) for slot in range(slots - lasts + 1) for hub in range(hubs)]
        slot, hub = max(starts, key=lambda start: sum(left[start[1]][start[0] : start[0] + lasts]))
        taken[slot, hub] += 1
        for one in range(slot, slot + lasts):
            left[hub][one] -= USUAL_STOPS_PER_HOUR * SLOT_S / 3_600
    return [
        BlockHours(
            hub=hub,
            opens_s=FIRST_S + slot * SLOT_S,
            closes_s=FIRST_S + (slot + lasts) * SLOT_S,
            places=taken[slot, hub],
        )
        for slot, hub in sorted(taken)
    ]


def _asked(asks: Sequence[Ask], hubs: int, slots: int) -> list[list[float]]:
    """For each hub what is asked for in each slot; what comes before the first or after the last counts there."""
    counts = [[0.0] * slots for _ in range(hubs)]
    for ask in asks:
        slot = int((ask.at_s - FIRST_S) // SLOT_S)
        counts[ask.hub][min(max(slot, 0), slots - 1)] += 1
    return counts
