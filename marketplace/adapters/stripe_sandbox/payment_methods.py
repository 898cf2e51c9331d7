"""Payment methods: cards of shippers, made from Stripe's test cards; real card numbers are never taken."""

from marketplace.adapters.stripe_sandbox.call import Call, merged_metadata
from marketplace.adapters.stripe_sandbox.cards import CARDS, CardBehaviour, card_named, declined
from marketplace.adapters.stripe_sandbox.errors import StripeError, missing
from marketplace.adapters.stripe_sandbox.events import emit
from marketplace.adapters.stripe_sandbox.pages import page
from marketplace.adapters.stripe_sandbox.records import Record

EXPIRES_IN_YEARS = 3
SECONDS_A_YEAR = 31_556_952


def create_payment_method(call: Call) -> Record:
    """A card from a test token such as `tok_visa`."""
    card = call.params.get("card") or {}
    if "number" in card:
        raise StripeError(
            "Sending credit card numbers directly to the Stripe API is generally unsafe. Use a test token such as"
            " tok_visa, or a test payment method such as pm_card_visa.",
            status=402,
            kind="card_error",
        )
    name = str(card.get("token", ""))
    if card_named(name) is None:
        raise missing("token", name, param="card[token]", status=400)
    made = new_card(call, name)
    made["metadata"] = merged_metadata({}, call.params.get("metadata"))
    return made


def retrieve_payment_method(call: Call) -> Record:
    """One payment method."""
    return call.named("payment_method", "payment_method")


def list_payment_methods(call: Call) -> Record:
    """The payment methods of a customer."""
    rows = [row for row in call.rows("payment_method") if row["customer"] is not None]
    return page(call, rows, "/v1/payment_methods", equal="customer type")


def list_customer_payment_methods(call: Call) -> Record:
    """The same, asked of the customer."""
    customer = call.named("customer", "customer")
    rows = [row for row in call.rows("payment_method") if row["customer"] == customer["id"]]
    return page(call, rows, f"/v1/customers/{customer['id']}/payment_methods", equal="type")


def attach_payment_method(call: Call) -> Record:
    """Keeps a card for a customer; a card that is declined at once cannot be kept."""
    customer = call.given("customer", "customer")
    method = usable_card(call, call.path["payment_method"], param="payment_method")
    return keep_for(call, method, customer["id"])


def detach_payment_method(call: Call) -> Record:
    """Takes a card away from its customer; it can never be used again."""
    method = call.named("payment_method", "payment_method")
    if method["customer"] is None:
        raise StripeError("The payment method you provided is not attached to a customer so detachment is impossible.")
    method["customer"] = None
    method["_is_spent"] = True
    emit(call, "payment_method.detached", method)
    return method


def keep_for(call: Call, method: Record, customer_id: str) -> Record:
    """Binds a card to a customer, once and for good."""
    if method["customer"] == customer_id:
        return method
    if method["customer"] is not None:
        raise StripeError("This PaymentMethod belongs to another customer.", param="payment_method")
    behaviour = behaviour_of(method)
    if behaviour.declines_with and not behaviour.is_attachable:
        raise declined(behaviour.declines_with)
    method["customer"] = customer_id
    emit(call, "payment_method.attached", method)
    return method


def usable_card(call: Call, name: str, *, param: str) -> Record:
    """The payment method of an id; a test name such as `pm_card_visa` makes a new one."""
    if card_named(name) is not None and name.startswith("pm_card_"):
        return new_card(call, name)
    method = call.find("payment_method", name, param=param, status=400)
    if method.get("_is_spent"):
        raise StripeError(
            "The provided PaymentMethod was previously used or detached from a Customer and may not be used again.",
            param=param,
        )
    return method


def new_card(call: Call, name: str) -> Record:
    """A payment method that behaves as the named test card."""
    short = name.removeprefix("pm_card_").removeprefix("tok_")
    card = CARDS[short]
    return call.add(
        "payment_method",
        {
            "id": call.new_id("pm"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
            "card": card_details(call, card),
            "created": call.now,
            "customer": None,
            "livemode": False,
            "metadata": {},
            "type": "card",
            "_behaviour": short,
            "_fails_with": None,
            "_is_set_up": False,
        },
    )


def behaviour_of(method: Record) -> CardBehaviour:
    """How this card behaves."""
    return CARDS[method["_behaviour"]]


def card_details(call: Call, card: CardBehaviour) -> Record:
    """What Stripe shows of a card."""
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "display_brand": card.brand,
        "exp_month": 12,
        "exp_year": 1970 + call.now // SECONDS_A_YEAR + EXPIRES_IN_YEARS,
        "fingerprint": f"stand-in-{card.brand}-{card.last4}",
        "funding": card.funding,
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
