"""The world that is measured: one market with as many drivers, routes and offers as a benchmark wants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from marketplace.accounts import Principal, PrincipalKind, Tokens, create_api_key
from marketplace.core.clock import DatabaseClock
from marketplace.core.database import open_database
from marketplace.core.ids import ShipperId
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from tests.builders import make_batch, make_hub, make_market, make_shipper

MAKE_DRIVERS = """
WITH driver AS (
    INSERT INTO driver (id, market_id, name, phone, contract_kind, account_state, vehicle, capacity, skills, max_stops,
                        created_at)
    SELECT gen_random_uuid(), $1, 'Ana Rojas', '+56' || nextval('phone'), 'CROWDSOURCED', 'ACTIVE', 'CAR',
           '{30,200000,800}', '{}', 12, now() FROM generate_series(1, $2) RETURNING id, market_id
), presence AS (
    INSERT INTO presence (driver_id, market_id, state, lat, lon, cell, position_at, online_until, changed_at)
    SELECT id, market_id, 'AVAILABLE', -29.9, -71.2, '88b2fd6943fffff', now(), now() + interval '8 hours', now()
    FROM driver
), session AS (
    INSERT INTO session (id, kind, principal_id, digest, created_at, expires_at)
    SELECT id, 'driver', id, uuid_send(id), now(), now() + interval '1 day' FROM driver
)
SELECT id FROM driver
"""
MAKE_OPERATORS = """
WITH operator AS (
    INSERT INTO operator (id, market_id, name, email, created_at)
    SELECT gen_random_uuid(), $1, 'Marta', gen_random_uuid() || '@example.com', now() FROM generate_series(1, $2)
    RETURNING id
), session AS (
    INSERT INTO session (id, kind, principal_id, digest, created_at, expires_at)
    SELECT id, 'operator', id, uuid_send(id), now(), now() + interval '1 day' FROM operator
)
SELECT id FROM operator
"""
MAKE_ROUTES = """
WITH route AS (
    INSERT INTO route (id, market_id, state, version, distance_m, duration_s, starts_at, is_degraded, currency,
                       policy_version, created_at)
    SELECT gen_random_uuid(), $1, 'OFFERING', 1, 9000, 2700, now() + interval '10 min', false, 'CLP', 1, now()
    FROM generate_series(1, $2) RETURNING id
), wave AS (
    INSERT INTO wave (id, market_id, route_id, number, contract_kind, state, raise_minor, raise_step_minor,
                      raise_cap_minor, raise_budget_left_minor, opened_at)
    SELECT gen_random_uuid(), $1, id, 1, 'CROWDSOURCED', 'OPEN', 0, 0, 0, 0, now() FROM route
), delivery AS (
    INSERT INTO delivery (id, market_id, shipper_id, batch_id, external_id, digest, state, sequence, service_level,
        route_id, hub_id, pickup_lat, pickup_lon, pickup_address, pickup_name, pickup_phone, pickup_opens_at,
        pickup_closes_at, dropoff_lat, dropoff_lon, dropoff_address, recipient_name, recipient_phone, instructions,
        dropoff_opens_at, dropoff_closes_at, time_zone, load, requirements, price_minor, currency, plan_after,
        created_at, changed_at)
    SELECT gen_random_uuid(), $1, $4, $5, 'order-' || gen_random_uuid(), '', 'OFFERING', 2, 'STANDARD', route.id, $6,
           -29.9045, -71.2489, 'Calle Balmaceda 300', 'Centro', '', now(), now() + interval '3 hours',
           -29.96 + place * 0.004, -71.335, 'Avenida Costanera ' || place, 'Luz Pizarro', '+56911111111',
           'Ring twice', now(), now() + interval '3 hours', 'America/Santiago', '{1,1200,8}', '{PIN_AT_DROPOFF}', 4200,
           'CLP', now(), now(), now()
    FROM route, generate_series(1, $3) AS place RETURNING id, route_id, dropoff_lat, dropoff_lon
), package AS (
    INSERT INTO package (id, market_id, delivery_id, description, weight_g, length_mm, width_mm, height_mm)
    SELECT gen_random_uuid(), $1, id, 'Books', 1200, 300, 200, 130 FROM delivery
), pickup AS (
    INSERT INTO stop (id, market_id, route_id, place, kind, state, lat, lon, leg_m, leg_s, planned_arrival,
                      planned_departure)
    SELECT gen_random_uuid(), $1, id, 0, 'PICKUP', 'PENDING', -29.9045, -71.2489, 0, 0, now() + interval '10 min',
           now() + interval '12 min'
    FROM route RETURNING id, route_id
), dropoff AS (
    INSERT INTO stop (id, market_id, route_id, place, kind, state, lat, lon, leg_m, leg_s, planned_arrival,
                      planned_departure)
    SELECT id, $1, route_id, row_number() OVER (PARTITION BY route_id ORDER BY id), 'DROPOFF', 'PENDING', dropoff_lat,
           dropoff_lon, 2000, 300, now() + interval '20 min', now() + interval '22 min'
    FROM delivery RETURNING id
), task AS (
    INSERT INTO task (id, market_id, stop_id, delivery_id)
    SELECT gen_random_uuid(), $1, pickup.id, delivery.id FROM pickup JOIN delivery USING (route_id)
    UNION ALL SELECT gen_random_uuid(), $1, id, id FROM dropoff
)
SELECT id FROM route
"""
# Driver i is asked for route i / k: as many drivers for each route as there are more drivers than routes.
MAKE_OFFERS = """
WITH offer AS (
    INSERT INTO offer (id, market_id, route_id, route_version, wave_id, driver_id, state, pay_minor, raise_minor,
                       currency, lines, approach_m, approach_s, rank, sent_at, expires_at)
    SELECT gen_random_uuid(), $1, wave.route_id, 1, wave.id, asked.driver_id, 'SENT', 4930, 0, 'CLP',
           '[{"code":"BASE","quantity":1,"unit":"route","rate_minor":900,"per":1,"amount_minor":900,"rule":"1:base"},
             {"code":"DISTANCE","quantity":9000,"unit":"m","rate_minor":180,"per":1000,"amount_minor":1620,
              "rule":"1:per_km"},
             {"code":"TIME","quantity":2700,"unit":"s","rate_minor":60,"per":60,"amount_minor":2700,
              "rule":"1:per_minute"}]', 1500, 240, 0, now(), now() + interval '1 hour'
    FROM unnest($2::uuid[], $3::uuid[]) AS asked(route_id, driver_id) JOIN wave USING (route_id)
    RETURNING id, route_id, driver_id
), presence AS (
    UPDATE presence SET state = 'OFFERED' FROM offer WHERE presence.driver_id = offer.driver_id
)
SELECT id, route_id, driver_id FROM offer ORDER BY route_id, id
"""


@dataclass(frozen=True, slots=True)
class OpenOffer:
    """An offer that waits for its driver."""

    offer_id: UUID
    route_id: UUID
    driver_id: UUID
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The market and who posts in it; more is made on demand."""

    admin: asyncpg.Connection
    market_id: UUID
    hub_id: UUID
    batch_id: UUID
    shipper_ids: Sequence[UUID]
    api_keys: Sequence[str]
    tokens: Tokens

    async def make_drivers(self, count: int) -> list[UUID]:
        """Drivers who are online and signed in."""
        return [row["id"] for row in await self.admin.fetch(MAKE_DRIVERS, self.market_id, count)]

    async def make_operators(self, count: int) -> list[str]:
        """The access tokens of operators of the market."""
        rows = await self.admin.fetch(MAKE_OPERATORS, self.market_id, count)
        return [self.token(row["id"], kind=PrincipalKind.OPERATOR) for row in rows]

    async def make_offers(self, routes: int, *, drivers_per_route: int = 1, deliveries: int = 6) -> list[OpenOffer]:
        """Routes of one pickup and that many drop-offs, each offered to drivers of its own; rivals stand together."""
        values = (self.market_id, routes, deliveries, self.shipper_ids[0], self.batch_id, self.hub_id)
        route_ids = [row["id"] for row in await self.admin.fetch(MAKE_ROUTES, *values)]
        driver_ids = await self.make_drivers(routes * drivers_per_route)
        asked = [route_id for route_id in route_ids for _ in range(drivers_per_route)]
        rows = await self.admin.fetch(MAKE_OFFERS, self.market_id, asked, driver_ids)
        return [OpenOffer(row["id"], row["route_id"], row["driver_id"], self.token(row["driver_id"])) for row in rows]

    async def give_routes(self, offers: Sequence[OpenOffer]) -> None:
        """Gives each route to its driver at once, as if accepted long ago."""
        pairs = [offer.route_id for offer in offers], [offer.driver_id for offer in offers]
        await self.admin.execute(
            "UPDATE route SET state = 'ASSIGNED', driver_id = given.driver_id, guarantee_minor = 4930,"
            " accepted_at = now()"
            " FROM unnest($1::uuid[], $2::uuid[]) AS given(id, driver_id) WHERE route.id = given.id",
            *pairs,
        )
        await self.admin.execute("UPDATE delivery SET state = 'ASSIGNED' WHERE route_id = ANY($1)", pairs[0])

    def token(self, caller_id: UUID, *, kind: PrincipalKind = PrincipalKind.DRIVER) -> str:
        """The access token of a caller; the session has the caller's own id."""
        return self.tokens.make_access(
            Principal(
                kind=kind,
                id=caller_id,
                market_id=self.market_id,
                session_id=caller_id,
                expires_at=datetime.now(UTC) + timedelta(hours=1),
            )
        )


async def make_world(url: str, admin: asyncpg.Connection, *, shippers: int = 8) -> World:
    """A market with a hub and shippers, through the marketplace's own verbs."""
    await admin.execute("CREATE SEQUENCE phone START 900000000")
    async with open_database(url, pool_size=2) as database, Works(database, DatabaseClock()).open() as work:
        market = await make_market(work)
        hub = await make_hub(work, market)
        posting = [await make_shipper(work, market) for _ in range(shippers)]
        batch = await make_batch(work, market, posting[0])
        keys = [await create_api_key(work, shipper_id=ShipperId(shipper.id)) for shipper in posting]
    return World(
        admin=admin,
        market_id=market.id,
        hub_id=hub.id,
        batch_id=batch.id,
        shipper_ids=[shipper.id for shipper in posting],
        api_keys=[key.secret for key in keys],
        tokens=Tokens(Settings().secret.get_secret_value()),
    )
