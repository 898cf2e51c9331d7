"""Two tenants of each kind side by side: what belongs to the one, and that nothing of it may reach the other."""

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from tortoise.backends.asyncpg.client import AsyncpgDBClient

from marketplace.accounts import (
    PrincipalKind,
    Tokens,
    add_operator,
    create_api_key,
    create_tracking_link,
    note_action,
    open_session,
)
from marketplace.adapters.city import make_grid_city
from marketplace.adapters.geocoders import StreetGeocoder
from marketplace.adapters.notifiers import InboxNotifier
from marketplace.adapters.object_stores import MemoryObjectStore
from marketplace.adapters.routers import StraightLineRouter
from marketplace.adapters.stripe import open_simulated_stripe
from marketplace.addresses.models import DropPoint
from marketplace.app import Marketplace, open_webhooks
from marketplace.batches import DeliveryRequest, LocalWindow, PackageRequest, Place
from marketplace.batches.events import DeliveryPosted
from marketplace.batches.models import Delivery, Quote
from marketplace.billing import LineKind
from marketplace.billing.line import NewLine, write_line
from marketplace.billing.models import Charge, Invoice, InvoiceLine
from marketplace.blocks.models import Block
from marketplace.claims.models import Claim, ClaimEntry
from marketplace.core.clock import Clock
from marketplace.core.geo import Point
from marketplace.core.ids import DeliveryId, MarketId, ShipperId, from_wire, to_wire
from marketplace.core.money import Money
from marketplace.core.outbox import publish_events
from marketplace.core.settings import Settings
from marketplace.core.window import zone
from marketplace.core.work import Work, Works
from marketplace.docks import DockFacts, dock_slots, hold_slot, set_dock
from marketplace.fleet import ContractKind, PresenceState, add_company, add_dispatcher
from marketplace.fleet.models import Company, Driver, DriverDocument, VehicleRecord
from marketplace.goals import Goal, Metric, set_experience_goal
from marketplace.hubs import SkuFacts, receive_stock, set_sku
from marketplace.hubs.models import Hub
from marketplace.markets.models import Market, ZonePause
from marketplace.matching import SolverPool
from marketplace.offers.events import OfferSent
from marketplace.offers.models import Offer, Wave
from marketplace.payouts.models import Payout, PayoutQuote, PayStatement
from marketplace.reassignments.models import Reassignment
from marketplace.recurring_batches import Template, Terms, create_recurring_batch
from marketplace.routes.events import RouteStarted
from marketplace.routes.models import Proof, Route
from marketplace.routes.states import RouteState
from marketplace.shippers import set_rate_card
from marketplace.shippers.models import Shipper
from marketplace.standing.models import StandingCorrection, StandingEvidence, Suspension
from marketplace.tracking import EventStreams, PositionBuffer
from marketplace.webhooks import SecretBox, register_webhook, send_test_event
from marketplace.windows.models import WindowHold
from schema.asgi import build_app
from schema.edge import Edge
from schema.rates import Budget, Budgets, Rates
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_route, make_shipper

