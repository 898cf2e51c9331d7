"""Which payment has paid which invoice: Stripe makes an invoice's payments itself, and they carry no note of ours."""

from typing import Any

from stripe import StripeClient

from marketplace.adapters.stripe.amounts import from_stripe
from marketplace.payments import Facts, OutcomeUnknown

MOST_PAYMENTS = 100
BY_INTENT = "payment_intent"


async def invoice_paid_by(client: StripeClient, intent_id: str, options: Any) -> str | None:
    """The invoice that a payment intent is for; None where it is for none."""
    asked: Any = {"payment": {"type": BY_INTENT, BY_INTENT: intent_id}, "limit": 1}
    for payment in (await client.v1.invoice_payments.list_async(asked, options)).data:
        return str(getattr(payment.invoice, "id", payment.invoice))
    return None


async def payments_of(client: StripeClient, invoice_id: str, options: Any) -> Facts:
    """The payment intents that have paid an invoice, and how much of it in minor units."""
    asked: Any = {"invoice": invoice_id, "status": "paid", "limit": MOST_PAYMENTS}
    page = await client.v1.invoice_payments.list_async(asked, options)
    if page.has_more:
        raise OutcomeUnknown("an invoice has more payments than can be read at once")
    intents: dict[str, int] = {}
    for payment in page.data:
        paid = from_stripe(payment.amount_paid or 0, payment.currency)
        if payment.payment.type == BY_INTENT and paid is not None:
            intent = payment.payment.payment_intent
            intents[str(getattr(intent, "id", intent))] = paid.minor
    return {"payment_intents": sorted(intents), "paid_by_intents_minor": sum(intents.values())}
