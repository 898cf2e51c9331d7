"""Route quality: vehicles and distance on instances of Li and Lim, beside the best known plans.

Fewest vehicles come first, then the least distance. A delivery that is left counts as one vehicle more, an illegal plan
as one vehicle for every delivery.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.benchmarks.matching.contenders import OURS, Contender, in_this_process
from tests.benchmarks.matching.judge import IllegalPlan, Verdict, judge
from tests.benchmarks.matching.li_lim import BestKnown, Instance, ask_for_plan, stops_of
from tests.benchmarks.matching.outside import Matcher
from tests.benchmarks.matching.route_rivals import route_rivals
from tests.benchmarks.matching.tables import Column, table

RouteSolver = Contender[Instance, list[list[int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """One instance by one solver; `fault` says why a plan is illegal."""

    solver: str
    instance: str
    best: BestKnown
    verdict: Verdict
    cpu_s: float
    fault: str = ""

    @property
    def over(self) -> int:
        """Vehicles over the best known."""
        return self.verdict.vehicles + self.verdict.unserved - self.best.vehicles

    @property
    def is_equal(self) -> bool:
        """Whether a legal plan needs as few vehicles as the best known one, or fewer."""
        return not self.fault and self.over <= 0

    @property
    def gap_percent(self) -> float:
        """How much longer the way is than the best known."""
        return 100 * (self.verdict.distance / self.best.distance - 1)


def route_solvers(matcher: Matcher, *, time_limit_s: float, has_rivals: bool) -> list[RouteSolver]:
    """The matcher, and its rivals where they are wanted."""
    ours = Contender(OURS, partial(_ask, matcher, time_limit_s=time_limit_s), matcher.cpu_s)
    rivals = route_rivals(time_limit_s) if has_rivals else {}
    return [ours, *(in_this_process(name, solve) for name, solve in rivals.items())]


def _ask(matcher: Matcher, instance: Instance, *, time_limit_s: float) -> list[list[int]]:
    reply = matcher.ask(ask_for_plan(instance, time_limit_s=time_limit_s))
    if "error" in reply:
        raise IllegalPlan(f"the matcher says: {reply['error']['message']}")
    return stops_of(reply)


def solve(solver: RouteSolver, instance: Instance, best: BestKnown) -> Solved:
    """Lets one solver plan one instance, and judges the plan."""
    before, fault = solver.cpu_s(), ""
    try:
        routes = solver.answer(instance)
        verdict = judge(instance, routes)
    except IllegalPlan as illegal:
        verdict, fault = Verdict(len(instance.pairs), 0.0, 0), str(illegal)
    used_s = solver.cpu_s() - before
    return Solved(solver=solver.name, instance=instance.name, best=best, verdict=verdict, cpu_s=used_s, fault=fault)


def route_figures(results: Sequence[Solved]) -> dict[str, Any]:
    """One solver's figures over all its instances; `gap_on_equal_percent` only where vehicles are as few as known."""
    equal = [solved for solved in results if solved.is_equal]
    best = sum(solved.best.vehicles for solved in results)
    over = sum(solved.over for solved in results)
    return {
        "instances": len(results),
        "best_known_vehicles": best,
        "vehicles_over": over,
        "over_percent": round(100 * over / best, 2),
        "equal": len(equal),
        "gap_on_equal_percent": round(statistics.mean(solved.gap_percent for solved in equal), 3) + 0.0
        if equal
        else None,
        "unserved": sum(solved.verdict.unserved for solved in results),
        "illegal": sum(bool(solved.fault) for solved in results),
        "cpu_s_mean": round(statistics.mean(solved.cpu_s for solved in results), 3),
        "cpu_s_max": round(max(solved.cpu_s for solved in results), 3),
    }


def instance_table(results: Sequence[Solved]) -> str:
    """Every instance by every solver."""
    columns = [
        Column("instance", 10), Column("solver", 18), Column("vehicles", 8), Column("best", 5), Column("over", 5),
        Column("distance", 10, 2), Column("gap %", 7, 2), Column("CPU s", 7, 2), Column("", 0),
    ]  # fmt: skip
    rows = [
        (
            solved.instance,
            solved.solver,
            solved.verdict.vehicles,
            solved.best.vehicles,
            solved.over,
            None if solved.fault else solved.verdict.distance,
            solved.gap_percent if solved.is_equal else None,
            solved.cpu_s,
            solved.fault or (f"{solved.verdict.unserved} left" if solved.verdict.unserved else ""),
        )
        for solved in results
    ]
    return table(columns, rows)


def solver_table(figures: dict[str, dict[str, Any]]) -> str:
    """The figures of every solver beside each other."""
    columns = [
        Column("solver", 18), Column("instances", 9), Column("best known", 10), Column("over", 5),
        Column("over %", 7, 2), Column("equal", 6), Column("gap on equal %", 14, 3), Column("left", 5),
        Column("illegal", 7), Column("CPU s mean", 10, 2), Column("max", 7, 2),
    ]  # fmt: skip
    return table(columns, [(solver, *own.values()) for solver, own in figures.items()])
