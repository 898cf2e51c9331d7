"""Explanations: why a delivery waits, why an offer was made as it was, why a driver was not asked."""

from typing import Annotated, cast

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import PrincipalKind
from marketplace.batches import DeliveryState, UnassignedReason
from marketplace.core.ids import from_wire
from marketplace.fleet import ContractKind
from marketplace.offers import (
    OfferState,
    Outcome,
    RuledOut,
    WaveState,
    explain_delivery,
    explain_driver,
    explain_offer,
)
from schema.access import require_one_of, require_operator
from schema.context import Info
from schema.fields import query
from schema.offers import OfferId, PayLine
from schema.scalars import DateTime, MoneyMinor


@strawberry.type(description="A driver who could be asked for a route, as a search weighed it.")
class ConsideredDriver:
    """A candidate."""

    driver_id: strawberry.ID = strawberry.field(description="drv_….")
    kind: ContractKind = strawberry.field(description="On what terms the driver works.")
    rank: int = strawberry.field(description="Place in the cheapest order to ask, from 1.")
    is_asked: bool = strawberry.field(description="Whether this search asked or assigned the driver.")
    pay_minor: MoneyMinor = strawberry.field(description="What an offer pays this driver, minor units.")
    accept_prob: float = strawberry.field(
        description="Chance of a yes, 0 to 1, by the offer and the market; never by what this driver did before."
    )
    cost_minor: MoneyMinor = strawberry.field(
        description="What the search costs in expectation with this driver asked first, minor units."
    )
    approach_m: int = strawberry.field(description="Road metres to the first stop.")
    approach_s: int = strawberry.field(description="Driving seconds to the first stop.")
    slack_s: int | None = strawberry.field(
        description="Seconds this driver can wait before a window is missed; negative when it is too late."
    )
    open_offers: int = strawberry.field(description="Other offers the driver was weighing.")


@strawberry.type(description="A rule that kept drivers from being asked.")
class ExcludedDrivers:
    """A rule with those whom it excludes."""

    code: RuledOut = strawberry.field(description="The rule.")
    words: str = strawberry.field(description="The rule in words.")
    drivers: int = strawberry.field(description="How many drivers it excluded.")
    driver_ids: list[strawberry.ID] = strawberry.field(description="drv_… of the nearest of them, at most 20.")


@strawberry.type(description="A raise that was weighed.")
class WeighedRaise:
    """An alternative."""

    raise_minor: MoneyMinor = strawberry.field(description="On top of the pay, minor units.")
    asked: int = strawberry.field(description="How many drivers would be asked.")
    accept_prob: float = strawberry.field(description="Chance that one of them takes it, 0 to 1.")
    cost_minor: MoneyMinor = strawberry.field(description="What the search then costs in expectation, minor units.")


@strawberry.type(description="One step in the search for a route's driver: what it saw and decided, kept as it was.")
class DriverSearch:
    """A choice."""

    route_id: strawberry.ID = strawberry.field(description="rte_….")
    decided_at: DateTime = strawberry.field(description="Market time.")
    outcome: Outcome = strawberry.field(description="What it came to.")
    words: str = strawberry.field(description="The same in words.")
    wave_number: int | None = strawberry.field(description="Number of the wave it sent, from 1.")
    wave_state: WaveState | None = strawberry.field(description="What became of that wave.")
    slack_s: int | None = strawberry.field(description="Seconds the route could wait before a window is missed.")
    raise_minor: MoneyMinor = strawberry.field(description="Raise it paid, minor units.")
    currency: str = strawberry.field(description="ISO 4217.")
    model_version: int = strawberry.field(description="Version of the market's law of acceptance; 0 is the prior.")
    raises: list[WeighedRaise] = strawberry.field(description="Raises it weighed, lowest first.")
    candidates: list[ConsideredDriver] = strawberry.field(description="Who could be asked, best first, at most 30.")
    ruled_out: list[ExcludedDrivers] = strawberry.field(description="What kept the others who are online from it.")


@strawberry.type(
    description="Drivers who broke a rule at the last look at the market, counted by the first they broke."
)
class FailedRule:
    """A count."""

    code: str = strawberry.field(description="NO_SKILL, NO_CAPACITY, OUT_OF_REACH or WINDOW.")
    drivers: int = strawberry.field(description="How many drivers.")
    words: str = strawberry.field(description="The same in words.")


@strawberry.type(description="Why a delivery has no driver, or how it found one.")
class DeliveryExplanation:
    """A delivery explained."""

    delivery_id: strawberry.ID = strawberry.field(description="dlv_….")
    state: DeliveryState = strawberry.field(description="Where in its life it is.")
    code: UnassignedReason | None = strawberry.field(description="Why it waits; null while it does not.")
    words: str = strawberry.field(description="The same in words.")
    look_again_at: DateTime | None = strawberry.field(description="When it is looked at again at the latest.")
    drivers_able: int | None = strawberry.field(
        description="Drivers who could have done it alone at the last look; they have better things to do."
    )
    failed_rules: list[FailedRule] = strawberry.field(description="What the other drivers failed.")
    searches: list[DriverSearch] = strawberry.field(description="Searches for its driver, latest first, at most 10.")


