"""What a shipper owes and pays: its terms and credit, charges, invoices, its card, and money paid ahead."""

from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.billing import (
    ChargeState,
    Collects,
    InvoiceState,
    LineKind,
    Means,
    ProfileState,
    Shortfall,
    Terms,
    authenticate_charge,
    find_charge,
    find_invoice,
    list_billings,
    page_charges,
    page_invoices,
    set_up_card,
    top_up,
)
from marketplace.core.ids import from_wire
from marketplace.core.work import Work
from schema.access import require_shipper
from schema.arguments import IdempotencyKey
from schema.context import Info
from schema.costs import usually
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.paging import USUAL_PAGE, After, Connection, First, after_id, page_of, rows_to_read
from schema.problem import Problem
from schema.scalars import DateTime, MoneyMinor

BillingArgument = Annotated[strawberry.ID, strawberry.argument(description="bil_… of myBilling.")]


@strawberry.type(description="How a shipper pays in one market, and what is open there.")
class Billing:
    """A billing profile."""

    id: strawberry.ID = strawberry.field(description="bil_….")
    market_id: strawberry.ID = strawberry.field(description="mkt_….")
    terms: Terms = strawberry.field(description="How what is owed is paid.")
    collects: Collects = strawberry.field(description="When a card is charged.")
    shortfall: Shortfall = strawberry.field(description="What becomes of what prepaid money does not cover.")
    state: ProfileState = strawberry.field(description="PAST_DUE posts nothing new until what is owed is paid.")
    currency: str = strawberry.field(description="ISO 4217.")
    credit_limit_minor: MoneyMinor = strawberry.field(description="The most that may be open at once, minor units.")
    credit_left_minor: MoneyMinor = strawberry.field(description="What may still be posted, minor units.")
    posted_minor: MoneyMinor = strawberry.field(description="Deliveries under way, not billed yet; minor units.")
    owed_minor: MoneyMinor = strawberry.field(description="Billed and not paid: the next three together; minor units.")
    unbilled_minor: MoneyMinor = strawberry.field(description="Waits to be charged or invoiced, minor units.")
    charging_minor: MoneyMinor = strawberry.field(description="In charges that are not paid, minor units.")
    invoiced_minor: MoneyMinor = strawberry.field(description="On invoices that are not paid, minor units.")
    prepaid_minor: MoneyMinor = strawberry.field(description="Paid ahead and not used, minor units.")
    has_card: bool = strawberry.field(description="Whether a card is on file; the card itself is never here.")
    due_days: int = strawberry.field(description="Days within which an invoice is to be paid.")
    next_due_at: DateTime = strawberry.field(description="When the next day or month ends, market time.")


@strawberry.type(description="Money that is taken at once: from the card, from what is prepaid, or to prepay.")
class Charge:
    """A charge."""

    id: strawberry.ID = strawberry.field(description="chg_….")
    market_id: strawberry.ID = strawberry.field(description="mkt_….")
    means: Means = strawberry.field(description="Where the money comes from.")
    state: ChargeState = strawberry.field(
        description="ACTION_REQUIRED: your bank wants to ask you; call authenticateCharge and answer it, or setUpCard"
        " for another card, with which the charge is tried again."
    )
    amount_minor: MoneyMinor = strawberry.field(description="What is owed, minor units.")
    captured_minor: MoneyMinor = strawberry.field(description="What was taken, minor units.")
    refunded_minor: MoneyMinor = strawberry.field(description="What went or goes back, minor units.")
    disputed_minor: MoneyMinor = strawberry.field(description="What your bank holds or has taken back, minor units.")
    currency: str = strawberry.field(description="ISO 4217.")
    error_code: str | None = strawberry.field(description="Why it was refused, such as insufficient_funds.")
    attempts: int = strawberry.field(description="How often the card was tried.")
    next_try_at: DateTime | None = strawberry.field(description="When it is tried again, market time.")
    line_count: int = strawberry.field(description="Lines of the bill that it pays.")
    created_at: DateTime = strawberry.field(description="Market time.")
    paid_at: DateTime | None = strawberry.field(description="Market time.")


