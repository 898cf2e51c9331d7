"""What shippers will ask for in a day, drawn from the seed before it begins: when, how much, from where, to where."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, cycle
from random import Random
from typing import Any

from workers.simulator.chance import chance
from workers.simulator.plan import DayPlan

CURVE = (7, 10, 9, 6, 5, 7, 8, 5, 3, 1)
"""Batches by tenth of the posting time: a rush at the beginning, one in the middle, and a quiet end."""
PEAK_TIMES = 2
"""So much more is asked for while the peak lasts; the day's whole stays the same."""
PEAK_HUB_SHARE = 0.7
"""Of what is posted in the peak, so much begins at the first hub."""
CANCEL_AFTER_S = (60.0, 900.0)
PROOFS = (None, "PIN_AT_DROPOFF", "PHOTO_AT_DROPOFF", "SIGNATURE_AT_DROPOFF")
PROOF_WEIGHTS = (45, 30, 17, 8)
CARE = (None, "COLD", "PHARMACY", "FRAGILE")
CARE_WEIGHTS = (88, 4, 3, 5)
EXPRESS_SHARE = 0.15
NAMES = (
    "Alba",
    "Benito",
    "Catalina",
    "Darío",
    "Emilia",
    "Fabián",
    "Gloria",
    "Héctor",
    "Irene",
    "Jaime",
    "Lía",
    "Mario",
)


class Repeat(StrEnum):
    """How a batch is posted a second time."""

    SAME_KEY = "SAME_KEY"
    SAME_ROWS = "SAME_ROWS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One delivery to be posted; `cancels_after_s` of market time after its posting it may be called off."""

    external_id: str
    recipient: str
    home: Mapping[str, Any]
    pickup_address: Mapping[str, Any] | None
    weight_g: int
    requirements: tuple[str, ...]
    is_express: bool
    cancels_after_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One batch, posted `at_s` market seconds after the day begins; shipper and hub are positions in the world."""

    number: int
    at_s: float
    shipper: int
    hub: int
    is_quoted: bool
    repeat: Repeat | None
    parcels: tuple[Parcel, ...]


def draw_postings(
    plan: DayPlan, *, run: str, shippers: int, hubs: int, addresses: Sequence[Mapping[str, Any]]
) -> list[Posting]:
    """The postings of a day in order of time; `run` makes the shippers' references unique among several days."""
    source = chance(plan.seed, "demand")
    homes = list(addresses)
    source.shuffle(homes)
    following = cycle(homes)
    sizes = list(_sizes(source, plan))
    moments = _moments(source, plan, len(sizes))
    return [
        Posting(
            number=number,
            at_s=at_s,
            shipper=source.randrange(shippers),
            hub=_hub(source, plan, at_s, hubs),
            is_quoted=source.random() < plan.quote_rate,
            repeat=source.choice(list(Repeat)) if source.random() < plan.repeat_rate else None,
            parcels=tuple(_parcel(source, plan, f"{run}-{number}-{i}", following) for i in range(size)),
        )
        for number, (at_s, size) in enumerate(zip(moments, sizes, strict=True))
    ]


def _sizes(source: Random, plan: DayPlan) -> Iterator[int]:
    """Sizes of batches that together make all the deliveries of the plan."""
    left = plan.deliveries
    while left > 0:
        size = min(left, source.randint(plan.smallest_batch, plan.largest_batch))
        left -= size
        yield size


def _moments(source: Random, plan: DayPlan, count: int) -> list[float]:
    """Market seconds of that many batches, spread along the curve; the first one opens the day."""
    tenth_s = plan.hours * 3600 / len(CURVE)
    curve = [height * (PEAK_TIMES if _is_peak(plan, (i + 0.5) * tenth_s) else 1) for i, height in enumerate(CURVE)]
    climb = list(accumulate(curve, initial=0))
    moments = []
    for number in range(count):
        # One draw in each of `count` equal parts of the demand: a few batches follow the curve as well as many do.
        reached = (number + source.random()) / count * climb[-1]
        tenth = bisect_right(climb, reached) - 1
        moments.append((tenth + (reached - climb[tenth]) / curve[tenth]) * tenth_s)
    return [0.0, *moments[1:]]


def _is_peak(plan: DayPlan, at_s: float) -> bool:
    if plan.peak is None:
        return False
    begins, ends = plan.peak
    return begins <= at_s / (plan.hours * 3600) < ends


def _hub(source: Random, plan: DayPlan, at_s: float, hubs: int) -> int:
    hub = source.randrange(hubs)
    return 0 if _is_peak(plan, at_s) and source.random() < PEAK_HUB_SHARE else hub


def _parcel(source: Random, plan: DayPlan, external_id: str, homes: Iterator[Mapping[str, Any]]) -> Parcel:
    needs = (*source.choices(PROOFS, PROOF_WEIGHTS), *source.choices(CARE, CARE_WEIGHTS))
    return Parcel(
        external_id=external_id,
        recipient=source.choice(NAMES),
        home=next(homes),
        pickup_address=next(homes) if source.random() < plan.address_rate else None,
        weight_g=source.randint(200, 5_000),
        requirements=tuple(need for need in needs if need is not None),
        is_express=source.random() < EXPRESS_SHARE,
        cancels_after_s=source.uniform(*CANCEL_AFTER_S) if source.random() < plan.cancel_rate else None,
    )
