"""What a driver earns: statements, tips, payouts, and asking for one."""

from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import PrincipalKind
from marketplace.core.errors import NotFound
from marketplace.core.ids import DeliveryId, PayoutId, ShipperId, StatementId, from_wire, to_wire
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.payouts import (
    PayoutMethod,
    PayoutState,
    QuotedPayout,
    StatementKind,
    StatementState,
    explain_statement,
    find_earnings,
    find_payout,
    find_payout_quote,
    page_payouts,
    page_statements,
    quote_payout,
    request_payout,
    tip_driver,
)
from schema.access import require_driver, require_one_of, require_principal, require_shipper
from schema.arguments import IdempotencyKey
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.offers import PayLine
from schema.paging import USUAL_PAGE, After, Connection, First, after_id, page_of, rows_to_read
from schema.problem import Problem
from schema.scalars import DateTime, MoneyMinor

Method = Annotated[PayoutMethod, strawberry.argument(description="How it shall travel.")]


@strawberry.type(
    description="What a driver gets for one reason, itemised and frozen: a route, a true-up, a share, a tip."
)
class PayStatement:
    """A pay statement."""

    id: strawberry.ID = strawberry.field(description="stm_….")
    kind: StatementKind = strawberry.field(description="What it is for. A TIP is whole and counts towards no floor.")
    route_id: strawberry.ID | None = strawberry.field(description="rte_… of a ROUTE.")
    delivery_id: strawberry.ID | None = strawberry.field(description="dlv_… of a TIP.")
    company_id: strawberry.ID | None = strawberry.field(
        description="com_… that is paid for it instead of you, because you drove for it; null where you are paid."
    )
    payout_id: strawberry.ID | None = strawberry.field(description="pay_… that pays it to you.")
    state: StatementState = strawberry.field(description="HELD waits for a person because of a flagged report.")
    policy_version: int | None = strawberry.field(
        description="The version of the market's pay policy, of a true-up the latest; null for a share or a tip."
    )
    jurisdiction: str | None = strawberry.field(description="The law of pay periods that it counts for, if any.")
    period_starts_at: DateTime | None = strawberry.field(description="Begin of that pay period, market time.")
    period_ends_at: DateTime | None = strawberry.field(description="End of that pay period, market time.")
    period_closed_at: DateTime | None = strawberry.field(
        description="When that pay period was closed for all drivers, market time; null while it is open."
    )
    total_minor: MoneyMinor = strawberry.field(description="All lines together, minor units.")
    currency: str = strawberry.field(description="ISO 4217.")
    lines: list[PayLine] = strawberry.field(description="What the pay is made of.", metadata=usually(5))
    created_at: DateTime = strawberry.field(description="Market time.")


@strawberry.type(description="Something that a statement was reckoned from.")
class PayInput:
    """An input."""

    name: str = strawberry.field(description="What it is, with its unit, such as engaged_s or work[0].distance_m.")
    value: str = strawberry.field(description="As it was taken.")


@strawberry.type(description="A statement with everything it rests on.")
class ExplainedPayStatement:
    """An explained statement."""

    statement: PayStatement = strawberry.field(description="The statement; each line names its rule.")
    inputs: list[PayInput] = strawberry.field(description="What it was reckoned from.", metadata=usually(10))
    floor_working: list[PayLine] = strawberry.field(
        description="How the law's floor of a route was reckoned, whose sum is the floor, or of a share what all"
        " drivers lacked together. Empty where there is none; a true-up has it in its own lines.",
        metadata=usually(2),
    )
    digest: str = strawberry.field(description="SHA-256 of everything that it rests on, in hexadecimal digits.")
    recomputed_matches: bool = strawberry.field(
        description="Whether reckoning it again from the inputs, under the same policies, gives the same bytes."
    )