@strawberry.type(description="All lines of one kind and service level on an invoice.")
class InvoiceLine:
    """A line of an invoice."""

    kind: LineKind = strawberry.field(description="What it is for.")
    service_level: str | None = strawberry.field(description="Of the deliveries, where it is about deliveries.")
    label: str = strawberry.field(description="In words.")
    quantity: int = strawberry.field(description="How many there are.")
    amount_minor: MoneyMinor = strawberry.field(description="Minor units; below 0 it is given back.")


@strawberry.type(description="What is owed for one month of the market's calendar.")
class Invoice:
    """An invoice."""

    id: strawberry.ID = strawberry.field(description="inv_….")
    market_id: strawberry.ID = strawberry.field(description="mkt_….")
    number: int = strawberry.field(description="Counts your invoices in this market from 1.")
    state: InvoiceState = strawberry.field(description="MISMATCH and REFUSED wait for an operator.")
    total_minor: MoneyMinor = strawberry.field(description="The sum of the lines, minor units.")
    currency: str = strawberry.field(description="ISO 4217.")
    period_start: DateTime = strawberry.field(description="First instant of the period, market time.")
    period_end: DateTime = strawberry.field(description="First instant after it, market time.")
    due_at: DateTime = strawberry.field(description="Until when it is to be paid, market time.")
    issued_at: DateTime | None = strawberry.field(description="Market time.")
    paid_at: DateTime | None = strawberry.field(description="Market time.")
    lines: list[InvoiceLine] = strawberry.field(description="What it is made of.", metadata=usually(6))


@strawberry.type(description="What a browser needs to give a card to the payment provider.")
class CardSetup:
    """A card set-up."""

    client_secret: str = strawberry.field(description="For one card; do not store it.")


@strawberry.type(description="What a browser needs to answer the bank's question about a charge.")
class ChargeAuthentication:
    """A charge that its owner completes."""

    client_secret: str = strawberry.field(description="For this payment only; do not store it.")
    card_id: str | None = strawberry.field(description="The payment provider's name of the card that was tried.")


@strawberry.type(description="A top-up was asked for; it can be used when its charge is PAID.")
class ToppedUp:
    """A top-up."""

    charge: Charge = strawberry.field(description="The charge.")


SetUpCardResult = Annotated[CardSetup | Problem, strawberry.union("SetUpCardResult")]
AuthenticateChargeResult = Annotated[ChargeAuthentication | Problem, strawberry.union("AuthenticateChargeResult")]
TopUpResult = Annotated[ToppedUp | Problem, strawberry.union("TopUpResult")]


@strawberry.type
class Query:
    """The calling shipper's money."""

    @query(description="How you pay, in each of your markets, and what is open; at most 100.", usual_rows=2)
    async def my_billing(self, info: Info) -> list[Billing]:
        """Reads billing profiles."""
        shipper = require_shipper(info)
        async with info.context.marketplace.works.read() as connection:
            return cast("list[Billing]", await list_billings(connection, shipper_id=shipper.id))

    @query(description="Your charges, newest first.")
    async def charges(self, info: Info, first: First = USUAL_PAGE, after: After = None) -> Connection[Charge]:
        """Reads a page of charges."""
        shipper, before = require_shipper(info), after_id("charge", after)
        async with info.context.marketplace.works.read() as connection:
            rows = await page_charges(connection, shipper_id=shipper.id, before=before, limit=rows_to_read(first))
        return cast("Connection[Charge]", page_of_trees(rows, first))

    @query(description="Your invoices, newest first.")
    async def invoices(self, info: Info, first: First = USUAL_PAGE, after: After = None) -> Connection[Invoice]:
        """Reads a page of invoices."""
        shipper, before = require_shipper(info), after_id("invoice", after)
        async with info.context.marketplace.works.read() as connection:
            rows = await page_invoices(connection, shipper_id=shipper.id, before=before, limit=rows_to_read(first))
        return cast("Connection[Invoice]", page_of_trees(rows, first))

    @query(description="One of your invoices.")
    async def invoice(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="inv_….")],  # noqa: A002
    ) -> Invoice | None:
        """Reads an invoice."""
        shipper, invoice_id = require_shipper(info), from_wire("invoice", id, field="id")
        async with info.context.marketplace.works.read() as connection:
            return cast("Invoice | None", await find_invoice(connection, invoice_id=invoice_id, shipper_id=shipper.id))


