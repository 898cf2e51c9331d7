"""Quotes: what a batch would cost, line by line, where it would come from and what it asks for."""

from datetime import date
from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.batches import (
    QuoteBatch,
    QuoteResult,
    Requirement,
    find_quote,
)
from marketplace.core.ids import from_wire, to_wire
from marketplace.core.work import Work
from schema.access import require_shipper
from schema.arguments import IdempotencyKey, MarketArgument
from schema.context import Info
from schema.costs import usually
from schema.delivery_input import MaySplit, RowProblemType, Rows, delivery_requests, row_problem
from schema.errands import mutate_by_errand
from schema.mutations import mutation
from schema.places import Window
from schema.problem import Problem
from schema.scalars import DateTime, MoneyMinor


@strawberry.type(description="One line of a price.")
class PriceLine:
    """What is paid for what, by which rule."""

    code: str = strawberry.field(
        description="base, distance, stop or minimum; surcharge:… of the card, tier, zone of a rural zone, or surge."
    )
    quantity: int = strawberry.field(description="How much, in `unit`.")
    unit: str = strawberry.field(description="What the quantity counts.")
    rate_minor: MoneyMinor = strawberry.field(description="Minor units for each `per` of the quantity.")
    per: int = strawberry.field(description="How many units one rate is for.")
    amount_minor: MoneyMinor = strawberry.field(description="Minor units.")
    rule: str = strawberry.field(description="The rule of the rate card that made this line.")


@strawberry.type(description="So many of a SKU that come from one hub.")
class QuotedItem:
    """A line of stock."""

    sku: str = strawberry.field(description="Your code.")
    quantity: int = strawberry.field(description="How many of it.")


@strawberry.type(description="What of a row comes from one hub, or from its place. Posting the quote posts just this.")
class QuotedPart:
    """A priced part."""

    hub_id: strawberry.ID | None = strawberry.field(description="hub_…; null where it is picked up elsewhere.")
    items: list[QuotedItem] = strawberry.field(description="What comes from its stock.", metadata=usually(1))
    distance_m: int = strawberry.field(description="Road metres from there to the drop-off.")
    price_minor: MoneyMinor = strawberry.field(description="Minor units.")


@strawberry.type(description="What ends in a rural zone goes on a day of its own, with all else that goes there.")
class RuralPromise:
    """On which day a row goes to a rural zone, and for how much more."""

    code: str = strawberry.field(description="The zone's code, as ruralZones lists it.")
    name: str = strawberry.field(description="Its name.")
    day: date = strawberry.field(description="The local day on which it goes.")
    window: Window = strawberry.field(description="When it is handed over on that day.")
    surcharge_minor: MoneyMinor = strawberry.field(description="What of the price the zone adds, minor units.")
    rule: str = strawberry.field(description="The version of its terms, as the line of the price cites it.")


@strawberry.type(description="Something that a row asks of driver or hand-over, by itself or by its sector.")
class QuotedRequirement:
    """A requirement and what it adds."""

    requirement: Requirement = strawberry.field(description="What is asked for.")
    is_of_sector: bool = strawberry.field(description="Whether its sector asks for it.")
    chooses_driver: bool = strawberry.field(description="Whether only drivers and vehicles with it are asked.")
    service_s: int = strawberry.field(description="Seconds that it adds to the hand-over.")
    surcharge_minor: MoneyMinor = strawberry.field(
        description="What your rate card adds for it, minor units; a part of the price."
    )


@strawberry.type(description="The price of one row of a quote.")
class QuotedDelivery:
    """A priced row."""

    external_id: str = strawberry.field(description="The row's own reference.")
    distance_m: int = strawberry.field(description="Road metres from pickup to drop-off, of all parts together.")
    price_minor: MoneyMinor = strawberry.field(description="Minor units, of all parts together.")
    lines: list[PriceLine] = strawberry.field(description="What the price is made of.", metadata=usually(4))
    parts: list[QuotedPart] = strawberry.field(
        description="Where it comes from: one part, or 2 to 5 with maySplit.", metadata=usually(1)
    )
    rural: RuralPromise | None = strawberry.field(description="Its day, where it ends in a rural zone.")
    requirements: list[QuotedRequirement] = strawberry.field(
        description="All that it asks for, with that of its sector.", metadata=usually(1)
    )
    out_of_cold_limit_s: int | None = strawberry.field(
        description="How long it may be out of the cold in all, seconds; null where nobody counts."
    )
    pallet_places: int = strawberry.field(description="Pallet places that it takes on a vehicle's floor.")


@strawberry.type(description="A price that holds until it expires. Post it by its id.")
class Quote:
    """A quote."""

    id: strawberry.ID = strawberry.field(description="qot_….")
    total_minor: MoneyMinor = strawberry.field(description="Price of all rows that can be delivered, minor units.")
    currency: str = strawberry.field(description="ISO 4217.")
    expires_at: DateTime = strawberry.field(description="Until when it can be posted, market time.")
    is_degraded: bool = strawberry.field(
        description="Whether distances are estimates because the street router did not answer."
    )
    rows: list[QuotedDelivery] = strawberry.field(description="Rows that can be delivered.", metadata=usually(50))
    problems: list[RowProblemType] = strawberry.field(description="Rows that cannot, and why.", metadata=usually(5))


QuoteBatchResult = Annotated[Quote | Problem, strawberry.union("QuoteBatchResult")]


@strawberry.type
class Mutation:
    """Quoting."""

    @mutation(
        description="What a list of deliveries would cost, and the hubs that they would come from. The price holds for"
        " 15 minutes of market time; what hubs have is not held: a row whose stock or place is gone by then is a"
        " problem when the quote is posted, and costs nothing."
    )
    async def quote_batch(
        self,
        info: Info,
        market_id: MarketArgument,
        deliveries: Rows,
        idempotency_key: IdempotencyKey,
        may_split: MaySplit = False,
    ) -> QuoteBatchResult:
        """Quotes."""
        shipper, market = require_shipper(info), from_wire("market", market_id, field="marketId")
        requests = delivery_requests(deliveries)

        async def answer(work: Work, reference: str) -> Quote:
            result = await find_quote(work, quote_id=UUID(reference), shipper_id=shipper.id)
            return _quote(result)

        return await mutate_by_errand(
            info,
            operation="quoteBatch",
            arguments={
                "market": market,
                "digests": [request.digest.hex() for request in requests],
                "may_split": may_split,
            },
            idempotency_key=idempotency_key,
            errand=QuoteBatch(
                router=info.context.marketplace.router,
                shipper_id=shipper.id,
                market_id=market,
                requests=requests,
                may_split=may_split,
            ),
            reference=lambda result: str(result.quote_id),
            answer=answer,
        )


def _quote(result: QuoteResult) -> Quote:
    return Quote(
        id=strawberry.ID(to_wire("quote", result.quote_id)),
        total_minor=MoneyMinor(result.total_minor),
        currency=result.currency,
        expires_at=result.expires_at,
        is_degraded=result.is_degraded,
        rows=cast("list[QuotedDelivery]", [_quoted_row(row) for row in result.rows]),
        problems=[row_problem(problem) for problem in result.problems],
    )


def _quoted_row(row: dict[str, Any]) -> dict[str, Any]:
    hubs = [part["hub_id"] and to_wire("hub", UUID(part["hub_id"])) for part in row["parts"]]
    parts = [part | {"hub_id": hub_id} for part, hub_id in zip(row["parts"], hubs, strict=True)]
    rural = row["rural"] and row["rural"] | {"day": date.fromisoformat(row["rural"]["day"])}
    return row | {"parts": parts, "rural": rural}
