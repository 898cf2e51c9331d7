"""A town during a day of meal delivery: who is where, what is still to be brought, and what a dispatcher may see of it.

Handing over takes its minutes at every stop, half of them before the event and half after. A dispatcher sees the halves
in the travel times, so that a time of arrival is the time of the event.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tests.benchmarks.matching.meals import Meal, MealDay, Place

SEEN_AHEAD_MIN = 30
"""Couriers whose shift begins within this time are seen already."""
GIVEN_UP_MIN = 120
"""A meal that is so much later than the longest time from click to door is lost."""

Minutes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A meal that is to be brought, as the dispatcher sees it; places are rows of the travel times."""

    name: str
    restaurant: int
    door: int
    placed_at: int
    ready_at: int
    due_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDuty:
    """A courier, as the dispatcher sees one: where from, from when, and until when pickups may begin."""

    name: str
    place: int
    free_at: int
    off_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """All that a dispatcher knows at one minute."""

    day: str
    now: int
    waiting: Sequence[Waiting]
    couriers: Sequence[OnDuty]
    travel_min: Minutes


@dataclass(frozen=True, slots=True)
class Send:
    """A courier is told to go now: to one restaurant, and then to the doors of these meals in this order."""

    courier: str
    meals: Sequence[str]


@dataclass(frozen=True, slots=True)
class Brought:
    """When a meal was picked up and when it was handed over, and by whom."""

    courier: str
    picked_at: int
    dropped_at: int


@dataclass(slots=True, kw_only=True)
class Town:
    """What changes during a day; nobody but the town itself moves anything in it."""

    day: MealDay
    usual_min: Mapping[str, int] | None = None
    """Mean preparation by restaurant, where the real times are hidden until a meal is ready."""
    open: dict[str, Meal] = field(init=False)
    free_at: dict[str, int] = field(init=False)
    place: dict[str, Place] = field(init=False)
    brought: dict[str, Brought] = field(default_factory=dict, init=False)
    sends: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.open = dict(self.day.meals)
        self.free_at = {name: courier.on_at for name, courier in self.day.couriers.items()}
        self.place = {name: courier.place for name, courier in self.day.couriers.items()}

    def give_up(self, now: int) -> None:
        """Forgets the meals that nobody would still eat."""
        longest = self.day.longest_min + GIVEN_UP_MIN
        self.open = {name: meal for name, meal in self.open.items() if now - meal.placed_at <= longest}

    def sight(self, now: int) -> Sight | None:
        """What a dispatcher sees; nothing when nobody waits or nobody is there."""
        known = {name: meal for name, meal in self.open.items() if meal.placed_at <= now}
        duty = [
            name
            for name, courier in self.day.couriers.items()
            if courier.on_at <= now + SEEN_AHEAD_MIN and now <= courier.off_at
        ]
        if not known or not duty:
            return None
        kitchens = sorted({meal.restaurant for meal in known.values()})
        row = {name: number for number, name in enumerate(kitchens)}
        first_door, first_courier = len(kitchens), len(kitchens) + len(known)
        waiting = [
            Waiting(
                name=name,
                restaurant=row[meal.restaurant],
                door=first_door + number,
                placed_at=meal.placed_at,
                ready_at=self._shown_ready(now, meal),
                due_at=meal.placed_at + self.day.target_min,
            )
            for number, (name, meal) in enumerate(known.items())
        ]
        couriers = [
            OnDuty(
                name=name,
                place=first_courier + number,
                free_at=max(now, self.free_at[name]),
                off_at=self.day.couriers[name].off_at,
            )
            for number, name in enumerate(duty)
        ]
        travel = self._travel(kitchens, list(known.values()), duty)
        return Sight(day=self.day.name, now=now, waiting=waiting, couriers=couriers, travel_min=travel)

    def is_busy(self, courier: str, now: int) -> bool:
        """Whether the courier is still on the way, or not on duty yet."""
        return self.free_at.get(courier, now) > now

    def carry_out(self, now: int, send: Send) -> bool:
        """Lets the courier go and brings the meals; False, and nothing moves, when the rules forbid it."""
        if not self._is_allowed(now, send):
            return False
        day, courier = self.day, send.courier
        kitchen = day.restaurants[self.open[send.meals[0]].restaurant]
        reached = self._reach(now, courier, kitchen)
        picked_at = max(reached, *(self.open[name].ready_at for name in send.meals))
        leaves_at, here = picked_at + _after(day.pickup_min), kitchen
        for name in send.meals:
            door = self.open.pop(name).place
            dropped_at = leaves_at + day.travel_min(here, door) + _before(day.dropoff_min)
            self.brought[name] = Brought(courier, picked_at, dropped_at)
            leaves_at, here = dropped_at + _after(day.dropoff_min), door
        self.free_at[courier], self.place[courier] = leaves_at, here
        self.sends += 1
        return True

    def _is_allowed(self, now: int, send: Send) -> bool:
        meals = [self.open[name] for name in send.meals if name in self.open]
        if not meals or len({*send.meals}) < len(send.meals) or len(meals) < len(send.meals):
            return False
        if send.courier not in self.free_at or self.is_busy(send.courier, now):
            return False
        if any(meal.placed_at > now or meal.restaurant != meals[0].restaurant for meal in meals):
            return False
        reached = self._reach(now, send.courier, self.day.restaurants[meals[0].restaurant])
        # A hidden time may turn out later: the courier then waits, past the end of the shift if need be.
        expected = max(reached, *(self._shown_ready(now, meal) for meal in meals))
        return expected <= self.day.couriers[send.courier].off_at

    def _reach(self, now: int, courier: str, kitchen: Place) -> int:
        return now + self.day.travel_min(self.place[courier], kitchen) + _before(self.day.pickup_min)

    def _shown_ready(self, now: int, meal: Meal) -> int:
        if self.usual_min is None or now >= meal.ready_at:
            return meal.ready_at
        return max(now, meal.placed_at + self.usual_min[meal.restaurant])

    def _travel(self, kitchens: Sequence[str], meals: Sequence[Meal], duty: Sequence[str]) -> Minutes:
        """Minutes from event to event: the second half of one handing over, the way, the first half of the next."""
        day = self.day
        places = [day.restaurants[name] for name in kitchens]
        places += [meal.place for meal in meals]
        places += [self.place[name] for name in duty]
        x, y = np.array(places).T
        way = np.ceil(np.hypot(x[:, None] - x, y[:, None] - y) / day.metres_per_minute).astype(np.int64)
        handing = np.repeat([day.pickup_min, day.dropoff_min, 0], [len(kitchens), len(meals), len(duty)])
        travel: Minutes = way + (handing - handing // 2)[:, None] + handing // 2
        rooms = travel[: len(kitchens), : len(kitchens)]
        rooms[way[: len(kitchens), : len(kitchens)] == 0] = 0  # one door, one handing over
        np.fill_diagonal(travel, 0)
        return travel


def _before(handing_min: int) -> int:
    return handing_min // 2


def _after(handing_min: int) -> int:
    return math.ceil(handing_min / 2)