SECRET_PLACE, SECRET_HUB, SECRET_SPOT = (
    Point(lat=-29.9612345, lon=-71.3312345),
    Point(lat=-29.9023456, lon=-71.2423456),
    Point(lat=-29.9134567, lon=-71.2534567),
)
SECRETS = {
    "shipper": "Farmacia Alfa",
    "driver": "Ana Alfa",
    "driver's phone": "+56955500001",
    "company": "Reparto Alfa",
    "paper": "documents/alfa",
    "vehicle": "furgón alfa",
    "company's driver": "Chofer Alfa",
    "hub": "Bodega Alfa",
    "hub's address": "Pasaje Alfa 7",
    "goods": "Té Alfa",
    "pickup": "Mostrador Alfa",
    "address": "Avenida Alfa 1200",
    "recipient": "Luz Alfa",
    "recipient's phone": "+56955500002",
    "instructions": "timbre alfa",
    "pin": "481516",
    "package": "insulina alfa",
    "recurring batch": "Ronda Alfa",
    "market": "Ciudad Alfa",
    "block": "Bloque Alfa",
    "claim": "grieta alfa",
    "correction": "puente alfa cerrado",
    "suspension": "denuncia alfa",
    "reassignment": "relevo alfa",
    "pause": "crecida alfa",
    "job": "gateway alfa said no",
    "statement": "7654321",
    "payout": "8765432",
    "action": "alfa detail",
    "charge": "6543217",
    "invoice line": "lines of alfa",
    "credit limit": "876543219",
    "rate card": "surcharge-alfa",
    "fee": "7612345",
    "goal": "87.6125",
    "webhook": "https://alfa.example/hear",
    "what a receiver said": "thanks from alfa",
    **{f"latitude of {name}": repr(place.lat) for name, place in (("home", SECRET_PLACE), ("hub", SECRET_HUB))},
    **{f"longitude of {name}": repr(place.lon) for name, place in (("home", SECRET_PLACE), ("hub", SECRET_HUB))},
    "where the driver is": repr(SECRET_SPOT.lat),
}
"""What belongs to the first tenants and may be read by nobody else."""
Secrets = Mapping[str, str]
SECRETS_OF_OTHERS = {
    name: secret.translate(str.maketrans("123456789", "987654321")).replace("Alfa", "Beta").replace("alfa", "beta")
    for name, secret in SECRETS.items()
} | {"latitude of home": "-29.95", "longitude of home": "-71.32"}
"""What belongs to the second ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Things:
    """Ids, on the wire, of one thing of every kind that callers ask for."""

    market: str
    hub: str
    batch: str
    recurring_batch: str
    delivery: str
    quote: str
    route: str
    stop: str
    proof: str
    offer: str
    job: str
    drop_point: str
    statement: str
    driver: str
    shipper: str
    billing: str
    charge: str
    invoice: str
    payout: str
    payout_quote: str
    window_hold: str
    dock_appointment: str
    claim: str
    company: str
    block: str
    driver_document: str
    vehicle: str
    standing_evidence: str
    standing_correction: str
    suspension: str
    reassignment: str
    pause: str
    reservation: str
    webhook: str
    message: str

    def __iter__(self) -> Any:
        return (getattr(self, field.name) for field in fields(self))

    def id_of(self, noun: str) -> str:
        """The id of the thing of that kind."""
        assert hasattr(self, noun), f"callers ask for a {noun}: each tenant needs one, made below"
        one: str = getattr(self, noun)
        return one


def things_of_nobody() -> Things:
    """Ids of things that do not exist."""
    return Things(**{field.name: to_wire(field.name, uuid4()) for field in fields(Things)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenants:
    """The first tenants with their things, and the second ones with their own; credentials by kind of caller."""

    marketplace: Marketplace
    http: httpx.AsyncClient
    works: "UndoneWorks"
    market: Market
    things: Things
    own: dict[str, Things]
    first: dict[str, str]
    second: dict[str, str]

    async def ask(self, text: str, variables: dict[str, Any], credential: str | None) -> httpx.Response:
        """Sends one operation as somebody."""
        headers = {"authorization": f"Bearer {credential}"} if credential else {}
        return await self.http.post("/graphql", json={"query": text, "variables": variables}, headers=headers)

    async def try_out(self, text: str, variables: dict[str, Any], credential: str | None) -> httpx.Response:
        """Sends one operation as somebody; whatever it changes is undone."""
        async with self.works.undone():
            return await self.ask(text, variables, credential)

    def edge_with(self, streams: EventStreams) -> Edge:
        """The edge over streams of its own."""
        app = build_app(replace(self.marketplace, streams=streams), rates=no_rates())
        edge: Edge = app.state.edge
        return edge


class UndoneWorks(Works):
    """Works that can be undone for a while; meanwhile they all are savepoints, and fresh ids the same each time."""

    _undone: asyncpg.Connection | None = None

    @asynccontextmanager
    async def undone(self) -> AsyncIterator[None]:
        """What is changed meanwhile has never been."""
        async with super()._connection() as connection:
            self.source.seed(7)
            transaction = connection.transaction()
            await transaction.start()
            self._undone = connection
            try:
                yield
            finally:
                self._undone = None
                await transaction.rollback()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        if self._undone is not None:
            yield self._undone
            return
        async with super()._connection() as connection:
            yield connection


def no_rates() -> Rates:
    """Budgets that a test cannot use up."""
    endless = Budget(burst_units=1e9, units_per_s=1e9)
    return Rates(callers=Budgets(endless), addresses=Budgets(endless))


@asynccontextmanager
async def open_tenants(url: str, database: AsyncpgDBClient, clock: Clock, folder: Path) -> AsyncIterator[Tenants]:
    """A market with two shippers and two drivers, another market, and an operator for each."""
    works = Works(database, clock, source=random.Random(7))
    city = make_grid_city(folder / "city", blocks=6)
    with SolverPool(1) as solver:
        async with (
            EventStreams(works, url) as streams,
            PositionBuffer(works) as positions,
            open_webhooks(Settings(webhooks_on_this_machine=True), works) as webhooks,
            open_simulated_stripe() as stripe,
        ):
            marketplace = Marketplace(
                settings=Settings(state_folder=folder),
                database_url=url,
                redis_url="",
                clock=clock,
                works=works,
                router=StraightLineRouter(),
                matcher=StraightLineRouter(),
                solver=solver,
                provider=stripe.provider,
                notifier=InboxNotifier(),
                object_store=MemoryObjectStore(),
                streams=streams,
                positions=positions,
                city=city,
                geocoder=StreetGeocoder(city),
                webhooks=webhooks,
            )
            asked = UndoneWorks(database, clock, source=random.Random(7))
            app = build_app(replace(marketplace, works=asked), rates=no_rates())
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://doorstep.test") as http:
                async with works.open() as work:
                    tenants = await _furnish(work, marketplace, http, asked)
                async with works.open() as work:
                    await publish_events(work, MarketId(tenants.market.id))
                yield tenants


async def _furnish(work: Work, marketplace: Marketplace, http: httpx.AsyncClient, works: UndoneWorks) -> Tenants:
    market, elsewhere = await make_market(work, name=SECRETS["market"]), await make_market(work, name="Ciudad Beta")
    common = await make_hub(work, market)
    ana, bruno = [await make_shipper(work, market, name=name) for name in (SECRETS["shipper"], "Farmacia Beta")]
    hub = await make_hub(
        work,
        market,
        shipper_id=ana.id,
        name=SECRETS["hub"],
        address=SECRETS["hub's address"],
        lat=SECRET_HUB.lat,
        lon=SECRET_HUB.lon,
    )
    driver = await make_driver(work, market, name=SECRETS["driver"], phone=SECRETS["driver's phone"], place=SECRET_SPOT)
    other = await make_driver(work, market, place=Point(lat=common.lat, lon=common.lon))
    things = await _things(work, SECRETS, market, ana, hub, driver)
    theirs = await _things(work, SECRETS_OF_OTHERS, market, bruno, common, other)
    far_hub, far_driver = await make_hub(work, elsewhere), await make_driver(work, elsewhere)
    carla = await make_shipper(work, elsewhere, name="Farmacia Gama")
    far = await _things(work, SECRETS_OF_OTHERS, elsewhere, carla, far_hub, far_driver)
    tokens = Tokens(marketplace.settings.secret.get_secret_value())
    links = [
        await create_tracking_link(work, delivery_id=DeliveryId(from_wire("delivery", tracked)), tokens=tokens)
        for tracked in (things.delivery, far.delivery)
    ]
    return Tenants(
        marketplace=marketplace,
        http=http,
        works=works,
        market=market,
        things=things,
        own={"shipper": theirs, "driver": theirs, "dispatcher": theirs, "recipient": far, "operator": far},
        first=await _credentials(work, tokens, ana, driver, market)
        | {"recipient": links[0], "dispatcher": await _dispatcher(work, tokens, market, SECRETS["company"])},
        second=await _credentials(work, tokens, bruno, other, elsewhere)
        | {"recipient": links[1], "dispatcher": await _dispatcher(work, tokens, market, SECRETS_OF_OTHERS["company"])},
    )


async def _papers(work: Work, secrets: Secrets, market: Market, driver: Driver, things: Things) -> None:
    """A company with a block, a paper that waits for its check, and a vehicle, whose names are nobody else's."""
    common: dict[str, Any] = {"using_db": work.db, "market_id": market.id, "created_at": work.now}
    await Company.create(
        id=from_wire("company", things.company), name=secrets["company"], state="ACTIVE", route_minor=0, **common
    )
    await DriverDocument.create(
        id=from_wire("driver_document", things.driver_document),
        driver_id=driver.id,
        kind="COLD",
        state="UPLOADED",
        content_type="image/png",
        object_key=secrets["paper"],
        expires_at=work.now + timedelta(days=400),
        uploaded_at=work.now,
        **common,
    )
    await VehicleRecord.create(
        id=from_wire("vehicle", things.vehicle),
        driver_id=driver.id,
        kind="CAR",
        label=secrets["vehicle"],
        capacity=[1, 1, 1],
        equipment=[],
        state="WAITING",
        **common,
    )


