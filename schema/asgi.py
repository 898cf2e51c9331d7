"""The application that a server runs: GraphQL by POST and over sockets, uploads, webhooks, health, and the pages."""

from collections.abc import Sequence

import strawberry
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route, WebSocketRoute

from marketplace.core.metrics import IN_FLIGHT, SOCKETS, SUBSCRIPTIONS, watch
from marketplace.payments import Endpoint
from schema.context import EdgeMarketplace
from schema.conversation import Patience
from schema.counting import Counting
from schema.edge import Edge
from schema.endpoint import GraphQLEndpoint
from schema.event_source import EventSource
from schema.headers import SecurityHeaders
from schema.health import Health
from schema.kpi_download import KpiDownload
from schema.pictures import PictureEndpoint
from schema.rates import Rates
from schema.schema import schema as market_schema
from schema.site import site_routes
from schema.sockets import SocketEndpoint
from schema.uploads import UploadEndpoint
from schema.webhooks import WebhookEndpoint


def build_app(
    marketplace: EdgeMarketplace,
    *,
    schema: strawberry.Schema = market_schema,
    rates: Rates | None = None,
    allowed_origins: Sequence[str] = (),
    patience: Patience | None = None,
) -> Starlette:
    """The application over an open marketplace.

    Serve it with `ws_max_size=65536`, so that no larger frame is even read. Pages of other origins may open sockets
    only when `allowed_origins` names them; no other origin may read answers, so there are no CORS headers.
    """
    edge = Edge.of(marketplace, schema, rates)
    health = Health(marketplace.works)
    sockets = SocketEndpoint(edge, allowed_origins=allowed_origins, patience=patience)
    event_source = EventSource(
        edge,
        sockets=sockets.sockets,
        subscriptions=sockets.subscriptions,
        addresses=sockets.addresses,
        look_every_s=sockets.patience.look_every_s,
    )
    app = Starlette(
        routes=[
            Route("/graphql", GraphQLEndpoint(edge, event_source)),
            WebSocketRoute("/graphql", sockets),
            Route("/uploads/{token}", UploadEndpoint(edge)),
            Route("/proofs/{token}", PictureEndpoint(edge).answer, methods=["GET"]),
            Route("/documents/{token}", PictureEndpoint(edge).answer_document, methods=["GET"]),
            Route("/figures/{market}.csv", KpiDownload(edge).answer, methods=["GET"]),
            Route("/webhooks/stripe", WebhookEndpoint(edge, Endpoint.PLATFORM)),
            Route("/webhooks/stripe/connect", WebhookEndpoint(edge, Endpoint.CONNECT)),
            Route("/health", health.health, methods=["GET"]),
            Route("/ready", health.ready, methods=["GET"]),
            *site_routes(marketplace.city, has_inbox=not marketplace.settings.is_production),
        ],
        middleware=[Middleware(Counting), Middleware(SecurityHeaders)],
    )
    app.state.edge = edge
    app.state.health = health
    watch(IN_FLIGHT, lambda: edge.load.in_flight)
    watch(SOCKETS, lambda: sockets.sockets.held)
    watch(SUBSCRIPTIONS, lambda: sockets.subscriptions.held)
    return app
