"""Shippers' money in the hands of operations: terms, refunds, goodwill, credit notes, and what waits for a person."""

from typing import Annotated, Any, cast
from uuid import UUID

import strawberry

import schema.enums  # noqa: F401 - the enums below become types of the API
from marketplace.accounts import note_action
from marketplace.billing import (
    Collects,
    RefundState,
    Shortfall,
    Terms,
    billing_attention,
    find_invoice_in,
    find_refund_state,
    grant_goodwill,
    issue_credit_note,
    list_billings,
    page_charges,
    page_invoices,
    redraw_invoice,
    refund_charge,
    refund_delivery,
    set_billing_terms,
)
from marketplace.core.ids import DeliveryId, MarketId, OperatorId, ShipperId, from_wire, to_wire
from marketplace.core.money import Money
from marketplace.core.work import Work
from schema.access import require_operator
from schema.arguments import IdempotencyKey, MarketArgument
from schema.billing import Billing, Charge, Invoice, page_of_trees
from schema.context import Info
from schema.fields import query
from schema.mutations import mutate, mutation
from schema.paging import USUAL_PAGE, After, Connection, First, after_id, rows_to_read
from schema.problem import Problem
from schema.rate_cards import ShipperArgument
from schema.scalars import DateTime, MoneyMinor

AmountArgument = Annotated[MoneyMinor, strawberry.argument(description="Minor units, at least 1.")]
CurrencyArgument = Annotated[str, strawberry.argument(description="ISO 4217; the market's own.")]
ReasonArgument = Annotated[str, strawberry.argument(description="1 to 200 characters; the shipper reads it too.")]
DeliveryArgument = Annotated[strawberry.ID, strawberry.argument(description="dlv_….")]


@strawberry.type(description="Something about a shipper's money that a person has to look at.")
class BillingAttention:
    """A thing that is stuck."""

    subject_id: strawberry.ID = strawberry.field(description="inv_…, chg_… or rfd_….")
    shipper_id: strawberry.ID = strawberry.field(description="shp_….")
    reason: str = strawberry.field(
        description="INVOICE_MISMATCH, INVOICE_REFUSED, INVOICE_VOID, INVOICE_OVERDUE, INVOICE_DISPUTED,"
        " CHARGE_DECLINED, CHARGE_ACTION_REQUIRED, CHARGE_DISPUTED, REFUND_FAILED or REFUND_BY_HAND: one that somebody"
        " made at the payment provider within the last 30 days."
    )
    amount_minor: MoneyMinor = strawberry.field(description="Minor units.")
    currency: str = strawberry.field(description="ISO 4217.")
    since: DateTime = strawberry.field(description="Market time.")
    detail: str | None = strawberry.field(description="What the payment provider calls it, or why it was refused.")


@strawberry.type(description="A shipper's terms were set.")
class BillingTermsSet:
    """Terms that were set."""

    billing: Billing = strawberry.field(description="The shipper's billing in this market, as it is now.")


@strawberry.type(description="Money goes back to a shipper.")
class RefundWanted:
    """A refund."""

    refund_id: strawberry.ID = strawberry.field(description="rfd_….")
    state: RefundState = strawberry.field(description="PAID at once where it was prepaid; else it is sent now.")


@strawberry.type(description="A shipper was given credit; it counts against what is collected next.")
class CreditGranted:
    """A credit."""

    credit_id: strawberry.ID = strawberry.field(description="crd_….")


@strawberry.type(description="An invoice is drawn at the payment provider again.")
class InvoiceRedrawn:
    """An invoice that is drawn again."""

    invoice: Invoice = strawberry.field(description="The invoice as it is now.")


SetBillingTermsResult = Annotated[BillingTermsSet | Problem, strawberry.union("SetBillingTermsResult")]
RefundResult = Annotated[RefundWanted | Problem, strawberry.union("RefundResult")]
RedrawInvoiceResult = Annotated[InvoiceRedrawn | Problem, strawberry.union("RedrawInvoiceResult")]
CreditResult = Annotated[CreditGranted | Problem, strawberry.union("CreditResult")]


