"""Puts deliveries that are in no route at the cheapest legal place of any route, compiled.

Greedy insertion with blinks (Christiaens and Vanden Berghe 2020): now and then a place is overlooked, so that the same
holes are filled in another way. Whether a place is legal is known at once: the steps after it bear any delay up to
their latest moments, which are kept with the draft (Savelsbergh, *The Vehicle Routing Problem with Time Windows:
Minimizing Route Duration*, ORSA Journal on Computing 4, 1992).
"""

from marketplace.matching.arrays import NOBODY, Desk, Draft, Seed, Small, Task, draw
from marketplace.matching.compiled import compiled
from marketplace.matching.driving import drive, drop_delay, first_moment, leg_price, place_before, place_from, price
from marketplace.matching.request import NO_WAY_S
from marketplace.matching.ruining import is_touched, touch

BLINK = 0.01
IMPOSSIBLE = 1e300


@compiled
def recreate(task: Task, draft: Draft, desk: Desk, count: int, most_routes: int, random: Seed) -> int:
    """Inserts the absent deliveries in a drawn order; returns how many stay absent, which come first in the notes."""
    _order(task, desk.absent, count, random)
    routes = 0
    for driver in range(draft.length.size):
        routes += draft.length[driver] > 0
    left = 0
    for n in range(count):
        delivery = int(desk.absent[n])
        driver = _cheapest_place(task, draft, desk, delivery, routes < most_routes, random)
        if driver == NOBODY:
            desk.absent[left] = delivery
            left += 1
            continue
        routes += draft.length[driver] == 0
        _put_in(draft, driver, delivery, int(desk.found[0]), int(desk.found[1]))
        desk.work[4] += draft.length[driver]
        if not drive(task, draft, driver):
            # Only how long something is out of the cold is found out this late.
            _take_out(task, draft, driver, delivery)
            routes -= draft.length[driver] == 0
            desk.absent[left] = delivery
            left += 1
        if not is_touched(desk.touched, driver):
            touch(desk.touched, driver)
    return left


@compiled
def _order(task: Task, absent: Small, count: int, random: Seed) -> None:
    """Orders the absent by one of the ranks, or by lot."""
    chosen = int(draw(random) * (task.rank.shape[0] + 1))
    for n in range(1, count):
        if chosen == task.rank.shape[0]:
            other = int(draw(random) * (n + 1))
            absent[n], absent[other] = absent[other], absent[n]
            continue
        delivery, k = absent[n], n
        while k > 0 and task.rank[chosen, absent[k - 1]] > task.rank[chosen, delivery]:
            absent[k] = absent[k - 1]
            k -= 1
        absent[k] = delivery


@compiled
def _put_in(draft: Draft, driver: int, delivery: int, pick_at: int, drop_at: int) -> None:
    """Puts a pickup before one position and its drop-off before the same or a later one."""
    steps = draft.steps[driver]
    for k in range(draft.length[driver] - 1, pick_at - 1, -1):
        steps[k + 2 if k >= drop_at else k + 1] = steps[k]
    steps[pick_at] = 2 * delivery
    steps[drop_at + 1] = 2 * delivery + 1
    draft.length[driver] += 2


@compiled
def _take_out(task: Task, draft: Draft, driver: int, delivery: int) -> None:
    left = 0
    for k in range(draft.length[driver]):
        if draft.steps[driver, k] // 2 != delivery:
            draft.steps[driver, left] = draft.steps[driver, k]
            left += 1
    draft.length[driver] = left
    draft.driver_of[delivery] = NOBODY
    drive(task, draft, driver)


@compiled
def _cheapest_place(task: Task, draft: Draft, desk: Desk, delivery: int, may_open: bool, random: Seed) -> int:
    """The driver into whose route the delivery goes, with its positions in `desk.found`, or nobody."""
    chosen, best = NOBODY, IMPOSSIBLE
    for driver in range(task.twin.size):
        desk.is_seen[driver] = False
    for driver in range(task.twin.size):
        length = draft.length[driver]
        if not task.able[driver, delivery] or length + 2 > task.most_steps[driver]:
            continue
        if length == 0:
            if not may_open or desk.is_seen[task.twin[driver]]:
                continue
            desk.is_seen[task.twin[driver]] = True
        elif task.has_one_origin[0] and not _is_one_origin(task, draft, driver, delivery):
            continue
        found = _best_in_route(task, draft, desk, driver, delivery, best, random)
        if found < best:
            chosen, best = driver, found
    return chosen


