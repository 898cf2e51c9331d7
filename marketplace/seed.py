"""Makes a small world to play with: a market with shippers, hubs, drivers, operators, batches and open offers.

For development only. Everything goes through the same verbs that the API uses, so that a seeded market is a real one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from marketplace.accounts import (
    PrincipalKind,
    SignedIn,
    Tokens,
    add_operator,
    create_api_key,
    open_session,
)
from marketplace.adapters.city import PlaceSampler
from marketplace.app import Marketplace
from marketplace.batches import DeliveryRequest, LocalWindow, PackageRequest, Place, PostBatch, Requirement
from marketplace.billing import UNLIMITED, Terms, check_credit, set_billing_terms
from marketplace.core.errand import run_errand
from marketplace.core.geo import Point, straight_line_m
from marketplace.core.ids import MarketId, ShipperId, to_wire
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.fleet import (
    ContractKind,
    DocumentKind,
    Vehicle,
    add_company,
    add_dispatcher,
    create_driver,
    go_online,
    plan_shift,
)
from marketplace.hubs import create_hub
from marketplace.markets import Dials, create_market, market_by_slug, set_pay_policy
from marketplace.matching import MatchMarket, MatchZone, zones_of
from marketplace.offers import SendWave
from marketplace.onboarding import enter_document
from marketplace.shippers import create_shipper, set_failure_wishes, set_rate_card

SHIPPER_NAMES = ("Farmacia del Mar", "Panadería Elqui", "Librería Faro", "Ferretería Puerto", "Verdulería La Recova")
HUB_NAMES = ("Centro", "Recova", "Puerto", "Avenida del Mar", "Parte Alta", "Tierras Blancas", "Sindempart")
FIRST_NAMES = (
    "Ana",
    "Bruno",
    "Carla",
    "Diego",
    "Elisa",
    "Felipe",
    "Gabriela",
    "Hugo",
    "Inés",
    "Joaquín",
    "Karen",
    "Luis",
)
LAST_NAMES = ("Rojas", "Pizarro", "Cortés", "Araya", "Álvarez", "Castillo", "Vega", "Contreras", "Rivera", "Godoy")
COMPANY_NAME = "Reparto Norte Chico"
COMPANY_ROUTE_MINOR = 2_500
"""What each route pays the company's drivers at least, in a seeded market."""
CERTIFICATE_LASTS = timedelta(days=365)
RATES = {
    "base_minor": 900,
    "per_km_minor": 180,
    "per_minute_minor": 60,
    "per_stop_minor": 250,
    "wait_per_minute_minor": 80,
    "wait_grace_s": 300,
    "minimum_minor": 1500,
}
"""Pay policy 1 of a seeded market, in Chilean pesos."""
DIALS: dict[str, Any] = {
    "raise_step_minor": 300,
    "raise_cap_minor": 1_500,
    "raise_budget_per_hour_minor": 60_000,
    "route_fixed_cost_minor": 900,
}
"""How a seeded market is set, unless the plan says otherwise."""
SESSION_LASTS = timedelta(hours=24)
"""Access tokens of a seeded world last a day, so that an outside client can just start."""
SEED_LIMIT = 100_000
HUBS_APART_M = 1_500


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedPlan:
    """How much of everything. `dials` set the market that is made; `kinds` are the drivers', taking turns.

    So are `failure_policies`, the shippers' own.
    """

    seed: int = 1
    slug: str = "la-serena"
    name: str = "La Serena–Coquimbo"
    time_zone: str = "America/Santiago"
    currency: str = "CLP"
    country: str = "CL"
    shippers: int = 3
    hubs: int = 4
    drivers: int = 12
    operators: int = 1
    deliveries: int = 0
    offers: int = 0
    is_online: bool = True
    shift_hours: float = 9.0
    kinds: tuple[str, ...] = ()
    dials: dict[str, Any] = field(default_factory=dict)
    failure_policies: tuple[str, ...] = ("RETURN_TO_SENDER",)

    def __post_init__(self) -> None:
        for name in ("shippers", "hubs", "drivers", "operators", "deliveries", "offers"):
            if not 0 <= getattr(self, name) <= SEED_LIMIT:
                raise ValueError(f"{name} is between 0 and {SEED_LIMIT}")


@dataclass(slots=True, kw_only=True)
class Seeded:
    """What was made, in the wire form of the API."""

    market_id: str
    shippers: list[dict[str, Any]] = field(default_factory=list)
    hubs: list[dict[str, Any]] = field(default_factory=list)
    drivers: list[dict[str, Any]] = field(default_factory=list)
    operators: list[dict[str, Any]] = field(default_factory=list)
    companies: list[dict[str, Any]] = field(default_factory=list)
    batches: list[dict[str, Any]] = field(default_factory=list)
    offers: list[dict[str, Any]] = field(default_factory=list)


Step = Callable[[str, int, int], None]
"""Hears what is being made, how many are done, and of how many."""


async def seed_market(marketplace: Marketplace, plan: SeedPlan, *, on_step: Step = lambda *_: None) -> Seeded:
    """Makes the world of a plan; refused in production."""
    marketplace.settings.refuse_in_production("seeding")
    return await _Seeding(marketplace, plan, on_step).run()


class _Seeding:
    """One run of seeding: the same plan and seed give the same people and places."""

    def __init__(self, marketplace: Marketplace, plan: SeedPlan, on_step: Step) -> None:
        self.marketplace = marketplace
        self.plan = plan
        self.on_step = on_step
        self.random = Random(plan.seed)  # noqa: S311 - a world to play with, no secret
        self.places = PlaceSampler(marketplace.city)
        self.tokens = Tokens(marketplace.settings.secret.get_secret_value())
        self.market_id = UUID(int=0)
        self.hub_points: list[tuple[UUID, Point]] = []
        self.shipper_ids: list[UUID] = []
        self.operator_id: UUID | None = None
        self.company_id: UUID | None = None
        self.coming_later: list[tuple[UUID, Point]] = []
        """Dedicated drivers are not asked but assigned: where offers are wanted, they come once these are out."""

    async def run(self) -> Seeded:
        seeded = Seeded(market_id=await self._market())
        seeded.hubs = [await self._hub(i) for i in self._count("hubs", self.plan.hubs)]
        seeded.shippers = [await self._shipper(i) for i in self._count("shippers", self.plan.shippers)]
        seeded.operators = [await self._operator(i) for i in self._count("operators", self.plan.operators)]
        seeded.companies = [await self._company()] if self.plan.operators else []
        seeded.drivers = [await self._driver(i) for i in self._count("drivers", self.plan.drivers)]
        seeded.batches = await self._batches(self.plan.deliveries)
        seeded.offers = await self._offers(self.plan.offers)
        await self._come_later()
        return seeded

    def _count(self, thing: str, total: int) -> Iterator[int]:
        for i in range(total):
            self.on_step(thing, i, total)
            yield i
        if total:
            self.on_step(thing, total, total)

    async def _market(self) -> str:
        async with self.marketplace.works.open() as work:
            slug = self.plan.slug
            if await market_by_slug(work, slug=slug) is not None:
                slug = f"{slug}-{work.new_id().hex[-8:]}"
            dials = await create_market(
                work,
                slug=slug,
                name=self.plan.name,
                city_pack=self.marketplace.city.meta.name,
                dials=Dials(
                    market_id=UUID(int=0),
                    time_zone=self.plan.time_zone,
                    currency=self.plan.currency,
                    payout_country=self.plan.country,
                    **DIALS | self.plan.dials,
                ),
                is_production=False,
            )
            self.market_id = dials.market_id
            await set_pay_policy(work, market_id=self.market_id, rates=RATES)
        return to_wire("market", self.market_id)

    async def _hub(self, i: int) -> dict[str, Any]:
        place = self.places.draw_place(self.random)
        for _ in range(20):
            if all(straight_line_m(place.point, other) > HUBS_APART_M for _, other in self.hub_points):
                break
            place = self.places.draw_place(self.random)
        name = HUB_NAMES[i % len(HUB_NAMES)] + (f" {i // len(HUB_NAMES) + 1}" if i >= len(HUB_NAMES) else "")
        async with self.marketplace.works.open() as work:
            hub_id = await create_hub(
                work,
                market_id=self.market_id,
                shipper_id=None,
                name=name,
                address=place.address,
                place=place.point,
                time_zone=self.plan.time_zone,
            )
        self.hub_points.append((hub_id, place.point))
        return {"id": to_wire("hub", hub_id), "name": name, "lat": place.point.lat, "lon": place.point.lon}

    async def _shipper(self, i: int) -> dict[str, Any]:
        name = SHIPPER_NAMES[i % len(SHIPPER_NAMES)]
        async with self.marketplace.works.open() as work:
            shipper_id = ShipperId(await create_shipper(work, name=name, is_test=True))
            policies = self.plan.failure_policies
            await set_failure_wishes(work, shipper_id=shipper_id, policy=policies[i % len(policies)], max_attempts=2)
            for level, base in (("STANDARD", 1_500), ("EXPRESS", 2_600)):
                await set_rate_card(
                    work,
                    shipper_id=shipper_id,
                    market_id=self.market_id,
                    service_level=level,
                    currency=self.plan.currency,
                    base_minor=base,
                    per_km_minor=320,
                    per_stop_minor=500,
                    minimum_minor=2_400,
                )
            await set_billing_terms(
                work,
                shipper_id=shipper_id,
                market_id=self.market_id,
                terms=Terms.INVOICE,
                credit_limit=Money(UNLIMITED, self.plan.currency),
            )
            key = await create_api_key(work, shipper_id=shipper_id)
        self.shipper_ids.append(shipper_id)
        return {"id": to_wire("shipper", shipper_id), "name": name, "api_key": key.secret}

    async def _operator(self, i: int) -> dict[str, Any]:
        email = f"operator{i + 1}.{self.market_id.hex[-6:]}@doorstep.example"
        async with self.marketplace.works.open() as work:
            operator_id = await add_operator(
                work, name=f"Operator {i + 1}", email=email, market_id=MarketId(self.market_id)
            )
            session = await self._session(work, PrincipalKind.OPERATOR, operator_id)
        self.operator_id = self.operator_id or operator_id
        return {"id": to_wire("operator", operator_id), "email": email} | _tokens_of(session)

    async def _company(self) -> dict[str, Any]:
        """The company of the contracted drivers, with a dispatcher who sees them."""
        email = f"dispatcher.{self.market_id.hex[-6:]}@doorstep.example"
        async with self.marketplace.works.open() as work:
            self.company_id = await add_company(
                work, market_id=self.market_id, name=COMPANY_NAME, route_minor=COMPANY_ROUTE_MINOR
            )
            dispatcher_id = await add_dispatcher(
                work, company_id=self.company_id, market_id=self.market_id, name="Dispatcher", email=email
            )
            session = await self._session(work, PrincipalKind.DISPATCHER, dispatcher_id)
        return {"id": to_wire("company", self.company_id), "name": COMPANY_NAME, "email": email} | _tokens_of(session)

    async def _driver(self, i: int) -> dict[str, Any]:
        kinds = self.plan.kinds
        kind = ContractKind(kinds[i % len(kinds)]) if kinds else contract_kind_of(i, self.plan.drivers)
        vehicle = self.random.choice((Vehicle.CAR, Vehicle.CAR, Vehicle.MOTORCYCLE, Vehicle.VAN))
        skills = [name for name in ("COLD", "PHARMACY", "HEAVY", "AGE_CHECK") if self.random.random() < 0.5]
        name = f"{self.random.choice(FIRST_NAMES)} {self.random.choice(LAST_NAMES)}"
        place = self._near_a_hub()
        async with self.marketplace.works.open() as work:
            phone = f"+569{work.random.randrange(10**8):08d}"
            driver_id = await create_driver(
                work,
                market_id=self.market_id,
                name=name,
                phone=phone,
                contract_kind=kind,
                vehicle=vehicle,
                skills=skills,
                company_id=self.company_id if kind is ContractKind.CONTRACTED else None,
            )
            await self._certify(work, driver_id, skills)
            if kind is not ContractKind.CROWDSOURCED:
                await plan_shift(
                    work,
                    driver_id=driver_id,
                    market_id=self.market_id,
                    starts_at=work.now - timedelta(minutes=5),
                    ends_at=work.now + timedelta(hours=self.plan.shift_hours),
                )
            if self.plan.is_online and kind is ContractKind.DEDICATED and self.plan.offers:
                self.coming_later.append((driver_id, place))
            elif self.plan.is_online:
                await go_online(work, driver_id=driver_id, place=place)
            session = await self._session(work, PrincipalKind.DRIVER, driver_id)
        return {
            "id": to_wire("driver", driver_id),
            "name": name,
            "phone": phone,
            "contract_kind": kind.value,
            "vehicle": vehicle.value,
            "lat": place.lat,
            "lon": place.lon,
        } | _tokens_of(session)

    async def _certify(self, work: Work, driver_id: UUID, skills: list[str]) -> None:
        """A certificate for each skill, that an operator was shown."""
        if self.operator_id is None:
            return
        for skill in skills:
            await enter_document(
                work,
                driver_id=driver_id,
                market_id=self.market_id,
                kind=DocumentKind(skill),
                operator_id=self.operator_id,
                reason="shown in person",
                good_until=work.now + CERTIFICATE_LASTS,
            )

    def _near_a_hub(self) -> Point:
        """Drivers wait where the work is: of some addresses, the one closest to a hub."""
        drawn = [self.places.draw_place(self.random).point for _ in range(4)]
        hubs = [point for _, point in self.hub_points] or drawn
        return min(drawn, key=lambda point: min(straight_line_m(point, hub) for hub in hubs))

    async def _session(self, work: Work, kind: PrincipalKind, principal_id: UUID) -> SignedIn:
        return await open_session(
            work, kind=kind, principal_id=principal_id, tokens=self.tokens, access_lasts=SESSION_LASTS
        )

    async def _batches(self, deliveries: int) -> list[dict[str, Any]]:
        """Posts the deliveries in batches of 50, shippers taking turns."""
        made: list[dict[str, Any]] = []
        if not deliveries or not self.shipper_ids or not self.hub_points:
            return made
        async with self.marketplace.works.open() as work:
            now = work.now
        for start in range(0, deliveries, 50):
            self.on_step("deliveries", start, deliveries)
            shipper_id = self.shipper_ids[len(made) % len(self.shipper_ids)]
            rows = [self.delivery(i, now) for i in range(start, min(start + 50, deliveries))]
            result = await run_errand(
                self.marketplace.works,
                PostBatch(
                    router=self.marketplace.router,
                    gate=check_credit,
                    tokens=self.tokens,
                    shipper_id=shipper_id,
                    market_id=self.market_id,
                    requests=rows,
                ),
            )
            assert result is not None
            posted = [row.delivery_id for row in result.rows if row.delivery_id]
            if result.batch_id is not None:
                made.append(
                    {
                        "id": to_wire("batch", result.batch_id),
                        "shipper_id": to_wire("shipper", shipper_id),
                        "deliveries": [to_wire("delivery", delivery_id) for delivery_id in posted],
                    }
                )
        self.on_step("deliveries", deliveries, deliveries)
        return made

    def delivery(self, i: int, now: datetime) -> DeliveryRequest:
        """A small parcel from a hub to somebody's home within the next hours."""
        local = now.astimezone(ZoneInfo(self.plan.time_zone)).replace(tzinfo=None, microsecond=0)
        hub_id, _ = self.random.choice(self.hub_points)
        home = self.places.draw_place(self.random)
        return DeliveryRequest(
            external_id=f"seed-{self.market_id.hex[-8:]}-{i}",
            hub_id=hub_id,
            dropoff=Place(
                point=home.point,
                address=home.address,
                name=f"{self.random.choice(FIRST_NAMES)} {self.random.choice(LAST_NAMES)}",
                phone=f"+569{self.random.randrange(10**8):08d}",
            ),
            packages=[
                PackageRequest(weight_g=self.random.randint(200, 6_000), length_mm=300, width_mm=200, height_mm=150)
            ],
            pickup_window=LocalWindow(opens=local, closes=local + timedelta(hours=3)),
            dropoff_window=LocalWindow(opens=local, closes=local + timedelta(hours=4)),
            requirements=[Requirement.PIN_AT_DROPOFF] if self.random.random() < 0.3 else [],
        )

    async def _offers(self, wanted: int) -> list[dict[str, Any]]:
        """Plans and sends until as many offers are open, or until nothing more can be planned."""
        if not wanted:
            return []
        while True:
            planned = await self._plan()
            for route_id in planned:
                await run_errand(self.marketplace.works, SendWave(router=self.marketplace.router, route_id=route_id))
            rows = await self._open_offers()
            self.on_step("offers", min(len(rows), wanted), wanted)
            if len(rows) >= wanted or not planned:
                return rows[:wanted]

    async def _plan(self) -> list[UUID]:
        """One look at the market, and at each of its zones where it has several; the routes that came of it."""
        works, router, solver = self.marketplace.works, self.marketplace.router, self.marketplace.solver
        whole = await run_errand(works, MatchMarket(router=router, solver=solver, market_id=self.market_id))
        planned = list(whole.route_ids) if whole is not None else []
        async with works.open() as work:
            zones = await zones_of(work, market_id=self.market_id)
        for zone in zones if len(zones) > 1 else ():
            plan = await run_errand(works, MatchZone(router=router, solver=solver, zone_id=zone.id))
            planned += plan.route_ids if plan is not None else ()
        return planned

    async def _come_later(self) -> None:
        for driver_id, place in self.coming_later:
            async with self.marketplace.works.open() as work:
                await go_online(work, driver_id=driver_id, place=place)

    async def _open_offers(self) -> list[dict[str, Any]]:
        async with self.marketplace.works.open() as work:
            rows = await work.fetch(
                "SELECT id, driver_id, route_id FROM offer WHERE market_id = $1 AND state IN ('SENT', 'VIEWED')"
                " ORDER BY id",
                self.market_id,
            )
        return [
            {
                "id": to_wire("offer", row["id"]),
                "driver_id": to_wire("driver", row["driver_id"]),
                "route_id": to_wire("route", row["route_id"]),
            }
            for row in rows
        ]


def contract_kind_of(i: int, drivers: int) -> ContractKind:
    """A tenth of a seeded fleet is dedicated, a quarter contracted, the rest the crowd."""
    share = i / max(1, drivers)
    if share < 0.1:
        return ContractKind.DEDICATED
    return ContractKind.CONTRACTED if share < 0.35 else ContractKind.CROWDSOURCED


def _tokens_of(session: SignedIn) -> dict[str, str]:
    return {"access_token": session.access_token, "refresh_token": session.refresh_token}
