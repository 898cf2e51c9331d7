"""POST /graphql: admits, reads, tells who is asking, prepares, executes and answers one operation.

A subscription that asks for server-sent events is admitted like any request, and told when its admission is over.
"""

import time

import structlog
from graphql import OperationType
from starlette.types import Receive, Scope, Send

from marketplace.accounts import Unauthenticated
from marketplace.core.errors import Refusal
from marketplace.core.metrics import OPERATION_S
from marketplace.core.tracing import span
from schema.answers import RETRY_AFTER_S, Answer, answer_of, failed, refused, send_answer
from schema.context import Errand
from schema.edge import PREPARE_UNITS, SCHEMA_UNITS, Edge, client_address
from schema.event_source import EventSource, Subscribed
from schema.execution import answer_content, execute
from schema.load import LARGEST_LOOK, PRIORITY
from schema.masking import is_unavailable, new_request_id
from schema.prepared import is_within
from schema.rates import address_key
from schema.refusals import BadRequest
from schema.requests import ClientGone, GraphQLRequest, Head, check_head, head_of, parse_request, read_body

log = structlog.get_logger("schema")


class GraphQLEndpoint:
    """The ASGI application behind POST /graphql."""

    def __init__(self, edge: Edge, event_source: EventSource) -> None:
        self.edge = edge
        self.event_source = event_source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, then does what was left for after the answer."""
        request_id = new_request_id()
        errands: list[Errand] = []
        try:
            answer = await self._answer(scope, receive, request_id, errands)
            if isinstance(answer, Subscribed):
                await self.event_source.tell(answer, receive, send, request_id)
                return
        except ClientGone:
            return
        except Refusal as refusal:
            answer = refused(refusal)
        except Exception as failure:  # noqa: BLE001 - whatever else happens is masked here, and logged
            answer = failed(failure, request_id)
        await send_answer(send, answer, request_id)
        for errand in errands:
            await _run(errand, request_id)

    async def _answer(
        self, scope: Scope, receive: Receive, request_id: str, errands: list[Errand]
    ) -> Answer | Subscribed:
        head = head_of(scope)
        check_head(scope, head)
        with self.edge.load.reading(head.announced_bytes):
            body = await read_body(receive)
        request, is_priority = self._look(body)
        with self.edge.load.admit(is_priority=is_priority):
            return await self._serve(request or parse_request(body), scope, head, request_id, errands)

    def _look(self, body: bytes) -> tuple[GraphQLRequest | None, bool]:
        """Under pressure, finds out whether a request may use the reserve; without pressure, looks at nothing.

        Only documents that are known count: telling what an unknown one asks for would cost what we must save. The
        class comes from the fields that the operation really has, whatever it is called.
        """
        load = self.edge.load
        if load.has_room:
            return None, False
        if len(body) > LARGEST_LOOK:
            raise load.refusal()
        request = parse_request(body)
        prepared = self.edge.documents.known(request.query)
        if prepared is None:
            raise load.refusal()
        return request, is_within(prepared.select(request.operation_name), PRIORITY)

    async def _serve(
        self, request: GraphQLRequest, scope: Scope, head: Head, request_id: str, errands: list[Errand]
    ) -> Answer | Subscribed:
        edge, address = self.edge, address_key(client_address(scope))
        principal = await edge.authenticator.principal_of(head.authorization, address=address)
        prepared = edge.documents.known(request.query)
        if prepared is None:
            edge.spend(principal, address, PREPARE_UNITS)
            prepared = edge.documents.prepare(request.query)
        operation = prepared.select(request.operation_name)
        is_subscription = operation.type is OperationType.SUBSCRIPTION
        if is_subscription and not head.wants_stream:
            raise BadRequest("subscribe over a socket (graphql-transport-ws), or with Accept: text/event-stream")
        units = operation.units(request.variables) + (SCHEMA_UNITS if operation.reads_schema else 0)
        left = edge.spend(principal, address, units, is_priority=is_within(operation, PRIORITY))
        if is_subscription:
            if principal is None:
                raise Unauthenticated("sign in first, or send an API key: Authorization: Bearer …")
            return Subscribed(
                operation=operation,
                variables=request.variables,
                credential=head.authorization,
                principal=principal,
                address=address,
            )

        context = edge.context(principal=principal, address=address, request_id=request_id)
        context.errands = errands
        name, began = edge.documents.label(request.query, operation), time.monotonic()
        with span(f"graphql {name}"):
            result = await execute(edge.schema, operation, request.variables, context)
        OPERATION_S.labels(name).observe(time.monotonic() - began)
        content = answer_content(result, request_id)
        budget = ((b"x-cost", str(units).encode()), (b"x-budget-left", str(left).encode()))
        if is_unavailable(result.errors):
            return answer_of(content, status=503, headers=((b"retry-after", str(RETRY_AFTER_S).encode()), *budget))
        return answer_of(content, headers=budget)


async def _run(errand: Errand, request_id: str) -> None:
    try:
        await errand()
    except Exception:
        # The answer is sent; what fails now can only be logged.
        log.exception("errand after the answer failed", trace_id=request_id)
