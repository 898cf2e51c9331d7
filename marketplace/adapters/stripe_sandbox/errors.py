"""What the stand-in answers when it says no: Stripe's error object and the HTTP status that goes with it."""

from typing import Any

from marketplace.adapters.stripe_sandbox.records import Record

INVALID_REQUEST = "invalid_request_error"


class StripeError(Exception):
    """An error answer. `keeps_changes` tells that what was done until then stays, such as a declined charge."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = INVALID_REQUEST,
        code: str | None = None,
        param: str | None = None,
        keeps_changes: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.keeps_changes = keeps_changes
        named = {"code": code, "message": message, "param": param, "type": kind} | more
        self.error: Record = {name: value for name, value in named.items() if value is not None}

    @property
    def body(self) -> Record:
        """The JSON of the answer."""
        return {"error": self.error}


def missing(noun: str, key: str, *, param: str = "id", status: int = 404) -> StripeError:
    """There is no such object for this account."""
    return StripeError(f"No such {noun}: '{key}'", status=status, code="resource_missing", param=param)


def not_modelled(what: str, *, param: str | None = None) -> StripeError:
    """Stripe does this, the stand-in does not; it says so rather than doing half of it in silence."""
    return StripeError(
        f"The stand-in does not model {what}; Stripe itself does.", code="not_modelled_by_stand_in", param=param
    )


def server_error(status: int = 500) -> StripeError:
    """Something went wrong at Stripe."""
    return StripeError("An unknown error occurred", status=status, kind="api_error")