@compiled
def _is_one_origin(task: Task, draft: Draft, driver: int, delivery: int) -> bool:
    for k in range(draft.length[driver]):
        step = draft.steps[driver, k]
        if step % 2 == 0 and task.place[step] != task.place[2 * delivery]:
            return False
    return True


@compiled
def _best_in_route(
    task: Task, draft: Draft, desk: Desk, driver: int, delivery: int, best: float, random: Seed
) -> float:
    """What the cheapest place in one route adds, if less than `best`; its positions go to `desk.found`."""
    pick, length, first = 2 * delivery, int(draft.length[driver]), int(task.kept_steps[driver])
    pick_place, drop_place = int(task.place[pick]), int(task.place[pick + 1])
    desk.work[2] += 1
    desk.work[3] += length + 1 - first
    if _price_drops(task, draft, desk, driver, delivery) >= best:
        return best
    start_by = min(task.closes[task.first_span[pick + 1] - 1], task.pick_by[driver])
    alone = task.drop_price[driver] + (task.route_price[driver] if length == 0 else 0.0)
    carried = leg_price(task, driver, pick_place, drop_place)
    for p in range(first, length + 1):
        if draft.leave[driver, p] > start_by:
            break
        here, there = place_before(task, draft, driver, p), place_from(task, draft, driver, p)
        leg = task.legs[here, pick_place]
        start = first_moment(task, pick, draft.leave[driver, p] + leg)
        if leg >= NO_WAY_S or start < 0 or start > start_by or not _fits(task, draft, driver, p, delivery):
            continue
        added = alone + leg_price(task, driver, here, pick_place)
        added -= leg_price(task, driver, here, there) if length > 0 else 0.0
        at_once = added + carried + leg_price(task, driver, drop_place, there)
        added += leg_price(task, driver, pick_place, there)
        late = 0.0
        if task.delay_price[driver] > 0:
            dropped_at = start + task.service[pick] + task.legs[pick_place, drop_place]
            late = task.delay_price[driver] * drop_delay(task, delivery, dropped_at)
        if min(at_once, added + desk.fewest[p + 1]) + late < best:
            best = _best_drop(task, draft, desk, driver, delivery, p, start, at_once, added, late, best, random)
    return best


@compiled
def _price_drops(task: Task, draft: Draft, desk: Desk, driver: int, delivery: int) -> float:
    """Notes what the drop-off would add at each position, and the least from each on; returns the least of all."""
    drop, length, first = 2 * delivery + 1, int(draft.length[driver]), int(task.kept_steps[driver])
    drop_place, opens = int(task.place[drop]), task.opens[task.first_span[drop]]
    closes = task.closes[task.first_span[drop + 1] - 1]
    desk.fewest[length + 1] = IMPOSSIBLE
    for q in range(length, first - 1, -1):
        here, there = place_before(task, draft, driver, q), place_from(task, draft, driver, q)
        desk.drops[q] = IMPOSSIBLE
        arrival = draft.leave[driver, q] + task.legs[here, drop_place]
        onward = 0 if there < 0 else task.legs[drop_place, there]
        if arrival <= closes and max(arrival, opens) + task.service[drop] + onward <= draft.latest[driver, q]:
            added = leg_price(task, driver, here, drop_place) + leg_price(task, driver, drop_place, there)
            desk.drops[q] = added - (leg_price(task, driver, here, there) if length > 0 else 0.0)
        desk.fewest[q] = min(desk.fewest[q + 1], desk.drops[q])
    return float(desk.fewest[first])