@strawberry.type
class Query:
    """Shippers' money as the operators of a market see it."""

    @query(description="How a shipper pays in a market and what is open; null without terms. For operations.")
    async def shipper_billing(
        self, info: Info, market_id: MarketArgument, shipper_id: ShipperArgument
    ) -> Billing | None:
        """Reads a shipper's billing."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        shipper = from_wire("shipper", shipper_id, field="shipperId")
        async with info.context.marketplace.works.read() as connection:
            found = await list_billings(connection, shipper_id=shipper, market_id=market)
        return cast("Billing | None", found[0] if found else None)

    @query(description="A shipper's charges in a market, newest first. For operations.")
    async def shipper_charges(
        self,
        info: Info,
        market_id: MarketArgument,
        shipper_id: ShipperArgument,
        first: First = USUAL_PAGE,
        after: After = None,
    ) -> Connection[Charge]:
        """Reads a page of charges."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        shipper, before = from_wire("shipper", shipper_id, field="shipperId"), after_id("charge", after)
        async with info.context.marketplace.works.read() as connection:
            rows = await page_charges(
                connection, shipper_id=shipper, market_id=market, before=before, limit=rows_to_read(first)
            )
        return cast("Connection[Charge]", page_of_trees(rows, first))

    @query(description="A shipper's invoices in a market, newest first. For operations.")
    async def shipper_invoices(
        self,
        info: Info,
        market_id: MarketArgument,
        shipper_id: ShipperArgument,
        first: First = USUAL_PAGE,
        after: After = None,
    ) -> Connection[Invoice]:
        """Reads a page of invoices."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        shipper, before = from_wire("shipper", shipper_id, field="shipperId"), after_id("invoice", after)
        async with info.context.marketplace.works.read() as connection:
            rows = await page_invoices(
                connection, shipper_id=shipper, market_id=market, before=before, limit=rows_to_read(first)
            )
        return cast("Connection[Invoice]", page_of_trees(rows, first))

    @query(
        description="What of a market's billing waits for a person, oldest first, at most 200. For operations.",
        usual_rows=10,
    )
    async def billing_attention(self, info: Info, market_id: MarketArgument) -> list[BillingAttention]:
        """Reads what is stuck."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        require_operator(info, market)
        async with info.context.marketplace.works.open() as work:
            return cast("list[BillingAttention]", await billing_attention(work, market_id=market))


