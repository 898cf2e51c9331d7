"""When nobody takes a parcel: what the shipper wants then, another window, the way back, and how often it happens."""

from datetime import date
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import PrincipalKind, note_action
from marketplace.analytics import Days, attempt_figures
from marketplace.batches import ChosenBy, DeliveryState, FailurePolicy, reschedule_delivery, return_delivery
from marketplace.core.ids import MarketId, from_wire
from marketplace.core.work import Work
from marketplace.shippers import failure_wishes, set_failure_wishes
from schema.access import require_operator, require_principal, require_recipient, require_shipper
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.places import WindowInput
from schema.problem import Problem
from schema.scalars import MoneyMinor


@strawberry.type(description="What was decided about a parcel that nobody took.")
class AttemptSettled:
    """How the delivery stands after the decision."""

    state: DeliveryState = strawberry.field(
        description="ATTEMPTED while the parcel is still in the vehicle, SCHEDULED once it waits to be planned again,"
        " RETURNED once it is back."
    )


@strawberry.type(description="What a shipper wants done with parcels that nobody takes.")
class FailureWishes:
    """A policy and its tries."""

    policy: FailurePolicy = strawberry.field(description="For deliveries that name none of their own.")
    max_attempts: int = strawberry.field(
        description="Hand-overs that are attempted where the policy tries again, 1 to 5."
    )


@strawberry.type(description="How often a hand-over failed for one reason.")
class AttemptReason:
    """A reason and its count."""

    reason: str = strawberry.field(description="As drivers report it, such as RECIPIENT_UNAVAILABLE.")
    attempts: int = strawberry.field(description="How often.")
    waited_s: int = strawberry.field(description="Seconds that drivers waited at those doors, together.")


@strawberry.type(description="How a shipper's parcels fared at the doors of a market on one local day.")
class AttemptFigures:
    """Counts and minor units of a day."""

    day: date = strawberry.field(description="The local day of the market.")
    shipper_id: strawberry.ID = strawberry.field(description="shp_….")
    delivered_first: int = strawberry.field(description="Deliveries handed over at the first attempt.")
    attempted_first: int = strawberry.field(description="Deliveries whose first attempt failed.")
    first_attempt_percent: float | None = strawberry.field(
        description="First attempts that succeeded, of a hundred; null on a day without any."
    )
    attempts: int = strawberry.field(description="All attempts that failed.")
    redelivered: int = strawberry.field(description="Deliveries handed over at a later attempt.")
    left_safe: int = strawberry.field(description="Deliveries left in a safe place or with a neighbour.")
    returned: int = strawberry.field(description="Deliveries that came back.")
    discarded: int = strawberry.field(description="Deliveries done away with as their shipper wished.")
    return_minor: MoneyMinor = strawberry.field(description="What returns cost the shipper, minor units.")
    redelivery_minor: MoneyMinor = strawberry.field(description="What further tries cost the shipper, minor units.")
    currency: str = strawberry.field(description="ISO 4217.")
    reasons: list[AttemptReason] = strawberry.field(description="The most frequent first.", metadata=usually(3))


AttemptSettledResult = Annotated[AttemptSettled | Problem, strawberry.union("AttemptSettledResult")]
SetFailurePolicyResult = Annotated[FailureWishes | Problem, strawberry.union("SetFailurePolicyResult")]
DeliveryArgument = Annotated[strawberry.ID, strawberry.argument(description="dlv_….")]
NewWindow = Annotated[
    WindowInput,
    strawberry.argument(
        description="In the local time of the delivery's zone: closes at least 30 minutes from now and within 14 days."
    ),
]


@strawberry.type
class Query:
    """What is wanted and what happened at the doors."""

    @query(description="What you want done with parcels that nobody takes. For shippers.")
    async def failure_wishes(self, info: Info) -> FailureWishes:
        """Reads the shipper's wishes."""
        shipper = require_shipper(info)
        async with info.context.marketplace.works.open() as work:
            wishes = await failure_wishes(work, shipper_id=shipper.id)
        return FailureWishes(policy=FailurePolicy(wishes.policy), max_attempts=wishes.max_attempts)

    @query(
        description="First-attempt success, reasons and costs by shipper and local day, latest first, at most 1,000"
        " rows: your own for shippers, all of a market for operations."
    )
    async def attempt_figures(
        self,
        info: Info,
        market_id: MarketArgument,
        first_day: Annotated[date, strawberry.argument(description="First local day.")],
        last_day: Annotated[date, strawberry.argument(description="Last local day, at most 91 days later.")],
    ) -> list[AttemptFigures]:
        """Reads figures."""
        market, principal = from_wire("market", market_id, field="marketId"), require_principal(info)
        if principal.kind is PrincipalKind.OPERATOR:
            require_operator(info, market)
        shipper_id = None if principal.kind is PrincipalKind.OPERATOR else require_shipper(info).id
        days = Days(first=first_day, last=last_day)
        async with info.context.marketplace.works.read() as connection:
            figures = await attempt_figures(connection, market_id=market, days=days, shipper_id=shipper_id)
        return cast("list[AttemptFigures]", figures)


@strawberry.type
class Mutation:
    """Decisions about parcels that nobody took."""

    @mutation(
        description="Chooses another window: until the pickup it is promised anew and planned for; after a hand-over"
        " that failed, where the policy tries again, it is that of the next try, until the market's redeliveryAnswerS"
        " is over. The last choice counts. For shippers, and for operations."
    )
    async def reschedule_delivery(
        self, info: Info, delivery_id: DeliveryArgument, window: NewWindow, idempotency_key: IdempotencyKey
    ) -> AttemptSettledResult:
        """Chooses a window."""
        principal, delivery = require_principal(info), from_wire("delivery", delivery_id, field="deliveryId")
        if principal.kind is PrincipalKind.OPERATOR:
            require_operator(info)
            whose: dict[str, Any] = {"chosen_by": ChosenBy.OPERATIONS, "market_id": principal.market_id}
        else:
            whose = {"chosen_by": ChosenBy.SHIPPER, "shipper_id": require_shipper(info).id}
        return await _choose(info, delivery, window, idempotency_key, "rescheduleDelivery", whose)

    @mutation(
        description="Chooses another window after a hand-over that failed, as rescheduleDelivery does. For recipients."
    )
    async def choose_redelivery(
        self, info: Info, window: NewWindow, idempotency_key: IdempotencyKey
    ) -> AttemptSettledResult:
        """Chooses a window."""
        recipient = require_recipient(info)
        whose = {"chosen_by": ChosenBy.RECIPIENT}
        return await _choose(info, recipient.delivery_id, window, idempotency_key, "chooseRedelivery", whose)

    @mutation(
        description="Ends the waiting for another try: the parcel goes back to its sender. Said again, it changes"
        " nothing. For operations."
    )
    async def return_delivery(
        self, info: Info, market_id: MarketArgument, delivery_id: DeliveryArgument, idempotency_key: IdempotencyKey
    ) -> AttemptSettledResult:
        """Sends a parcel back."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator, delivery = require_operator(info, market), from_wire("delivery", delivery_id, field="deliveryId")

        async def run(work: Work) -> str:
            state = await return_delivery(work, delivery_id=delivery, market_id=market)
            await note_action(
                work,
                operator_id=operator.operator_id,
                market_id=market,
                verb="returnDelivery",
                subject_id=delivery,
                details={"state": state.value},
            )
            return state.value

        return await mutate(
            info,
            operation="returnDelivery",
            arguments={"market": market, "delivery": delivery},
            idempotency_key=idempotency_key,
            run=run,
            answer=_settled,
        )

    @mutation(
        description="Says what is to be done with parcels that nobody takes, for deliveries posted from now on that"
        " name no policy of their own. For shippers."
    )
    async def set_failure_policy(
        self,
        info: Info,
        policy: Annotated[FailurePolicy, strawberry.argument(description="What is done.")],
        idempotency_key: IdempotencyKey,
        max_attempts: Annotated[
            int, strawberry.argument(description="Attempts where the policy tries again, 1 to 5.")
        ] = 2,
    ) -> SetFailurePolicyResult:
        """Sets the shipper's wishes."""
        shipper = require_shipper(info)

        async def run(work: Work) -> str:
            set_to = await set_failure_wishes(
                work, shipper_id=shipper.id, policy=policy.value, max_attempts=max_attempts
            )
            return f"{set_to.policy} {set_to.max_attempts}"

        async def answer(_work: Work, reference: str) -> FailureWishes:
            name, count = reference.split()
            return FailureWishes(policy=FailurePolicy(name), max_attempts=int(count))

        return await mutate(
            info,
            operation="setFailurePolicy",
            arguments={"policy": policy, "max_attempts": max_attempts},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )


async def _choose(
    info: Info, delivery: UUID, window: WindowInput, idempotency_key: str, operation: str, whose: dict[str, Any]
) -> AttemptSettled | Problem:
    chosen = window.value()

    async def run(work: Work) -> str:
        return (await reschedule_delivery(work, delivery_id=delivery, window=chosen, **whose)).value

    return await mutate(
        info,
        operation=operation,
        arguments={"delivery": delivery, "opens": chosen.opens, "closes": chosen.closes},
        idempotency_key=idempotency_key,
        run=run,
        answer=_settled,
    )


async def _settled(_work: Work, reference: str) -> AttemptSettled:
    return AttemptSettled(state=DeliveryState(reference))
