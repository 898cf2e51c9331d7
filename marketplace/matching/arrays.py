"""The shape of a problem and of its routes as the compiled search sees them: flat arrays of numbers, nothing else.

Steps and drivers are numbered as in `Problem`. Position k of a route stands before its step k; the last position,
after all steps, stands before the way to the driver's end.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from marketplace.matching.compiled import compiled

Small = npt.NDArray[np.int32]
Whole = npt.NDArray[np.int64]
Real = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Seed = npt.NDArray[np.uint64]

FOREVER = 2**40
"""Later than every moment, and far from overflowing when times are added to it."""
NOBODY = -1


class Task(NamedTuple):
    """What does not change during a search. One row for each step, delivery or driver, as the name of the row says."""

    legs: Small
    metres: Small
    # steps
    place: Small
    service: Whole
    first_span: Small
    opens: Whole
    closes: Whole
    near: Small
    # deliveries
    load: Whole
    posted_at: Whole
    due_at: Whole
    priority: Whole
    out_of_cold: Whole
    is_loose: Flags
    rank: Small
    # drivers
    able: Flags
    twin: Small
    start_place: Small
    end_place: Small
    begin: Whole
    end_by: Whole
    pick_by: Whole
    most_steps: Small
    capacity: Whole
    aboard: Whole
    kept_steps: Small
    route_price: Real
    drop_price: Real
    second_price: Real
    metre_price: Real
    work_price: Real
    delay_price: Real
    is_timed: Flags
    warms: Flags
    has_one_origin: Flags


class Draft(NamedTuple):
    """Routes in the making, with what makes it quick to ask whether a delivery fits in somewhere.

    `leave` and `loads` are those at a position, `latest` is the latest arrival at what comes after it. `held` is
    jotted down while a route is driven that leaves as late as it may.
    """

    steps: Small
    length: Small
    leave: Whole
    held: Whole
    latest: Whole
    loads: Whole
    cost: Real
    driver_of: Small
    position: Small


class Desk(NamedTuple):
    """Where a search keeps its notes.

    Deliveries in no route, now and on trial, and how often each was left over; drivers whose routes have changed; the
    work done; and what is jotted down while one route is looked at.
    """

    missing: Small
    absent: Small
    misses: Whole
    touched: Small
    work: Whole
    is_seen: Flags
    drops: Real
    fewest: Real
    found: Whole
    longer: Small


def empty_draft(task: Task) -> Draft:
    """Room for every driver's longest route."""
    drivers, deliveries = task.able.shape
    width = int(task.most_steps.max(initial=0)) + 1
    return Draft(
        steps=np.zeros((drivers, width), np.int32),
        length=np.zeros(drivers, np.int32),
        leave=np.zeros((drivers, width), np.int64),
        held=np.zeros((drivers, width), np.int64),
        latest=np.zeros((drivers, width), np.int64),
        loads=np.zeros((drivers, width, task.load.shape[1]), np.int64),
        cost=np.zeros(drivers, np.float64),
        driver_of=np.full(deliveries, NOBODY, np.int32),
        position=np.zeros(2 * deliveries, np.int32),
    )


def empty_desk(task: Task) -> Desk:
    """A desk with room for all notes."""
    drivers, deliveries = task.able.shape
    width = int(task.most_steps.max(initial=0)) + 3
    return Desk(
        missing=np.zeros(deliveries, np.int32),
        absent=np.zeros(deliveries, np.int32),
        misses=np.ones(deliveries, np.int64),
        touched=np.zeros(drivers + 1, np.int32),
        work=np.zeros(6, np.int64),
        is_seen=np.zeros(drivers, np.bool_),
        drops=np.zeros(width, np.float64),
        fewest=np.zeros(width, np.float64),
        found=np.zeros(2, np.int64),
        longer=np.zeros(width, np.int32),
    )


@compiled
def copy_route(task: Task, origin: Draft, target: Draft, driver: int) -> None:
    """Makes one driver's route in a draft the same as in another."""
    length = origin.length[driver]
    target.length[driver] = length
    target.cost[driver] = origin.cost[driver]
    for k in range(length):
        step = origin.steps[driver, k]
        target.steps[driver, k] = step
        target.position[step] = k
        target.driver_of[step // 2] = driver
    for k in range(length + 1):
        target.leave[driver, k] = origin.leave[driver, k]
        target.latest[driver, k] = origin.latest[driver, k]
        for dimension in range(task.load.shape[1]):
            target.loads[driver, k, dimension] = origin.loads[driver, k, dimension]


@compiled
def draw(random: Seed) -> float:
    """The next number from 0 up to 1 of our own generator (xorshift64, Marsaglia 2003): the same on every machine."""
    word = random[0]
    word ^= word << np.uint64(13)
    word ^= word >> np.uint64(7)
    word ^= word << np.uint64(17)
    random[0] = word
    return float(word >> np.uint64(11)) * (1.0 / 9007199254740992.0)
