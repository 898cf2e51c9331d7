"""The same subscription as strawberry alone would serve it, a process of its own: generators over queues, no database.

`python -m tests.benchmarks.plain PORT`. It checks no credential and resumes nothing. POST /tell has it tell everybody
so many events. They are of the type that ours are of, so both answer the same document, whatever is added to it.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import orjson
import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from strawberry.asgi import GraphQL
from strawberry.schema.config import StrawberryConfig
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from schema.events import Event
from schema.scalars import SCALARS, Cursor

QUEUES: set[asyncio.Queue[Event]] = set()


@strawberry.type
class Query:
    """A schema needs one."""

    name: str = "plain"


@strawberry.type
class Subscription:
    """The stream."""

    @strawberry.subscription
    async def market_events(
        self, market_id: strawberry.ID, after: Cursor | None = None, last: int = 0
    ) -> AsyncIterator[Event]:
        """Tells what comes through the subscriber's queue."""
        del market_id, after, last
        queue = asyncio.Queue[Event]()
        QUEUES.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            QUEUES.discard(queue)


async def tell(request: Request) -> Response:
    """Tells everybody."""
    for number in range(orjson.loads(await request.body())):
        event = Event(
            name="DriverWentOnline",
            cursor=Cursor("x" * 32),
            occurred_at=datetime.now(UTC),
            market_id=strawberry.ID("mkt_" + "0" * 32),
            driver_id=strawberry.ID(f"drv_{number:032x}"),
        )
        for queue in QUEUES:
            queue.put_nowait(event)
    return Response(b"{}", media_type="application/json")


def main(port: int) -> None:
    """Serves until SIGTERM, on the fastest event loop that is installed."""
    schema = strawberry.Schema(query=Query, subscription=Subscription, config=StrawberryConfig(scalar_map=SCALARS))
    graphql: GraphQL[None, None] = GraphQL(schema, subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,))
    app = Starlette(routes=[Route("/tell", tell, methods=["POST"]), WebSocketRoute("/graphql", graphql)])
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main(int(sys.argv[1]))