@compiled
def _best_drop(
    task: Task,
    draft: Draft,
    desk: Desk,
    driver: int,
    delivery: int,
    pick_at: int,
    picked_at: int,
    at_once: float,
    with_pickup: float,
    late: float,
    best: float,
    random: Seed,
) -> float:
    """What the cheapest drop-off after a pickup makes of it, if less than `best`; the route is driven on meanwhile.

    `late` is the price of its own delay if it goes straight there: no other way is shorter, or hardly any.
    """
    length, here, moment = int(draft.length[driver]), int(task.place[2 * delivery]), picked_at
    moment += task.service[2 * delivery]
    passed = 0.0
    for q in range(pick_at, length + 1):
        desk.work[3] += 1
        added = (at_once if q == pick_at else with_pickup + desk.drops[q]) + passed + late
        if added < best and _can_drop(task, draft, driver, delivery, q, here, moment):
            if task.delay_price[driver] > 0:
                added += _later(task, draft, desk, driver, delivery, q, here, moment, best - added + late) - late
            elif task.is_timed[driver]:
                added = _exact(task, draft, desk, driver, delivery, pick_at, q) - draft.cost[driver]
                desk.work[4] += length
            if added < best and draw(random) >= BLINK:
                best = added
                desk.found[0], desk.found[1] = pick_at, q
        if q == length or with_pickup + desk.fewest[q + 1] + passed + late >= best:
            break
        there, step = place_from(task, draft, driver, q), int(draft.steps[driver, q])
        leg = task.legs[here, there]
        if leg >= NO_WAY_S or moment + leg > draft.latest[driver, q] or not _fits(task, draft, driver, q + 1, delivery):
            break
        start = first_moment(task, step, moment + leg)
        passed += _shifted(task, draft, driver, q, start)
        moment = start + task.service[step]
        here = there
    return best


@compiled
def _shifted(task: Task, draft: Draft, driver: int, k: int, start: int) -> float:
    """What it costs that the step at a position starts at another moment than before, where delay has a price."""
    step = int(draft.steps[driver, k])
    if step % 2 == 0 or task.delay_price[driver] == 0:
        return 0.0
    before = draft.leave[driver, k + 1] - task.service[step]
    return float(task.delay_price[driver] * (drop_delay(task, step // 2, start) - drop_delay(task, step // 2, before)))


@compiled
def _later(
    task: Task, draft: Draft, desk: Desk, driver: int, delivery: int, q: int, here: int, moment: int, most: float
) -> float:
    """The price of the delivery's own delay if it is dropped off at a position, and of the delay of all that follows.

    It is followed until the route goes on as before, or until it is clear that this place is not the cheapest.
    """
    drop = 2 * delivery + 1
    start = first_moment(task, drop, moment + task.legs[here, task.place[drop]])
    late = float(task.delay_price[driver] * drop_delay(task, delivery, start))
    here, moment = int(task.place[drop]), start + task.service[drop]
    for k in range(q, draft.length[driver]):
        desk.work[5] += 1
        if late >= most:
            break
        step = int(draft.steps[driver, k])
        start = first_moment(task, step, moment + task.legs[here, task.place[step]])
        moment = start + task.service[step]
        if moment == draft.leave[driver, k + 1]:
            break
        late += _shifted(task, draft, driver, k, start)
        here = int(task.place[step])
    return late


@compiled
def _can_drop(task: Task, draft: Draft, driver: int, delivery: int, q: int, here: int, moment: int) -> bool:
    """Whether the drop-off is legal at a position, as the route then goes."""
    drop = 2 * delivery + 1
    drop_place, there = int(task.place[drop]), place_from(task, draft, driver, q)
    leg = task.legs[here, drop_place]
    onward = 0 if there < 0 else task.legs[drop_place, there]
    start = first_moment(task, drop, moment + leg)
    if start < 0 or leg >= NO_WAY_S or onward >= NO_WAY_S:
        return False
    return bool(start + task.service[drop] + onward <= draft.latest[driver, q])


@compiled
def _fits(task: Task, draft: Draft, driver: int, k: int, delivery: int) -> bool:
    for dimension in range(task.load.shape[1]):
        if draft.loads[driver, k, dimension] + task.load[delivery, dimension] > task.capacity[driver, dimension]:
            return False
    return True


@compiled
def _exact(task: Task, draft: Draft, desk: Desk, driver: int, delivery: int, pick_at: int, drop_at: int) -> float:
    """What the route with the delivery in it costs, where time has a price."""
    length = int(draft.length[driver])
    for k in range(length):
        after = 0 if k < pick_at else (1 if k < drop_at else 2)
        desk.longer[k + after] = draft.steps[driver, k]
    desk.longer[pick_at] = 2 * delivery
    desk.longer[drop_at + 1] = 2 * delivery + 1
    return price(task, driver, desk.longer, length + 2)
