"""Time of day for engines that know no streets of ours: one factor for the whole city, which changes with the phase.

The street graph weighs every edge by what was learnt about it. A straight line and a foreign server cannot; they are
told how the city as a whole does, which is most of what there is to know.
"""

from datetime import datetime

import numpy as np
import numpy.typing as npt

from marketplace.adapters.city.arrays import Whole
from marketplace.routing import LearnedRouter, Phase, Router, Traffic, through_phases

Seconds = npt.NDArray[np.int32]


async def hand_traffic(router: Router, traffic: Traffic) -> None:
    """Hands traffic on to a router that has a use for it."""
    if isinstance(router, LearnedRouter):
        await router.take_traffic(traffic)


def at_time_of_day(free_s: Whole, depart_at: datetime, traffic: Traffic | None) -> Seconds:
    """How long drives take that depart at a moment, by how long they take on empty streets."""
    if traffic is None:
        return free_s.astype(np.int32)

    def in_phase(phase: Phase) -> Whole:
        return np.asarray(np.rint(free_s * traffic.city_factor(phase)), np.int32)

    return through_phases(in_phase(traffic.phase_at(depart_at)), depart_at, traffic, in_phase)
