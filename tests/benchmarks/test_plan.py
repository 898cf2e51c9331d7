"""What planning costs over bare VROOM: 100 deliveries, 25 drivers, the same matrix and limits, in the same run.

CPU seconds of this process, medians of alternating runs. `plan` checks the request, times and prices every route and
explains what is left; bare VROOM reads the same values, solves, and gives its table of routes.
"""

import json
import random
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import pytest
import vroom

from marketplace.matching import (
    Objective,
    Plan,
    PlanDelivery,
    PlanDriver,
    PlanOptions,
    PlanRequest,
    PlanStop,
    plan,
)

DELIVERIES, DRIVERS, RUNS = 100, 25, 5
SHIFT_S, LONGEST_LEG_S, CAPACITY, MOST_STOPS = 4 * 3600, 1_400, 4, 12
WITHOUT_IMPROVEMENT = 0.01
"""A time limit so small that VROOM is called once, at its lowest level, and nothing is improved."""


def city(objective: Objective, time_limit_s: float) -> PlanRequest:
    """A random city in which everything can be delivered; the same in every run."""
    draw = random.Random(1)
    places = 2 * DELIVERIES + DRIVERS
    at = [(draw.randrange(1_000), draw.randrange(1_000)) for _ in range(places)]
    return PlanRequest(
        now=0,
        durations_s=[[min(LONGEST_LEG_S, abs(a - c) + abs(b - d)) for c, d in at] for a, b in at],
        deliveries=[
            PlanDelivery(
                id=f"d{i}",
                pickup=PlanStop(location=2 * i, service_s=60),
                dropoff=PlanStop(location=2 * i + 1, service_s=120),
                load=(1,),
            )
            for i in range(DELIVERIES)
        ],
        drivers=[
            PlanDriver(
                id=f"v{j}",
                location=2 * DELIVERIES + j,
                shift_end=SHIFT_S,
                capacity=(CAPACITY,),
                max_stops=MOST_STOPS,
            )
            for j in range(DRIVERS)
        ],
        options=PlanOptions(objective=objective, time_limit_s=time_limit_s),
    )


def solve_barely(request: PlanRequest, level: int) -> int:
    """The least code that gets the request's routes out of VROOM; how many steps they have."""
    bare = vroom.Input()
    bare.set_durations_matrix("car", np.array(request.durations_s, dtype=np.uint32))
    for number, driver in enumerate(request.drivers):
        window = vroom.TimeWindow(0, driver.shift_end)
        capacity = list(driver.capacity)
        bare.add_vehicle(
            vroom.Vehicle(
                number, start=driver.location, capacity=capacity, time_window=window, max_tasks=driver.max_stops
            )
        )
    for number, delivery in enumerate(request.deliveries):
        bare.add_shipment(
            vroom.ShipmentStep(number, delivery.pickup.location, default_service=delivery.pickup.service_s),
            vroom.ShipmentStep(number, delivery.dropoff.location, default_service=delivery.dropoff.service_s),
            amount=vroom.Amount(list(delivery.load)),
        )
    routes = bare.solve(level, nb_threads=1).routes
    return int(routes["type"].isin(["pickup", "delivery"]).sum())


def cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds of one run."""
    began = time.process_time()
    work()
    return time.process_time() - began


def steps_of(made: Plan) -> int:
    """How many steps the routes of a plan have."""
    return sum(len(route.steps) for route in made.routes)


@pytest.mark.bench
@pytest.mark.parametrize(
    ("objective", "time_limit_s", "level"),
    [
        (Objective.TRAVEL_TIME, WITHOUT_IMPROVEMENT, 0),
        (Objective.EXPECTED_COST, WITHOUT_IMPROVEMENT, 0),
        (Objective.DELIVERY_DELAY, WITHOUT_IMPROVEMENT, 0),
        (Objective.TRAVEL_TIME, 1.0, 3),
        (Objective.EXPECTED_COST, 1.0, 3),
        (Objective.DELIVERY_DELAY, 1.0, 3),
    ],
)
def test_plan_of_100_deliveries_for_25_drivers(objective: Objective, time_limit_s: float, level: int) -> None:
    request = city(objective, time_limit_s)
    assert steps_of(plan(request)) == solve_barely(request, level) == 2 * DELIVERIES

    pairs = [(cpu_s(lambda: plan(request)), cpu_s(lambda: solve_barely(request, level))) for _ in range(RUNS)]

    ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    title = f"plan {DELIVERIES} x {DRIVERS} {objective}, limit {time_limit_s:g} s, bare VROOM at level {level}"
    figures = {"plan_cpu_s": round(ours, 4), "bare_cpu_s": round(bare, 4), "ratio": round(ours / bare, 2)}
    sys.stdout.write(f"\n{title}: {ours:.3f} / {bare:.3f} CPU s = {ours / bare:.2f}\n")
    sys.stdout.write(json.dumps({"benchmark": title, "figures": figures}) + "\n")
