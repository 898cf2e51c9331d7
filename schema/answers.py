"""Answers of the edge: a status, a JSON body and headers, sent in one go."""

from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import Send

from marketplace.accounts import Unauthenticated
from marketplace.core.errors import Conflict, Invalid, LimitReached, NotAllowed, NotFound, Refusal, Unavailable
from schema.masking import internal_error
from schema.problem import error_of
from schema.refusals import (
    BadDocument,
    BodyTooLarge,
    BodyTooSlow,
    NotJson,
    RateLimited,
    WrongMethod,
)

STATUSES: tuple[tuple[type[Refusal], int], ...] = (
    # The first that fits counts: the edge's own refusals, then the six kinds of the market.
    (WrongMethod, 405),
    (BodyTooSlow, 408),
    (BodyTooLarge, 413),
    (NotJson, 415),
    (Unauthenticated, 401),
    (Invalid, 400),
    (NotAllowed, 403),
    (NotFound, 404),
    (Conflict, 409),
    (LimitReached, 429),
    (Unavailable, 503),
)
RETRY_AFTER_S = 1
JSON = (b"content-type", b"application/json; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back for one request."""

    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


def answer_of(content: dict[str, Any], *, status: int = 200, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
    """An answer with that JSON content."""
    return Answer(status, orjson.dumps(content), (JSON, *headers))


def refused(refusal: Refusal) -> Answer:
    """The answer to a request that was refused as a whole."""
    errors = refusal.errors if isinstance(refusal, BadDocument) else [error_of(refusal)]
    return answer_of({"errors": errors}, status=status_of(refusal), headers=headers_of(refusal))


def failed(failure: Exception, request_id: str) -> Answer:
    """The answer to a request that met a bug of ours: masked, and logged under its trace id."""
    return answer_of({"errors": [internal_error(failure, request_id)]}, status=500)


def status_of(refusal: Refusal) -> int:
    """The HTTP status that says the same as the refusal."""
    return next((status for kind, status in STATUSES if isinstance(refusal, kind)), 400)


def headers_of(refusal: Refusal) -> tuple[tuple[bytes, bytes], ...]:
    """What a well-behaved client needs to know beside the status."""
    match refusal:
        case WrongMethod():
            return ((b"allow", b"POST"),)
        case Unauthenticated():
            return ((b"www-authenticate", b"Bearer"),)
        case RateLimited():
            return ((b"retry-after", str(refusal.retry_after_s).encode()),)
        case LimitReached() | Unavailable():
            return ((b"retry-after", str(RETRY_AFTER_S).encode()),)
        case BodyTooLarge() | BodyTooSlow():
            # The rest of the body is not read, so the connection cannot carry another request.
            return ((b"connection", b"close"),)
        case _:
            return ()


async def send_answer(send: Send, answer: Answer, request_id: str) -> None:
    """Sends the answer with its length and the id of the request."""
    headers = [
        *answer.headers,
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-request-id", request_id.encode()),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
