"""Who sends the couriers: our matcher through its door, and two references to see it beside.

Greedy takes the nearest courier as soon as one is free; the assignment pairs small bundles and couriers, also those
who will be free soon, at the least cost, and sends each pair only when it is due.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from tests.benchmarks.matching.meal_simulation import TICK_MIN, Dispatcher, NoDispatch
from tests.benchmarks.matching.meal_town import Minutes, OnDuty, Send, Sight, Waiting
from tests.benchmarks.matching.outside import Matcher

MEALS_AHEAD_MIN, COURIERS_AHEAD_MIN = 30, 20
"""How far the assignment looks ahead: for meals not ready yet, and for couriers not free yet."""
WORTHWHILE_MIN = 4
"""A meal joins a bundle where this makes all its meals together no later than this."""
BROUGHT, BROUGHT_READY = 1000.0, 500.0
"""What bringing a meal is worth, in minutes, and what more when it is ready: both before any delay."""
IMPOSSIBLE = 1e7
CENTS_PER_MEAL = 1_000

Bundle = list[Waiting]


def through_the_door(matcher: Matcher, *, time_limit_s: float) -> Dispatcher:
    """Our matcher: every look is one request, and the routes that are due now are sent."""

    def dispatch(sight: Sight) -> list[Send]:
        reply = matcher.ask(town_request(sight, time_limit_s=time_limit_s))
        if "error" in reply:
            raise NoDispatch(f"{reply['request_id']}: {reply['error']}")
        due = [route for route in reply["routes"] if route["offer_at"] <= sight.now * 60 and route["steps"]]
        return [Send(route["driver_id"], _first_bundle(route["steps"])) for route in due]

    return dispatch


def town_request(sight: Sight, *, time_limit_s: float) -> dict[str, Any]:
    """What the dispatcher sees as a planning request, in seconds."""
    return {
        "request_id": f"{sight.day} {sight.now}",
        "now": sight.now * 60,
        "durations_s": (sight.travel_min * 60).tolist(),
        "deliveries": [
            {
                "id": meal.name,
                "pickup": {"location": meal.restaurant, "ready_at": meal.ready_at * 60},
                "dropoff": {"location": meal.door, "due_at": meal.due_at * 60},
                "posted_at": meal.placed_at * 60,
            }
            for meal in sight.waiting
        ],
        "drivers": [
            {
                "id": courier.name,
                "location": courier.place,
                "available_at": courier.free_at * 60,
                "shift_end": courier.off_at * 60,
                "pay": {"per_stop_cents": CENTS_PER_MEAL},
            }
            for courier in sight.couriers
        ],
        "options": {
            "objective": "delivery_delay",
            "time_limit_s": time_limit_s,
            "one_origin_per_route": True,
            "shift_end_covers": "pickups",
        },
    }


def _first_bundle(steps: Sequence[dict[str, Any]]) -> list[str]:
    """What is picked up at the route's first stop, in the order of the doors; the rest is asked for again."""
    taken: set[str] = set()
    for step in steps:
        if step["kind"] == "dropoff" or step["location"] != steps[0]["location"]:
            break
        taken.add(step["delivery_id"])
    return [step["delivery_id"] for step in steps if step["kind"] == "dropoff" and step["delivery_id"] in taken]


def greedy(sight: Sight) -> list[Send]:
    """Every meal by itself, the earliest ready first, to the nearest free courier who can still pick it up."""
    free = [courier for courier in sight.couriers if courier.free_at <= sight.now]
    sends = []
    for meal in sorted(sight.waiting, key=lambda meal: meal.ready_at):
        ways = {courier: int(sight.travel_min[courier.place, meal.restaurant]) for courier in free}
        able = [courier for courier in free if max(meal.ready_at, sight.now + ways[courier]) <= courier.off_at]
        if able:
            nearest = min(able, key=ways.__getitem__)
            free.remove(nearest)
            sends.append(Send(nearest.name, [meal.name]))
    return sends


