"""Reading requests strictly: JSON objects of bounded size with a `query`, and nothing else."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.types import Receive, Scope

from schema.refusals import BadRequest, BodyTooLarge, BodyTooSlow, NotJson, WrongMethod

LARGEST_BODY = 1_048_576
"""Bytes of a request, 1 MiB: enough for a batch of 1,000 deliveries."""
BODY_WAIT_S = 10.0
LONGEST_NAME = 200
ZERO_ESCAPE = re.compile(r"\\u(?:0000|\{0+\})")
"""A zero character written as an escape, in JSON or in a literal of GraphQL: no text of ours may hold one."""


class ClientGone(Exception):
    """The client closed the connection before its request was complete; there is nobody to answer."""


@dataclass(frozen=True, slots=True)
class Head:
    """What is read from the headers of a request."""

    content_type: bytes = b""
    announced_bytes: int | None = None
    authorization: bytes | None = None
    wants_stream: bool = False


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """One operation that a client asks for."""

    query: str
    operation_name: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)


def head_of(scope: Scope) -> Head:
    """The headers that matter here; a header that may occur once and comes twice is refused."""
    found: dict[bytes, bytes] = {}
    wants_stream = False
    for name, value in scope["headers"]:
        if name in {b"content-type", b"content-length", b"authorization"}:
            if name in found:
                raise BadRequest(f"the header {name.decode()} comes twice")
            found[name] = value
        elif name == b"accept":
            wants_stream = wants_stream or b"text/event-stream" in value.lower()
    length = found.get(b"content-length")
    if length is not None and (not length.isdigit() or len(length) > 12):
        raise BadRequest("the header content-length is no length")
    return Head(
        content_type=found.get(b"content-type", b""),
        announced_bytes=None if length is None else int(length),
        authorization=found.get(b"authorization"),
        wants_stream=wants_stream,
    )


def check_head(scope: Scope, head: Head) -> None:
    """Refuses what cannot be an operation before its body is read."""
    if scope["method"] != "POST":
        raise WrongMethod("send operations by POST, with a JSON body")
    media_type, _, parameters = head.content_type.partition(b";")
    if media_type.strip().lower() != b"application/json":
        raise NotJson("send Content-Type: application/json")
    charset = parameters.strip().lower().replace(b'"', b"").replace(b" ", b"")
    if charset not in {b"", b"charset=utf-8", b"charset=utf8"}:
        raise NotJson("send JSON in UTF-8")
    if (head.announced_bytes or 0) > LARGEST_BODY:
        raise BodyTooLarge(f"a request has at most {LARGEST_BODY} bytes; split the batch")


async def read_body(receive: Receive, *, largest: int = LARGEST_BODY, wait_s: float = BODY_WAIT_S) -> bytes:
    """The whole body, if it is small enough and arrives soon enough."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    body: bytes = message.get("body", b"")
    if len(body) > largest:
        raise BodyTooLarge(f"a request has at most {largest} bytes; split the batch")
    if not message.get("more_body", False):
        return body
    try:
        async with asyncio.timeout(wait_s):
            return await _read_rest(receive, body, largest)
    except TimeoutError:
        raise BodyTooSlow(f"the body did not arrive within {wait_s:g} seconds") from None


async def _read_rest(receive: Receive, body: bytes, largest: int) -> bytes:
    parts, size = [body], len(body)
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > largest:
            raise BodyTooLarge(f"a request has at most {largest} bytes; split the batch")
        if not message.get("more_body", False):
            return b"".join(parts)


def parse_request(body: bytes) -> GraphQLRequest:
    """Reads a body; raises BadRequest for whatever is not one JSON object with a query."""
    return request_of(parse_json(body))


def parse_json(text: bytes) -> Any:
    """Strict JSON: UTF-8, no NaN, no lone surrogates, no zero characters, bounded nesting."""
    try:
        content = orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError):
        raise BadRequest("the body is not valid JSON in UTF-8") from None
    # Looking for the escape in the raw text is cheap; only a text that has one is walked.
    if b"\\u0000" in text and _holds_zero(content):
        raise BadRequest("a text may not hold a zero character")
    return content


def request_of(content: object) -> GraphQLRequest:
    """The operation in a JSON value, checked field by field."""
    if isinstance(content, list):
        raise BadRequest("send one operation in a request; batches are not taken")
    if not isinstance(content, dict):
        raise BadRequest("the body is a JSON object with a query")
    query, name = content.get("query"), content.get("operationName")
    variables, extensions = content.get("variables"), content.get("extensions")
    if not isinstance(query, str) or not query.strip():
        raise BadRequest("query is a text and is required", field="query")
    if name is not None and (not isinstance(name, str) or len(name) > LONGEST_NAME):
        raise BadRequest("operationName is a text or null", field="operationName")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest("variables is an object or null", field="variables")
    if extensions is not None and not isinstance(extensions, dict):
        raise BadRequest("extensions is an object or null", field="extensions")
    if "\\u" in query and ZERO_ESCAPE.search(query):
        raise BadRequest("a text may not hold a zero character", field="query")
    return GraphQLRequest(query=query, operation_name=name or None, variables=variables or {})


def _holds_zero(content: object) -> bool:
    pending = [content]
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            if "\0" in value:
                return True
        elif isinstance(value, dict):
            pending.extend(value)
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
    return False