@strawberry.type(description="Something that has happened to a payout.")
class PayoutStep:
    """A step."""

    kind: str = strawberry.field(
        description="RESERVED, TRANSFERRED, SENT_TO_BANK, PAID, SENT_BACK, GIVEN_BACK, TAKEN_BACK or FEE_WAIVED; more"
        " may come."
    )
    happened_at: DateTime = strawberry.field(description="Market time.")


@strawberry.type(description="Something that a payout pays.")
class PayoutEntry:
    """An entry."""

    kind: str = strawberry.field(description="DRIVER_PAY, PAY_ADJUSTMENT, a tip, a true-up …; more may come.")
    amount_minor: MoneyMinor = strawberry.field(description="Minor units.")


@strawberry.type(description="Money on its way to the driver.")
class Payout:
    """A payout."""

    id: strawberry.ID = strawberry.field(description="pay_….")
    state: PayoutState = strawberry.field(description="Where in its life it is.")
    method: PayoutMethod = strawberry.field(description="How it travels.")
    amount_minor: MoneyMinor = strawberry.field(description="What arrives, minor units.")
    fee_minor: MoneyMinor = strawberry.field(description="Fee of an instant payout, minor units; 0 for any other.")
    debt_repaid_minor: MoneyMinor = strawberry.field(description="What went towards a debt, minor units.")
    carried_minor: MoneyMinor = strawberry.field(
        description="Taken from what earlier payouts had left; below nothing what this one leaves. Minor units."
    )
    currency: str = strawberry.field(description="ISO 4217.")
    error: str | None = strawberry.field(description="Why it failed, in the payment provider's word.")
    waits_for: str | None = strawberry.field(
        description="Why it stands still: BALANCE, ACCOUNT, ACCOUNT_CHANGED or OPERATOR; more may come."
    )
    retry_at: DateTime | None = strawberry.field(description="When it is tried again at the earliest, market time.")
    arrives_at: DateTime | None = strawberry.field(description="When the bank should have it, by the provider's word.")
    created_at: DateTime = strawberry.field(description="Market time.")
    settled_at: DateTime | None = strawberry.field(description="Market time.")


@strawberry.type(description="A payout with all that has happened to it.")
class PayoutDetails(Payout):
    """A payout in detail."""

    steps: list[PayoutStep] = strawberry.field(description="In order, at most 100.", metadata=usually(4))
    entries: list[PayoutEntry] = strawberry.field(
        description="What it pays, oldest first, at most 500; fee, debt and what is carried make the rest.",
        metadata=usually(10),
    )


@strawberry.type(description="What a payout would be; asked for before it expires, that is what it is.")
class PayoutQuote:
    """A quote of a payout."""

    id: strawberry.ID = strawberry.field(description="pqt_…; name it in requestPayout.")
    method: PayoutMethod = strawberry.field(description="How it would travel.")
    amount_minor: MoneyMinor = strawberry.field(description="What would arrive, after the fee, minor units.")
    fee_minor: MoneyMinor = strawberry.field(description="What it costs; always 0 for STANDARD. Minor units.")
    debt_repaid_minor: MoneyMinor = strawberry.field(description="What would go towards a debt, minor units.")
    currency: str = strawberry.field(description="ISO 4217.")
    arrives_at: DateTime = strawberry.field(description="An estimate, market time.")
    expires_at: DateTime = strawberry.field(description="Market time.")


@strawberry.type(description="What a driver has earned.")
class Earnings:
    """The driver's money at a glance."""

    currency: str = strawberry.field(description="ISO 4217.")
    available_minor: MoneyMinor = strawberry.field(description="On the wallet, minor units.")
    on_the_way_minor: MoneyMinor = strawberry.field(description="In payouts that have not arrived yet.")
    held_minor: MoneyMinor = strawberry.field(description="In statements that a person looks at.")
    paid_minor: MoneyMinor = strawberry.field(description="Paid out so far.")
    tips_minor: MoneyMinor = strawberry.field(description="Tips so far, whole; they count towards no floor.")
    true_ups_minor: MoneyMinor = strawberry.field(description="What pay periods lacked to the law, so far.")
    debt_minor: MoneyMinor = strawberry.field(description="Owed to the market; later pay repays it in part.")
    route_count: int = strawberry.field(description="Routes with a statement.")
    payout_minimum_minor: MoneyMinor = strawberry.field(description="Least amount of a payout.")
    next_payout_at: DateTime | None = strawberry.field(description="When everybody is paid next, market time.")