def assign(sight: Sight) -> list[Send]:
    """The pairs of bundles and couriers that cost least together; those that are due now are sent."""
    soon = [meal for meal in sight.waiting if meal.ready_at <= sight.now + MEALS_AHEAD_MIN]
    couriers = [courier for courier in sight.couriers if courier.free_at <= sight.now + COURIERS_AHEAD_MIN]
    if not soon or not couriers:
        return []
    bundles = _bundles(soon, sight, size=math.ceil(len(soon) / len(couriers)))
    costs = np.array([_costs(bundle, couriers, sight) for bundle in bundles])
    return [
        Send(couriers[column].name, [meal.name for meal in bundles[row]])
        for row, column in zip(*linear_sum_assignment(costs), strict=True)
        if costs[row, column] < IMPOSSIBLE and _is_due(bundles[row], couriers[column], sight)
    ]


def _is_due(bundle: Bundle, courier: OnDuty, sight: Sight) -> bool:
    """Whether the courier must leave before the next look to be there when the food is ready."""
    way = int(sight.travel_min[courier.place, bundle[0].restaurant])
    return max(courier.free_at, _ready_at(bundle) - way - TICK_MIN) <= sight.now


def _costs(bundle: Bundle, couriers: Sequence[OnDuty], sight: Sight) -> npt.NDArray[np.float64]:
    """For each courier the minutes from click to door of all meals, what is late counted twice, less their worth."""
    reached = np.array([c.free_at + sight.travel_min[c.place, bundle[0].restaurant] for c in couriers])
    picked = np.maximum(_ready_at(bundle), reached)
    cost = np.full(len(couriers), -BROUGHT * len(bundle))
    if _ready_at(bundle) <= sight.now:
        cost -= BROUGHT_READY * len(bundle)
    for meal, ride in zip(bundle, _rides(bundle, sight.travel_min), strict=True):
        cost += picked + ride - meal.placed_at + np.maximum(0, picked + ride - meal.due_at)
    return np.where(picked <= np.array([courier.off_at for courier in couriers]), cost, IMPOSSIBLE)


def _bundles(meals: Sequence[Waiting], sight: Sight, *, size: int) -> list[Bundle]:
    """Meals of one restaurant together, at most `size`: so many as there must be, and where it costs little."""
    kitchens: dict[int, list[Waiting]] = defaultdict(list)
    for meal in meals:
        kitchens[meal.restaurant].append(meal)
    return [bundle for cooked in kitchens.values() for bundle in _kitchen_bundles(cooked, sight, size=size)]


def _kitchen_bundles(cooked: Sequence[Waiting], sight: Sight, *, size: int) -> list[Bundle]:
    bundles: list[Bundle] = []
    for meal in sorted(cooked, key=lambda meal: meal.ready_at):
        alone = _lateness([meal], sight)
        joined = [
            (_lateness(longer, sight) - _lateness(bundle, sight) - alone, number, longer)
            for number, bundle in enumerate(bundles)
            if len(bundle) < size
            for position in range(len(bundle) + 1)
            for longer in [[*bundle[:position], meal, *bundle[position:]]]
        ]
        extra, number, longer = min(joined, key=lambda way: way[0], default=(math.inf, 0, []))
        must_share = len(bundles) >= math.ceil(len(cooked) / size)
        if joined and (must_share or extra <= WORTHWHILE_MIN):
            bundles[number] = longer
        else:
            bundles.append([meal])
    return bundles


def _lateness(bundle: Bundle, sight: Sight) -> int:
    """The sum of the minutes at which the meals reach their doors if a courier stood ready."""
    begins = max(sight.now, _ready_at(bundle))
    return sum(begins + ride for ride in _rides(bundle, sight.travel_min))


def _rides(bundle: Bundle, travel_min: Minutes) -> list[int]:
    """Minutes from the pickup to each door on the way."""
    rides, ridden, here = [], 0, bundle[0].restaurant
    for meal in bundle:
        ridden += int(travel_min[here, meal.door])
        rides.append(ridden)
        here = meal.door
    return rides


def _ready_at(bundle: Bundle) -> int:
    return max(meal.ready_at for meal in bundle)