async def _block(work: Work, secrets: Secrets, market: Market, things: Things) -> None:
    """A block of the first company for its own drivers."""
    await Block.create(
        using_db=work.db,
        id=from_wire("block", things.block),
        market_id=market.id,
        company_id=from_wire("company", things.company),
        area_name=secrets["block"],
        area_cells=["87b2ddd6effffff"],
        time_zone=market.time_zone,
        opens_at=work.now + timedelta(minutes=30),
        closes_at=work.now + timedelta(minutes=90),
        places=1,
        vehicles=[],
        skills=[],
        floor_per_hour_minor=0,
        currency=market.currency,
        free_until_min=0,
        answer_s=60,
        signs_from=work.now,
        draw_s=0,
        seed="0",
        seed_digest="0",
        drawn_at=work.now,
        state="PUBLISHED",
        created_at=work.now,
    )


async def _dispatcher(work: Work, tokens: Tokens, market: Market, name: str) -> str:
    """A dispatcher of a company with one driver: both companies are of the same market."""
    company_id: UUID | None = await work.fetch_value("SELECT id FROM company WHERE name = $1", name)
    company_id = company_id or await add_company(work, market_id=market.id, name=name)
    driver_name = SECRETS["company's driver"] if name == SECRETS["company"] else "Chofer Beta"
    # Offline, so that no search for a driver finds them.
    away = PresenceState.OFFLINE
    await make_driver(work, market, kind=ContractKind.CONTRACTED, state=away, name=driver_name, company_id=company_id)
    email = f"{name.replace(' ', '.')}@doorstep.example"
    person = await add_dispatcher(work, company_id=company_id, market_id=market.id, name="Dispatcher", email=email)
    lasts = timedelta(hours=1)
    opened = await open_session(
        work, kind=PrincipalKind.DISPATCHER, principal_id=person, tokens=tokens, access_lasts=lasts
    )
    return opened.access_token


