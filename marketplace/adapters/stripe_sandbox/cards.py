"""Stripe's test cards, and how each behaves when it is attached, authorised, charged and refunded."""

from dataclasses import dataclass, replace
from typing import Any

from marketplace.adapters.stripe_sandbox.errors import StripeError

MESSAGES = {
    "card_declined": "Your card was declined.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
}
OWN_CODES = {"expired_card", "incorrect_cvc", "processing_error", "authentication_required"}
"""Reasons that are error codes themselves; every other reason comes as `card_declined` with a decline code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardBehaviour:
    """How a test card behaves. `declines_with` names the reason, or None for a card that works."""

    brand: str = "visa"
    last4: str = "4242"
    funding: str = "credit"
    declines_with: str | None = None
    is_attachable: bool = True
    asks_on_session: bool = False
    asks_off_session: bool = False
    is_cleared_by_setup: bool = False
    bypasses_pending: bool = False
    opens_dispute: str | None = None
    refund_fails: bool = False


VISA = CardBehaviour()
CARDS = {
    "visa": VISA,
    "us": VISA,
    "visa_debit": replace(VISA, last4="5556", funding="debit"),
    "mastercard": replace(VISA, brand="mastercard", last4="4444"),
    "amex": replace(VISA, brand="amex", last4="8431"),
    "bypassPending": replace(VISA, last4="0077", bypasses_pending=True),
    "chargeDeclined": replace(VISA, last4="0002", declines_with="generic_decline", is_attachable=False),
    "visa_chargeDeclined": replace(VISA, last4="0002", declines_with="generic_decline", is_attachable=False),
    "chargeDeclinedExpiredCard": replace(VISA, last4="0069", declines_with="expired_card", is_attachable=False),
    "chargeDeclinedIncorrectCvc": replace(VISA, last4="0127", declines_with="incorrect_cvc", is_attachable=False),
    "chargeDeclinedProcessingError": replace(VISA, last4="0119", declines_with="processing_error", is_attachable=False),
    "chargeCustomerFail": replace(VISA, last4="0341", declines_with="generic_decline"),
    "authenticationRequired": replace(VISA, last4="3184", asks_on_session=True, asks_off_session=True),
    "authenticationRequiredOnSetup": replace(
        VISA, last4="3155", asks_on_session=True, asks_off_session=True, is_cleared_by_setup=True
    ),
    "authenticationRequiredSetupForOffSession": replace(VISA, last4="0446", asks_on_session=True),
    "createDispute": replace(VISA, last4="0259", opens_dispute="fraudulent"),
    "createDisputeProductNotReceived": replace(VISA, last4="2685", opens_dispute="product_not_received"),
    "refundFail": replace(VISA, last4="5126", refund_fails=True),
}
for _name, _last4, _reason in (
    ("InsufficientFunds", "9995", "insufficient_funds"),
    ("LostCard", "9987", "lost_card"),
    ("StolenCard", "9979", "stolen_card"),
    ("VelocityLimitExceeded", "6975", "card_velocity_exceeded"),
):
    _card = replace(VISA, last4=_last4, declines_with=_reason, is_attachable=False)
    CARDS[f"chargeDeclined{_name}"] = CARDS[f"visa_chargeDeclined{_name}"] = _card


def card_named(name: str) -> CardBehaviour | None:
    """The test card of a name such as `pm_card_visa` or `tok_visa`, or None."""
    short = name.removeprefix("pm_card_").removeprefix("tok_")
    return CARDS.get(short) if short != name else None


def declined(reason: str, **more: Any) -> StripeError:
    """The 402 that a declined card leads to."""
    code = reason if reason in OWN_CODES else "card_declined"
    return StripeError(
        MESSAGES[code],
        status=402,
        kind="card_error",
        code=code,
        decline_code=None if reason == "incorrect_cvc" else reason,
        keeps_changes=True,
        **more,
    )
