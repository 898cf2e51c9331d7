"""Knowing the customer: what Stripe still wants to know of a driver, and what the driver may do until then."""

from typing import Any

from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.due import drop_due, put_due
from marketplace.adapters.stripe_sandbox.events import emit
from marketplace.adapters.stripe_sandbox.records import Record, copy_of

WANTED = (
    "business_profile.mcc",
    "business_profile.product_description",
    "business_type",
    "individual.dob.day",
    "individual.dob.month",
    "individual.dob.year",
    "individual.first_name",
    "individual.last_name",
    "tos_acceptance.date",
    "tos_acceptance.ip",
)
"""What an individual has to tell before money moves; a bank account comes on top."""
WATCHED = ("capabilities", "charges_enabled", "details_submitted", "payouts_enabled", "requirements")


def review(call: Call, account: Record) -> Record:
    """Works out anew what an account may do, and tells everybody when that has changed."""
    before = copy_of({name: account[name] for name in WATCHED})
    account["_is_verified"] = account["_is_verified"] or not _untold(account)
    due = _currently_due(call, account)
    blocked = account["_rejected"] or bool(account["_past_due"]) or not account["_is_verified"]
    status = "inactive" if blocked else "active"
    account["capabilities"] = dict.fromkeys(account["_requested"], status)
    account["details_submitted"] = account["_is_verified"]
    account["charges_enabled"] = account["capabilities"].get("card_payments") == "active"
    account["payouts_enabled"] = not blocked and "external_account" not in due
    account["requirements"] = _requirements(account, due)
    changed = {name: before[name] for name in WATCHED if before[name] != account[name]}
    if changed:
        there = call.on(account["id"])
        for name in account["capabilities"]:
            if before["capabilities"].get(name) != account["capabilities"][name]:
                emit(there, "capability.updated", capability_of(account, name))
        emit(there, "account.updated", account, **changed)
    return account


def verify(call: Call, account: Record) -> Record:
    """The driver has told everything and Stripe believes it."""
    account.update(_is_verified=True, _asked=[], _past_due=[], _deadline=None)
    drop_due(call, "account", account["id"])
    account["tos_acceptance"]["date"] = account["tos_acceptance"]["date"] or call.now
    return review(call, account)


def ask_for(call: Call, account: Record, fields: list[str], deadline: int | None) -> Record:
    """Stripe wants to know more; past the deadline it stops the account until it is told."""
    account["_asked"] = sorted({*account["_asked"], *fields})
    account["_deadline"] = deadline
    if deadline is not None:
        put_due(call, "account", account["id"], deadline)
    return review(call, account)


def pass_deadline(call: Call, account: Record) -> None:
    """What was asked for was not told in time."""
    account["_past_due"] = list(account["_asked"])
    review(call, account)


def reject(call: Call, account: Record, reason: str) -> Record:
    """Nothing goes in or out any more."""
    account["_rejected"] = reason
    return review(call, account)


def merged(kept: Record, told: Record) -> Record:
    """What is known after something more was told, object by object."""
    both: Record = dict(kept)
    for name, value in told.items():
        inner: Any = both.get(name)
        both[name] = merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return both


def capability_of(account: Record, name: str) -> Record:
    """A capability as its event shows it."""
    return {
        "id": name,
        "object": "capability",
        "account": account["id"],
        "requested": True,
        "requested_at": account["_requested"][name],
        "status": account["capabilities"][name],
    }


def _untold(account: Record) -> list[str]:
    return [path for path in WANTED if not _told(account["_provided"], path)]


def _told(told: Any, path: str) -> bool:
    for step in path.split("."):
        told = told.get(step) if isinstance(told, dict) else None
    return told not in {None, ""}


def _currently_due(call: Call, account: Record) -> list[str]:
    due = [] if account["_is_verified"] else _untold(account)
    usable = [row for row in call.on(account["id"]).rows("external_account") if row["status"] != "errored"]
    if not usable:
        due.append("external_account")
    return sorted({*due, *account["_asked"]})


def _requirements(account: Record, due: list[str]) -> Record:
    past_due = sorted({*account["_past_due"], *([] if account["_is_verified"] else due)})
    return {
        "alternatives": [],
        "current_deadline": account["_deadline"],
        "currently_due": due,
        "disabled_reason": account["_rejected"] or ("requirements.past_due" if past_due else None),
        "errors": [],
        "eventually_due": due,
        "past_due": past_due,
        "pending_verification": [],
    }
