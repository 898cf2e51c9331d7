"""Takes strings of neighbouring deliveries out of routes that pass close to each other, compiled.

After the adjacent string removal of Christiaens and Vanden Berghe, *Slack Induction by String Removals for Vehicle
Routing Problems* (Transportation Science 54, 2020), with pairs: who loses a pickup loses its drop-off too.
"""

from marketplace.matching.arrays import NOBODY, Desk, Draft, Seed, Small, Task, draw
from marketplace.matching.compiled import compiled
from marketplace.matching.driving import drive

LONGEST_STRING = 10.0
SPLIT_CHANCE, LONGER_CHANCE = 0.5, 0.45


@compiled
def ruin(task: Task, draft: Draft, desk: Desk, count: int, many: float, random: Seed) -> int:
    """Empties stretches of routes around a drawn step, about so many steps in all, and notes who is absent then.

    Returns how many are absent, or -1 where a route without its string breaks a rule. The routes are noted too.
    """
    longest = min(LONGEST_STRING, _average_length(draft))
    strings = int(draw(random) * (4.0 * many / (1.0 + longest) - 1.0)) + 1
    seed = int(draw(random) * task.place.size)
    for n in range(-1, task.near.shape[1]):
        step = seed if n < 0 else int(task.near[seed, n])
        driver = int(draft.driver_of[step // 2])
        if driver == NOBODY or is_touched(desk.touched, driver):
            continue
        size = int(draw(random) * min(float(draft.length[driver]), longest)) + 1
        before = count
        count = _take_out(task, draft, driver, int(draft.position[step]), size, desk.absent, count, random)
        if count > before:
            touch(desk.touched, driver)
            strings -= 1
            if not drive(task, draft, driver):
                return -1
            desk.work[4] += draft.length[driver]
        if strings == 0:
            break
    return count


@compiled
def touch(touched: Small, driver: int) -> None:
    """Notes that a driver's route has changed; the notes begin with how many there are."""
    touched[0] += 1
    touched[touched[0]] = driver


@compiled
def is_touched(touched: Small, driver: int) -> bool:
    """Whether a driver's route has changed."""
    is_there = False
    for n in range(1, touched[0] + 1):
        is_there = is_there or touched[n] == driver
    return is_there


@compiled
def _average_length(draft: Draft) -> float:
    steps, routes = 0, 0
    for driver in range(draft.length.size):
        steps += draft.length[driver]
        routes += draft.length[driver] > 0
    return steps / max(1, routes)


@compiled
def _take_out(
    task: Task, draft: Draft, driver: int, around: int, size: int, absent: Small, count: int, random: Seed
) -> int:
    """Takes out a string of so many steps that holds a given position, at times with a kept stretch in its middle."""
    length = int(draft.length[driver])
    spared = 0
    if size > 1 and draw(random) < SPLIT_CHANCE:
        while size + spared < length and (spared == 0 or draw(random) < LONGER_CHANCE):
            spared += 1
    span = size + spared
    first, last = max(0, around - span + 1), min(around, length - span)
    begin = first + int(draw(random) * (last - first + 1))
    spared_from = begin + int(draw(random) * (size + 1))
    for k in range(begin, begin + span):
        delivery = draft.steps[driver, k] // 2
        if spared_from <= k < spared_from + spared or not task.is_loose[delivery]:
            continue
        if draft.driver_of[delivery] != NOBODY:
            draft.driver_of[delivery] = NOBODY
            absent[count] = delivery
            count += 1
    left = 0
    for k in range(length):
        step = draft.steps[driver, k]
        if draft.driver_of[step // 2] != NOBODY:
            draft.steps[driver, left] = step
            left += 1
    draft.length[driver] = left
    return count
