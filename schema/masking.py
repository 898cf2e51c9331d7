"""Errors as they leave: refusals keep their words, everything else becomes a trace id that the log explains."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import structlog
from graphql import GraphQLError

from marketplace.core.errors import Refusal, Unavailable
from marketplace.core.metrics import ERRORS
from schema.problem import error_of

ERRORS_PER_ANSWER = 5

log = structlog.get_logger("schema")


def new_request_id() -> str:
    """Names one request in its answer and in the log."""
    return uuid4().hex


def answered_errors(errors: Sequence[GraphQLError], request_id: str) -> list[dict[str, Any]]:
    """What a client hears of the errors of an execution: the first few, none of them with words of ours by accident."""
    return [_answered(error, request_id) for error in errors[:ERRORS_PER_ANSWER]]


def internal_error(failure: BaseException, request_id: str, *, path: list[str | int] | None = None) -> dict[str, Any]:
    """Logs a failure that nobody expected and returns all that the client may know of it."""
    ERRORS.inc()
    log.error("internal error", trace_id=request_id, path=path, exc_info=failure)
    error: dict[str, Any] = {"message": f"internal error; it is logged under trace id {request_id}"}
    if path is not None:
        error["path"] = path
    return error | {"extensions": {"code": "INTERNAL", "retryable": False, "traceId": request_id}}


def is_unavailable(errors: Sequence[GraphQLError] | None) -> bool:
    """Whether something that is needed did not answer, so that the whole request may be sent again."""
    return any(isinstance(error.original_error, Unavailable) for error in errors or ())


def _answered(error: GraphQLError, request_id: str) -> dict[str, Any]:
    # An error without an original one is made by the GraphQL library while it executes; its words are not ours to
    # vouch for, so it is masked like any other.
    cause = error.original_error
    if isinstance(cause, Refusal):
        return error_of(cause, path=error.path)
    return internal_error(cause or error, request_id, path=error.path)
