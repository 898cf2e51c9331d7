"""Searches for better routes by ruining a part of them and recreating it, many thousand times a second, compiled.

After *Slack Induction by String Removals* (Christiaens and Vanden Berghe 2020): worse routes are accepted with a chance
that falls as the work limit comes nearer. As long as deliveries are left over, those that are hard to place must find
room before those that are easy: how often each was left over is counted.
"""

import math

from marketplace.matching.arrays import NOBODY, Desk, Draft, Real, Seed, Small, Task, Whole, copy_route, draw
from marketplace.matching.compiled import compiled
from marketplace.matching.driving import drive
from marketplace.matching.recreating import recreate
from marketplace.matching.ruining import ruin

ROUND_NS, ROUTE_NS, PLACE_NS, STEP_NS, DELAY_NS = 300, 115, 5, 50, 12
"""Nominal prices of a round, of looking at a route or at a place in it, of working out a step anew, or its delay."""
_LEAST_GAIN = 1e-9


@compiled
def anneal(
    task: Task,
    now: Draft,
    trial: Draft,
    best: Draft,
    desk: Desk,
    most_routes: int,
    is_done_when_all_served: bool,
    heats: Real,
    limit: int,
    random: Seed,
) -> bool:
    """Improves the legal routes in `now`; the best ones are left in `best`, if they are better than those there.

    What is done is added up in `desk.work`, in nanoseconds, and ends the search at the limit. Returns whether all
    deliveries were served before that, where this is all that is wanted.
    """
    gone = _absent(task, now, desk.missing)
    cost, best_gone = _cost(now), _absent(task, best, desk.absent)
    best_worth, best_cost = _worth(task, desk.absent, best_gone), _cost(best)
    work = desk.work
    while work[0] < limit:
        if is_done_when_all_served and gone == 0:
            return True
        left = _try(task, trial, desk, gone, most_routes, heats[2], random)
        work[0] = ROUND_NS * work[1] + ROUTE_NS * work[2] + PLACE_NS * work[3] + STEP_NS * work[4] + DELAY_NS * work[5]
        added = _added(now, trial, desk.touched)
        heat = heats[0] * (heats[1] / heats[0]) ** (work[0] / limit)
        if left < 0 or not _is_accepted(task, desk, gone, left, added, heat, random):
            _take_back(task, now, trial, desk, gone, left)
            continue
        _keep(task, now, trial, desk, left)
        gone, cost = left, cost + added
        worth = _worth(task, desk.missing, gone)
        is_better = gone < best_gone or (gone == best_gone and worth > best_worth)
        if is_better or (gone == best_gone and worth == best_worth and cost < best_cost - _LEAST_GAIN):
            best_gone, best_worth, best_cost = gone, worth, cost
            copy_routes(task, now, best)
    return False


@compiled
def _try(task: Task, trial: Draft, desk: Desk, gone: int, most_routes: int, string: float, random: Seed) -> int:
    """Ruins and recreates the trial; returns how many deliveries are in no route then, or -1 if it is not legal."""
    desk.touched[0] = 0
    desk.work[1] += 1
    for n in range(gone):
        desk.absent[n] = desk.missing[n]
    count = ruin(task, trial, desk, gone, string, random)
    return count if count < 0 else recreate(task, trial, desk, count, most_routes, random)


@compiled
def _added(now: Draft, trial: Draft, touched: Small) -> float:
    added = 0.0
    for n in range(1, touched[0] + 1):
        added += trial.cost[touched[n]] - now.cost[touched[n]]
    return added


@compiled
def _is_accepted(task: Task, desk: Desk, gone: int, left: int, added: float, heat: float, random: Seed) -> bool:
    """Whether the trial takes the place of what is now: fewer or easier ones left over, or a cost that heat allows."""
    before, after = _weight(task, desk, desk.missing, gone), _weight(task, desk, desk.absent, left)
    if left < gone or after < before:
        return True
    if left > gone or after > before:
        return False
    return added < -heat * math.log(draw(random) + 1e-300)


@compiled
def _weight(task: Task, desk: Desk, listed: Small, count: int) -> int:
    """How hard it is to leave these out: the more, the more often it happened and the more important they are."""
    weight = 0
    for n in range(count):
        weight += desk.misses[listed[n]] * (1 + task.priority[listed[n]])
    return weight


@compiled
def _keep(task: Task, now: Draft, trial: Draft, desk: Desk, left: int) -> None:
    for n in range(1, desk.touched[0] + 1):
        copy_route(task, trial, now, int(desk.touched[n]))
    for n in range(left):
        desk.missing[n] = desk.absent[n]
        now.driver_of[desk.missing[n]] = NOBODY


@compiled
def _take_back(task: Task, now: Draft, trial: Draft, desk: Desk, gone: int, left: int) -> None:
    for n in range(left):
        desk.misses[desk.absent[n]] += 1
    for n in range(1, desk.touched[0] + 1):
        copy_route(task, now, trial, int(desk.touched[n]))
    for n in range(gone):
        trial.driver_of[desk.missing[n]] = NOBODY


@compiled
def dissolve(task: Task, now: Draft, misses: Whole) -> int:
    """Empties the route whose deliveries were left over least often; returns how many other routes there are, or -1."""
    chosen, fewest, routes = NOBODY, 0, 0
    for driver in range(now.length.size):
        if now.length[driver] == 0:
            continue
        routes += 1
        total = 0
        for k in range(now.length[driver]):
            total += misses[now.steps[driver, k] // 2]
        if task.kept_steps[driver] == 0 and (chosen == NOBODY or total < fewest):
            chosen, fewest = driver, total
    if chosen == NOBODY:
        return -1
    for k in range(now.length[chosen]):
        now.driver_of[now.steps[chosen, k] // 2] = NOBODY
    now.length[chosen] = 0
    drive(task, now, chosen)
    return routes - 1


@compiled
def copy_routes(task: Task, origin: Draft, target: Draft) -> None:
    """Makes all routes of a draft the same as in another."""
    for delivery in range(target.driver_of.size):
        target.driver_of[delivery] = NOBODY
    for driver in range(origin.length.size):
        copy_route(task, origin, target, driver)


@compiled
def _absent(task: Task, draft: Draft, listed: Small) -> int:
    count = 0
    for delivery in range(task.is_loose.size):
        if task.is_loose[delivery] and draft.driver_of[delivery] == NOBODY:
            listed[count] = delivery
            count += 1
    return count


@compiled
def _worth(task: Task, missing: Small, gone: int) -> int:
    """How important what is served is, as far as it differs: less by all that is missing."""
    worth = 0
    for n in range(gone):
        worth -= task.priority[missing[n]]
    return worth


@compiled
def _cost(draft: Draft) -> float:
    cost = 0.0
    for driver in range(draft.length.size):
        cost += draft.cost[driver]
    return cost
