"""Connected accounts: drivers as Stripe knows them, made with controller properties."""

from marketplace.adapters.stripe_sandbox.balances import balance_of
from marketplace.adapters.stripe_sandbox.call import Call, merged_metadata
from marketplace.adapters.stripe_sandbox.errors import StripeError, missing, not_modelled
from marketplace.adapters.stripe_sandbox.external_accounts import add_external_account
from marketplace.adapters.stripe_sandbox.pages import page
from marketplace.adapters.stripe_sandbox.records import PLATFORM, Record
from marketplace.adapters.stripe_sandbox.verification import merged, reject, review

CURRENCIES = {"US": "usd", "CA": "cad", "GB": "gbp", "CL": "clp", "JP": "jpy", "MX": "mxn"}
"""The first currency of an account by its country; euro elsewhere."""
PROVIDED = ("business_type", "business_profile", "individual", "company", "tos_acceptance", "email")


def create_account(call: Call) -> Record:
    """A new connected account; it can receive and pay out nothing until it is verified."""
    key = call.new_id("acct")
    country = call.params.get("country", "US")
    account = call.add("account", blank_account(call, key, country) | {"controller": _controller(call)})
    account["default_currency"] = call.params.get("default_currency", account["default_currency"])
    account["metadata"] = merged_metadata({}, call.params.get("metadata"))
    _apply(call, account)
    return account


def retrieve_account(call: Call) -> Record:
    """One connected account, with its capabilities and what is still required."""
    if call.path["account"] == call.account:
        return retrieve_current_account(call)
    return call.named("account", "account")


def retrieve_current_account(call: Call) -> Record:
    """The account that the request acts on."""
    record = call.draft.get("account", call.account)
    assert record is not None
    return record


def update_account(call: Call) -> Record:
    """Changes what is given; an account that collects its own requirements is verified by it."""
    account = call.named("account", "account")
    account["metadata"] = merged_metadata(account["metadata"], call.params.get("metadata"))
    _apply(call, account)
    return account


def delete_account(call: Call) -> Record:
    """Deletes a connected account that holds no money."""
    account = call.named("account", "account")
    parts = balance_of(call.on(account["id"])).values()
    if any(part["available"] or part["pending"] for part in parts):
        raise StripeError("This account cannot be deleted: its balance is not zero.", param="account")
    return call.add("account", {"id": account["id"], "object": "account", "deleted": True})


def list_accounts(call: Call) -> Record:
    """Connected accounts, newest first."""
    rows = [row for row in call.rows("account") if not row.get("deleted") and row["id"] != PLATFORM]
    return page(call, rows, "/v1/accounts")


def reject_account(call: Call) -> Record:
    """The platform turns an account away; nothing goes in or out any more."""
    return reject(call, call.named("account", "account"), f"rejected.{call.params['reason']}")


def list_capabilities(call: Call) -> Record:
    """What an account has asked for, and whether it may."""
    account = call.named("account", "account")
    rows = [_capability(account, name) for name in account["_requested"]]
    return page(call, rows, f"/v1/accounts/{account['id']}/capabilities")


def retrieve_capability(call: Call) -> Record:
    """One capability of an account."""
    account = call.named("account", "account")
    if call.path["capability"] not in account["_requested"]:
        raise missing("capability", call.path["capability"], param="capability")
    return _capability(account, call.path["capability"])


def update_capability(call: Call) -> Record:
    """Asks for a capability, or gives it up."""
    account = call.named("account", "account")
    name = call.path["capability"]
    _request(call, account, {name: {"requested": call.params.get("requested", True)}})
    review(call, account)
    return _capability(account, name)


def blank_account(call: Call, key: str, country: str) -> Record:
    """An account that has told nothing yet."""
    nothing_due: Record = {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": [],
        "disabled_reason": None,
        "errors": [],
        "eventually_due": [],
        "past_due": [],
        "pending_verification": [],
    }
    return {
        "id": key,
        "object": "account",
        "business_profile": None,
        "business_type": None,
        "capabilities": {},
        "charges_enabled": False,
        "country": country,
        "created": call.now,
        "default_currency": CURRENCIES.get(country, "eur"),
        "details_submitted": False,
        "email": None,
        "future_requirements": nothing_due,
        "metadata": {},
        "payouts_enabled": False,
        "requirements": nothing_due,
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": "none",
        "_asked": [],
        "_deadline": None,
        "_is_verified": False,
        "_past_due": [],
        "_provided": {},
        "_rejected": None,
        "_requested": {},
    }


def _controller(call: Call) -> Record:
    given = call.params.get("controller") or {}
    if "type" in call.params:
        raise not_modelled("accounts made by `type`; use `controller`", param="type")
    return {
        "fees": {"payer": "account"} | given.get("fees", {}),
        "is_controller": True,
        "losses": {"payments": "stripe"} | given.get("losses", {}),
        "requirement_collection": given.get("requirement_collection", "stripe"),
        "stripe_dashboard": {"type": "full"} | given.get("stripe_dashboard", {}),
        "type": "application",
    }


def _apply(call: Call, account: Record) -> None:
    schedule = ((call.params.get("settings") or {}).get("payouts") or {}).get("schedule") or {}
    if schedule.get("interval", "manual") != "manual":
        raise not_modelled("automatic payouts", param="settings[payouts][schedule][interval]")
    told = {name: call.params[name] for name in PROVIDED if name in call.params}
    account["_provided"] = merged(account["_provided"], told)
    for name in ("business_type", "email"):
        account[name] = call.params.get(name, account[name])
    acceptance = told.get("tos_acceptance") or {}
    account["tos_acceptance"] |= {name: value for name, value in acceptance.items() if value != ""}
    _request(call, account, call.params.get("capabilities") or {})
    if "external_account" in call.params:
        add_external_account(call.on(account["id"]), account, call.params["external_account"])
    review(call, account)


def _request(call: Call, account: Record, wishes: Record) -> None:
    for name, wish in wishes.items():
        if wish.get("requested"):
            account["_requested"].setdefault(name, call.now)
        else:
            account["_requested"].pop(name, None)
            account["capabilities"].pop(name, None)


def _capability(account: Record, name: str) -> Record:
    asked = name in account["_requested"]
    due = account["requirements"]
    return {
        "id": name,
        "object": "capability",
        "account": account["id"],
        "requested": asked,
        "requested_at": account["_requested"].get(name),
        "requirements": due | {"disabled_reason": "requirements.fields_needed" if due["currently_due"] else None},
        "status": account["capabilities"].get(name, "unrequested"),
    }
