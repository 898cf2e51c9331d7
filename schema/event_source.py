"""Subscriptions over server-sent events: one POST, one stream, for clients that have no socket.

The protocol is that of distinct connections in GraphQL over SSE: `next` for each answer, `complete` at the end. What a
socket is held to holds here too: seats, budgets, and a credential that is looked at again and again.
"""

import asyncio
import math
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.types import Receive, Send

from marketplace.accounts import Principal, Unauthenticated
from marketplace.core.errors import LimitReached, Refusal, Unavailable
from schema.authentication import seconds_until
from schema.edge import Edge
from schema.execution import stream
from schema.masking import internal_error
from schema.prepared import Operation
from schema.problem import error_of
from schema.refusals import BadDocument
from schema.seats import Seats

MEDIA_TYPE = b"text/event-stream"
SILENCE_S = 12.0
"""After so long without an event a comment is sent, or what stands between would take the stream for dead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed:
    """A subscription that was admitted and paid for, and is to be told."""

    operation: Operation
    variables: dict[str, Any]
    credential: bytes | None
    principal: Principal
    address: str


class EventSource:
    """Tells subscriptions as streams of server-sent events; shares its seats with the sockets."""

    def __init__(
        self, edge: Edge, *, sockets: Seats, subscriptions: Seats, addresses: Seats, look_every_s: float
    ) -> None:
        self._edge = edge
        self._sockets = sockets
        self._subscriptions = subscriptions
        self._addresses = addresses
        self._look_every_s = look_every_s

    async def tell(self, subscribed: Subscribed, receive: Receive, send: Send, request_id: str) -> None:
        """Tells until the source ends, the credential does, or the client leaves; raises TooManyAtOnce before."""
        principal = subscribed.principal
        with ExitStack() as seats:
            seats.enter_context(self._addresses.take(subscribed.address))
            seats.enter_context(self._sockets.take(principal.id))
            seats.enter_context(self._subscriptions.take(principal.id))
            await send({"type": "http.response.start", "status": 200, "headers": _headers(request_id)})
            teller = _Teller(send)
            credential = asyncio.create_task(self._until_not_good(subscribed))
            tasks = [
                asyncio.create_task(self._tell(subscribed, teller, request_id)),
                credential,
                asyncio.create_task(_until_gone(receive)),
                asyncio.create_task(teller.keep_alive()),
            ]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            with suppress(OSError):
                # Only now, or the word would stand in the middle of an event.
                if not credential.cancelled() and credential.exception() is None:
                    await teller.say_errors([error_of(credential.result())])
                    await teller.say("complete", "")
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _tell(self, subscribed: Subscribed, teller: "_Teller", request_id: str) -> None:
        edge = self._edge
        context = edge.context(principal=subscribed.principal, address=subscribed.address, request_id=request_id)
        try:
            async for text in stream(edge.schema, subscribed.operation, subscribed.variables, context):
                await teller.say("next", text)
        except BadDocument as refusal:
            await teller.say_errors(refusal.errors)
        except Refusal as refusal:
            await teller.say_errors([error_of(refusal)])
        except OSError:
            return  # the client has left
        except Exception as failure:  # noqa: BLE001 - whatever else happens is masked here, and logged
            await teller.say_errors([internal_error(failure, request_id)])
        await teller.say("complete", "")

    async def _until_not_good(self, subscribed: Subscribed) -> Refusal:
        """Returns when the credential has come to its end, with what whoever sends it again is told."""
        principal = subscribed.principal
        while True:
            left_s = math.inf if principal.expires_at is None else seconds_until(principal.expires_at)
            await asyncio.sleep(min(left_s, self._look_every_s))
            if left_s <= self._look_every_s:
                return Unauthenticated("the access token has expired; subscribe again with a new one")
            try:
                await self._edge.authenticator.principal_of(subscribed.credential, address=subscribed.address)
            except (Unavailable, LimitReached):
                continue  # it cannot be looked up now; its end is known all the same
            except Refusal as refusal:
                return refusal


class _Teller:
    """Writes the events of one stream."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._has_told = False

    async def say(self, event: str, text: str) -> None:
        """Sends one event; the text is JSON on one line."""
        self._has_told = True
        await self._write(f"event: {event}\ndata: {text}\n\n")

    async def say_errors(self, errors: Sequence[Any]) -> None:
        """Sends what ended the stream, as the answer that it is."""
        await self.say("next", orjson.dumps({"errors": list(errors)}).decode())

    async def keep_alive(self) -> None:
        """Sends a comment whenever nothing was said for a while, for ever."""
        while True:
            self._has_told = False
            await asyncio.sleep(SILENCE_S)
            if not self._has_told:
                await self._write(":\n\n")

    async def _write(self, text: str) -> None:
        await self._send({"type": "http.response.body", "body": text.encode(), "more_body": True})


async def _until_gone(receive: Receive) -> None:
    is_there = True
    while is_there:
        is_there = (await receive())["type"] != "http.disconnect"


def _headers(request_id: str) -> list[tuple[bytes, bytes]]:
    return [
        (b"content-type", MEDIA_TYPE + b"; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-accel-buffering", b"no"),
        (b"x-request-id", request_id.encode()),
    ]
