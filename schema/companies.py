"""A contracted company's dispatchers see their own drivers, routes and pay, and nothing of anybody else."""

from typing import Annotated, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.core.errors import NotFound
from marketplace.core.ids import from_wire
from marketplace.core.work import Work
from marketplace.fleet import (
    AccountState,
    CompanyState,
    PresenceState,
    Vehicle,
    company_drivers,
    company_of,
    company_routes,
)
from marketplace.payouts import (
    PayoutMethod,
    PayoutState,
    StatementKind,
    StatementState,
    company_pay,
    company_payouts,
    find_company_quote,
    quote_company_payout,
    request_company_payout,
)
from marketplace.routes import RouteState
from schema.access import require_dispatcher
from schema.arguments import IdempotencyKey
from schema.context import Info
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.pay import Method, PayoutQuote, quote_of
from schema.problem import Problem
from schema.scalars import DateTime, MoneyMinor


@strawberry.type(description="A contracted company, as its own dispatchers see it.")
class Company:
    """One's own company."""

    id: strawberry.ID = strawberry.field(description="com_….")
    name: str = strawberry.field(description="Name.")
    state: CompanyState = strawberry.field(description="Whether its drivers are asked.")
    route_minor: MoneyMinor = strawberry.field(
        description="What each route pays its drivers at least, minor units; raises and bonuses come on top."
    )
    currency: str = strawberry.field(description="ISO 4217.")
    driver_count: int = strawberry.field(description="How many drivers it has.")


@strawberry.type(description="A driver of the company.")
class CompanyDriver:
    """One's own driver."""

    id: strawberry.ID = strawberry.field(description="drv_….")
    name: str = strawberry.field(description="Name.")
    vehicle: Vehicle = strawberry.field(description="What the driver drives.")
    account_state: AccountState = strawberry.field(description="Whether the account is active.")
    skills: list[str] = strawberry.field(description="Skills with a certificate that is good now, such as COLD.")
    documents_until: DateTime | None = strawberry.field(description="When the first paper ends; null without end.")
    vehicle_until: DateTime | None = strawberry.field(description="When the vehicle's check ends; null without end.")
    presence: PresenceState = strawberry.field(description="What the driver does now.")
    online_until: DateTime | None = strawberry.field(description="When the present shift ends.")
    route_id: strawberry.ID | None = strawberry.field(description="rte_… of the route the driver has.")


@strawberry.type(description="A route that a driver of the company has or had: no parcel and no address of anybody.")
class CompanyRoute:
    """A route of one's own driver."""

    id: strawberry.ID = strawberry.field(description="rte_….")
    driver_id: strawberry.ID = strawberry.field(description="drv_….")
    state: RouteState = strawberry.field(description="How far it is.")
    stop_count: int = strawberry.field(description="Stops.")
    stops_ended: int = strawberry.field(description="Stops that are over.")
    distance_m: int = strawberry.field(description="Planned metres from the first to the last stop.")
    duration_s: int = strawberry.field(description="Planned seconds from the first to the last stop.")
    accepted_at: DateTime = strawberry.field(description="When the driver had it, market time.")
    pay_minor: MoneyMinor = strawberry.field(description="What was agreed at least, in minor units.")
    currency: str = strawberry.field(description="ISO 4217.")


@strawberry.type(description="What the company is paid for one thing that its people did.")
class CompanyStatement:
    """Pay of one's own company."""

    id: strawberry.ID = strawberry.field(description="stm_….")
    driver_id: strawberry.ID = strawberry.field(description="drv_… who did it.")
    route_id: strawberry.ID | None = strawberry.field(description="rte_…, for the pay of a route.")
    payout_id: strawberry.ID | None = strawberry.field(description="pay_… that pays it to the company.")
    kind: StatementKind = strawberry.field(description="What it is for.")
    state: StatementState = strawberry.field(description="How far it is.")
    total_minor: MoneyMinor = strawberry.field(description="All lines together, minor units.")
    currency: str = strawberry.field(description="ISO 4217.")
    created_at: DateTime = strawberry.field(description="Market time.")


@strawberry.type(description="Money on its way to the company.")
class CompanyPayout:
    """A payout to one's own company."""

    id: strawberry.ID = strawberry.field(description="pay_….")
    state: PayoutState = strawberry.field(description="Where in its life it is.")
    method: PayoutMethod = strawberry.field(description="How it travels.")
    amount_minor: MoneyMinor = strawberry.field(description="What arrives, minor units.")
    fee_minor: MoneyMinor = strawberry.field(description="What it costs; always 0 for STANDARD. Minor units.")
    currency: str = strawberry.field(description="ISO 4217.")
    created_at: DateTime = strawberry.field(description="Market time.")
    settled_at: DateTime | None = strawberry.field(description="When it ended, market time.")
    reason: str | None = strawberry.field(description="Why it failed or stands still, in one word.")