@strawberry.type(description="Why an offer was made as it was. A driver reads of the own offer what concerns its pay.")
class OfferExplanation:
    """An offer explained."""

    offer_id: strawberry.ID = strawberry.field(description="off_….")
    state: OfferState = strawberry.field(description="Where in its life it is.")
    words: str = strawberry.field(description="What it pays, in words.")
    pay_minor: MoneyMinor = strawberry.field(description="All lines together, minor units.")
    raise_minor: MoneyMinor = strawberry.field(description="What it pays on top because it was not taken before.")
    currency: str = strawberry.field(description="ISO 4217.")
    lines: list[PayLine] = strawberry.field(description="What the pay is made of.")
    approach_m: int = strawberry.field(description="Road metres to the first stop.")
    approach_s: int = strawberry.field(description="Driving seconds to the first stop.")
    driver_id: strawberry.ID | None = strawberry.field(description="drv_…. For operations.")
    rank: int | None = strawberry.field(description="Place among those asked, from 1. For operations.")
    accept_prob: float | None = strawberry.field(description="Chance of a yes, 0 to 1. For operations.")
    model_version: int | None = strawberry.field(description="Version of the law of acceptance. For operations.")
    search: DriverSearch | None = strawberry.field(description="The search that made it. For operations.")


@strawberry.type(description="What one search kept of one driver.")
class LookAtDriver:
    """A driver in a search."""

    decided_at: DateTime = strawberry.field(description="Market time.")
    outcome: Outcome = strawberry.field(description="What the search came to.")
    code: RuledOut | None = strawberry.field(description="The rule that excluded the driver, if one did.")
    words: str = strawberry.field(description="What the search says of the driver.")
    candidate: ConsideredDriver | None = strawberry.field(description="How the driver was weighed, if not excluded.")


@strawberry.type(description="Why a driver was, or was not, asked for a route.")
class DriverExplanation:
    """A driver explained."""

    driver_id: strawberry.ID = strawberry.field(description="drv_….")
    route_id: strawberry.ID = strawberry.field(description="rte_….")
    could_be_asked_now: bool = strawberry.field(description="Whether no rule excludes the driver at this moment.")
    code_now: RuledOut | None = strawberry.field(description="The first rule that does.")
    words_now: str = strawberry.field(description="The same in words.")
    looks: list[LookAtDriver] = strawberry.field(description="Searches that kept the driver, latest first, at most 10.")


DeliveryId = Annotated[strawberry.ID, strawberry.argument(description="dlv_….")]
DriverId = Annotated[strawberry.ID, strawberry.argument(description="drv_….")]
RouteId = Annotated[strawberry.ID, strawberry.argument(description="rte_….")]


@strawberry.type
class Query:
    """Explanations, mostly for operations."""

    @query(description="Why a delivery has no driver, or how it found one. For operations.")
    async def explain_delivery(self, info: Info, delivery_id: DeliveryId) -> DeliveryExplanation:
        """Explains a delivery."""
        operator = require_operator(info)
        delivery = from_wire("delivery", delivery_id, field="deliveryId")
        async with info.context.marketplace.works.open() as work:
            found = await explain_delivery(work, delivery_id=delivery, market_id=operator.market_id)
        return cast("DeliveryExplanation", found)

    @query(
        description="Why an offer was made and what it pays. For operations, and for the driver who was asked: then"
        " only what concerns the pay."
    )
    async def explain_offer(self, info: Info, offer_id: OfferId) -> OfferExplanation:
        """Explains an offer."""
        principal = require_one_of(info, PrincipalKind.DRIVER, PrincipalKind.OPERATOR)
        offer = from_wire("offer", offer_id, field="offerId")
        driver_id = principal.id if principal.kind is PrincipalKind.DRIVER else None
        async with info.context.marketplace.works.open() as work:
            found = await explain_offer(work, offer_id=offer, market_id=principal.market_id, driver_id=driver_id)
        return cast("OfferExplanation", found)

    @query(description="Why a driver was, or was not, asked for a route. For operations.")
    async def explain_driver(self, info: Info, driver_id: DriverId, route_id: RouteId) -> DriverExplanation:
        """Explains a driver."""
        operator = require_operator(info)
        driver = from_wire("driver", driver_id, field="driverId")
        route = from_wire("route", route_id, field="routeId")
        async with info.context.marketplace.works.open() as work:
            found = await explain_driver(work, driver_id=driver, route_id=route, market_id=operator.market_id)
        return cast("DriverExplanation", found)