async def _credentials(work: Work, tokens: Tokens, shipper: Shipper, driver: Driver, market: Market) -> dict[str, str]:
    async def session(kind: PrincipalKind, principal_id: UUID) -> str:
        lasts = timedelta(hours=1)
        opened = await open_session(work, kind=kind, principal_id=principal_id, tokens=tokens, access_lasts=lasts)
        return opened.access_token

    email = f"{market.slug}@doorstep.example"
    operator_id = await add_operator(work, name="Operator", email=email, market_id=MarketId(market.id))
    if market.name == SECRETS["market"]:
        details = {"why": SECRETS["action"]}
        await note_action(
            work,
            operator_id=operator_id,
            market_id=MarketId(market.id),
            verb="setMarketDials",
            subject_id=market.id,
            details=details,
        )
    return {
        "shipper": (await create_api_key(work, shipper_id=ShipperId(shipper.id))).secret,
        "driver": await session(PrincipalKind.DRIVER, driver.id),
        "operator": await session(PrincipalKind.OPERATOR, operator_id),
    }


async def _things(work: Work, secrets: Secrets, market: Market, shipper: Shipper, hub: Hub, driver: Driver) -> Things:
    """A driver on a route with a proof, and an open offer of another route, both with deliveries of the shipper."""
    batch = await make_batch(work, market, shipper)
    private = {
        "dropoff_lat": float(secrets["latitude of home"]),
        "dropoff_lon": float(secrets["longitude of home"]),
        "dropoff_address": secrets["address"],
        "recipient_name": secrets["recipient"],
        "recipient_phone": secrets["recipient's phone"],
        "instructions": secrets["instructions"],
        "pickup_name": secrets["pickup"],
        "pin": secrets["pin"],
    }
    waits, offered, driven = [await make_delivery(work, market, shipper, hub, batch, **private) for _ in range(3)]
    await work.execute("UPDATE delivery SET unassigned_reason = 'NO_DRIVER' WHERE id = $1", waits.id)
    goods = SkuFacts(code="goods", name=secrets["goods"], weight_g=1, length_mm=1, width_mm=1, height_mm=1)
    await set_sku(work, market_id=market.id, shipper_id=shipper.id, facts=goods)
    shelf: dict[str, Any] = {"market_id": market.id, "hub_id": hub.id, "shipper_id": shipper.id, "code": "goods"}
    await receive_stock(work, **shelf, quantity=5)
    await work.execute(
        "INSERT INTO package (id, market_id, delivery_id, description, weight_g, length_mm, width_mm, height_mm)"
        " SELECT gen_random_uuid(), market_id, id, $1, 1, 1, 1, 1 FROM delivery WHERE batch_id = $2",
        secrets["package"],
        batch.id,
    )
    await make_route(work, market, [driven], driver=driver, state=RouteState.STARTED)
    on_offer, _ = await make_route(work, market, [offered], state=RouteState.OFFERING)
    stop_id = await work.fetch_value(
        "SELECT s.id FROM stop s JOIN route r ON r.id = s.route_id WHERE r.driver_id = $1 ORDER BY place LIMIT 1",
        driver.id,
    )
    route_id = await work.fetch_value("SELECT route_id FROM stop WHERE id = $1", stop_id)
    offer = await _offer(work, on_offer, driver)
    if secrets is SECRETS:
        await _tell(work, waits, offer, route_id)
    things = Things(
        market=to_wire("market", market.id),
        hub=to_wire("hub", hub.id),
        batch=to_wire("batch", batch.id),
        recurring_batch=to_wire("recurring_batch", await _recurring_batch(work, secrets, market, shipper, hub)),
        delivery=to_wire("delivery", waits.id),
        quote=to_wire("quote", (await _quote(work, secrets, market, shipper)).id),
        route=to_wire("route", route_id),
        stop=to_wire("stop", stop_id),
        proof=to_wire("proof", (await _proof(work, market, stop_id, driver)).id),
        offer=to_wire("offer", offer.id),
        job=to_wire("job", await _dead_job(work, secrets, market)),
        drop_point=to_wire("drop_point", await _drop_point(work, market)),
        statement=to_wire("statement", (await _held_statement(work, secrets, market, route_id, driver)).id),
        driver=to_wire("driver", driver.id),
        shipper=to_wire("shipper", shipper.id),
        payout=to_wire("payout", await _payout(work, secrets, market, driver)),
        claim=to_wire("claim", await _claim(work, secrets, driven, driver)),
        window_hold=to_wire("window_hold", await _window_hold(work, waits)),
        dock_appointment=to_wire("dock_appointment", await _dock_appointment(work, market, shipper)),
        **{noun: to_wire(noun, work.new_id()) for noun in ("company", "driver_document", "vehicle", "block")},
        **await _standing(work, secrets, market, driver),
        payout_quote=to_wire("payout_quote", await _payout_quote(work, secrets, market, driver)),
        **await _webhook(work, secrets, market, shipper),
        **await _money(work, secrets, market, shipper),
        reservation=to_wire("reservation", await _reservation(work, secrets, market, shipper)),
        **await _steered(work, secrets, market, driver, stop_id),
    )
    await _papers(work, secrets, market, driver, things)
    await _block(work, secrets, market, things)
    return things


async def _dock_appointment(work: Work, market: Market, shipper: Shipper) -> UUID:
    """A place that is held at the shipper's gate."""
    facts = DockFacts(
        code="gate", place=SECRET_SPOT, opens="00:00", closes="23:00", slot_s=3_600, places=9, tolerance_s=0
    )
    mine: dict[str, Any] = {"market_id": market.id, "shipper_id": shipper.id}
    await set_dock(work, **mine, facts=facts)
    day = work.now.astimezone(zone(market.time_zone)).date() + timedelta(days=1)
    slots = await dock_slots(work, **mine, code="gate", day=day)
    held = await hold_slot(work, **mine, code="gate", opens_at=slots[0].opens_at)
    held_id: UUID = held["id"]
    return held_id


async def _reservation(work: Work, secrets: Secrets, market: Market, shipper: Shipper) -> UUID:
    """Places that a shipper has for itself, and a goal for what its recipients experience."""
    reservation_id = work.new_id()
    await work.execute(
        "INSERT INTO capacity_reservation (id, market_id, shipper_id, settled_through, created_at)"
        " VALUES ($1, $2, $3, $4, $5)",
        reservation_id, market.id, shipper.id, work.now.date(), work.now,
    )  # fmt: skip
    await work.execute(
        "INSERT INTO reservation_terms (id, market_id, reservation_id, version, first_day, weekdays, places, fee_minor,"
        " release_days, release_time, created_at) VALUES ($1, $2, $3, 1, $4, '{1}', 2, $5, 1, '18:00', $6)",
        work.new_id(), market.id, reservation_id, work.now.date(), int(secrets["fee"]), work.now,
    )  # fmt: skip
    goal = Goal(metric=Metric.ON_TIME, target=float(secrets["goal"]))
    await set_experience_goal(work, shipper_id=shipper.id, market_id=market.id, goal=goal)
    return reservation_id