@strawberry.type
class Mutation:
    """Setting up a card, and paying ahead."""

    @mutation(
        description="Begins to put a card on file. Each call answers with a fresh secret, and none is kept; whether the"
        " card was stored shows in myBilling. CUSTOMER_NOT_READY passes in a few seconds."
    )
    async def set_up_card(
        self, info: Info, billing_id: BillingArgument, idempotency_key: IdempotencyKey
    ) -> SetUpCardResult:
        """Sets up a card; harmless to repeat, so the key is not looked up."""
        del idempotency_key
        shipper, billing = require_shipper(info), from_wire("billing", billing_id, field="billingId")
        marketplace = info.context.marketplace
        setup = await set_up_card(
            marketplace.works, provider=marketplace.provider, shipper_id=shipper.id, billing_id=billing
        )
        return CardSetup(client_secret=setup.client_secret)

    @mutation(
        description="Lets you answer your bank about a charge that is ACTION_REQUIRED: confirm its payment in the"
        " browser with this secret. Each call answers anew and nothing is kept; once it is paid, the charge is PAID."
        " NOTHING_TO_AUTHENTICATE where it does not wait for you."
    )
    async def authenticate_charge(
        self,
        info: Info,
        charge_id: Annotated[strawberry.ID, strawberry.argument(description="chg_… of charges.")],
        idempotency_key: IdempotencyKey,
    ) -> AuthenticateChargeResult:
        """Begins to authenticate a charge; harmless to repeat, so the key is not looked up."""
        del idempotency_key
        shipper, charge = require_shipper(info), from_wire("charge", charge_id, field="chargeId")
        marketplace = info.context.marketplace
        begun = await authenticate_charge(
            marketplace.works, provider=marketplace.provider, shipper_id=shipper.id, charge_id=charge
        )
        return ChargeAuthentication(client_secret=begun.client_secret, card_id=begun.card_id)

    @mutation(description="Charges your card now and keeps the money for deliveries to come.")
    async def top_up(
        self,
        info: Info,
        billing_id: BillingArgument,
        amount_minor: Annotated[
            MoneyMinor, strawberry.argument(description="Minor units of the billing's currency, 1 to 10^12.")
        ],
        idempotency_key: IdempotencyKey,
    ) -> TopUpResult:
        """Tops up."""
        shipper, billing = require_shipper(info), from_wire("billing", billing_id, field="billingId")

        async def run(work: Work) -> str:
            charge_id = await top_up(work, shipper_id=shipper.id, billing_id=billing, amount_minor=int(amount_minor))
            return charge_id.hex

        async def answer(work: Work, reference: str) -> ToppedUp:
            found = await find_charge(work.connection, charge_id=UUID(hex=reference), shipper_id=shipper.id)
            return ToppedUp(charge=cast("Charge", found))

        return await mutate(
            info,
            operation="topUp",
            arguments={"billing": billing, "amount": amount_minor},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )


def page_of_trees(rows: list[tuple[UUID, dict[str, Any]]], first: int) -> Any:
    """A page of trees that carry their own id."""
    return page_of([tree for _, tree in rows], first=first, key=lambda tree: [tree["id"]])
