"""Compiles the matcher's inner loops before anybody waits for them.

`python -m marketplace.matching.warming` is part of the installation. Where that was left out, or the processor is
another one, the first solver process does it and says so.
"""

from pathlib import Path

import numpy as np

from marketplace.matching.compiled import FOLDER
from marketplace.matching.effort import Effort
from marketplace.matching.improving import improve
from marketplace.matching.problem import Problem
from marketplace.matching.request import Objective, PlanDelivery, PlanDriver, PlanOptions, PlanRequest, PlanStop
from marketplace.matching.travel import read_travel


def is_cold() -> bool:
    """Whether nothing compiled lies where it is looked for."""
    return not any(Path(FOLDER).rglob("annealing.anneal*.nbc"))


def warm_up() -> None:
    """Reads the compiled loops, or compiles them, by solving the smallest problem that uses all of them."""
    request = PlanRequest(
        now=0,
        durations_s=np.full((2, 2), 60) - 60 * np.eye(2, dtype=np.int64),
        deliveries=[PlanDelivery(id="any", pickup=PlanStop(location=0), dropoff=PlanStop(location=1))],
        drivers=[PlanDriver(id="any", location=0, shift_end=3_600)],
        options=PlanOptions(objective=Objective.TRAVEL_TIME),
    )
    improve(Problem(request, read_travel(request), [0], [0]), {}, [0], Effort(0.01))


if __name__ == "__main__":
    warm_up()
