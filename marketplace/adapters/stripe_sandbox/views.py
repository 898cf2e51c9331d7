"""How kept records look over the wire: without our notes, and with the lists that hang on them."""

from marketplace.adapters.stripe_sandbox.call import Call
from marketplace.adapters.stripe_sandbox.records import Record, copy_of, listed, plain


def view(call: Call, record: Record) -> Record:
    """An object as Stripe shows it."""
    shown = copy_of(plain(record))
    if record.get("object") == "account":
        bound = call.on(record["id"]).rows("external_account")
        shown["external_accounts"] = listed(
            [plain(external) for external in bound], f"/v1/accounts/{record['id']}/external_accounts"
        )
    if record.get("object") == "transfer":
        reversals = [plain(one) for one in call.rows("transfer_reversal") if one["transfer"] == record["id"]]
        shown["reversals"] = listed(
            reversals[:10], f"/v1/transfers/{record['id']}/reversals", has_more=len(reversals) > 10
        )
    return shown
