"""The page of a checkout session, as small as it can be: an amount, a field for a test card, pay or go back.

It runs without script. A number is taken for one of Stripe's test cards and is never kept.
"""

from dataclasses import replace
from html import escape

from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.cards import CARDS
from marketplace.adapters.stripe_sandbox.checkout_sessions import TABLE
from marketplace.adapters.stripe_sandbox.confirming import answer_payment_question, confirm
from marketplace.adapters.stripe_sandbox.currencies import shown_amount
from marketplace.adapters.stripe_sandbox.due import drop_due
from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.events import emit
from marketplace.adapters.stripe_sandbox.payment_intents import create_payment_intent
from marketplace.adapters.stripe_sandbox.payment_methods import new_card
from marketplace.adapters.stripe_sandbox.records import Record

PAID = "paid"
ASKED = "asked"
DECLINED = "declined"
NUMBERS = {
    "4242424242424242": "visa",
    "4000000000000077": "bypassPending",
    "4000000000000002": "chargeDeclined",
    "4000000000009995": "chargeDeclinedInsufficientFunds",
    "4000002760003184": "authenticationRequired",
    "4000000000000259": "createDispute",
}
"""Stripe's own test numbers; names of test cards such as `pm_card_visa` are good as well."""
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Stand-in checkout</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<style>body{{font:16px system-ui;max-width:26rem;margin:2rem auto;padding:0 1rem}}
input,button{{font:inherit;min-height:44px;width:100%;margin:.3rem 0;box-sizing:border-box}}</style></head>
<body><main><p>This is a stand-in for Stripe. No real card, no real money.</p>
<h1>{title}</h1>{body}</main></body></html>
"""
ASK_FOR_CARD = """<p>{amount}</p><p role="alert">{said}</p><form method="post">
<label for="card">Test card number</label>
<input id="card" name="card" value="4242424242424242" autocomplete="off">
<button name="action" value="pay">Pay {amount}</button></form>
<p><a id="back" href="{back}">Go back without paying</a></p>
"""
ASK_THE_OWNER = """<p>The bank asks whether it is you who pays {amount}.</p><form method="post">
<button name="action" value="authenticate">It is me</button><button name="action" value="fail">It is not</button></form>
"""


def show_page(call: Call, key: str, said: str = "") -> str:
    """The page as it is now."""
    session = call.find(TABLE, key)
    amount, back = shown_amount(session["amount_total"], session["currency"]), session["cancel_url"]
    if session["status"] != "open":
        ended = "This was paid." if session["status"] == "complete" else "This page has expired."
        return PAGE.format(title=escape(session["_named"]), body=f"<p>{ended}</p>")
    question = ASK_THE_OWNER if _asked(call, session) else ASK_FOR_CARD
    body = question.format(amount=escape(amount), said=escape(said), back=escape(back or session["success_url"]))
    return PAGE.format(title=escape(session["_named"]), body=body)


def act(call: Call, key: str, action: str, card: str) -> tuple[str, str]:
    """Does what the payer did: whether it is PAID, ASKED or DECLINED, and where to go or what to say.

    Keeps what a declined card has left behind, like every refusal of a card.
    """
    session = call.find(TABLE, key)
    if session["status"] != "open":
        raise StripeError("This page is not open any more.")
    asked = _asked(call, session)
    if action in {"authenticate", "fail"} and asked is not None:
        intent = answer_payment_question(call, asked, succeeds=action == "authenticate")
    else:
        try:
            intent = _pay(call, session, card)
        except StripeError as refusal:
            if not refusal.keeps_changes:
                raise
            return DECLINED, str(refusal.error["message"])
    if intent["status"] == "requires_action":
        return ASKED, ""
    if intent["status"] != "succeeded":
        return DECLINED, "The bank did not believe that it was you."
    return PAID, _complete(call, session, intent)


def _asked(call: Call, session: Record) -> Record | None:
    """The payment for which the card's owner has to act first."""
    intent = call.draft.get("payment_intent", session["_tried"]) if session.get("_tried") else None
    return intent if intent is not None and intent["status"] == "requires_action" else None


def _pay(call: Call, session: Record, card: str) -> Record:
    name = NUMBERS.get("".join(card.split()), card.removeprefix("pm_card_"))
    if name not in CARDS:
        raise StripeError("That is no test card of the stand-in's.", keeps_changes=True)
    method = new_card(call, f"pm_card_{name}")
    amount = {"amount": session["amount_total"], "currency": session["currency"]}
    more = {name: value for name, value in session["_intent"].items() if name in {"metadata", "description"}}
    if session.get("_tried"):
        intent = call.find("payment_intent", session["_tried"])
    else:
        intent = create_payment_intent(replace(call, params=amount | more))
        session["_tried"] = intent["id"]
    intent["payment_method"] = method["id"]
    return confirm(replace(call, params={"return_url": session["success_url"]}), intent)


def _complete(call: Call, session: Record, intent: Record) -> str:
    session.update(status="complete", payment_status="paid", payment_intent=intent["id"], url=None)
    session["customer_details"] = {
        "address": None,
        "business_name": None,
        "email": None,
        "individual_name": None,
        "name": None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
    drop_due(call, TABLE, session["id"])
    emit(call, "checkout.session.completed", session)
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
