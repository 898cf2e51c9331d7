"""What goes in place of something that a hub has run out of: proposed by whoever picks, seen by everybody."""

from typing import Annotated
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import Principal
from marketplace.core.ids import MarketId, from_wire, to_wire
from marketplace.core.work import Work
from marketplace.substitutions import SubstitutionState, propose_substitute
from schema.arguments import IdempotencyKey, MarketArgument
from schema.audited import audited
from schema.context import Info
from schema.mutations import mutation
from schema.problem import Problem
from schema.scalars import DateTime


@strawberry.type(description="A thing that was short when the order was picked, and what goes in its place.")
class ItemSubstitution:
    """A line that is not as it was ordered; its packages are shown as they were."""

    sku: str = strawberry.field(description="The code of what was ordered.")
    name: str = strawberry.field(description="What was ordered.")
    quantity: int = strawberry.field(description="How many.")
    state: SubstitutionState = strawberry.field(
        description="PROPOSED while the recipient is asked; TAKEN: the substitute goes; LEFT_OUT: nothing does."
    )
    substitute: str = strawberry.field(description="What was proposed, or goes, in its place.")
    answer_due_at: DateTime | None = strawberry.field(
        description="Until when the recipient can answer; then nothing goes. Market time."
    )


@strawberry.type(description="The proposal was heard; the delivery's shipper and recipient see what becomes of it.")
class SubstituteProposed:
    """A proposal."""

    delivery_id: strawberry.ID = strawberry.field(description="dlv_….")


ProposeSubstituteResult = Annotated[SubstituteProposed | Problem, strawberry.union("ProposeSubstituteResult")]


@strawberry.type
class Mutation:
    """What a picker says."""

    @mutation(
        description="Says that a thing of a delivery is short at its hub and what could go instead. What the line names"
        " as similar goes at once; with ASK the recipient has 15 minutes to answer about anything else. A difference in"
        " price is between shipper and recipient. For operations."
    )
    async def propose_substitute(
        self,
        info: Info,
        market_id: MarketArgument,
        delivery_id: Annotated[strawberry.ID, strawberry.argument(description="dlv_….")],
        sku: Annotated[str, strawberry.argument(description="The code of what is short.")],
        substitute: Annotated[str, strawberry.argument(description="The code of what could go instead.")],
        idempotency_key: IdempotencyKey,
    ) -> ProposeSubstituteResult:
        """Proposes."""
        delivery = from_wire("delivery", delivery_id, field="deliveryId")

        async def run(work: Work, market: MarketId, operator: Principal) -> UUID:
            await propose_substitute(
                work,
                market_id=market,
                operator_id=operator.operator_id,
                delivery_id=delivery,
                code=sku,
                by_code=substitute,
            )
            return delivery

        async def answer(_work: Work, key: UUID) -> SubstituteProposed:
            return SubstituteProposed(delivery_id=strawberry.ID(to_wire("delivery", key)))

        return await audited(
            info,
            verb="proposeSubstitute",
            market_id=market_id,
            details={"delivery": delivery.hex, "sku": sku, "substitute": substitute},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )
