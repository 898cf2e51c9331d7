"""Finds room in the routes for deliveries that have none yet, one after the other at the cheapest legal place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from marketplace.matching.effort import Effort
from marketplace.matching.insertion import Draft, Insertion, best_insertion
from marketplace.matching.problem import Problem, Routes


@dataclass(frozen=True, slots=True)
class Filled:
    """The routes, and the deliveries that nobody looked at because the effort was used up."""

    routes: Routes
    untried: frozenset[int]


def fill(problem: Problem, routes: Routes, deliveries: Iterable[int], drivers: Sequence[int], effort: Effort) -> Filled:
    """The routes with as many of the deliveries as found room, the important and the soonest closing first."""
    queue = sorted(deliveries, key=lambda i: (-problem.priority[i], problem.closes[2 * i + 1], i))
    if not queue:
        return Filled(routes, frozenset())
    filled = dict(routes)
    drafts = {driver: Draft(problem, driver, routes.get(driver, ())) for driver in drivers}
    for position, delivery in enumerate(queue):
        if not effort.covers(0):
            return Filled(filled, frozenset(queue[position:]))
        found = cheapest_insertion(drafts.values(), delivery, effort)
        if found is not None:
            filled[found.driver] = found.steps
            drafts[found.driver] = Draft(problem, found.driver, found.steps)
    return Filled(filled, frozenset())


def cheapest_insertion(
    drafts: Iterable[Draft], delivery: int, effort: Effort, limit: float = float("inf")
) -> Insertion | None:
    """The cheapest legal place for a delivery in any of the routes that adds less than `limit`."""
    best = None
    for draft in drafts:
        found = best_insertion(draft, delivery, effort, limit)
        if found is not None:
            best, limit = found, found.added
    return best