@strawberry.type(description="A payout was reserved and will be sent.")
class PayoutRequested:
    """A requested payout."""

    payout: Payout = strawberry.field(description="The payout.")


@strawberry.type(description="The driver has the whole tip.")
class DriverTipped:
    """A given tip."""

    delivery_id: strawberry.ID = strawberry.field(description="dlv_….")
    statement_id: strawberry.ID = strawberry.field(description="stm_… on which the driver sees it.")
    amount_minor: MoneyMinor = strawberry.field(description="Minor units of the delivery's currency.")
    currency: str = strawberry.field(description="ISO 4217.")


PayoutQuoteResult = Annotated[PayoutQuote | Problem, strawberry.union("PayoutQuoteResult")]
RequestPayoutResult = Annotated[PayoutRequested | Problem, strawberry.union("RequestPayoutResult")]
TipDriverResult = Annotated[DriverTipped | Problem, strawberry.union("TipDriverResult")]


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

    @query(
        description="A pay statement with its lines, their rules, its inputs, and whether reckoning it again gives the"
        " same bytes. For its driver, and for operations of its market."
    )
    async def pay_statement(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="stm_….")],  # noqa: A002
    ) -> ExplainedPayStatement:
        """Explains a statement."""
        principal = require_one_of(info, PrincipalKind.DRIVER, PrincipalKind.OPERATOR)
        statement = StatementId(from_wire("statement", id, field="id"))
        driver_id = principal.id if principal.kind is PrincipalKind.DRIVER else None
        async with info.context.marketplace.works.open() as work:
            found = await explain_statement(
                work, statement_id=statement, driver_id=driver_id, market_id=principal.market_id
            )
        inputs = [PayInput(name=name, value=value) for name, value in found["inputs"]]
        return ExplainedPayStatement(
            statement=cast("PayStatement", found),
            inputs=inputs,
            floor_working=cast("list[PayLine]", found["floor_working"]),
            digest=found["digest"],
            recomputed_matches=found["recomputed_matches"],
        )

    @query(description="Your payouts, newest first.")
    async def my_payouts(self, info: Info, first: First = USUAL_PAGE, after: After = None) -> Connection[Payout]:
        """Reads a page of payouts."""
        driver, before = require_driver(info), after_id("payout", after)
        async with info.context.marketplace.works.read() as connection:
            rows = await page_payouts(connection, driver_id=driver.id, before=before, limit=rows_to_read(first))
        return cast("Connection[Payout]", _page(rows, first))

    @query(description="One payout with its steps: your own, or one of a market that you operate.")
    async def payout(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="pay_….")],  # noqa: A002
    ) -> PayoutDetails:
        """Reads a payout."""
        payout_id, principal = PayoutId(from_wire("payout", id, field="id")), require_principal(info)
        whose: dict[str, Any] = {}
        if principal.kind is PrincipalKind.OPERATOR:
            whose = {} if principal.market_id is None else {"market_ids": [principal.market_id]}
        else:
            whose = {"driver_id": require_driver(info).id}
        async with info.context.marketplace.works.read() as connection:
            found = await find_payout(connection, payout_id=payout_id, **whose)
        if found is None:
            raise NotFound("there is no such payout")
        return cast("PayoutDetails", found)


