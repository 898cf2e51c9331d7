"""The bare baseline, a process of its own: Starlette and asyncpg with the least SQL, and none of the marketplace.

`python -m tests.benchmarks.bare DATABASE_URL PORT`. It checks no credential, keeps no idempotency key, takes any input
and tells nobody; its server, event loop, pool and session settings are those of the API process.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from marketplace.core.clock import machine
from marketplace.core.database import SERVER_SETTINGS, keep_session
from marketplace.core.database_url import credentials
from marketplace.core.settings import Settings
from marketplace.offers.queries import MY_OFFERS
from marketplace.routes.queries import MY_ROUTE

APPLICATION = "bare"
"""Its name in pg_stat_activity."""

ACCEPT = """
WITH won AS (
    UPDATE offer SET state = 'ACCEPTED', ended_at = now()
    WHERE id = $1 AND driver_id = $2 AND state IN ('SENT', 'VIEWED') AND expires_at > now()
    RETURNING id, market_id, route_id, pay_minor
), taken AS (
    UPDATE route SET state = 'ASSIGNED', driver_id = $2, guarantee_minor = won.pay_minor, accepted_at = now()
    FROM won WHERE route.id = won.route_id AND route.state = 'OFFERING'
    RETURNING route.id, won.market_id
), told AS (
    INSERT INTO event (id, market_id, name, payload, occurred_at, driver_id, route_id)
    SELECT gen_random_uuid(), market_id, 'OfferAccepted', '{}', now(), $2, id FROM taken
)
SELECT id FROM taken
"""
POST = """
WITH posted AS (
    INSERT INTO batch (id, market_id, shipper_id, created_at)
    VALUES (gen_random_uuid(), $1, $2, now()) RETURNING id, market_id, shipper_id
)
INSERT INTO delivery (id, market_id, shipper_id, batch_id, external_id, digest, state, sequence, service_level, hub_id,
    pickup_lat, pickup_lon, pickup_address, pickup_name, pickup_phone, pickup_opens_at, pickup_closes_at,
    dropoff_lat, dropoff_lon, dropoff_address, recipient_name, recipient_phone, instructions, dropoff_opens_at,
    dropoff_closes_at, time_zone, load, requirements, pin_attempts, price_minor, currency, priority, plan_after,
    created_at, changed_at)
SELECT gen_random_uuid(), posted.market_id, posted.shipper_id, posted.id, row->>'externalId', '', 'SCHEDULED', 1,
    'STANDARD', $3, -29.9, -71.2, 'Calle Balmaceda 300', 'Centro', '',
    (row->'pickupWindow'->>'opens')::timestamp AT TIME ZONE 'America/Santiago',
    (row->'pickupWindow'->>'closes')::timestamp AT TIME ZONE 'America/Santiago',
    (row->'dropoff'->>'lat')::float8, (row->'dropoff'->>'lon')::float8, row->'dropoff'->>'address',
    row->'dropoff'->>'name', row->'dropoff'->>'phone', '',
    (row->'dropoffWindow'->>'opens')::timestamp AT TIME ZONE 'America/Santiago',
    (row->'dropoffWindow'->>'closes')::timestamp AT TIME ZONE 'America/Santiago',
    'America/Santiago', '{1,900,6}', '{}', 0, 4200, 'CLP', 0, now(), now(), now()
FROM posted, jsonb_array_elements($4::jsonb) AS row
RETURNING id
"""
POSITIONS = """
WITH told AS (
    INSERT INTO position (market_id, driver_id, lat, lon, occurred_at, received_at)
    SELECT $2, $1, lat, lon, now(), now() FROM unnest($3::float8[], $4::float8[]) AS place(lat, lon)
)
UPDATE presence SET lat = $5, lon = $6, position_at = now() WHERE driver_id = $1
"""


class Bare:
    """The routes, over one pool."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: asyncpg.Pool | None = None
        self._listeners: set[WebSocket] = set()

    def app(self) -> Starlette:
        """The application."""
        return Starlette(
            routes=[
                Route("/accept", self.accept, methods=["POST"]),
                Route("/offers", self.offers, methods=["POST"]),
                Route("/route", self.route, methods=["POST"]),
                Route("/post", self.post, methods=["POST"]),
                Route("/positions", self.positions, methods=["POST"]),
                Route("/tell", self.tell, methods=["POST"]),
                WebSocketRoute("/listen", self.listen),
            ],
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        size = Settings().pool_size
        self._pool = await asyncpg.create_pool(
            **credentials(self._url),
            min_size=1,
            max_size=size,
            reset=keep_session,
            server_settings=SERVER_SETTINGS | {"application_name": APPLICATION},
        )
        yield
        await self._pool.close()

    @property
    def pool(self) -> asyncpg.Pool:
        """The open pool."""
        assert self._pool is not None
        return self._pool

    async def accept(self, request: Request) -> Response:
        """One conditional statement: offer, route and event."""
        asked = orjson.loads(await request.body())
        try:
            route_id = await self.pool.fetchval(ACCEPT, UUID(asked["offer"]), UUID(asked["driver"]))
        except asyncpg.UniqueViolationError:
            route_id = None
        return _json(orjson.dumps({"ok": route_id is not None}))

    async def offers(self, request: Request) -> Response:
        """The text of the statement that the marketplace sends, passed through."""
        return await self._pass(MY_OFFERS, request)

    async def route(self, request: Request) -> Response:
        """The text of the statement that the marketplace sends, passed through."""
        return await self._pass(MY_ROUTE, request, machine())

    async def _pass(self, sql: str, request: Request, *more: datetime) -> Response:
        asked = orjson.loads(await request.body())
        text = await self.pool.fetchval(sql, UUID(asked["driver"]), *more)
        return _json(b'{"data":' + (text or "null").encode() + b"}")

    async def post(self, request: Request) -> Response:
        """One INSERT … SELECT from the rows as they came."""
        asked = orjson.loads(await request.body())
        rows = orjson.dumps(asked["deliveries"]).decode()
        made = await self.pool.fetch(POST, UUID(asked["market"]), UUID(asked["shipper"]), UUID(asked["hub"]), rows)
        return _json(orjson.dumps({"rows": [str(row["id"]) for row in made]}))

    async def positions(self, request: Request) -> Response:
        """One INSERT and UPDATE for each report."""
        asked = orjson.loads(await request.body())
        places = asked["positions"]
        lats = [place["point"]["lat"] for place in places]
        lons = [place["point"]["lon"] for place in places]
        await self.pool.execute(POSITIONS, UUID(asked["driver"]), UUID(asked["market"]), lats, lons, lats[-1], lons[-1])
        return _json(orjson.dumps({"count": len(places)}))

    async def listen(self, websocket: WebSocket) -> None:
        """A socket that hears everything that is told."""
        await websocket.accept()
        self._listeners.add(websocket)
        try:
            while True:
                await websocket.receive()
        except (RuntimeError, WebSocketDisconnect):
            self._listeners.discard(websocket)

    async def tell(self, request: Request) -> Response:
        """Tells every socket each of the texts, as they are."""
        texts = orjson.loads(await request.body())
        for text in texts:
            for websocket in self._listeners:
                await websocket.send_text(text)
        return _json(b"{}")


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def main(url: str, port: int) -> None:
    """Answers until SIGTERM, on the fastest event loop that is installed."""
    config = uvicorn.Config(Bare(url).app(), host="127.0.0.1", port=port, log_config=None, access_log=False)
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