async def _steered(work: Work, secrets: Secrets, market: Market, driver: Driver, stop_id: UUID) -> dict[str, str]:
    """A part of the city that is paused, and a second driver who was asked for the route and said no."""
    ids = {noun: work.new_id() for noun in ("reassignment", "pause")}
    email = f"{ids['pause'].hex}@doorstep.example"
    marta = await add_operator(work, name="Marta", email=email, market_id=MarketId(market.id))
    second = await make_driver(work, market, state=PresenceState.OFFLINE, name="Second")
    whose: dict[str, Any] = {"using_db": work.db, "market_id": market.id, "operator_id": marta}
    await Reassignment.create(
        **whose, id=ids["reassignment"], from_driver_id=driver.id, to_driver_id=second.id, next_stop_id=stop_id,
        route_id=await work.fetch_value("SELECT route_id FROM stop WHERE id = $1", stop_id), state="DECLINED",
        reason=secrets["reassignment"], way_m=0, approach_m=0, approach_s=0, first_leg_m=0, first_leg_s=0,
        is_degraded=False, pay_minor=1, currency=market.currency, policy_version=1, created_at=work.now,
        expires_at=work.now,
    )  # fmt: skip
    await ZonePause.create(
        **whose, id=ids["pause"], cells=["88b2ddd6edfffff"], reason=secrets["pause"], set_at=work.now,
        expires_at=work.now + timedelta(days=1),
    )  # fmt: skip
    return {noun: to_wire(noun, key) for noun, key in ids.items()}


async def _recurring_batch(work: Work, secrets: Secrets, market: Market, shipper: Shipper, hub: Hub) -> UUID:
    """A batch that recurs from this evening on, whose name, door and days are nobody else's."""
    starts_at = datetime(2026, 3, 2, 18)
    window = LocalWindow(opens=starts_at, closes=starts_at + timedelta(hours=2))
    door = Point(lat=float(secrets["latitude of home"]), lon=float(secrets["longitude of home"]))
    row = DeliveryRequest(
        external_id="ronda",
        hub_id=hub.id,
        dropoff=Place(point=door, address=secrets["address"]),
        packages=[PackageRequest(weight_g=1, length_mm=1, width_mm=1, height_mm=1)],
        pickup_window=window,
        dropoff_window=window,
    )
    terms = Terms(starts_at=starts_at, rule="FREQ=DAILY")
    template = Template(name=secrets["recurring batch"], terms=terms, rows=[row])
    told = len(work.events)
    made = await create_recurring_batch(work, shipper_id=shipper.id, market_id=market.id, template=template)
    del work.events[told:]  # what streams tell of is said in `_tell` alone
    return made


async def _standing(work: Work, secrets: Secrets, market: Market, driver: Driver) -> dict[str, str]:
    """A row of evidence that its driver contests, and a proposal that nobody has decided."""
    ids = {noun: work.new_id() for noun in ("standing_evidence", "standing_correction", "suspension")}
    whose: dict[str, Any] = {"using_db": work.db, "market_id": market.id, "driver_id": driver.id}
    evidence_id = ids["standing_evidence"]
    route_id = await work.fetch_value("SELECT id FROM route WHERE driver_id = $1 LIMIT 1", driver.id)
    await StandingEvidence.create(
        **whose, id=evidence_id, route_id=route_id, kind="ARRIVAL", subject_id=work.new_id(), is_good=True, value=0,
        facts={}, occurred_at=work.now, found_at=work.now,
    )  # fmt: skip
    await StandingCorrection.create(
        **whose, id=ids["standing_correction"], evidence_id=evidence_id, text=secrets["correction"],
        asked_at=work.now, state="OPEN",
    )  # fmt: skip
    await Suspension.create(
        **whose, id=ids["suspension"], state="PROPOSED", rule="BAD_RATINGS", rules_version=1, evidence=[{"text": "x"}],
        reason=secrets["suspension"], proposed_at=work.now,
    )  # fmt: skip
    return {noun: to_wire(noun, made) for noun, made in ids.items()}


async def _claim(work: Work, secrets: Secrets, delivery: Delivery, driver: Driver) -> UUID:
    """A claim about what the driver carries, that nobody has decided."""
    whose: dict[str, Any] = {"using_db": work.db, "market_id": delivery.market_id}
    claim = await Claim.create(
        **whose, id=work.new_id(), shipper_id=delivery.shipper_id, delivery_id=delivery.id, driver_id=driver.id,
        kind="DAMAGED", state="OPEN", asked_minor=1, limit_minor=1, currency=delivery.currency,
        opened_by_kind="shipper", opened_at=work.now, heard_by=work.now,
    )  # fmt: skip
    await ClaimEntry.create(
        **whose, id=work.new_id(), claim_id=claim.id, number=1, kind="OPENED", by_kind="shipper",
        by_id=delivery.shipper_id, text=secrets["claim"], proof_ids=[], made_at=work.now,
    )  # fmt: skip
    return claim.id


