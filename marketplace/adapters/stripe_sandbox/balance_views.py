"""What Stripe tells of an account's money: the balance, and every transaction that made it."""

from marketplace.adapters.stripe_sandbox.balances import balance_of
from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.pages import page
from marketplace.adapters.stripe_sandbox.records import PLATFORM, Record


def retrieve_balance(call: Call) -> Record:
    """Available and pending money by currency."""
    parts = balance_of(call)
    account = call.draft.get("account", call.account)
    home = str(account["default_currency"]) if account else "usd"
    currencies = sorted({*parts, home})
    shown: Record = {
        "object": "balance",
        "available": [_amount(parts, currency, "available") for currency in currencies],
        "livemode": False,
        "pending": [_amount(parts, currency, "pending") for currency in currencies],
    }
    if any("instant" in row["available_payout_methods"] for row in call.rows("external_account")):
        shown["instant_available"] = [
            _amount(parts, currency, "available", floor=0) | {"net_available": []} for currency in currencies
        ]
    if call.account == PLATFORM:
        shown["connect_reserved"] = [{"amount": 0, "currency": currency} for currency in currencies]
    return shown


def retrieve_balance_transaction(call: Call) -> Record:
    """One movement of the account's money."""
    return call.find("balance_transaction", call.path["id"])


def list_balance_transactions(call: Call) -> Record:
    """Every movement of the account's money, newest first."""
    rows = call.rows("balance_transaction")
    if "payout" in call.params:
        rows = []  # only automatic payouts know which transactions they are made of
    return page(call, rows, "/v1/balance_transactions", equal="currency source type")


def _amount(parts: dict[str, dict[str, int]], currency: str, part: str, floor: int | None = None) -> Record:
    amount = parts.get(currency, {}).get(part, 0)
    amount = amount if floor is None else max(floor, amount)
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}
