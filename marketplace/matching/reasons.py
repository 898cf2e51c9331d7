"""Says truthfully why a delivery is in no route: the first of its needs that no driver meets.

The needs are asked in a fixed order: skills, then load and stops, then a way, then the time. Somebody who meets all of
them could do it alone; then the delivery is held back, or everybody able is taken.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from marketplace.matching.pairing import first_moments
from marketplace.matching.problem import Problem, spans_of
from marketplace.matching.reply import Reason
from marketplace.matching.request import NO_WAY_S, PlanDelivery, PlanRequest, ShiftEndCovers
from marketplace.matching.schedule import is_allowed
from marketplace.matching.travel import Travel

Flags = npt.NDArray[np.bool_]


RULES = (Reason.NO_SKILL, Reason.NO_CAPACITY, Reason.OUT_OF_REACH, Reason.WINDOW)
"""The rules in the order in which they are asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How many drivers break which rule first, and how many break none."""

    failed: Mapping[Reason, int]
    able: int

    @property
    def reason(self) -> Reason | None:
        """The rule that nobody meets of those who meet the ones before, or None if somebody meets all."""
        if self.able:
            return None
        if not self.failed:
            return Reason.NO_CAPACITY
        return max(self.failed, key=RULES.index)


class Explainer:
    """Looks at all drivers of a request at once, as if each of them had nothing else to do."""

    def __init__(self, request: PlanRequest, travel: Travel) -> None:
        self.request, self.travel = request, travel
        drivers = request.drivers
        self.homes = np.array([driver.location for driver in drivers], dtype=np.intp)
        ends = [driver.location if driver.end_location is None else driver.end_location for driver in drivers]
        self.ends = np.array(ends, dtype=np.intp)
        self.has_end = np.array([driver.end_location is not None for driver in drivers], dtype=bool)
        self.shift_end = np.array([driver.shift_end for driver in drivers], dtype=np.int64)
        self.begin = np.array([max(request.now, driver.available_at or 0) for driver in drivers], dtype=np.int64)
        kinds = [(frozenset(d.skills), tuple(d.capacity), d.max_stops is None or d.max_stops >= 2) for d in drivers]
        self.kinds = list(dict.fromkeys(kinds))
        number = {kind: n for n, kind in enumerate(self.kinds)}
        self.kind_of = np.array([number[kind] for kind in kinds], dtype=np.intp)

    def judge(self, delivery: PlanDelivery) -> Judgement:
        """How many drivers break which rule first, each as if the delivery were the only one."""
        skilled = [frozenset(delivery.skills) <= skills for skills, _, _ in self.kinds]
        roomy = [
            has_skill and has_stops and all(a <= b for a, b in zip(delivery.load, capacity, strict=True))
            for has_skill, (_, capacity, has_stops) in zip(skilled, self.kinds, strict=True)
        ]
        by_skill = np.array(skilled, dtype=bool)[self.kind_of]
        by_room = np.array(roomy, dtype=bool)[self.kind_of]
        reachable, in_time = self._drive(delivery, np.flatnonzero(by_room))
        failed = {
            Reason.NO_SKILL: int((~by_skill).sum()),
            Reason.NO_CAPACITY: int((by_skill & ~by_room).sum()),
            Reason.OUT_OF_REACH: int((~reachable).sum()),
            Reason.WINDOW: int((reachable & ~in_time).sum()),
        }
        return Judgement(
            failed={reason: count for reason, count in failed.items() if count}, able=int((reachable & in_time).sum())
        )

    def _drive(self, delivery: PlanDelivery, able: npt.NDArray[np.intp]) -> tuple[Flags, Flags]:
        """Which of these drivers have a way to everything, and which of them are in time for it."""
        pick, drop = delivery.pickup.location, delivery.dropoff.location
        approach = self.travel.seconds(self.homes[able], [pick])[:, 0]
        carry = int(self.travel.seconds([pick], [drop])[0, 0])
        home = np.where(self.has_end[able], self.travel.seconds([drop], self.ends[able])[0], 0)
        reachable: Flags = (approach < NO_WAY_S) & (home < NO_WAY_S) & (carry < NO_WAY_S)
        request, shift_end = self.request, self.shift_end[able]
        picked, in_time = first_moments(spans_of(delivery.pickup, request.now), self.begin[able] + approach)
        on_board = picked + delivery.pickup.service_s + carry
        dropped, drops_in_time = first_moments(spans_of(delivery.dropoff, request.now), on_board)
        if request.options.shift_end_covers == ShiftEndCovers.PICKUPS:
            on_shift = picked <= shift_end
        else:
            on_shift = dropped + delivery.dropoff.service_s + home <= shift_end
        return reachable, in_time & drops_in_time & on_shift


def why_commitment_broke(problem: Problem, driver: int) -> Reason:
    """Why a driver's committed steps, and the drop-offs they make necessary, are no legal route."""
    steps = problem.locked[driver] + problem.must_drop[driver]
    if any(not problem.needs[step // 2] <= problem.skills[driver] for step in steps):
        return Reason.NO_SKILL
    if not is_allowed(problem, driver, steps):
        return Reason.NO_CAPACITY
    places = [problem.driver_place[driver], *(problem.place[step] for step in steps)]
    if any(problem.leg_s[a][b] >= NO_WAY_S for a, b in pairwise(places)):
        return Reason.OUT_OF_REACH
    return Reason.WINDOW
