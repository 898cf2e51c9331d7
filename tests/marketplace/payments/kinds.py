"""Every kind of operation with what it needs at the provider first: the same list for every test of the outbox."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from marketplace.core.ids import OperationId
from marketplace.core.money import Money
from marketplace.payments import OperationKind, want_operation
from tests.builders import make_market
from tests.contracts.stripe_scenarios.world import StripeWorld
from tests.payment_worlds import PaymentWorld

USD = "usd"
AUTOMATIC = {"enabled": True, "allow_redirects": "never"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to ask for, and the path at the provider where it is made."""

    kind: OperationKind
    params: dict[str, Any]
    amount: Money | None = None
    account: str | None = None


async def prepare(kind: OperationKind, payments: StripeWorld) -> Wanted:
    """Brings the provider's world to where an operation of this kind makes sense."""
    params, amount, account = await PREPARATIONS[kind](payments)
    return Wanted(kind=kind, params=params, amount=amount, account=account)


async def want(payments: PaymentWorld, wanted: Wanted, *, subject_id: UUID | None = None) -> OperationId:
    """Puts it into the outbox of a new market."""
    async with payments.works.open() as work:
        market = await make_market(work)
        return await want_operation(
            work,
            market_id=market.id,
            kind=wanted.kind,
            subject_id=subject_id or work.new_id(),
            params=wanted.params,
            amount=wanted.amount,
            account=wanted.account,
        )


def dollars(cents: int) -> Money:
    """An amount in US dollars."""
    return Money(cents, "USD")


async def _customer(payments: StripeWorld) -> Any:
    return {"name": "Corner Shop", "email": "shop@example.com"}, None, None


async def _account(payments: StripeWorld) -> Any:
    controller = {
        "losses": {"payments": "application"},
        "fees": {"payer": "application"},
        "requirement_collection": "stripe",
        "stripe_dashboard": {"type": "express"},
    }
    return {"country": "US", "controller": controller, "capabilities": {"transfers": {"requested": True}}}, None, None


async def _charge(payments: StripeWorld, **more: Any) -> Any:
    customer, card = await payments.shipper()
    asked = {
        "customer": customer,
        "payment_method": card,
        "confirm": True,
        "off_session": True,
        "automatic_payment_methods": AUTOMATIC,
        **more,
    }
    return asked, dollars(2_500), None


async def _authorised(payments: StripeWorld) -> str:
    return str((await payments.charge(2_500, capture_method="manual")).id)


async def _capture(payments: StripeWorld) -> Any:
    return {"payment_intent": await _authorised(payments)}, dollars(2_000), None


async def _cancel(payments: StripeWorld) -> Any:
    return {"payment_intent": await _authorised(payments)}, None, None


async def _refund(payments: StripeWorld) -> Any:
    await payments.float()
    intent = await payments.charge(2_500)
    return {"payment_intent": intent.id}, dollars(700), None


async def _transfer(payments: StripeWorld) -> Any:
    await payments.float()
    return {"destination": await payments.driver()}, dollars(1_300), None


async def _reverse(payments: StripeWorld) -> Any:
    await payments.float()
    transfer = await payments.v1.transfers.create_async(
        {"amount": 1_300, "currency": USD, "destination": await payments.driver()}
    )
    return {"transfer": transfer.id}, dollars(300), None


async def _payout(payments: StripeWorld) -> Any:
    await payments.float()
    driver = await payments.driver()
    await payments.v1.transfers.create_async({"amount": 1_300, "currency": USD, "destination": driver})
    return {"method": "standard"}, dollars(1_300), driver


async def _invoice(payments: StripeWorld) -> Any:
    customer, _ = await payments.shipper()
    asked = {
        "customer": customer,
        "currency": USD,
        "collection_method": "send_invoice",
        "days_until_due": 30,
        "auto_advance": False,
        "pending_invoice_items_behavior": "exclude",
    }
    return asked, None, None


async def _draft(payments: StripeWorld) -> tuple[str, str]:
    asked, _, _ = await _invoice(payments)
    return (await payments.v1.invoices.create_async(asked)).id, asked["customer"]


async def _item(payments: StripeWorld) -> Any:
    invoice, customer = await _draft(payments)
    return {"invoice": invoice, "customer": customer, "description": "Deliveries in March"}, dollars(4_200), None


