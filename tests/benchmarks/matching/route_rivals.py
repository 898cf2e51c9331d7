"""Other solvers on the same instances, in this process: bare VROOM, and PyVRP where it is installed.

Each gets the same whole numbers as the matcher and gives the order of places; the judge does the rest.
"""

import importlib
import importlib.util
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import vroom

from tests.benchmarks.matching.li_lim import PARTS, Instance, whole_durations

FIXED_COST = 10**7
"""What one more vehicle costs: more than all the driving of an instance, so that fewest vehicles come first."""
LEVELS = (1, 3, 5)

Solver = Callable[[Instance], list[list[int]]]


def route_rivals(time_limit_s: float) -> dict[str, Solver]:
    """The rivals by name; PyVRP has no effort to choose from and gets the matcher's time."""
    rivals: dict[str, Solver] = {f"pyvroom, level {level}": partial(solve_barely, level=level) for level in LEVELS}
    if has_pyvrp():
        rivals[f"PyVRP, {time_limit_s:g} s"] = partial(solve_with_pyvrp, time_limit_s=time_limit_s)
    return rivals


def has_pyvrp() -> bool:
    """Whether PyVRP is installed; Doorstep itself does not need it."""
    return importlib.util.find_spec("pyvrp") is not None


def solve_barely(instance: Instance, *, level: int) -> list[list[int]]:
    """The order of places that bare VROOM finds at one of its levels of exploration."""
    bare = vroom.Input()
    bare.set_durations_matrix("car", np.array(whole_durations(instance), dtype=np.uint32))
    shift = _window(instance, 0)
    for number in range(instance.vehicles):
        costs = vroom.VehicleCosts(fixed=FIXED_COST)
        bare.add_vehicle(
            vroom.Vehicle(number, start=0, end=0, capacity=[instance.capacity], costs=costs, time_window=shift)
        )
    for pickup, dropoff in instance.pairs:
        ends = (
            vroom.ShipmentStep(
                pickup,
                place,
                default_service=int(instance.sites[place].service * PARTS),
                time_windows=[_window(instance, place)],
            )
            for place in (pickup, dropoff)
        )
        bare.add_shipment(*ends, amount=vroom.Amount([int(instance.sites[pickup].load)]))
    found = bare.solve(level, nb_threads=1).to_dict()
    return [
        [step["location_index"] for step in route["steps"] if step["type"] in {"pickup", "delivery"}]
        for route in found["routes"]
    ]


def solve_with_pyvrp(instance: Instance, *, time_limit_s: float) -> list[list[int]]:
    """The order of places that PyVRP finds in so many seconds; nothing when it finds no plan that is legal."""
    pyvrp: Any = importlib.import_module("pyvrp")
    stop: Any = importlib.import_module("pyvrp.stop")
    model = pyvrp.Model()
    places = [model.add_location(site.x, site.y) for site in instance.sites]
    opens, closes = _span(instance, 0)
    depot = model.add_depot(places[0], tw_early=opens, tw_late=closes)
    model.add_vehicle_type(
        instance.vehicles,
        capacity=instance.capacity,
        start_depot=depot,
        end_depot=depot,
        fixed_cost=FIXED_COST,
        tw_early=opens,
        tw_late=closes,
    )
    for pickup, dropoff in instance.pairs:
        _add_shipment(model, instance, places, pickup, dropoff)
    for here, row in zip(places, whole_durations(instance), strict=True):
        for there, duration in zip(places, row, strict=True):
            model.add_edge(here, there, distance=duration, duration=duration)
    result = model.solve(stop.MaxRuntime(time_limit_s), seed=0, collect_stats=False, display=False)
    if not result.is_feasible():
        return []
    return [
        [instance.pairs[activity.idx][activity.is_delivery()] for activity in route if activity.is_shipment()]
        for route in result.best.routes()
    ]


def _add_shipment(model: Any, instance: Instance, places: list[Any], pickup: int, dropoff: int) -> None:
    (pickup_opens, pickup_closes), (dropoff_opens, dropoff_closes) = _span(instance, pickup), _span(instance, dropoff)
    model.add_shipment(
        places[pickup],
        places[dropoff],
        pickup_tw_early=pickup_opens,
        pickup_tw_late=pickup_closes,
        pickup_service_duration=int(instance.sites[pickup].service * PARTS),
        delivery_tw_early=dropoff_opens,
        delivery_tw_late=dropoff_closes,
        delivery_service_duration=int(instance.sites[dropoff].service * PARTS),
        amount=int(instance.sites[pickup].load),
    )


def _span(instance: Instance, place: int) -> tuple[int, int]:
    site = instance.sites[place]
    return int(site.opens * PARTS), int(site.closes * PARTS)


def _window(instance: Instance, place: int) -> vroom.TimeWindow:
    return vroom.TimeWindow(*_span(instance, place))
