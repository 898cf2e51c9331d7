"""One socket, from its greeting to its end: graphql-transport-ws, spoken strictly.

A client has five seconds to say who it is. Then it may hold subscriptions, each checked and counted like a request. The
credential is looked at again and again: when it expires, or its session is ended elsewhere, the socket closes.
"""

import asyncio
import math
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import OperationType
from starlette.websockets import WebSocket, WebSocketDisconnect

from marketplace.accounts import Principal
from marketplace.core.errors import LimitReached, Refusal, Unavailable
from schema.authentication import seconds_until
from schema.edge import PREPARE_UNITS, Edge
from schema.execution import stream
from schema.masking import internal_error, new_request_id
from schema.problem import error_of
from schema.rates import Budget, Budgets
from schema.refusals import BadDocument, BadRequest, RateLimited
from schema.requests import GraphQLRequest, parse_json, request_of
from schema.seats import Seats

LONGEST_MESSAGE = 65_536
LONGEST_ID = 128
MESSAGES = Budget(burst_units=100, units_per_s=20)
"""Messages that a client may send: a hundred at once, then twenty a second."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a client may take to say who it is, and how often its credential is looked at again."""

    greeting_s: float = 5.0
    look_every_s: float = 15.0


class Goodbye(Exception):
    """The socket is closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Conversation:
    """What is said over one socket."""

    def __init__(
        self,
        edge: Edge,
        websocket: WebSocket,
        *,
        address: str,
        sockets: Seats,
        subscriptions: Seats,
        patience: Patience,
    ) -> None:
        self.edge = edge
        self.websocket = websocket
        self.address = address
        self.sockets = sockets
        self.subscriptions = subscriptions
        self.patience = patience
        self.messages = Budgets(MESSAGES, known_callers=1)
        self.running: dict[str, asyncio.Task[None]] = {}

    async def hold(self) -> None:
        """Speaks until either side leaves."""
        try:
            credential, principal = await self._greeting()
            with self.sockets.take(principal.id):
                await self._send({"type": "connection_ack"})
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._watch(credential, principal))
                    await self._listen(principal, group)
        except* Goodbye as goodbyes:
            await self._close(_first(goodbyes))
        except* Refusal as refusals:
            await self._close(_goodbye_for(_first(refusals)))
        except* WebSocketDisconnect:
            pass

    async def _greeting(self) -> tuple[str, Principal]:
        """The credential of the first message; it has to come soon, and it has to be good."""
        try:
            async with asyncio.timeout(self.patience.greeting_s):
                message = await self._receive()
        except TimeoutError:
            raise Goodbye(4408, "Connection initialisation timeout") from None
        if message["type"] != "connection_init":
            raise Goodbye(4401, "Unauthorized: send connection_init first")
        payload = message.get("payload")
        credential = payload.get("authorization") if isinstance(payload, dict) else None
        if not isinstance(credential, str):
            raise Goodbye(4403, 'Forbidden: send {"authorization": "Bearer …"} as payload of connection_init')
        principal = await self.edge.authenticator.principal_of(credential, address=self.address)
        assert principal is not None
        return credential, principal

    async def _watch(self, credential: str, principal: Principal) -> None:
        """Looks again whether the credential is good, so that a token that ends takes its socket along."""
        while True:
            left_s = math.inf if principal.expires_at is None else seconds_until(principal.expires_at)
            await asyncio.sleep(min(left_s, self.patience.look_every_s))
            if left_s <= self.patience.look_every_s:
                raise Goodbye(4403, "Forbidden: the access token has expired; connect again with a new one")
            try:
                await self.edge.authenticator.principal_of(credential, address=self.address)
            except (Unavailable, LimitReached):
                continue  # it cannot be looked up now; its end is known all the same

    async def _listen(self, principal: Principal, group: asyncio.TaskGroup) -> None:
        while True:
            message = await self._receive()
            match message["type"]:
                case "ping":
                    await self._send({"type": "pong"})
                case "pong":
                    continue
                case "complete":
                    self._stop(_id_of(message))
                case "subscribe":
                    await self._subscribe(message, principal, group)
                case "connection_init":
                    raise Goodbye(4429, "Too many initialisation requests")
                case _:
                    raise Goodbye(4400, "Unknown message type")

    async def _subscribe(self, message: dict[str, Any], principal: Principal, group: asyncio.TaskGroup) -> None:
        key = _id_of(message)
        if key in self.running:
            raise Goodbye(4409, f"Subscriber for {key} already exists")
        try:
            request = request_of(message.get("payload"))
        except BadRequest as refusal:
            await self._send({"id": key, "type": "error", "payload": [error_of(refusal)]})
            return
        self.running[key] = group.create_task(self._run(key, request, principal))

    async def _run(self, key: str, request: GraphQLRequest, principal: Principal) -> None:
        """One subscription, from its check to its last event."""
        request_id = new_request_id()
        try:
            with self.subscriptions.take(principal.id):
                await self._stream(key, request, principal, request_id)
            last: dict[str, Any] = {"id": key, "type": "complete"}
        except BadDocument as refusal:
            last = {"id": key, "type": "error", "payload": refusal.errors}
        except Refusal as refusal:
            last = {"id": key, "type": "error", "payload": [error_of(refusal)]}
        except WebSocketDisconnect:
            return
        except Exception as failure:  # noqa: BLE001 - whatever else happens is masked here, and logged
            last = {"id": key, "type": "error", "payload": [internal_error(failure, request_id)]}
        finally:
            if self.running.get(key) is asyncio.current_task():
                del self.running[key]
        await self._send(last)

    async def _stream(self, key: str, request: GraphQLRequest, principal: Principal, request_id: str) -> None:
        edge = self.edge
        prepared = edge.documents.known(request.query)
        if prepared is None:
            edge.spend(principal, self.address, PREPARE_UNITS)
            prepared = edge.documents.prepare(request.query)
        operation = prepared.select(request.operation_name)
        if operation.type is not OperationType.SUBSCRIPTION:
            raise BadRequest("a socket carries subscriptions; send queries and mutations by POST")
        edge.spend(principal, self.address, operation.units(request.variables))
        context = edge.context(principal=principal, address=self.address, request_id=request_id)
        head = f'{{"id":{orjson.dumps(key).decode()},"type":"next","payload":'
        async for text in stream(edge.schema, operation, request.variables, context):
            await self.websocket.send_text(f"{head}{text}}}")

    def _stop(self, key: str) -> None:
        task = self.running.pop(key, None)
        if task is not None:
            task.cancel()

    async def _receive(self) -> dict[str, Any]:
        try:
            text = await self.websocket.receive_text()
        except KeyError:
            raise Goodbye(4400, "Messages are texts") from None
        try:
            self.messages.spend("messages", 1)
        except RateLimited:
            raise Goodbye(4429, "Too many messages") from None
        if len(text) > LONGEST_MESSAGE:
            raise Goodbye(1009, f"A message has at most {LONGEST_MESSAGE} characters")
        try:
            message = parse_json(text.encode())
        except BadRequest:
            message = None
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            raise Goodbye(4400, "A message is a JSON object with a type")
        return message

    async def _send(self, message: dict[str, Any]) -> None:
        await self.websocket.send_text(orjson.dumps(message).decode())

    async def _close(self, goodbye: Goodbye) -> None:
        # The reason of a close frame has at most 123 bytes.
        reason = goodbye.reason.encode()[:123].decode(errors="ignore")
        try:
            await self.websocket.close(goodbye.code, reason)
        except (RuntimeError, WebSocketDisconnect):
            return  # the client was quicker


def _goodbye_for(refusal: Refusal) -> Goodbye:
    """The code that says the same as a refusal: come back later, slow down, or do not come back like this."""
    match refusal:
        case Unavailable():
            return Goodbye(1013, refusal.message)
        case LimitReached():
            return Goodbye(4429, refusal.message)
        case _:
            return Goodbye(4403, f"Forbidden: {refusal.message}")


def _id_of(message: dict[str, Any]) -> str:
    key = message.get("id")
    if not isinstance(key, str) or not 1 <= len(key) <= LONGEST_ID:
        raise Goodbye(4400, f"An id has 1 to {LONGEST_ID} characters")
    return key


def _first(failures: BaseExceptionGroup[Any]) -> Any:
    leaf: BaseException = failures
    while isinstance(leaf, BaseExceptionGroup):
        leaf = leaf.exceptions[0]
    return leaf