async def _finalize(payments: StripeWorld) -> Any:
    invoice, customer = await _draft(payments)
    await payments.v1.invoice_items.create_async(
        {"invoice": invoice, "customer": customer, "amount": 4_200, "currency": USD}
    )
    return {"invoice": invoice, "auto_advance": False}, None, None


async def _void(payments: StripeWorld) -> Any:
    asked, _, _ = await _finalize(payments)
    await payments.v1.invoices.finalize_invoice_async(asked["invoice"])
    return {"invoice": asked["invoice"]}, None, None


async def _checkout(payments: StripeWorld) -> Any:
    asked = {
        "mode": "payment",
        "product_name": "Tip",
        "success_url": "https://example.com/paid",
        "cancel_url": "https://example.com/back",
    }
    return asked, dollars(300), None


async def _expire(payments: StripeWorld) -> Any:
    price = {"currency": USD, "unit_amount": 300, "product_data": {"name": "Tip"}}
    session = await payments.v1.checkout.sessions.create_async(
        {
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": price}],
            "success_url": "https://example.com/paid",
        }
    )
    return {"session": session.id}, None, None


PREPARATIONS: dict[OperationKind, Any] = {
    OperationKind.CREATE_CUSTOMER: _customer,
    OperationKind.CREATE_ACCOUNT: _account,
    OperationKind.CHARGE: _charge,
    OperationKind.CAPTURE: _capture,
    OperationKind.CANCEL_CHARGE: _cancel,
    OperationKind.REFUND: _refund,
    OperationKind.TRANSFER: _transfer,
    OperationKind.REVERSE_TRANSFER: _reverse,
    OperationKind.PAYOUT: _payout,
    OperationKind.CREATE_INVOICE: _invoice,
    OperationKind.ADD_INVOICE_ITEM: _item,
    OperationKind.FINALIZE_INVOICE: _finalize,
    OperationKind.VOID_INVOICE: _void,
    OperationKind.CREATE_CHECKOUT: _checkout,
    OperationKind.EXPIRE_CHECKOUT: _expire,
}
TABLES: dict[OperationKind, str] = {
    OperationKind.CREATE_CUSTOMER: "customer",
    OperationKind.CREATE_ACCOUNT: "account",
    OperationKind.CHARGE: "payment_intent",
    OperationKind.CAPTURE: "payment_intent",
    OperationKind.CANCEL_CHARGE: "payment_intent",
    OperationKind.REFUND: "refund",
    OperationKind.TRANSFER: "transfer",
    OperationKind.REVERSE_TRANSFER: "transfer_reversal",
    OperationKind.PAYOUT: "payout",
    OperationKind.CREATE_INVOICE: "invoice",
    OperationKind.ADD_INVOICE_ITEM: "invoiceitem",
    OperationKind.FINALIZE_INVOICE: "invoice",
    OperationKind.VOID_INVOICE: "invoice",
    OperationKind.CREATE_CHECKOUT: "checkout.session",
    OperationKind.EXPIRE_CHECKOUT: "checkout.session",
}
ENDPOINTS: dict[OperationKind, str] = {
    OperationKind.CREATE_CUSTOMER: "POST /v1/customers",
    OperationKind.CREATE_ACCOUNT: "POST /v1/accounts",
    OperationKind.CHARGE: "POST /v1/payment_intents",
    OperationKind.CAPTURE: "POST /v1/payment_intents/{intent}/capture",
    OperationKind.CANCEL_CHARGE: "POST /v1/payment_intents/{intent}/cancel",
    OperationKind.REFUND: "POST /v1/refunds",
    OperationKind.TRANSFER: "POST /v1/transfers",
    OperationKind.REVERSE_TRANSFER: "POST /v1/transfers/{id}/reversals",
    OperationKind.PAYOUT: "POST /v1/payouts",
    OperationKind.CREATE_INVOICE: "POST /v1/invoices",
    OperationKind.ADD_INVOICE_ITEM: "POST /v1/invoiceitems",
    OperationKind.FINALIZE_INVOICE: "POST /v1/invoices/{invoice}/finalize",
    OperationKind.VOID_INVOICE: "POST /v1/invoices/{invoice}/void",
    OperationKind.CREATE_CHECKOUT: "POST /v1/checkout/sessions",
    OperationKind.EXPIRE_CHECKOUT: "POST /v1/checkout/sessions/{session}/expire",
}
