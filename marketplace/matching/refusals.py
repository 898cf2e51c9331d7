"""What the matcher says no to: a request that breaks a limit, and a solver that did not come back."""

from marketplace.core.errors import Invalid, Unavailable


class BadRequest(Invalid):
    """A planning request breaks a limit; `field` is the path of the offending value, such as `drivers[2].id`."""

    code = "BAD_PLAN_REQUEST"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message, field=field)
        self.args = (field, message)  # what pickling calls the class with, on the way home from a solver process

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class SolverFailed(Unavailable):
    """The solver process died or overran its time; a new one stands ready, so the same call may pass later."""

    code = "SOLVER_FAILED"
