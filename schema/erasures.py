"""Erasing recipients, for shippers and operations."""

from typing import Annotated

import strawberry

from marketplace.accounts import PrincipalKind, note_action
from marketplace.core.errors import Invalid
from marketplace.core.ids import DeliveryId, MarketId, from_wire
from marketplace.core.work import Work
from marketplace.recipients import erase_recipient
from schema.access import require_one_of, require_operator
from schema.arguments import IdempotencyKey
from schema.context import Info
from schema.mutations import mutate, mutation
from schema.problem import Problem


@strawberry.type(description="What the market knew of a recipient is gone. Money, events and figures stay.")
class RecipientErased:
    """An erasure."""

    erased_count: int = strawberry.field(description="Deliveries whose recipient was erased, at most 500 in one call.")
    under_way_count: int = strawberry.field(
        description="Deliveries to that phone that are still under way: erase again once they have ended."
    )


EraseRecipientResult = Annotated[RecipientErased | Problem, strawberry.union("EraseRecipientResult")]


@strawberry.type
class Mutation:
    """The right to be forgotten."""

    @mutation(
        description="Erases name, phone, address, instructions, PIN, pictures and messages of a recipient for good: of"
        " one delivery that has ended, or of all ended ones to a phone. Tracking links end. For shippers, of their own"
        " deliveries; for operations, which name the market. Who erased what is written down, not what it was."
    )
    async def erase_recipient(
        self,
        info: Info,
        idempotency_key: IdempotencyKey,
        delivery_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="dlv_…: either this or `phone`.")
        ] = None,
        phone: Annotated[str | None, strawberry.argument(description="The recipient's phone as it was posted.")] = None,
        market_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="mkt_…; shippers may leave it out.")
        ] = None,
    ) -> EraseRecipientResult:
        """Erases."""
        by = require_one_of(info, PrincipalKind.SHIPPER, PrincipalKind.OPERATOR)
        market = MarketId(from_wire("market", market_id, field="marketId")) if market_id else None
        delivery = DeliveryId(from_wire("delivery", delivery_id, field="deliveryId")) if delivery_id else None
        if by.kind is PrincipalKind.OPERATOR:
            if market is None:
                raise Invalid("say which market", field="marketId")
            require_operator(info, market)

        async def run(work: Work) -> str:
            erased = await erase_recipient(work, by=by, delivery_id=delivery, phone=phone, market_id=market)
            if by.kind is PrincipalKind.OPERATOR and market is not None:
                for one in erased.delivery_ids:
                    await note_action(
                        work,
                        operator_id=by.operator_id,
                        market_id=market,
                        verb="eraseRecipient",
                        subject_id=one,
                    )
            return f"{len(erased.delivery_ids)} {erased.under_way}"

        async def answer(_work: Work, reference: str) -> RecipientErased:
            erased, under_way = map(int, reference.split())
            return RecipientErased(erased_count=erased, under_way_count=under_way)

        return await mutate(
            info,
            operation="eraseRecipient",
            arguments={"delivery": delivery, "phone": phone, "market": market},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )
