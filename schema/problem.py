"""Refusals as clients see them: a `Problem` among the results of a mutation, an error with a code in a query."""

from typing import Any

import strawberry

from marketplace.core.errors import Refusal


@strawberry.type(description="An expected refusal. Nothing was changed by the call that it answers.")
class Problem:
    """A refusal as data, so that a client handles it like any other result."""

    code: str = strawberry.field(description="Stable and made for programs, such as OFFER_TAKEN.")
    message: str = strawberry.field(description="For people: what is wrong and what to do next.")
    field: str | None = strawberry.field(description="The argument or input field at fault, where there is one.")
    retryable: bool = strawberry.field(description="Whether the same call may pass later, unchanged.")


def problem_of(refusal: Refusal) -> Problem:
    """The refusal as the result of a mutation."""
    return Problem(code=refusal.code, message=refusal.message, field=refusal.field, retryable=refusal.retryable)


def error_of(refusal: Refusal, *, path: list[str | int] | None = None) -> dict[str, Any]:
    """The refusal as an entry of `errors`."""
    extensions: dict[str, Any] = {"code": refusal.code, "retryable": refusal.retryable}
    if refusal.field is not None:
        extensions["field"] = refusal.field
    # Where a stream that was cut off goes on, and how things stand for one who was away for too long.
    for name in ("cursor", "snapshot"):
        if (value := getattr(refusal, name, None)) is not None:
            extensions[name] = value
    error: dict[str, Any] = {"message": refusal.message}
    if path is not None:
        error["path"] = path
    return error | {"extensions": extensions}
