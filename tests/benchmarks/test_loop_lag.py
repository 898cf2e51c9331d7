"""How long the event loop keeps others waiting while 100 deliveries and 30 drivers are matched in the solver pool.

A ticker asks to be woken every few milliseconds; its lag is how much later that happens. It runs beside plans at every
budget and, on the same machine, beside nothing: what the idle loop lags is the machine's, not the matcher's.
"""

import asyncio
import json
import random
import statistics
import sys
import time

import pytest

from marketplace.matching import Objective, PlanDelivery, PlanDriver, PlanOptions, PlanRequest, PlanStop, SolverPool

DELIVERIES, DRIVERS = 100, 30
PLANS = 3
TICK_S, IDLE_S = 0.005, 1.0
BUDGETS_S = (0.1, 1.0, 3.0)


def city(time_limit_s: float) -> PlanRequest:
    """A random city, the same in every run."""
    draw = random.Random(1)
    at = [(draw.randrange(1_000), draw.randrange(1_000)) for _ in range(2 * DELIVERIES + DRIVERS)]
    stops = [PlanStop(location=place, service_s=60) for place in range(2 * DELIVERIES)]
    return PlanRequest(
        now=0,
        durations_s=[[abs(a - c) + abs(b - d) for c, d in at] for a, b in at],
        deliveries=[
            PlanDelivery(id=f"d{i}", pickup=stops[2 * i], dropoff=stops[2 * i + 1], load=(1,))
            for i in range(DELIVERIES)
        ],
        drivers=[
            PlanDriver(id=f"v{j}", location=2 * DELIVERIES + j, shift_end=4 * 3600, capacity=(4,), max_stops=12)
            for j in range(DRIVERS)
        ],
        options=PlanOptions(objective=Objective.TRAVEL_TIME, time_limit_s=time_limit_s),
    )


async def lags_ms(work: asyncio.Task[object]) -> list[float]:
    """The lags of a ticker that runs as long as the work does."""
    lags = []
    while not work.done():
        due = time.perf_counter() + TICK_S
        await asyncio.sleep(TICK_S)
        lags.append(1e3 * (time.perf_counter() - due))
    return lags


@pytest.mark.bench
async def test_the_loop_goes_on_while_the_pool_plans() -> None:
    figures: dict[str, dict[str, float]] = {}
    with SolverPool(processes=1) as pool:
        await pool.solve(city(0.1), time_limit_s=10)
        for name, limit in (("idle", 0.0), *((f"{budget} CPU s", budget) for budget in BUDGETS_S)):
            lags: list[float] = []
            for _ in range(PLANS):
                planning = pool.solve(city(limit), time_limit_s=limit) if limit else asyncio.sleep(IDLE_S)
                work: asyncio.Task[object] = asyncio.ensure_future(planning)
                lags += await lags_ms(work)
                work.result()
            hundredths = statistics.quantiles(lags, n=100)
            figures[name] = {"p50": hundredths[49], "p99": hundredths[98], "max": max(lags), "ticks": len(lags)}

    lines = ["", f"{'lag of the event loop, ms':28}{'p50':>8}{'p99':>8}{'max':>8}{'ticks':>8}"]
    lines += [
        f"{name:28}{own['p50']:8.1f}{own['p99']:8.1f}{own['max']:8.1f}{own['ticks']:8.0f}"
        for name, own in figures.items()
    ]
    sys.stdout.write("\n".join([*lines, json.dumps({"benchmark": "loop lag", "figures_ms": figures})]) + "\n")
    assert all(own["ticks"] > 0 for own in figures.values())