async def _window_hold(work: Work, delivery: Delivery) -> UUID:
    """A place in a window of the next day, held for the delivery that waits."""
    hold = await WindowHold.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=delivery.market_id,
        shipper_id=delivery.shipper_id,
        hub_id=delivery.hub_id,
        delivery_id=delivery.id,
        state="HELD",
        opens_at=work.now + timedelta(hours=24),
        closes_at=work.now + timedelta(hours=26),
        pickup_lat=delivery.pickup_lat,
        pickup_lon=delivery.pickup_lon,
        dropoff_lat=delivery.dropoff_lat,
        dropoff_lon=delivery.dropoff_lon,
        load=delivery.load,
        skills=[],
        actor="SHIPPER",
        difference_minor=0,
        is_charged=False,
        currency=delivery.currency,
        reason="OWN_TRIP",
        extra_m=0,
        extra_s=0,
        created_at=work.now,
        expires_at=work.now + timedelta(minutes=10),
    )
    return hold.id


async def _money(work: Work, secrets: Secrets, market: Market, shipper: Shipper) -> dict[str, str]:
    """A credit limit, a rate card with a surcharge, a charge that asks its owner, and an invoice with a line."""
    await work.execute(
        "UPDATE billing_profile SET credit_limit_minor = $2 WHERE shipper_id = $1",
        shipper.id,
        int(secrets["credit limit"]),
    )
    await set_rate_card(
        work,
        shipper_id=shipper.id,
        market_id=market.id,
        service_level="EXPRESS",
        currency=market.currency,
        base_minor=1,
        per_km_minor=0,
        per_stop_minor=0,
        minimum_minor=0,
        surcharges=[{"code": secrets["rate card"], "amount_minor": 1}],
    )
    of_shipper = {"market_id": market.id, "shipper_id": shipper.id, "currency": market.currency}
    charge = await Charge.create(
        using_db=work.db,
        id=work.new_id(),
        means="TOP_UP",
        state="ACTION_REQUIRED",
        amount_minor=int(secrets["charge"]),
        created_at=work.now,
        **of_shipper,
    )
    invoice_id, line_id = work.new_id(), work.new_id()
    owed = NewLine(
        key=f"owed by {shipper.id}",
        kind=LineKind.NO_SHOW,
        market_id=market.id,
        shipper_id=shipper.id,
        amount=Money(7, market.currency),
        subject_id=shipper.id,
    )
    await write_line(work, owed)
    await Invoice.create(
        using_db=work.db,
        id=invoice_id,
        number=1,
        period_start=work.now,
        period_end=work.now + timedelta(days=1),
        total_minor=7,
        state="REFUSED",
        due_days=1,
        due_at=work.now,
        created_at=work.now,
        **of_shipper,
    )
    await InvoiceLine.create(
        using_db=work.db,
        id=line_id,
        market_id=market.id,
        invoice_id=invoice_id,
        place=1,
        kind="NO_SHOW",
        label=secrets["invoice line"],
        quantity=1,
        amount_minor=7,
        currency=market.currency,
    )
    await work.execute("UPDATE bill_line SET invoice_line_id = $1 WHERE shipper_id = $2", line_id, shipper.id)
    billing_id = await work.fetch_value("SELECT id FROM billing_profile WHERE shipper_id = $1", shipper.id)
    ids = {"billing": billing_id, "charge": charge.id, "invoice": invoice_id}
    return {noun: to_wire(noun, thing) for noun, thing in ids.items()}


async def _webhook(work: Work, secrets: Secrets, market: Market, shipper: Shipper) -> dict[str, str]:
    """A webhook that fails, with a message and what its receiver said."""
    made = await register_webhook(
        work,
        box=SecretBox("of tests"),
        shipper_id=ShipperId(shipper.id),
        market_id=MarketId(market.id),
        url=secrets["webhook"],
        events=["DeliveryDelivered"],
    )
    message_id = await send_test_event(work, shipper_id=ShipperId(shipper.id), webhook_id=made.webhook_id)
    await work.execute("UPDATE webhook SET failing_since = created_at, failures = 1 WHERE id = $1", made.webhook_id)
    await work.execute(
        "INSERT INTO webhook_attempt (id, market_id, webhook_id, message_id, number, status, failure, latency_ms,"
        " answer, happened_at) SELECT id, market_id, webhook_id, id, 1, 500, 'STATUS', 9, $1, created_at"
        " FROM webhook_message WHERE id = $2",
        secrets["what a receiver said"],
        message_id,
    )
    return {"webhook": to_wire("webhook", made.webhook_id), "message": to_wire("message", message_id)}