@strawberry.type
class Mutation:
    """Decisions about shippers' money. Each is written down with the operator's name."""

    @mutation(description="Sets how a shipper pays in a market, and how much may be open at once. For operations.")
    async def set_billing_terms(
        self,
        info: Info,
        market_id: MarketArgument,
        shipper_id: ShipperArgument,
        terms: Annotated[Terms, strawberry.argument(description="How what is owed is paid.")],
        credit_limit_minor: Annotated[MoneyMinor, strawberry.argument(description="Minor units, 0 or more.")],
        currency: CurrencyArgument,
        idempotency_key: IdempotencyKey,
        due_days: Annotated[int, strawberry.argument(description="0 to 120 days to pay an invoice.")] = 30,
        collects: Annotated[Collects, strawberry.argument(description="When a card is charged.")] = Collects.BATCH,
        shortfall: Annotated[
            Shortfall, strawberry.argument(description="What becomes of what prepaid money does not cover.")
        ] = Shortfall.WAITS,
    ) -> SetBillingTermsResult:
        """Sets terms."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator = require_operator(info, market)
        shipper = ShipperId(from_wire("shipper", shipper_id, field="shipperId"))
        wanted = {
            "terms": terms.value,
            "credit_limit_minor": int(credit_limit_minor),
            "currency": currency,
            "due_days": due_days,
            "collects": collects.value,
            "shortfall": shortfall.value,
        }

        async def run(work: Work) -> str:
            await set_billing_terms(
                work,
                shipper_id=shipper,
                market_id=market,
                terms=terms,
                credit_limit=Money(int(credit_limit_minor), currency),
                due_days=due_days,
                collects=collects,
                shortfall=shortfall,
            )
            await _note(work, operator.operator_id, market, "setBillingTerms", shipper, wanted)
            return shipper.hex

        async def answer(work: Work, reference: str) -> BillingTermsSet:
            [found] = await list_billings(work.connection, shipper_id=UUID(hex=reference), market_id=market)
            return BillingTermsSet(billing=cast("Billing", found))

        return await mutate(
            info,
            operation="setBillingTerms",
            arguments={"market": market, "shipper": shipper, **wanted},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(description="Gives back money of a charge, never more than was taken and not given back. For operations.")
    async def refund_charge(
        self,
        info: Info,
        market_id: MarketArgument,
        charge_id: Annotated[strawberry.ID, strawberry.argument(description="chg_….")],
        amount_minor: AmountArgument,
        currency: CurrencyArgument,
        reason: ReasonArgument,
        idempotency_key: IdempotencyKey,
    ) -> RefundResult:
        """Refunds a charge."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator, charge = require_operator(info, market), from_wire("charge", charge_id, field="chargeId")
        asked = {"charge": charge_id, "amount_minor": int(amount_minor), "currency": currency, "reason": reason}

        async def run(work: Work) -> str:
            amount = Money(int(amount_minor), currency)
            refund_id = await refund_charge(work, market_id=market, charge_id=charge, amount=amount, reason=reason)
            await _note(work, operator.operator_id, market, "refundCharge", refund_id, asked)
            return refund_id.hex

        return await mutate(
            info,
            operation="refundCharge",
            arguments={"market": market, **asked},
            idempotency_key=idempotency_key,
            run=run,
            answer=_refund,
        )

    @mutation(
        description="Gives back what a delivery was charged, or a part of it; without an amount all that is left of it."
        " For operations."
    )
    async def refund_delivery(
        self,
        info: Info,
        market_id: MarketArgument,
        delivery_id: DeliveryArgument,
        currency: CurrencyArgument,
        reason: ReasonArgument,
        idempotency_key: IdempotencyKey,
        amount_minor: Annotated[MoneyMinor | None, strawberry.argument(description="Minor units, at least 1.")] = None,
    ) -> RefundResult:
        """Refunds a delivery."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator = require_operator(info, market)
        delivery = DeliveryId(from_wire("delivery", delivery_id, field="deliveryId"))
        asked = {"delivery": delivery_id, "amount_minor": amount_minor, "currency": currency, "reason": reason}

        async def run(work: Work) -> str:
            amount = None if amount_minor is None else Money(int(amount_minor), currency)
            refund_id = await refund_delivery(
                work, market_id=market, delivery_id=delivery, amount=amount, reason=reason
            )
            await _note(work, operator.operator_id, market, "refundDelivery", refund_id, asked)
            return refund_id.hex

        return await mutate(
            info,
            operation="refundDelivery",
            arguments={"market": market, **asked},
            idempotency_key=idempotency_key,
            run=run,
            answer=_refund,
        )

    @mutation(
        description="Draws an invoice that the payment provider has refused, or that was taken back there, once more:"
        " the same number and lines, due so many days from today. NOT_REDRAWABLE where it stands or something was paid"
        " for it. For operations."
    )
    async def redraw_invoice(
        self,
        info: Info,
        market_id: MarketArgument,
        invoice_id: Annotated[strawberry.ID, strawberry.argument(description="inv_….")],
        reason: Annotated[str, strawberry.argument(description="1 to 200 characters, for the record.")],
        idempotency_key: IdempotencyKey,
        due_days: Annotated[
            int | None, strawberry.argument(description="0 to 120 days to pay it; as before without one.")
        ] = None,
    ) -> RedrawInvoiceResult:
        """Redraws an invoice."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator, invoice = require_operator(info, market), from_wire("invoice", invoice_id, field="invoiceId")
        asked = {"invoice": invoice_id, "reason": reason, "due_days": due_days}

        async def run(work: Work) -> str:
            await redraw_invoice(work, market_id=market, invoice_id=invoice, reason=reason, due_days=due_days)
            await _note(work, operator.operator_id, market, "redrawInvoice", invoice, asked)
            return invoice.hex

        async def answer(work: Work, reference: str) -> InvoiceRedrawn:
            found = await find_invoice_in(work.connection, invoice_id=UUID(hex=reference), market_id=market)
            return InvoiceRedrawn(invoice=cast("Invoice", found))

        return await mutate(
            info,
            operation="redrawInvoice",
            arguments={"market": market, **asked},
            idempotency_key=idempotency_key,
            run=run,
            answer=answer,
        )

    @mutation(description="Credits a shipper at our expense. For operations.")
    async def grant_goodwill(
        self,
        info: Info,
        market_id: MarketArgument,
        shipper_id: ShipperArgument,
        amount_minor: AmountArgument,
        currency: CurrencyArgument,
        reason: ReasonArgument,
        idempotency_key: IdempotencyKey,
    ) -> CreditResult:
        """Grants goodwill."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator = require_operator(info, market)
        shipper = ShipperId(from_wire("shipper", shipper_id, field="shipperId"))
        asked = {"shipper": shipper_id, "amount_minor": int(amount_minor), "currency": currency, "reason": reason}

        async def run(work: Work) -> str:
            amount = Money(int(amount_minor), currency)
            credit_id = await grant_goodwill(work, market_id=market, shipper_id=shipper, amount=amount, reason=reason)
            await _note(work, operator.operator_id, market, "grantGoodwill", credit_id, asked)
            return credit_id.hex

        return await mutate(
            info,
            operation="grantGoodwill",
            arguments={"market": market, **asked},
            idempotency_key=idempotency_key,
            run=run,
            answer=_credit,
        )

    @mutation(
        description="Takes back a part or all of what was billed for a delivery, never more than that. For operations."
    )
    async def issue_credit_note(
        self,
        info: Info,
        market_id: MarketArgument,
        delivery_id: DeliveryArgument,
        amount_minor: AmountArgument,
        currency: CurrencyArgument,
        reason: ReasonArgument,
        idempotency_key: IdempotencyKey,
    ) -> CreditResult:
        """Issues a credit note."""
        market = MarketId(from_wire("market", market_id, field="marketId"))
        operator = require_operator(info, market)
        delivery = DeliveryId(from_wire("delivery", delivery_id, field="deliveryId"))
        asked = {"delivery": delivery_id, "amount_minor": int(amount_minor), "currency": currency, "reason": reason}

        async def run(work: Work) -> str:
            amount = Money(int(amount_minor), currency)
            note_id = await issue_credit_note(
                work, market_id=market, delivery_id=delivery, amount=amount, reason=reason
            )
            await _note(work, operator.operator_id, market, "issueCreditNote", note_id, asked)
            return note_id.hex

        return await mutate(
            info,
            operation="issueCreditNote",
            arguments={"market": market, **asked},
            idempotency_key=idempotency_key,
            run=run,
            answer=_credit,
        )


async def _note(
    work: Work, operator_id: OperatorId, market_id: MarketId, verb: str, subject_id: UUID, details: dict[str, Any]
) -> None:
    await note_action(
        work, operator_id=operator_id, market_id=market_id, verb=verb, subject_id=subject_id, details=details
    )


async def _refund(work: Work, reference: str) -> RefundWanted:
    refund_id = UUID(hex=reference)
    return RefundWanted(
        refund_id=strawberry.ID(to_wire("refund", refund_id)),
        state=await find_refund_state(work, refund_id=refund_id),
    )


async def _credit(_work: Work, reference: str) -> CreditGranted:
    return CreditGranted(credit_id=strawberry.ID(f"crd_{reference}"))
