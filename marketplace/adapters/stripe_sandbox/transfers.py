"""Transfers: money of the platform becomes money of a driver, now or when the charge that it comes from settles."""

from marketplace.adapters.stripe_sandbox.balances import available, enter
from marketplace.adapters.stripe_sandbox.call import Call, merged_metadata
from marketplace.adapters.stripe_sandbox.charges import blank_charge
from marketplace.adapters.stripe_sandbox.currencies import check_amount, check_currency
from marketplace.adapters.stripe_sandbox.errors import StripeError, missing, not_modelled
from marketplace.adapters.stripe_sandbox.events import emit
from marketplace.adapters.stripe_sandbox.pages import page
from marketplace.adapters.stripe_sandbox.records import PLATFORM, Record


def create_transfer(call: Call) -> Record:
    """Moves money to a connected account that may receive it."""
    if call.account != PLATFORM:
        raise not_modelled("transfers between connected accounts")
    currency, amount = check_currency(call.params["currency"]), call.needed("amount")
    check_amount(amount, currency)
    destination = _receiver(call)
    source = _source(call, currency, amount)
    if source is None and available(call, currency) < amount:
        raise StripeError(
            "You have insufficient available funds in your Stripe account. Try adding funds directly to your available"
            " balance by creating Charges using the 4000000000000077 test card.",
            code="balance_insufficient",
        )
    return _move(call, destination, source, currency, amount)


def retrieve_transfer(call: Call) -> Record:
    """One transfer with its reversals."""
    return call.named("transfer", "transfer")


def list_transfers(call: Call) -> Record:
    """Transfers, newest first; by `transfer_group` an unknown outcome is looked up."""
    return page(call, call.rows("transfer"), "/v1/transfers", equal="destination transfer_group")


def update_transfer(call: Call) -> Record:
    """Changes notes on a transfer."""
    transfer = call.named("transfer", "transfer")
    if "description" in call.params:
        transfer["description"] = call.params["description"] or None
    transfer["metadata"] = merged_metadata(transfer["metadata"], call.params.get("metadata"))
    emit(call, "transfer.updated", transfer)
    return transfer


def _receiver(call: Call) -> Record:
    account = call.draft.get("account", call.params["destination"])
    if account is None or account.get("deleted") or account["id"] == PLATFORM:
        raise missing("destination", call.params["destination"], param="destination", status=400)
    if account["capabilities"].get("transfers") != "active":
        raise StripeError(
            "Your destination account needs to have at least one of the following capabilities enabled: transfers,"
            " crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )
    return account


def _source(call: Call, currency: str, amount: int) -> Record | None:
    """The charge that funds the transfer; all its transfers together never exceed it."""
    if "source_transaction" not in call.params:
        return None
    charge = call.given("charge", "source_transaction")
    if not charge["captured"] or charge["currency"] != currency:
        raise StripeError(
            "The source of a transfer must be a captured charge in the same currency.", param="source_transaction"
        )
    spent = charge.get("_transferred", 0)
    if spent + amount > charge["amount_captured"]:
        raise StripeError(
            "Transfers using this transaction as a source must not exceed the source amount of"
            f" {charge['amount_captured']} {currency}; {spent} were transferred before.",
            param="amount",
        )
    charge["_transferred"] = spent + amount
    return charge


def _move(call: Call, destination: Record, source: Record | None, currency: str, amount: int) -> Record:
    """Takes from the platform and gives to the account, in one step and on the same day."""
    key, there = call.new_id("tr"), call.on(destination["id"])
    group = call.params.get("transfer_group") or (source["transfer_group"] if source else None)
    settles = call.find("balance_transaction", source["balance_transaction"])["available_on"] if source else None
    taken = enter(call, "transfer", -amount, currency, source=key, available_on=settles)
    payment = there.add("charge", blank_charge(there, "py", amount, currency) | {"source_transfer": key})
    given = enter(there, "payment", amount, currency, source=payment["id"], available_on=settles)
    payment.update(amount_captured=amount, balance_transaction=given["id"], transfer_group=group)
    if source and group and source["transfer_group"] is None:
        source["transfer_group"] = group
    transfer = call.add(
        "transfer",
        {
            "id": key,
            "object": "transfer",
            "amount": amount,
            "amount_reversed": 0,
            "balance_transaction": taken["id"],
            "created": call.now,
            "currency": currency,
            "description": call.params.get("description"),
            "destination": destination["id"],
            "destination_payment": payment["id"],
            "livemode": False,
            "metadata": merged_metadata({}, call.params.get("metadata")),
            "reversed": False,
            "source_transaction": source["id"] if source else None,
            "source_type": call.params.get("source_type", "card"),
            "transfer_group": group,
        },
    )
    emit(call, "transfer.created", transfer)
    return transfer
