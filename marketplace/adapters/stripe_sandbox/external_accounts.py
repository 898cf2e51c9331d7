"""External accounts: where a driver's payouts go. Of an account number only the last four digits are kept."""

from typing import Any

from marketplace.adapters.stripe_sandbox.call import Call, merged_metadata
from marketplace.adapters.stripe_sandbox.currencies import check_currency
from marketplace.adapters.stripe_sandbox.errors import StripeError, missing
from marketplace.adapters.stripe_sandbox.events import emit
from marketplace.adapters.stripe_sandbox.pages import page
from marketplace.adapters.stripe_sandbox.records import Record
from marketplace.adapters.stripe_sandbox.verification import review

FAILING_NUMBERS = {
    "000111111116": "no_account",
    "000111111113": "account_closed",
    "000222222227": "insufficient_funds",
    "000333333335": "debit_not_authorized",
    "000444444440": "invalid_currency",
}
"""Stripe's test account numbers to which payouts fail, and why."""
GOOD_NUMBER = "000123456789"
BANK_TOKENS = {"btok_us": GOOD_NUMBER, "btok_us_verified": GOOD_NUMBER}
CARD_TOKENS = {"tok_visa_debit_us_transferSuccess": None, "tok_visa_debit_us_transferFail": "declined"}


def create_external_account(call: Call) -> Record:
    """Adds a bank account or debit card."""
    account = call.named("account", "account")
    wants_default = bool(call.params.get("default_for_currency"))
    there = call.on(account["id"])
    made = add_external_account(there, account, call.needed("external_account"), is_default=wants_default)
    made["metadata"] = merged_metadata({}, call.params.get("metadata"))
    review(call, account)
    return made


def retrieve_external_account(call: Call) -> Record:
    """One bank account or debit card."""
    return _named(call)[1]


def update_external_account(call: Call) -> Record:
    """Makes it the default of its currency, or changes its metadata."""
    account, external = _named(call)
    if call.params.get("default_for_currency"):
        _make_default(call.on(account["id"]), external)
    external["metadata"] = merged_metadata(external["metadata"], call.params.get("metadata"))
    emit(call.on(account["id"]), "account.external_account.updated", external)
    return external


def delete_external_account(call: Call) -> Record:
    """Takes it away, unless it is the default of the account's own currency."""
    account, external = _named(call)
    if external["default_for_currency"] and external["currency"] == account["default_currency"]:
        raise StripeError("You cannot delete the default external account for your default currency.", param="id")
    call.draft.remove("external_account", external["id"])
    emit(call.on(account["id"]), "account.external_account.deleted", external)
    review(call, account)
    return {"id": external["id"], "object": external["object"], "deleted": True, "currency": external["currency"]}


def list_external_accounts(call: Call) -> Record:
    """Bank accounts and debit cards of an account."""
    account = call.named("account", "account")
    rows = call.on(account["id"]).rows("external_account")
    return page(call, rows, f"/v1/accounts/{account['id']}/external_accounts", equal="object")


def add_external_account(call: Call, account: Record, given: str | Record, *, is_default: bool = False) -> Record:
    """Keeps a new external account on the call's own account; the first of a currency is its default."""
    fields = _from_token(given) if isinstance(given, str) else _from_fields(given, account)
    external = call.add("external_account", _new_external(call, account, fields))
    others = [row for row in call.rows("external_account") if row["currency"] == external["currency"]]
    if is_default or isinstance(given, dict) or len(others) == 1:
        _make_default(call, external)
    emit(call, "account.external_account.created", external)
    return external


def payout_target(call: Call, currency: str) -> Record:
    """Where a payout of the call's account goes: the named one, or the default of the currency."""
    if "destination" in call.params:
        return call.given("external_account", "destination")
    for row in call.rows("external_account"):
        if row["currency"] == currency and row["default_for_currency"]:
            return call.find("external_account", row["id"])
    raise StripeError(f"Sorry, you don't have any external accounts in that currency ({currency}).", param="currency")


def mark_errored(call: Call, external: Record) -> None:
    """A payout to it has failed: nothing more goes there."""
    external["status"] = "errored"
    emit(call, "account.external_account.updated", external)


def _named(call: Call) -> tuple[Record, Record]:
    account = call.named("account", "account")
    return account, call.on(account["id"]).find("external_account", call.path["id"])


def _make_default(call: Call, external: Record) -> None:
    for row in call.rows("external_account"):
        if row["currency"] == external["currency"] and row["default_for_currency"] and row["id"] != external["id"]:
            call.find("external_account", row["id"])["default_for_currency"] = False
    external["default_for_currency"] = True


def _from_token(token: str) -> dict[str, Any]:
    if token in BANK_TOKENS:
        return {"object": "bank_account", "country": "US", "currency": "usd", "number": BANK_TOKENS[token]}
    if token in CARD_TOKENS:
        return {"object": "card", "country": "US", "currency": "usd", "fails_with": CARD_TOKENS[token]}
    raise missing("token", token, param="external_account", status=400)


def _from_fields(given: Record, account: Record) -> dict[str, Any]:
    number = str(given.get("account_number", ""))
    if given.get("object") != "bank_account" or not number:
        raise StripeError(
            "The stand-in takes bank accounts with an account_number, or Stripe's test tokens.",
            param="external_account",
        )
    currency = check_currency(str(given.get("currency", account["default_currency"])))
    country = given.get("country", account["country"])
    known = ("account_holder_name", "account_holder_type", "routing_number")
    return {"object": "bank_account", "country": country, "currency": currency, "number": number} | {
        name: given[name] for name in known if name in given
    }


def _new_external(call: Call, account: Record, fields: dict[str, Any]) -> Record:
    is_card = fields["object"] == "card"
    shared: Record = {
        "account": account["id"],
        "object": fields["object"],
        "country": fields["country"],
        "currency": fields["currency"],
        "default_for_currency": False,
        "fingerprint": None,
        "metadata": {},
        "status": "new",
        "_fails_with": fields.get("fails_with") or FAILING_NUMBERS.get(fields.get("number", "")),
        "_returns_with": None,
    }
    if is_card:
        return shared | {
            "id": call.new_id("card"),
            "available_payout_methods": ["standard", "instant"],
            "brand": "Visa",
            "exp_month": 12,
            "exp_year": 2034,
            "funding": "debit",
            "last4": "5556",
        }
    return shared | {
        "id": call.new_id("ba"),
        "account_holder_name": fields.get("account_holder_name"),
        "account_holder_type": fields.get("account_holder_type"),
        "account_type": None,
        "available_payout_methods": ["standard"],
        "bank_name": "STRIPE TEST BANK",
        "last4": fields["number"][-4:],
        "routing_number": fields.get("routing_number", "110000000"),
    }
