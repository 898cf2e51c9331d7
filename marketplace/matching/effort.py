"""The work a plan may still do: CPU seconds turned into a budget that is charged by count, never by a clock.

Only so does the same request get the same answer on a busy machine. The prices of the operations are those of one
core of a small server; they stand beside the operations.
"""

from marketplace.matching.request import PlanRequest

_OVERHEAD_S, _EACH_S, _CELL_S = 0.004, 30e-6, 0.5e-6
"""What reading, checking and writing a request costs: at all, for each delivery and driver, for each matrix cell."""


class Effort:
    """A budget of nominal CPU seconds."""

    def __init__(self, budget_s: float) -> None:
        self.left_s = budget_s

    def spend(self, cost_s: float) -> None:
        """Takes from the budget what an operation costs; necessary work may overdraw it."""
        self.left_s -= cost_s

    def covers(self, cost_s: float) -> bool:
        """Whether an operation that is not necessary can still be paid for."""
        return self.left_s >= cost_s

    def share(self, part: float) -> "Effort":
        """Moves a part of what is left to a budget of its own."""
        portion = Effort(0)
        portion.left_s = max(0.0, self.left_s * part)
        self.left_s -= portion.left_s
        return portion

    def take_all(self) -> float:
        """Empties the budget for another one; what was overdrawn is taken along."""
        left_s, self.left_s = self.left_s, 0.0
        return left_s


def effort_for(request: PlanRequest) -> Effort:
    """What is left of a request's time limit for planning, once it is read and will be written."""
    cells = 0 if request.durations_s is None else len(request.durations_s) ** 2
    overhead_s = _OVERHEAD_S + _EACH_S * (len(request.deliveries) + len(request.drivers)) + _CELL_S * cells
    return Effort(max(0.1 * request.options.time_limit_s, request.options.time_limit_s - overhead_s))
