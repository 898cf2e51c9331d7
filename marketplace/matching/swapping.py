"""Makes room for deliveries that found none: another one moves elsewhere, or waits if it is less important."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from marketplace.matching.effort import Effort
from marketplace.matching.filling import cheapest_insertion
from marketplace.matching.insertion import Draft, Insertion, best_insertion
from marketplace.matching.problem import Problem, Routes
from marketplace.matching.schedule import follow

_MOST_TRIES = 300
"""Ends the search on a day when everybody is full: then no swap helps, and there are many."""


def make_room(
    problem: Problem, routes: Routes, missing: Iterable[int], drivers: Sequence[int], effort: Effort
) -> Routes:
    """The routes with more, or more important, deliveries than before wherever one swap allows it."""
    waiting = sorted(missing, key=lambda i: (-problem.priority[i], i))
    if not waiting:
        return routes
    search = _Search(problem, {driver: Draft(problem, driver, routes.get(driver, ())) for driver in drivers}, effort)
    for delivery in waiting:
        search.place(delivery)
    return {driver: draft.steps for driver, draft in search.drafts.items() if draft.steps}


@dataclass(slots=True)
class _Search:
    problem: Problem
    drafts: dict[int, Draft]
    effort: Effort
    tries: int = 0

    def place(self, delivery: int) -> None:
        """Places a delivery; of several swaps the one in which nobody else has to wait, else the least important."""
        best: tuple[int, Insertion, int] | None = None
        for driver, given_up, shorter in self._shortened():
            if best is not None and self.problem.priority[given_up] >= best[0]:
                continue
            found = best_insertion(shorter, delivery, self.effort)
            if found is None:
                continue
            if self._moved(driver, found, given_up):
                return
            if self.problem.priority[given_up] < self.problem.priority[delivery]:
                best = (self.problem.priority[given_up], found, given_up)
        if best is not None:
            self._redraw(best[1])

    def _shortened(self) -> Iterator[tuple[int, int, Draft]]:
        """Each route without one of its deliveries, as long as tries and effort last."""
        for driver, draft in list(self.drafts.items()):
            for given_up in sorted({step // 2 for step in draft.steps}.difference(self.problem.committed_to)):
                if self.tries >= _MOST_TRIES or not self.effort.covers(0):
                    return
                self.tries += 1
                rest = tuple(step for step in draft.steps if step // 2 != given_up)
                if not rest or follow(self.problem, driver, rest) is not None:
                    yield driver, given_up, Draft(self.problem, driver, rest)

    def _moved(self, driver: int, found: Insertion, given_up: int) -> bool:
        """Whether the delivery that made room has found another place; then both stand."""
        swapped = Draft(self.problem, driver, found.steps)
        others = [swapped if j == driver else draft for j, draft in self.drafts.items()]
        elsewhere = cheapest_insertion(others, given_up, self.effort)
        if elsewhere is None:
            return False
        self._redraw(found)
        self._redraw(elsewhere)
        return True

    def _redraw(self, found: Insertion) -> None:
        self.drafts[found.driver] = Draft(self.problem, found.driver, found.steps)
