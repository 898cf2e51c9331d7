"""Pay periods of a market that are closed, for operations: what all their drivers together lacked to the law."""

from typing import cast
from uuid import UUID

import strawberry

from marketplace.core.ids import MarketId, from_wire
from marketplace.payouts import page_pay_periods
from schema.access import require_operator
from schema.arguments import MarketArgument
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.offers import PayLine
from schema.paging import USUAL_PAGE, After, Connection, First, after_id, page_of, rows_to_read
from schema.scalars import DateTime, MoneyMinor

LATEST = UUID(int=2**128 - 1)


@strawberry.type(description="A closed pay period of a market under one law.")
class PayPeriod:
    """A closed period."""

    id: strawberry.ID = strawberry.field(description="ppd_….")
    jurisdiction: str = strawberry.field(description="The law, such as US-NY-NYC.")
    starts_at: DateTime = strawberry.field(description="Its begin, market time.")
    ends_at: DateTime = strawberry.field(description="Its end, market time.")
    number: int = strawberry.field(description="0; 1 and more where late statements had it closed again.")
    driver_count: int = strawberry.field(description="Drivers who worked or were on call in it.")
    share_count: int = strawberry.field(description="Drivers who get a share of what all lacked together.")
    total_minor: MoneyMinor = strawberry.field(description="What all lacked together at this closing, minor units.")
    currency: str = strawberry.field(description="ISO 4217.")
    lines: list[PayLine] = strawberry.field(
        description="How it was reckoned; empty where the law asks nothing of all together.", metadata=usually(2)
    )
    closed_at: DateTime = strawberry.field(description="When it was closed, market time.")
    shared_at: DateTime | None = strawberry.field(description="When the last share was paid, market time.")


@strawberry.type
class Query:
    """What was closed."""

    @query(description="Closed pay periods of a market, latest closing first. For operations.")
    async def pay_periods(
        self, info: Info, market_id: MarketArgument, first: First = USUAL_PAGE, after: After = None
    ) -> Connection[PayPeriod]:
        """Reads a page of periods."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        before = after_id("pay_period", after) or LATEST
        async with info.context.marketplace.works.read() as connection:
            trees = await page_pay_periods(connection, market_id=market, before=before, limit=rows_to_read(first))
        return cast("Connection[PayPeriod]", page_of(trees, first=first, key=lambda tree: [tree["id"]]))
