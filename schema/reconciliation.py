"""The ledger beside the payment provider, for operations: what differed, and what a person booked."""

from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.core.ids import MarketId, from_wire, to_wire
from marketplace.core.work import Work
from marketplace.payments import BookedAs, Difference, as_findings, book_movement, page_reconciliations
from schema.access import require_operator
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.paging import USUAL_PAGE, After, Connection, First, after_id, page_of, rows_to_read
from schema.problem import Problem
from schema.scalars import DateTime, MoneyMinor

LATEST = UUID(int=2**128 - 1)


@strawberry.type(description="One thing that the ledger and the payment provider do not agree about.")
class Disagreement:
    """A finding of a reconciliation."""

    code: Difference = strawberry.field(description="Which side is silent, or that the amounts differ.")
    subject: str = strawberry.field(description="Id of a charge, refund or payout; or of the provider's own movement.")
    currency: str = strawberry.field(description="ISO 4217.")
    is_connected: bool = strawberry.field(description="Whether it is on a driver's own account rather than on ours.")
    ledger_minor: MoneyMinor | None = strawberry.field(
        description="What the ledger moved, minor units, positive where money came in; null where it has nothing."
    )
    provider_minor: MoneyMinor | None = strawberry.field(
        description="What the provider moved, minor units, after its fees; null where it has nothing."
    )
    detail: str = strawberry.field(description="The same in a sentence.")


@strawberry.type(description="What one comparison of a market's ledger with the provider's movements found.")
class Reconciliation:
    """A kept report."""

    id: strawberry.ID = strawberry.field(description="rcn_….")
    read_until: DateTime = strawberry.field(description="How far the provider's movements had been read, its time.")
    movement_count: int = strawberry.field(description="Movements of this market's charges, refunds and payouts.")
    subject_count: int = strawberry.field(description="Charges, refunds and payouts that they belong to.")
    is_clean: bool = strawberry.field(description="Whether both sides said the same.")
    created_at: DateTime = strawberry.field(description="When it was compared, market time.")
    findings: list[Disagreement] = strawberry.field(
        description="Every difference, at most 400. Nothing of it is corrected by itself.", metadata=usually(5)
    )


@strawberry.type(description="The movement stands in the ledger now.")
class MovementPosted:
    """A foreign movement that a person booked."""

    movement: str = strawberry.field(description="The provider's id of the movement.")
    booked_as: BookedAs = strawberry.field(description="What it was booked as.")


BookMovementResult = Annotated[MovementPosted | Problem, strawberry.union("BookMovementResult")]


@strawberry.type
class Query:
    """What differed."""

    @query(description="Comparisons of a market's ledger with the provider, latest first. For operations.")
    async def reconciliations(
        self, info: Info, market_id: MarketArgument, first: First = USUAL_PAGE, after: After = None
    ) -> Connection[Reconciliation]:
        """Reads a page of reports."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        before = after_id("reconciliation", after) or LATEST
        async with info.context.marketplace.works.read() as connection:
            rows = await page_reconciliations(connection, market_id=market, before=before, limit=rows_to_read(first))
        reports = [_report(dict(row)) for row in rows]
        return cast("Connection[Reconciliation]", page_of(reports, first=first, key=lambda report: [report["id"]]))


@strawberry.type
class Mutation:
    """What a person decides about money that nobody here moved."""

    @mutation(
        description="Posts a movement at the provider that is not of our doing, such as a top-up by the company, to the"
        " ledger of one market, once. For operations; it is written down with the operator's name."
    )
    async def book_movement(
        self,
        info: Info,
        market_id: MarketArgument,
        movement: Annotated[str, strawberry.argument(description="The provider's id of it, as a finding names it.")],
        booked_as: Annotated[BookedAs, strawberry.argument(description="What it was.")],
        idempotency_key: IdempotencyKey,
    ) -> BookMovementResult:
        """Books."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator = require_operator(info, market)

        async def run(work: Work) -> str:
            await book_movement(
                work,
                market_id=market,
                movement_id=movement,
                booked_as=booked_as,
                operator_id=operator.operator_id,
            )
            return movement

        async def answer(_work: Work, reference: str) -> MovementPosted:
            return MovementPosted(movement=reference, booked_as=booked_as)

        return await mutate(
            info,
            operation="bookMovement",
            arguments={"market": market, "movement": movement, "booked_as": booked_as.value},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )


def _report(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"id": to_wire("reconciliation", row["id"]), "findings": as_findings(row["findings"])}
