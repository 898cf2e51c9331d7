"""A market as operations see it: its figures, its hubs, what is live, and what waits."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import PrincipalKind
from marketplace.analytics import headline
from marketplace.batches import UnassignedReason, unassigned_deliveries
from marketplace.core.errors import NotAllowed
from marketplace.core.ids import MarketId, from_wire, to_wire
from marketplace.core.work import Work
from marketplace.hubs import hubs_of_market
from marketplace.markets import describe_market, set_dials
from marketplace.routes import RouteState, StopKind, StopState
from marketplace.tracking import live_routes, waiting_deliveries
from schema.access import require_operator, require_principal
from schema.arguments import IdempotencyKey, MarketArgument
from schema.batches import Delivery
from schema.context import Info
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.paging import USUAL_PAGE, First, rows_to_read
from schema.problem import Problem
from schema.scalars import DateTime, MoneyMinor


@strawberry.type(description="The streets of a market: where they come from and whom to credit.")
class City:
    """A city pack."""

    name: str = strawberry.field(description="Name of the city pack.")
    attribution: str = strawberry.field(description="To be shown with the map.")
    is_generated: bool = strawberry.field(description="Whether it is a made-up grid instead of a real city.")
    south: float = strawberry.field(description="Degrees.")
    west: float = strawberry.field(description="Degrees.")
    north: float = strawberry.field(description="Degrees.")
    east: float = strawberry.field(description="Degrees.")


@strawberry.type(description="Figures of a market's local day, and what is under way now.")
class Headline:
    """Counts; money in minor units."""

    day: date = strawberry.field(description="Local day of the market.")
    currency: str = strawberry.field(description="ISO 4217.")
    posted: int = strawberry.field(description="Deliveries posted.")
    delivered: int = strawberry.field(description="Deliveries handed over.")
    on_time: int = strawberry.field(description="Of those, within their window.")
    attempted: int = strawberry.field(description="Hand-overs that did not happen.")
    failed: int = strawberry.field(description="Deliveries lost, damaged or without a driver in time.")
    returned: int = strawberry.field(description="Parcels back where they came from.")
    cancelled: int = strawberry.field(description="Deliveries called off.")
    offers_sent: int = strawberry.field(description="Offers sent.")
    offers_accepted: int = strawberry.field(description="Offers accepted.")
    offers_declined: int = strawberry.field(description="Offers declined.")
    offers_expired: int = strawberry.field(description="Offers nobody answered.")
    routes_assigned: int = strawberry.field(description="Routes that got a driver.")
    routes_completed: int = strawberry.field(description="Routes completed.")
    earned_minor: MoneyMinor = strawberry.field(description="Pay of completed routes, minor units.")
    paid_minor: MoneyMinor = strawberry.field(description="Paid out, minor units.")
    waiting: int = strawberry.field(description="Deliveries that wait for a route now.")
    offering: int = strawberry.field(description="Deliveries on offer now.")
    assigned: int = strawberry.field(description="Deliveries with a driver, before pickup, now.")
    on_the_way: int = strawberry.field(description="Parcels in vehicles now.")
    returning: int = strawberry.field(description="Parcels on their way back now.")
    routes_offered: int = strawberry.field(description="Routes that look for a driver now.")
    routes_driven: int = strawberry.field(description="Routes being driven now.")
    drivers_available: int = strawberry.field(description="Drivers who could be asked now.")
    drivers_engaged: int = strawberry.field(description="Drivers on a route now.")


@strawberry.type(description="A hub.")
class Hub:
    """A place where parcels wait for a driver."""

    id: strawberry.ID = strawberry.field(description="hub_….")
    name: str = strawberry.field(description="Name.")
    address: str = strawberry.field(description="Street and number.")
    time_zone: str = strawberry.field(description="IANA zone; windows of its deliveries are in it.")
    lat: float = strawberry.field(description="Latitude in degrees.")
    lon: float = strawberry.field(description="Longitude in degrees.")


@strawberry.type(description="A stop on the live map.")
class LiveStop:
    """Where a route goes."""

    id: strawberry.ID = strawberry.field(description="stp_….")
    place: int = strawberry.field(description="Position on the route, from 0.")
    kind: StopKind = strawberry.field(description="What is done there.")
    state: StopState = strawberry.field(description="Where in its life it is.")
    lat: float = strawberry.field(description="Latitude in degrees.")
    lon: float = strawberry.field(description="Longitude in degrees.")
    planned_arrival: DateTime = strawberry.field(description="Market time.")
    delivery_count: int = strawberry.field(description="Deliveries handled there.")


@strawberry.type(description="A route on the live map.")
class LiveRoute:
    """A route that is not over."""

    id: strawberry.ID = strawberry.field(description="rte_….")
    state: RouteState = strawberry.field(description="Where in its life it is.")
    driver_id: strawberry.ID | None = strawberry.field(description="drv_… of its driver.")
    starts_at: DateTime = strawberry.field(description="Market time.")
    guarantee_minor: MoneyMinor | None = strawberry.field(description="What its driver was promised, minor units.")
    currency: str = strawberry.field(description="ISO 4217.")
    stops: list[LiveStop] = strawberry.field(description="In driving order.")


@strawberry.type(description="A drop-off that waits for a route.")
class WaitingDelivery:
    """A waiting delivery on the live map."""

    id: strawberry.ID = strawberry.field(description="dlv_….")
    lat: float = strawberry.field(description="Latitude in degrees.")
    lon: float = strawberry.field(description="Longitude in degrees.")
    unassigned_reason: UnassignedReason | None = strawberry.field(description="Why it waits.")
    dropoff_closes_at: DateTime = strawberry.field(description="End of its window, market time.")


@strawberry.type(description="The dials of a market. Seconds are of market time, amounts in minor units.")
class MarketDials:
    """How a market is set."""

    offer_ttl_s: int = strawberry.field(description="Seconds to answer an offer, at least 60 in production.")
    wave_size: int = strawberry.field(description="Offers sent together, 1 to 50.")
    wave_limit: int = strawberry.field(description="Waves before a route dissolves, 1 to 50.")
    open_offers_per_driver: int = strawberry.field(description="Open offers one driver may have, 1 to 50.")
    raise_step_minor: MoneyMinor = strawberry.field(description="What the next wave pays on top.")
    raise_cap_minor: MoneyMinor = strawberry.field(description="Most a route pays on top.")
    raise_budget_per_hour_minor: MoneyMinor = strawberry.field(description="Most raises of an hour together.")
    replan_after_s: int = strawberry.field(description="Pause before a delivery nobody took is planned again.")
    matching_objective: str = strawberry.field(
        description="What plans make least: expected_cost, delivery_delay, travel_time or fewest_drivers."
    )
    one_origin_per_route: bool = strawberry.field(description="Whether a route picks up at one place only.")
    look_ahead_s: int = strawberry.field(description="Drivers free within this are planned for, 0 to 3,600.")
    match_time_limit_ms: int = strawberry.field(description="Most processor time of one plan, 50 to 10,000 ms.")
    zone_limit: int = strawberry.field(description="Open deliveries that are planned together, 20 to 1,000.")


@strawberry.input(description="Dials to change; those left out stay as they are.")
class MarketDialsInput:
    """New values."""

    offer_ttl_s: int | None = strawberry.field(default=None, description="Seconds to answer an offer.")
    wave_size: int | None = strawberry.field(default=None, description="1 to 50.")
    wave_limit: int | None = strawberry.field(default=None, description="1 to 50.")
    open_offers_per_driver: int | None = strawberry.field(default=None, description="1 to 50.")
    raise_step_minor: MoneyMinor | None = strawberry.field(default=None, description="Minor units.")
    raise_cap_minor: MoneyMinor | None = strawberry.field(default=None, description="Minor units.")
    raise_budget_per_hour_minor: MoneyMinor | None = strawberry.field(default=None, description="Minor units.")
    replan_after_s: int | None = strawberry.field(default=None, description="Seconds, 1 to 86,400.")
    matching_objective: str | None = strawberry.field(
        default=None, description="expected_cost, delivery_delay, travel_time or fewest_drivers."
    )
    one_origin_per_route: bool | None = strawberry.field(default=None, description="One pickup place for each route.")
    look_ahead_s: int | None = strawberry.field(default=None, description="Seconds, 0 to 3,600.")
    match_time_limit_ms: int | None = strawberry.field(default=None, description="50 to 10,000.")
    zone_limit: int | None = strawberry.field(default=None, description="20 to 1,000.")


@strawberry.type(description="A city that is operated as one.")
class Market:
    """A market for operations."""

    id: strawberry.ID = strawberry.field(description="mkt_….")
    name: str = strawberry.field(description="Name.")
    time_zone: str = strawberry.field(description="IANA zone.")
    currency: str = strawberry.field(description="ISO 4217.")
    market_time: DateTime = strawberry.field(description="What time it is in the market.")
    time_factor: float = strawberry.field(description="How fast market time runs; 1 outside demos.")
    city: City = strawberry.field(description="Its streets.")
    headline: Headline = strawberry.field(description="Figures of the day and of this moment.")
    dials: MarketDials = strawberry.field(description="How it is set.")


@strawberry.type(description="The dials are set from now on.")
class MarketDialsSet:
    """New dials."""

    dials: MarketDials = strawberry.field(description="All dials as they are now.")


SetMarketDialsResult = Annotated[MarketDialsSet | Problem, strawberry.union("SetMarketDialsResult")]


@strawberry.type
class Query:
    """Markets, for operations; hubs for shippers too."""

    @query(description="A market with the figures of its day. For operations.")
    async def market(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="mkt_….")],  # noqa: A002
    ) -> Market:
        """Reads a market."""
        market_id = MarketId(from_wire("market", id, field="id"))
        require_operator(info, market_id)
        pack = info.context.marketplace.city.meta
        async with info.context.marketplace.works.open() as work:
            found = await describe_market(work, market_id=market_id)
            figures = await headline(work, market_id=market_id)
            now = work.now
        return Market(
            id=strawberry.ID(to_wire("market", market_id)),
            name=found["name"],
            time_zone=found["time_zone"],
            currency=found["currency"],
            market_time=now,
            time_factor=found["time_factor"],
            city=cast("City", pack),
            headline=cast("Headline", asdict(figures)),
            dials=cast("MarketDials", found),
        )

    @query(description="Hubs of a market: all for operations, those open to it for a shipper. At most 500.")
    async def hubs(self, info: Info, market_id: MarketArgument) -> list[Hub]:
        """Reads hubs."""
        principal, market = require_principal(info), from_wire("market", market_id, field="marketId")
        if principal.kind is PrincipalKind.DRIVER:
            raise NotAllowed("hubs are for shippers and operations")
        if principal.kind is PrincipalKind.OPERATOR:
            require_operator(info, market)
        shipper_id = principal.id if principal.kind is PrincipalKind.SHIPPER else None
        async with info.context.marketplace.works.open() as work:
            return cast("list[Hub]", await hubs_of_market(work, market_id=market, shipper_id=shipper_id))

    @query(description="Routes that are not over, at most 500. For operations.")
    async def live_routes(self, info: Info, market_id: MarketArgument) -> list[LiveRoute]:
        """Reads live routes."""
        market = from_wire("market", market_id, field="marketId")
        require_operator(info, market)
        async with info.context.marketplace.works.read() as connection:
            return cast("list[LiveRoute]", await live_routes(connection, market_id=market))

    @query(description="Drop-offs that wait for a route, most urgent first, at most 1,000. For operations.")
    async def waiting_deliveries(self, info: Info, market_id: MarketArgument) -> list[WaitingDelivery]:
        """Reads waiting drop-offs."""
        market = from_wire("market", market_id, field="marketId")
        require_operator(info, market)
        async with info.context.marketplace.works.read() as connection:
            return cast("list[WaitingDelivery]", await waiting_deliveries(connection, market_id=market))

    @query(description="Deliveries that wait, each with its reason, most urgent first. For operations.")
    async def unassigned_deliveries(
        self, info: Info, market_id: MarketArgument, first: First = USUAL_PAGE
    ) -> list[Delivery]:
        """Reads unassigned deliveries."""
        market = from_wire("market", market_id, field="marketId")
        require_operator(info, market)
        limit = rows_to_read(first) - 1
        async with info.context.marketplace.works.open() as work:
            return cast("list[Delivery]", await unassigned_deliveries(work, market_id=market, limit=limit))


@strawberry.type
class Mutation:
    """Steering a market."""

    @mutation(description="Changes how a market is set, from now on. For operations.")
    async def set_market_dials(
        self,
        info: Info,
        market_id: MarketArgument,
        dials: Annotated[MarketDialsInput, strawberry.argument(description="What to change.")],
        idempotency_key: IdempotencyKey,
    ) -> SetMarketDialsResult:
        """Sets dials."""
        market = from_wire("market", market_id, field="marketId")
        require_operator(info, market)
        changes = {name: value for name, value in vars(dials).items() if value is not None}
        is_production = info.context.marketplace.settings.is_production

        async def run(work: Work) -> str:
            await set_dials(work, market_id=market, changes=changes, is_production=is_production)
            return market.hex

        async def answer(work: Work, reference: str) -> MarketDialsSet:
            found = await describe_market(work, market_id=UUID(hex=reference))
            return MarketDialsSet(dials=cast("MarketDials", found))

        return await mutate(
            info,
            operation="setMarketDials",
            arguments={"market": market, "changes": changes},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )
