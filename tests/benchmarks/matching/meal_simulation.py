"""One day of meal delivery, minute by minute: a dispatcher looks, sends couriers, and looks again."""

import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.benchmarks.matching.meal_town import Send, Sight, Town
from tests.benchmarks.matching.meals import MealDay

TICK_MIN = 1
"""Simulated minutes from one look to the next; the published heuristic looks every fifth minute."""

Dispatcher = Callable[[Sight], Sequence[Send]]


class NoDispatch(RuntimeError):
    """A dispatcher failed at one look; the day goes on without it, and the failure is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures:
    """The published measures of one day; means of minutes are over the meals that were brought."""

    meals: int
    undelivered_percent: float
    click_to_door_min: float
    click_to_door_90th_min: float
    ready_to_pickup_min: float
    dollars_per_meal: float
    meals_per_send: float
    refused: int
    """Sends that the rules forbid; nothing was done."""
    early: int
    """Sends of couriers who were still busy; nothing was done."""
    failed: int
    """Looks that the dispatcher answered with an error."""
    looks: int


def simulate(day: MealDay, dispatch: Dispatcher, *, is_preparation_known: bool = True) -> DayFigures:
    """Plays the day from its first order to the end of its last shift, or until nothing is left to bring."""
    town = Town(day=day, usual_min=None if is_preparation_known else day.usual_preparation())
    looks = failed = refused = early = 0
    first = min(meal.placed_at for meal in day.meals.values())
    last = max(courier.off_at for courier in day.couriers.values())
    for now in range(first, last + 1, TICK_MIN):
        town.give_up(now)
        if not town.open:
            break
        sight = town.sight(now)
        if sight is None:
            continue
        looks += 1
        try:
            sends = dispatch(sight)
        except NoDispatch:
            failed += 1
            continue
        for send in sends:
            if town.is_busy(send.courier, now):
                early += 1
            elif not town.carry_out(now, send):
                refused += 1
    return _figures(town, looks=looks, failed=failed, refused=refused, early=early)


def _figures(town: Town, *, looks: int, failed: int, refused: int, early: int) -> DayFigures:
    day, brought = town.day, town.brought
    clicks = sorted(done.dropped_at - day.meals[name].placed_at for name, done in brought.items())
    waits = [done.picked_at - day.meals[name].ready_at for name, done in brought.items()]
    return DayFigures(
        meals=len(day.meals),
        undelivered_percent=100 * (1 - len(brought) / len(day.meals)),
        click_to_door_min=statistics.mean(clicks) if clicks else float("nan"),
        click_to_door_90th_min=clicks[int(0.9 * len(clicks))] if clicks else float("nan"),
        ready_to_pickup_min=statistics.mean(waits) if waits else float("nan"),
        dollars_per_meal=_pay(town) / max(1, len(brought)),
        meals_per_send=len(brought) / max(1, town.sends),
        refused=refused,
        early=early,
        failed=failed,
        looks=looks,
    )


def _pay(town: Town) -> float:
    """What all couriers get: by the meal, but at least by the hour of their shift."""
    day = town.day
    carried = Counter(done.courier for done in town.brought.values())
    return sum(
        max(
            day.pay_per_meal * carried[name],
            day.least_pay_per_hour * (courier.off_at - courier.on_at) / 60,
        )
        for name, courier in day.couriers.items()
    )
