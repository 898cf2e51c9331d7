"""Account links: the page on which a driver tells Stripe who they are. Here it is a page of the stand-in."""

from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.external_accounts import add_external_account
from marketplace.adapters.stripe_sandbox.records import Record
from marketplace.adapters.stripe_sandbox.verification import verify

LIVES_S = 300


def create_account_link(call: Call) -> Record:
    """A link that works once, for five minutes."""
    account = call.given("account", "account")
    link = call.add(
        "account_link",
        {
            "id": call.new_id("link"),
            "account": account["id"],
            "expires_at": call.now + LIVES_S,
            "is_used": False,
            "refresh_url": call.needed("refresh_url"),
            "return_url": call.needed("return_url"),
        },
    )
    return {
        "object": "account_link",
        "created": call.now,
        "expires_at": link["expires_at"],
        "url": f"{call.origin}/_sandbox/onboarding/{link['id']}",
    }


def create_login_link(call: Call) -> Record:
    """A link into the driver's own dashboard."""
    account = call.named("account", "account")
    if not account["details_submitted"]:
        raise StripeError("Cannot create a login link for an account that has not completed onboarding.")
    return {"object": "login_link", "created": call.now, "url": f"{call.origin}/_sandbox"}


def follow_link(call: Call, key: str) -> str:
    """Onboards the driver of a fresh link and gives the page to return to; a stale one leads to the refresh page."""
    link = call.find("account_link", key)
    if link["is_used"] or link["expires_at"] <= call.now:
        return str(link["refresh_url"])
    link["is_used"] = True
    onboard(call, call.find("account", link["account"]))
    return str(link["return_url"])


def onboard(call: Call, account: Record) -> Record:
    """The driver fills in everything: a bank account too where there is none yet."""
    there = call.on(account["id"])
    if not there.rows("external_account"):
        bank = {"object": "bank_account", "account_number": "000123456789"}
        add_external_account(there, account, bank)
    return verify(call, account)