@strawberry.type
class Mutation:
    """Asking for money, and giving some."""

    @mutation(description="Shows what a payout of everything payable would bring and cost now. Nothing moves.")
    async def payout_quote(
        self, info: Info, idempotency_key: IdempotencyKey, method: Method = PayoutMethod.STANDARD
    ) -> PayoutQuoteResult:
        """Quotes a payout."""
        driver = require_driver(info)

        async def run(work: Work) -> str:
            return (await quote_payout(work, driver_id=driver.driver_id, method=method)).id.hex

        async def answer(work: Work, reference: str) -> PayoutQuote:
            return quote_of(await find_payout_quote(work, quote_id=UUID(hex=reference), driver_id=driver.driver_id))

        return await mutate(
            info,
            operation="payoutQuote",
            arguments={"method": method.value},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(
        description="Pays out everything payable now, before the next run. An INSTANT payout has a fee and needs the"
        " quote that has shown it."
    )
    async def request_payout(
        self,
        info: Info,
        idempotency_key: IdempotencyKey,
        method: Method = PayoutMethod.STANDARD,
        quote_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="pqt_… of payoutQuote; needed for INSTANT.")
        ] = None,
    ) -> RequestPayoutResult:
        """Requests a payout."""
        driver = require_driver(info)
        quote = from_wire("payout_quote", quote_id, field="quoteId") if quote_id else None

        async def run(work: Work) -> str:
            return (await request_payout(work, driver_id=driver.driver_id, method=method, quote_id=quote)).hex

        async def answer(work: Work, reference: str) -> PayoutRequested:
            found = await find_payout(
                work.connection, payout_id=PayoutId(UUID(hex=reference)), driver_id=driver.driver_id
            )
            return PayoutRequested(payout=cast("Payout", found))

        return await mutate(
            info,
            operation="requestPayout",
            arguments={"method": method.value, "quote": quote} if quote else {},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(
        description="Tips the driver who brought a delivery: the whole of it is the driver's, and you owe it like the"
        " delivery. Possible once it is delivered, 10 times at most. For shippers."
    )
    async def tip_driver(
        self,
        info: Info,
        delivery_id: Annotated[strawberry.ID, strawberry.argument(description="dlv_….")],
        amount_minor: Annotated[MoneyMinor, strawberry.argument(description="More than 0, minor units.")],
        currency: Annotated[str, strawberry.argument(description="ISO 4217, that of the delivery.")],
        idempotency_key: IdempotencyKey,
    ) -> TipDriverResult:
        """Tips."""
        shipper = require_shipper(info)
        delivery, amount = from_wire("delivery", delivery_id, field="deliveryId"), Money(amount_minor, currency)

        async def run(work: Work) -> str:
            tip = await tip_driver(
                work, delivery_id=DeliveryId(delivery), shipper_id=ShipperId(shipper.id), amount=amount
            )
            return tip.hex

        async def answer(_work: Work, reference: str) -> DriverTipped:
            statement_id = strawberry.ID(f"stm_{reference}")
            return DriverTipped(
                delivery_id=delivery_id, statement_id=statement_id, amount_minor=amount_minor, currency=currency
            )

        return await mutate(
            info,
            operation="tipDriver",
            arguments={"delivery": delivery, "amount_minor": amount_minor, "currency": currency},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )


def _page(rows: list[tuple[UUID, dict[str, Any]]], first: int) -> Any:
    return page_of([tree for _, tree in rows], first=first, key=lambda tree: [tree["id"]])


def quote_of(quote: QuotedPayout) -> PayoutQuote:
    """A quote as the API tells it."""
    return PayoutQuote(
        id=strawberry.ID(to_wire("payout_quote", quote.id)),
        method=quote.method,
        amount_minor=MoneyMinor(quote.amount_minor),
        fee_minor=MoneyMinor(quote.fee_minor),
        debt_repaid_minor=MoneyMinor(quote.debt_minor),
        currency=quote.currency,
        arrives_at=quote.arrives_at,
        expires_at=quote.expires_at,
    )