async def _payout(work: Work, secrets: Secrets, market: Market, driver: Driver) -> UUID:
    """A payout that was held, whose amount and reason are nobody else's."""
    made = await Payout.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market.id,
        driver_id=driver.id,
        method="STANDARD",
        state="ON_HOLD",
        amount_minor=int(secrets["payout"]),
        entries_minor=0,
        carried_minor=int(secrets["payout"]),
        fee_minor=0,
        debt_minor=0,
        currency=market.currency,
        account="acct_alfa",
        reason="ACCOUNT",
        created_at=work.now,
    )
    return UUID(str(made.id))


async def _payout_quote(work: Work, secrets: Secrets, market: Market, driver: Driver) -> UUID:
    made = await PayoutQuote.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market.id,
        driver_id=driver.id,
        method="STANDARD",
        amount_minor=int(secrets["payout"]),
        fee_minor=0,
        debt_minor=0,
        currency=market.currency,
        created_at=work.now,
        expires_at=work.now + timedelta(minutes=10),
    )
    return UUID(str(made.id))


async def _drop_point(work: Work, market: Market) -> UUID:
    key = work.new_id()
    await DropPoint.create(
        using_db=work.db,
        id=key,
        market_id=market.id,
        lat=-29.91,
        lon=-71.25,
        visits=3,
        given_lat=-29.9,
        given_lon=-71.25,
        moved_m=1111,
        needs_review=True,
        changed_at=work.now,
    )
    return key


async def _dead_job(work: Work, secrets: Secrets, market: Market) -> UUID:
    job_id = work.new_id()
    await work.execute(
        "INSERT INTO job (id, market_id, kind, subject, state, run_at, created_at, attempts, error)"
        " VALUES ($1, $2, 'settle_payout', $3, 'DEAD', $4, $4, 8, $5)",
        *(job_id, market.id, str(uuid4()), work.machine_now, secrets["job"]),
    )
    return job_id


async def _held_statement(work: Work, secrets: Secrets, market: Market, route_id: UUID, driver: Driver) -> PayStatement:
    return await PayStatement.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market.id,
        route_id=route_id,
        driver_id=driver.id,
        policy_version=1,
        facts={},
        lines=[],
        total_minor=int(secrets["statement"]),
        currency=market.currency,
        digest=b"",
        state="HELD",
        created_at=work.now,
    )


async def _offer(work: Work, route: Route, driver: Driver) -> Offer:
    wave = await Wave.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=route.market_id,
        route_id=route.id,
        number=1,
        contract_kind=driver.contract_kind,
        state="OPEN",
        raise_minor=0,
        raise_step_minor=0,
        raise_cap_minor=0,
        raise_budget_left_minor=0,
        opened_at=work.now,
    )
    return await Offer.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=route.market_id,
        route_id=route.id,
        route_version=1,
        wave_id=wave.id,
        driver_id=driver.id,
        state="SENT",
        pay_minor=5000,
        currency=route.currency,
        lines=[],
        approach_m=0,
        approach_s=0,
        rank=1,
        sent_at=work.now,
        expires_at=work.now + timedelta(hours=1),
    )


async def _quote(work: Work, secrets: Secrets, market: Market, shipper: Shipper) -> Quote:
    return await Quote.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market.id,
        shipper_id=shipper.id,
        request=[{"address": secrets["address"]}],
        lines=[],
        problems=[],
        total_minor=0,
        currency=market.currency,
        is_degraded=False,
        created_at=work.now,
        expires_at=work.now + timedelta(minutes=15),
    )


async def _proof(work: Work, market: Market, stop_id: UUID, driver: Driver) -> Proof:
    return await Proof.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market.id,
        stop_id=stop_id,
        driver_id=driver.id,
        kind="PHOTO",
        state="EXPECTED",
        created_at=work.now,
    )


async def _tell(work: Work, delivery: Delivery, offer: Offer, route_id: UUID) -> None:
    """One event for each kind of stream."""
    work.emit(
        DeliveryPosted(
            market_id=delivery.market_id,
            shipper_id=delivery.shipper_id,
            delivery_id=delivery.id,
            batch_id=delivery.batch_id,
            sequence=1,
            state="SCHEDULED",
        )
    )
    work.emit(
        OfferSent(
            market_id=offer.market_id,
            offer_id=offer.id,
            route_id=offer.route_id,
            driver_id=offer.driver_id,
            wave_number=1,
            pay_minor=offer.pay_minor,
            currency=offer.currency,
            expires_at=offer.expires_at,
        )
    )
    work.emit(
        RouteStarted(market_id=offer.market_id, route_id=route_id, driver_id=offer.driver_id, occurred_at=work.now)
    )