@strawberry.type(description="A payout to the company was reserved and will be sent.")
class CompanyPayoutRequested:
    """A requested payout."""

    payout: CompanyPayout = strawberry.field(description="The payout.")


CompanyPayoutQuoteResult = Annotated[PayoutQuote | Problem, strawberry.union("CompanyPayoutQuoteResult")]
CompanyPayoutResult = Annotated[CompanyPayoutRequested | Problem, strawberry.union("RequestCompanyPayoutResult")]


@strawberry.type
class Query:
    """What a dispatcher reads."""

    @query(description="The company of the calling dispatcher.")
    async def my_company(self, info: Info) -> Company:
        """Reads one's own company."""
        dispatcher = require_dispatcher(info)
        async with info.context.marketplace.works.open() as work:
            row = await company_of(work, dispatcher_id=dispatcher.id)
        if row is None:
            raise NotFound("there is no such company")
        return cast("Company", row)

    @query(description="Drivers of the calling dispatcher's company, by name, at most 500.", usual_rows=50)
    async def company_drivers(self, info: Info) -> list[CompanyDriver]:
        """Reads one's own drivers."""
        dispatcher = require_dispatcher(info)
        async with info.context.marketplace.works.open() as work:
            return cast("list[CompanyDriver]", await company_drivers(work, dispatcher_id=dispatcher.id))

    @query(description="The latest routes of the company's drivers, latest first, at most 200.", usual_rows=50)
    async def company_routes(self, info: Info) -> list[CompanyRoute]:
        """Reads the routes of one's own drivers."""
        dispatcher = require_dispatcher(info)
        async with info.context.marketplace.works.open() as work:
            return cast("list[CompanyRoute]", await company_routes(work, dispatcher_id=dispatcher.id))

    @query(
        description="The latest pay of the company for what its people drove, latest first, at most 200. It is paid to"
        " the company's own account; tips are its drivers' own and are not among it.",
        usual_rows=50,
    )
    async def company_pay(self, info: Info) -> list[CompanyStatement]:
        """Reads the pay of one's own company."""
        dispatcher = require_dispatcher(info)
        async with info.context.marketplace.works.open() as work:
            return cast("list[CompanyStatement]", await company_pay(work, dispatcher_id=dispatcher.id))

    @query(description="The latest payouts to the company, latest first, at most 100.", usual_rows=20)
    async def company_payouts(self, info: Info) -> list[CompanyPayout]:
        """Reads the payouts of one's own company."""
        dispatcher = require_dispatcher(info)
        async with info.context.marketplace.works.open() as work:
            return cast("list[CompanyPayout]", await company_payouts(work, dispatcher_id=dispatcher.id))


@strawberry.type
class Mutation:
    """What a dispatcher asks for the company."""

    @mutation(
        description="What a payout to your company would bring and cost now; INSTANT has a fee, STANDARD none. Good for"
        " ten minutes."
    )
    async def company_payout_quote(
        self, info: Info, idempotency_key: IdempotencyKey, method: Method = PayoutMethod.STANDARD
    ) -> CompanyPayoutQuoteResult:
        """Quotes a payout."""
        dispatcher = require_dispatcher(info)

        async def run(work: Work) -> str:
            return (await quote_company_payout(work, dispatcher_id=dispatcher.id, method=method)).id.hex

        async def answer(work: Work, reference: str) -> PayoutQuote:
            found = await find_company_quote(work, quote_id=UUID(hex=reference), dispatcher_id=dispatcher.id)
            return quote_of(found)

        return await mutate(
            info,
            operation="companyPayoutQuote",
            arguments={"method": method.value},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(
        description="Pays out everything payable to your company now, before the next run. An INSTANT payout has a fee"
        " and needs the quote that has shown it."
    )
    async def request_company_payout(
        self,
        info: Info,
        idempotency_key: IdempotencyKey,
        method: Method = PayoutMethod.STANDARD,
        quote_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="pqt_… of companyPayoutQuote; needed for INSTANT.")
        ] = None,
    ) -> CompanyPayoutResult:
        """Requests a payout."""
        dispatcher = require_dispatcher(info)
        quote = from_wire("payout_quote", quote_id, field="quoteId") if quote_id else None

        async def run(work: Work) -> str:
            asked = await request_company_payout(work, dispatcher_id=dispatcher.id, method=method, quote_id=quote)
            return asked.hex

        async def answer(work: Work, reference: str) -> CompanyPayoutRequested:
            [found] = await company_payouts(work, dispatcher_id=dispatcher.id, payout_id=UUID(hex=reference))
            return CompanyPayoutRequested(payout=cast("CompanyPayout", found))

        return await mutate(
            info,
            operation="requestCompanyPayout",
            arguments={"method": method.value, "quote": quote},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )
