"""A planning request made ready for arithmetic: places, moments and loads in lists, numbered from 0.

A *step* is a number: twice the delivery's position for its pickup, one more for its drop-off. A problem may hold a
part of a request (a zone); its numbers are its own, its values are the request's.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from marketplace.matching.readiness import head_start_s
from marketplace.matching.request import (
    Objective,
    PlanRequest,
    PlanStop,
    ShiftEndCovers,
    StepKind,
)
from marketplace.matching.travel import Table, Travel

FOREVER = 2**62
Spans = tuple[tuple[int, int], ...]
"""Stretches of time, first to last moment, in order and apart from each other."""

Steps = tuple[int, ...]
Routes = dict[int, Steps]
"""The steps of each driver who has any."""


class Problem:
    """Some deliveries and drivers of a request, with the travel times between their places and nothing else."""

    def __init__(self, request: PlanRequest, travel: Travel, deliveries: Sequence[int], drivers: Sequence[int]) -> None:
        self.request, self.options, self.now = request, request.options, request.now
        self.delivery_numbers, self.driver_numbers = tuple(deliveries), tuple(drivers)
        self.deliveries = tuple(request.deliveries[i] for i in deliveries)
        self.drivers = tuple(request.drivers[j] for j in drivers)
        self.objective = Objective(request.options.objective)
        self.has_one_origin = request.options.one_origin_per_route
        self.covers_route = request.options.shift_end_covers == ShiftEndCovers.ROUTE
        stops = [stop for delivery in self.deliveries for stop in (delivery.pickup, delivery.dropoff)]
        self._number_places(travel, stops)
        self.spans = [spans_of(stop, request.now) for stop in stops]
        self.service_s = [stop.service_s for stop in stops]
        self.places = np.array(self.place, dtype=np.intp)
        self.service = np.array(self.service_s, dtype=np.int64)
        self.opens = np.array([spans[0][0] if spans else FOREVER for spans in self.spans], dtype=np.int64)
        self.closes = np.array([spans[-1][1] if spans else 0 for spans in self.spans], dtype=np.int64)
        self.due_at = [FOREVER if d.dropoff.due_at is None else d.dropoff.due_at for d in self.deliveries]
        self.posted_at = [self.now if d.posted_at is None else d.posted_at for d in self.deliveries]
        self.priority = [d.priority for d in self.deliveries]
        self.load = [tuple(d.load) for d in self.deliveries]
        self.needs = [frozenset(d.skills) for d in self.deliveries]
        self.out_of_cold_s = [FOREVER if d.out_of_cold_s is None else d.out_of_cold_s for d in self.deliveries]
        self._read_drivers()
        if self.covers_route:
            self.closes = np.minimum(self.closes, max(self.shift_end, default=0))

    @cached_property
    def free_drivers(self) -> list[int]:
        """Drivers without committed steps, who are still on shift."""
        return [j for j, steps in enumerate(self.locked) if not steps and self.begin[j] <= self.shift_end[j]]

    @cached_property
    def head_start_s(self) -> int:
        """How much earlier than due drivers leave for what is picked up at one origin with the least delay."""
        if self.objective != Objective.DELIVERY_DELAY or not self.has_one_origin:
            return 0
        idle = sum(self.begin[j] <= self.now for j in self.free_drivers)
        return head_start_s(self.now, self.deliveries, idle)

    def _number_places(self, travel: Travel, stops: Sequence[PlanStop]) -> None:
        ends = [driver.end_location for driver in self.drivers if driver.end_location is not None]
        used = sorted({stop.location for stop in stops} | {driver.location for driver in self.drivers} | set(ends))
        number = {location: i for i, location in enumerate(used)}
        self.place = [number[stop.location] for stop in stops]
        self.driver_place = [number[driver.location] for driver in self.drivers]
        self.end_place = [None if d.end_location is None else number[d.end_location] for d in self.drivers]
        self.table: Table = travel.seconds(used, used)
        self.leg_s: list[list[int]] = self.table.tolist()
        metres = travel.metres(used, used)
        self.leg_m: list[list[int]] | None = None if metres is None else metres.tolist()

    def _read_drivers(self) -> None:
        number = {delivery.id: i for i, delivery in enumerate(self.deliveries)}
        self.begin = [self.now if d.available_at is None else max(self.now, d.available_at) for d in self.drivers]
        self.shift_end = [driver.shift_end for driver in self.drivers]
        self.capacity = [tuple(driver.capacity) for driver in self.drivers]
        self.skills = [frozenset(driver.skills) for driver in self.drivers]
        has_limits = any(limit < FOREVER for limit in self.out_of_cold_s)
        self.warms = [has_limits and not driver.keeps_cold for driver in self.drivers]
        self.max_stops = [FOREVER if d.max_stops is None else d.max_stops for d in self.drivers]
        self.locked: list[Steps] = [
            tuple(2 * number[s.delivery_id] + (s.kind == StepKind.DROPOFF) for s in d.locked) for d in self.drivers
        ]
        self.committed_to = {step // 2: j for j, steps in enumerate(self.locked) for step in steps}
        self.aboard = [frozenset(s // 2 for s in steps if s % 2 and s - 1 not in steps) for steps in self.locked]
        self.must_drop = [tuple(s + 1 for s in steps if not s % 2 and s + 1 not in steps) for steps in self.locked]


def spans_of(stop: PlanStop, now: int) -> Spans:
    """When a step may start: its windows from now on, cut at the moment it is ready."""
    earliest = now if stop.ready_at is None else max(now, stop.ready_at)
    if not stop.windows:
        return ((earliest, FOREVER),)
    spans: list[tuple[int, int]] = []
    for opens, closes in sorted((max(opens, earliest), closes) for opens, closes in stop.windows):
        if spans and opens <= spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], max(spans[-1][1], closes))
        elif opens <= closes:
            spans.append((opens, closes))
    return tuple(spans)
