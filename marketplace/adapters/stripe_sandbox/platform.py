"""The platform's own account, which is there from the beginning: verified, and with a bank account."""

from marketplace.adapters.stripe_sandbox.account_links import onboard
from marketplace.adapters.stripe_sandbox.accounts import blank_account
from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.records import PLATFORM, Record


def open_platform(call: Call) -> Record:
    """Opens the account whose secret key signs the requests."""
    account = call.add("account", blank_account(call, PLATFORM, "US") | {"type": "standard"})
    account["_requested"] = {"card_payments": call.now, "transfers": call.now}
    onboard(call, account)
    # Nobody was there to hear of it: a fresh stand-in has no history.
    for event in call.rows("event"):
        call.draft.remove("event", event["id"])
    return account
