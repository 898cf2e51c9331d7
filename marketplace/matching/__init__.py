"""Matching: which driver carries which deliveries, in what order, and when each offer is due.

A `PlanRequest` says what is to be carried, who can drive and how far apart places are. `plan` turns it into a `Plan`:
VROOM bundles stops into routes zone by zone, a least-cost pairing decides who drives them and when the offer is sent,
and every route is timed and checked against every rule before it counts. It blocks its process and may die with it,
so servers call it through a `SolverPool`; other programs talk to `door`, one JSON line at a time. `MatchMarket` is the
errand around it all: a snapshot of a market, a plan, and the routes that still hold when it is committed. A large
market is cut into zones, each with its own `MatchZone`; `wake_due` and `wake_near_driver` say which to look at again.
`dry_run` plays it all through for a problem that does not exist.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from marketplace.matching.refusals import BadRequest, SolverFailed
from marketplace.matching.reply import Plan, PlannedRoute, PlannedStep, Reason, Unassigned
from marketplace.matching.request import (
    DriverKind,
    DriverPay,
    LockedStep,
    Objective,
    PlanDelivery,
    PlanDriver,
    PlanOptions,
    PlanRequest,
    PlanStop,
    ShiftEndCovers,
    StepKind,
)
from marketplace.matching.solver_pool import SolverPool

if TYPE_CHECKING:
    from marketplace.matching.dry_files import read_problem
    from marketplace.matching.dry_runs import DryDelivery, DryDriver, DryProblem, dry_run
    from marketplace.matching.planner import plan
    from marketplace.matching.tick import MatchMarket, MatchZone
    from marketplace.matching.wake import next_planning, wake_due
    from marketplace.matching.zoning import wake_near_driver, zones_of

__all__ = [
    "BadRequest",
    "DriverKind",
    "DriverPay",
    "DryDelivery",
    "DryDriver",
    "DryProblem",
    "LockedStep",
    "MatchMarket",
    "MatchZone",
    "Objective",
    "Plan",
    "PlanDelivery",
    "PlanDriver",
    "PlanOptions",
    "PlanRequest",
    "PlanStop",
    "PlannedRoute",
    "PlannedStep",
    "Reason",
    "ShiftEndCovers",
    "SolverFailed",
    "SolverPool",
    "StepKind",
    "Unassigned",
    "dry_run",
    "next_planning",
    "plan",
    "read_problem",
    "wake_due",
    "wake_near_driver",
    "zones_of",
]

_LATE = {
    "plan": "marketplace.matching.planner",
    "DryDelivery": "marketplace.matching.dry_runs",
    "DryDriver": "marketplace.matching.dry_runs",
    "DryProblem": "marketplace.matching.dry_runs",
    "read_problem": "marketplace.matching.dry_files",
    "dry_run": "marketplace.matching.dry_runs",
    "MatchMarket": "marketplace.matching.tick",
    "MatchZone": "marketplace.matching.tick",
    "next_planning": "marketplace.matching.wake",
    "wake_due": "marketplace.matching.wake",
    "wake_near_driver": "marketplace.matching.zoning",
    "zones_of": "marketplace.matching.zoning",
}


def __getattr__(name: str) -> object:
    """Imports what is dear only when it is asked for.

    The planner imports VROOM, pandas and scipy: a second and 100 MB that no server must pay, since only its solver
    processes plan. They in turn import this file on their way to the planner, and need nothing of the database, which
    is what the market's own errand stands on.
    """
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATE[name]), name)
