"""Dry runs: how a market would plan deliveries and drivers that do not exist."""

from typing import Annotated, cast

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.batches import SKILLS, Requirement, UnassignedReason
from marketplace.core.ids import from_wire
from marketplace.fleet import ContractKind
from marketplace.matching import DryDelivery, DryDriver, DryProblem, dry_run
from marketplace.routes import StopKind
from schema.access import require_operator
from schema.arguments import MarketArgument
from schema.context import Info
from schema.explanations import FailedRule
from schema.fields import query
from schema.places import Point, PointInput
from schema.scalars import DateTime, MoneyMinor
from schema.seats import Seats

SEATS = Seats("dry runs", each=1, together=2)
"""A plan takes a core for a second: an operator has one under way, and a process two."""


@strawberry.input(description="From when to when, both included.")
class InstantWindowInput:
    """A window."""

    opens_at: DateTime = strawberry.field(description="First instant, market time.")
    closes_at: DateTime = strawberry.field(description="Last instant, market time.")


@strawberry.input(description="A delivery that might be.")
class DryDeliveryInput:
    """A made-up delivery."""

    reference: str = strawberry.field(description="What the answer calls it; each once.")
    pickup: PointInput = strawberry.field(description="Where it is picked up.")
    dropoff: PointInput = strawberry.field(description="Where it is handed over.")
    pickup_window: InstantWindowInput | None = strawberry.field(default=None, description="A day from now if left out.")
    dropoff_window: InstantWindowInput | None = strawberry.field(
        default=None, description="When it is to be handed over; a day from now if left out."
    )
    packages: int = strawberry.field(default=1, description="Packages, 0 to 1,000,000,000.")
    weight_g: int = strawberry.field(default=1_000, description="Grams together.")
    volume_l: int = strawberry.field(default=5, description="Litres together.")
    requirements: list[Requirement] = strawberry.field(default_factory=list, description="What it asks of its driver.")
    priority: int = strawberry.field(default=0, description="0 to 100; higher goes first.")

    def value(self) -> DryDelivery:
        """The delivery as the matcher takes it."""
        return DryDelivery(
            reference=self.reference,
            pickup=self.pickup.value(),
            dropoff=self.dropoff.value(),
            pickup_window=_window(self.pickup_window),
            dropoff_window=_window(self.dropoff_window),
            load=(self.packages, self.weight_g, self.volume_l),
            skills=[need.value for need in self.requirements if need in SKILLS],
            priority=self.priority,
        )


@strawberry.input(description="A driver who might be, free at once.")
class DryDriverInput:
    """A made-up driver."""

    reference: str = strawberry.field(description="What the answer calls the driver; each once.")
    point: PointInput = strawberry.field(description="Where the driver is.")
    kind: ContractKind = strawberry.field(
        default=ContractKind.CROWDSOURCED, description="On what terms the driver works."
    )
    online_until: DateTime | None = strawberry.field(default=None, description="A day from now if left out.")
    packages: int = strawberry.field(default=30, description="Packages that fit, 0 to 1,000,000,000.")
    weight_g: int = strawberry.field(default=200_000, description="Grams that may be loaded.")
    volume_l: int = strawberry.field(default=800, description="Litres that fit.")
    skills: list[Requirement] = strawberry.field(default_factory=list, description="Requirements the driver can meet.")
    max_stops: int | None = strawberry.field(default=None, description="2 to 200; the market's limit if left out.")

    def value(self) -> DryDriver:
        """The driver as the matcher takes it."""
        return DryDriver(
            reference=self.reference,
            place=self.point.value(),
            kind=self.kind,
            online_until=self.online_until,
            capacity=(self.packages, self.weight_g, self.volume_l),
            skills=[skill.value for skill in self.skills],
            max_stops=self.max_stops,
        )


