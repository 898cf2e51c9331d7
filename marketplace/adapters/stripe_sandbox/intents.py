"""What setup intents and payment intents have in common: who owns the card, and the bank's questions."""

from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.payment_methods import usable_card
from marketplace.adapters.stripe_sandbox.records import Record


def choose_card(call: Call, intent: Record) -> None:
    """Takes the card that the call names, if it names one."""
    if "payment_method" not in call.params:
        return
    method = usable_card(call, call.params["payment_method"], param="payment_method")
    _check_owner(method, intent["customer"])
    intent["payment_method"], intent["status"] = method["id"], "requires_confirmation"


def _check_owner(method: Record, customer_id: str | None) -> None:
    """A card that is kept for a customer serves that customer alone."""
    if method["customer"] is not None and method["customer"] != customer_id:
        raise StripeError(
            f"The payment method supplied ({method['id']}) belongs to a Customer. Please include the Customer in the"
            " `customer` parameter.",
            param="payment_method",
        )


def needs_return_url(call: Call, intent: Record) -> None:
    """A confirmation that might send the payer to another page has to say where the payer comes back."""
    automatic = intent["automatic_payment_methods"] or {}
    may_redirect = automatic.get("enabled") and automatic.get("allow_redirects") != "never"
    if may_redirect and "return_url" not in call.params and not call.params.get("off_session"):
        raise StripeError(
            "This Intent is configured to accept payment methods that might redirect your customer off of your page:"
            " you must provide a `return_url`, or set `automatic_payment_methods[allow_redirects]` to `never`."
        )


def next_action(call: Call, intent: Record) -> Record:
    """Where the payer answers the bank's question: a page of the stand-in's control."""
    table = intent["object"]
    page = f"{call.origin}/_sandbox/{table}s/{intent['id']}/authenticate"
    if "return_url" in call.params:
        return {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": call.params["return_url"], "url": page},
        }
    return {"type": "use_stripe_sdk", "use_stripe_sdk": {"stand_in_page": page}}
