"""The clock and the price of a route, compiled: the same rules as in `schedule` and `objectives`, for inner loops only.

Whatever the search finds is driven once more by `schedule` before it counts.
"""

from marketplace.matching.arrays import Draft, Small, Task, Whole
from marketplace.matching.compiled import compiled
from marketplace.matching.request import NO_WAY_S


@compiled
def first_moment(task: Task, step: int, moment: int) -> int:
    """The first moment at which a step may start that is not before the given one, or -1."""
    for span in range(task.first_span[step], task.first_span[step + 1]):
        if moment <= task.closes[span]:
            return max(moment, int(task.opens[span]))
    return -1


@compiled
def last_moment(task: Task, step: int, moment: int) -> int:
    """The last moment at which a step may start that is not after the given one, or -1."""
    last = -1
    for span in range(task.first_span[step], task.first_span[step + 1]):
        if task.opens[span] > moment:
            break
        last = min(task.closes[span], moment)
    return last


@compiled
def drive(task: Task, draft: Draft, driver: int) -> bool:
    """Works out a route's moments, loads and cost after its steps have changed; False where it breaks a rule."""
    length, here, moment = int(draft.length[driver]), int(task.start_place[driver]), task.begin[driver]
    steps, leave, latest = draft.steps[driver], draft.leave[driver], draft.latest[driver]
    leave[0] = moment
    for dimension in range(task.load.shape[1]):
        draft.loads[driver, 0, dimension] = task.aboard[driver, dimension]
    for k in range(length):
        step = int(steps[k])
        leg = task.legs[here, task.place[step]]
        start = first_moment(task, step, moment + leg)
        if leg >= NO_WAY_S or start < 0 or (step % 2 == 0 and start > task.pick_by[driver]):
            return False
        here = int(task.place[step])
        moment = start + task.service[step]
        leave[k + 1] = moment
        draft.position[step] = k
        draft.driver_of[step // 2] = driver
        _carry(task, draft, driver, k)
    end = int(task.end_place[driver])
    leg = task.legs[here, end] if end >= 0 and length > 0 else 0
    if leg >= NO_WAY_S or (length > 0 and moment + leg > task.end_by[driver]):
        return False
    latest[length] = task.end_by[driver]
    for k in range(length - 1, -1, -1):
        step = int(steps[k])
        start_by = latest[k + 1] - leg - task.service[step]
        if step % 2 == 0:
            start_by = min(start_by, task.pick_by[driver])
        latest[k] = last_moment(task, step, start_by)
        leg = task.legs[task.start_place[driver] if k == 0 else task.place[steps[k - 1]], task.place[step]]
    draft.cost[driver] = price(task, driver, steps, length)
    return not task.warms[driver] or length == 0 or _stays_cold(task, draft, driver)


@compiled
def _stays_cold(task: Task, draft: Draft, driver: int) -> bool:
    """Whether nothing is out of the cold for too long, if the driver leaves as late as the first hand-over allows."""
    steps, leave, held = draft.steps[driver], draft.leave[driver], draft.held[driver]
    length, first_drop = int(draft.length[driver]), 0
    if _is_kept(task, draft, driver, leave):
        return True
    while steps[first_drop] % 2 == 0:
        first_drop += 1
    arrive_by = int(leave[first_drop + 1] - task.service[steps[first_drop]])
    here, moment = int(task.start_place[driver]), _latest_leave(task, driver, steps, first_drop, arrive_by)
    for k in range(length):
        step = int(steps[k])
        moment = first_moment(task, step, moment + task.legs[here, task.place[step]])
        if moment < 0:
            return False
        here, moment = int(task.place[step]), moment + task.service[step]
        held[k + 1] = moment
    return bool(_is_kept(task, draft, driver, held))


@compiled
def _is_kept(task: Task, draft: Draft, driver: int, leave: Whole) -> bool:
    for k in range(draft.length[driver]):
        step = draft.steps[driver, k]
        if step % 2 == 0:
            continue
        picked = int(draft.position[step - 1])
        is_here = picked < k and draft.steps[driver, picked] == step - 1
        if is_here and leave[k + 1] - leave[picked + 1] > task.out_of_cold[step // 2]:
            return False
    return True


@compiled
def _carry(task: Task, draft: Draft, driver: int, k: int) -> None:
    step = draft.steps[driver, k]
    for dimension in range(task.load.shape[1]):
        amount = task.load[step // 2, dimension]
        draft.loads[driver, k + 1, dimension] = draft.loads[driver, k, dimension] + (-amount if step % 2 else amount)


@compiled
def place_before(task: Task, draft: Draft, driver: int, k: int) -> int:
    """Where the driver is at a position of the route."""
    return int(task.start_place[driver]) if k == 0 else int(task.place[draft.steps[driver, k - 1]])


@compiled
def place_from(task: Task, draft: Draft, driver: int, k: int) -> int:
    """Where the driver goes from a position of the route; nowhere from the last one, if the route ends there."""
    return int(task.end_place[driver]) if k == draft.length[driver] else int(task.place[draft.steps[driver, k]])


@compiled
def leg_price(task: Task, driver: int, origin: int, target: int) -> float:
    """What a leg costs by its time and its length; nothing where there is no target."""
    if target < 0:
        return 0.0
    cost = float(task.second_price[driver] * task.legs[origin, target])
    if task.metre_price[driver] > 0:
        cost += task.metre_price[driver] * task.metres[origin, target]
    return cost


@compiled
def price(task: Task, driver: int, steps: Small, length: int) -> float:
    """What a legal route costs; an empty one costs nothing."""
    if length == 0:
        return 0.0
    cost, here = float(task.route_price[driver]), int(task.start_place[driver])
    for k in range(length):
        there = int(task.place[steps[k]])
        cost += leg_price(task, driver, here, there)
        if steps[k] % 2:
            cost += task.drop_price[driver]
        here = there
    cost += leg_price(task, driver, here, int(task.end_place[driver]))
    if task.is_timed[driver]:
        cost += _time_price(task, driver, steps, length)
    return cost


@compiled
def _time_price(task: Task, driver: int, steps: Small, length: int) -> float:
    """What a route's working time and the delay of its drop-offs cost."""
    here, moment, delay = int(task.start_place[driver]), int(task.begin[driver]), 0
    first_drop, arrive_by = -1, moment
    for k in range(length):
        step = int(steps[k])
        moment = first_moment(task, step, moment + task.legs[here, task.place[step]])
        if step % 2:
            delay += drop_delay(task, step // 2, moment)
            if first_drop < 0:
                first_drop, arrive_by = k, moment
        moment += task.service[step]
        here = int(task.place[step])
    cost = float(task.delay_price[driver] * delay)
    if task.work_price[driver] > 0:
        cost += task.work_price[driver] * (moment - _latest_leave(task, driver, steps, first_drop, arrive_by))
    return cost


@compiled
def drop_delay(task: Task, delivery: int, start: int) -> int:
    """The delay in seconds of a drop-off that starts at the given moment."""
    return int(start - task.posted_at[delivery] + max(0, start - task.due_at[delivery]))


@compiled
def _latest_leave(task: Task, driver: int, steps: Small, first_drop: int, arrive_by: int) -> int:
    """The last moment to leave at which the first drop-off starts no later; whoever is committed leaves at once."""
    if task.kept_steps[driver] > 0:
        return int(task.begin[driver])
    for k in range(first_drop, 0, -1):
        before = int(steps[k - 1])
        start_by = arrive_by - task.legs[task.place[before], task.place[steps[k]]] - task.service[before]
        arrive_by = last_moment(task, before, min(start_by, task.pick_by[driver]))
    return int(arrive_by - task.legs[task.start_place[driver], task.place[steps[0]]])
