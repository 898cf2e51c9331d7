"""A peak on top of a day: in some hours more is asked for than the day asks for, and most of what is added at one hub.

What is added is drawn from the day's own postings, at other moments of the peak and for other homes, by a seed of its
own: the day without its peak stays the same to the parcel.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle
from random import Random

from workers.simulator.chance import chance
from workers.simulator.demand import PEAK_HUB_SHARE, Posting

PEAK = (0.4, 0.6)
"""From which to which share of the posting time a peak lasts: two hours of ten."""


def with_peak(postings: Sequence[Posting], *, times: float, hours: float, seed: int) -> list[Posting]:
    """The postings of a day, and those that its peak adds, in order of time."""
    begins_s, ends_s = (share * hours * 3600 for share in PEAK)
    within = [posting for posting in postings if begins_s <= posting.at_s < ends_s]
    wanted = round((times - 1) * sum(len(posting.parcels) for posting in within))
    if not wanted:
        return list(postings)
    source = chance(seed, "peak")
    homes = [parcel.home for posting in postings for parcel in posting.parcels]
    source.shuffle(homes)
    following, added = cycle(homes), list[Posting]()
    for template in cycle(within):
        if wanted <= 0:
            break
        parcels = tuple(
            replace(parcel, external_id=_reference(parcel.external_id, len(added)), home=next(following))
            for parcel in template.parcels[:wanted]
        )
        wanted -= len(parcels)
        moment = source.uniform(begins_s, ends_s)
        added.append(replace(template, at_s=moment, hub=_hub(source, template), repeat=None, parcels=parcels))
    return sorted([*postings, *added], key=lambda posting: posting.at_s)


def _hub(source: Random, template: Posting) -> int:
    return 0 if source.random() < PEAK_HUB_SHARE else template.hub


def _reference(external_id: str, number: int) -> str:
    """A reference of its own, whose last part still numbers the parcel of its batch."""
    front, _, parcel = external_id.rpartition("-")
    return f"{front}-peak{number}-{parcel}"
