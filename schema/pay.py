"""What a driver earns: statements, payouts, and asking for one."""

from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.core.errors import NotFound
from marketplace.core.ids import PayoutId
from marketplace.core.work import Work
from marketplace.payouts import (
    PayoutState,
    StatementState,
    find_earnings,
    find_payout,
    page_payouts,
    page_statements,
    request_payout,
)
from schema.access import require_driver
from schema.arguments import IdempotencyKey
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.offers import PayLine
from schema.paging import USUAL_PAGE, After, Connection, First, after_id, page_of, rows_to_read
from schema.problem import Problem
from schema.scalars import DateTime, MoneyMinor


@strawberry.type(description="The itemised pay of one completed route, frozen.")
class PayStatement:
    """A pay statement."""

    id: strawberry.ID = strawberry.field(description="stm_….")
    route_id: strawberry.ID = strawberry.field(description="rte_….")
    payout_id: strawberry.ID | None = strawberry.field(description="pay_… that pays it.")
    state: StatementState = strawberry.field(description="HELD waits for a person because of a flagged report.")
    policy_version: int = strawberry.field(description="The version of the market's pay policy.")
    total_minor: MoneyMinor = strawberry.field(description="All lines together, minor units.")
    currency: str = strawberry.field(description="ISO 4217.")
    lines: list[PayLine] = strawberry.field(description="What the pay is made of.", metadata=usually(5))
    created_at: DateTime = strawberry.field(description="Market time.")


@strawberry.type(description="Money on its way to the driver.")
class Payout:
    """A payout."""

    id: strawberry.ID = strawberry.field(description="pay_….")
    state: PayoutState = strawberry.field(description="Where in its life it is.")
    amount_minor: MoneyMinor = strawberry.field(description="Minor units.")
    currency: str = strawberry.field(description="ISO 4217.")
    error: str | None = strawberry.field(description="Why it failed.")
    created_at: DateTime = strawberry.field(description="Market time.")
    settled_at: DateTime | None = strawberry.field(description="Market time.")


@strawberry.type(description="What a driver has earned.")
class Earnings:
    """The driver's money at a glance."""

    currency: str = strawberry.field(description="ISO 4217.")
    available_minor: MoneyMinor = strawberry.field(description="On the wallet, minor units.")
    on_the_way_minor: MoneyMinor = strawberry.field(description="Reserved for payouts under way.")
    held_minor: MoneyMinor = strawberry.field(description="In statements that a person looks at.")
    paid_minor: MoneyMinor = strawberry.field(description="Paid out so far.")
    route_count: int = strawberry.field(description="Routes with a statement.")
    payout_minimum_minor: MoneyMinor = strawberry.field(description="Least amount of a payout.")
    next_payout_at: DateTime | None = strawberry.field(description="When everybody is paid next, market time.")


@strawberry.type(description="A payout was reserved and will be sent.")
class PayoutRequested:
    """A requested payout."""

    payout: Payout = strawberry.field(description="The payout.")


RequestPayoutResult = Annotated[PayoutRequested | Problem, strawberry.union("RequestPayoutResult")]


@strawberry.type
class Query:
    """The calling driver's money."""

    @query(description="What you have earned.")
    async def my_earnings(self, info: Info) -> Earnings:
        """Reads earnings."""
        driver = require_driver(info)
        async with info.context.marketplace.works.read() as connection:
            found = await find_earnings(connection, driver_id=driver.id)
        if found is None:
            raise NotFound("there is no such driver")
        return cast("Earnings", found)

    @query(description="Your pay statements, newest first.")
    async def my_statements(
        self, info: Info, first: First = USUAL_PAGE, after: After = None
    ) -> Connection[PayStatement]:
        """Reads a page of statements."""
        driver, before = require_driver(info), after_id("statement", after)
        async with info.context.marketplace.works.read() as connection:
            rows = await page_statements(connection, driver_id=driver.id, before=before, limit=rows_to_read(first))
        return cast("Connection[PayStatement]", _page(rows, first))

    @query(description="Your payouts, newest first.")
    async def my_payouts(self, info: Info, first: First = USUAL_PAGE, after: After = None) -> Connection[Payout]:
        """Reads a page of payouts."""
        driver, before = require_driver(info), after_id("payout", after)
        async with info.context.marketplace.works.read() as connection:
            rows = await page_payouts(connection, driver_id=driver.id, before=before, limit=rows_to_read(first))
        return cast("Connection[Payout]", _page(rows, first))


@strawberry.type
class Mutation:
    """Asking for money."""

    @mutation(description="Pays out everything payable now, before the next run.")
    async def request_payout(self, info: Info, idempotency_key: IdempotencyKey) -> RequestPayoutResult:
        """Requests a payout."""
        driver = require_driver(info)

        async def run(work: Work) -> str:
            return (await request_payout(work, driver_id=driver.driver_id)).hex

        async def answer(work: Work, reference: str) -> PayoutRequested:
            found = await find_payout(
                work.connection, payout_id=PayoutId(UUID(hex=reference)), driver_id=driver.driver_id
            )
            return PayoutRequested(payout=cast("Payout", found))

        return await mutate(
            info, operation="requestPayout", arguments={}, idempotency_key=idempotency_key, run=run, answer=answer
        )


def _page(rows: list[tuple[UUID, dict[str, Any]]], first: int) -> Any:
    return page_of([tree for _, tree in rows], first=first, key=lambda tree: [tree["id"]])