@strawberry.input(description="What is to be planned.")
class DryRunInput:
    """A made-up problem."""

    deliveries: list[DryDeliveryInput] = strawberry.field(description="1 to 200.")
    drivers: list[DryDriverInput] = strawberry.field(description="At most 80.")

    def value(self) -> DryProblem:
        """The problem as the matcher takes it."""
        return DryProblem(
            deliveries=[one.value() for one in self.deliveries], drivers=[one.value() for one in self.drivers]
        )


@strawberry.type(description="A pickup or a hand-over of a planned route.")
class DryStep:
    """A step."""

    delivery: str = strawberry.field(description="Reference of the delivery.")
    kind: StopKind = strawberry.field(description="What is done.")
    point: Point = strawberry.field(description="Where.")
    arrives_at: DateTime = strawberry.field(description="Market time.")
    starts_at: DateTime = strawberry.field(
        description="Market time; later than the arrival where a window opens later."
    )
    leaves_at: DateTime = strawberry.field(description="Market time.")


@strawberry.type(description="A route that would be offered.")
class DryRoute:
    """A planned route."""

    driver: str = strawberry.field(description="Reference of the driver.")
    kind: ContractKind = strawberry.field(description="On what terms the driver works.")
    accept_prob: float = strawberry.field(description="Chance that a usual offer to such a driver is taken, 0 to 1.")
    offer_at: DateTime = strawberry.field(
        description="When to set off at the latest, market time; it is offered `headStartWaves` answer times before."
    )
    payout_minor: MoneyMinor = strawberry.field(description="What it pays its driver, minor units.")
    expected_cost_minor: MoneyMinor = strawberry.field(
        description="The payout with the expected cost of a decline, minor units."
    )
    travel_s: int = strawberry.field(description="Driving seconds, the way to the first stop included.")
    distance_m: int = strawberry.field(description="Road metres, the way to the first stop included.")
    steps: list[DryStep] = strawberry.field(description="In driving order.")


@strawberry.type(description="A delivery that would wait.")
class DryUnassigned:
    """What is in no route."""

    delivery: str = strawberry.field(description="Reference of the delivery.")
    code: UnassignedReason = strawberry.field(description="Why.")
    words: str = strawberry.field(description="The same in words.")
    drivers_able: int = strawberry.field(description="Drivers who could do it alone.")
    failed_rules: list[FailedRule] = strawberry.field(description="What the other drivers fail.")


@strawberry.type(description="How the market would plan it. Nothing was written and nobody asked.")
class DryRun:
    """A plan that is none."""

    planned_at: DateTime = strawberry.field(description="Market time for which it was planned.")
    currency: str = strawberry.field(description="ISO 4217.")
    is_degraded: bool = strawberry.field(description="Whether times are estimates without streets.")
    payout_minor: MoneyMinor = strawberry.field(description="What all routes pay, minor units.")
    expected_cost_minor: MoneyMinor = strawberry.field(description="The same with the expected cost of declines.")
    routes: list[DryRoute] = strawberry.field(description="At most one for each driver.")
    unassigned: list[DryUnassigned] = strawberry.field(description="Deliveries that would wait.")


@strawberry.type
class Query:
    """Planning without consequences."""

    @query(
        description="Plans deliveries and drivers that do not exist as the market would: with its streets, its pay and"
        " its solver. Costs 700 units more than its fields; one at a time. For operations.",
        own_units=700,
    )
    async def dry_run(
        self,
        info: Info,
        market_id: MarketArgument,
        input: Annotated[DryRunInput, strawberry.argument(description="What is to be planned.")],  # noqa: A002 - its name in the API
    ) -> DryRun:
        """Plans without writing."""
        market = from_wire("market", market_id, field="marketId")
        operator = require_operator(info, market)
        marketplace = info.context.marketplace
        problem = input.value()
        with SEATS.take(operator.id):
            planned = await dry_run(
                marketplace.works,
                router=marketplace.router,
                solver=marketplace.solver,
                market_id=market,
                problem=problem,
            )
        return cast("DryRun", planned)


def _window(window: InstantWindowInput | None) -> tuple[DateTime, DateTime] | None:
    return (window.opens_at, window.closes_at) if window else None
