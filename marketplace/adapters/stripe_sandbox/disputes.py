"""Disputes: a card's owner wants the money back; it leaves at once, and returns only if the platform wins."""

from marketplace.adapters.stripe_sandbox.balances import enter
from marketplace.adapters.stripe_sandbox.call import Call, merged_metadata
from marketplace.adapters.stripe_sandbox.errors import StripeError
from marketplace.adapters.stripe_sandbox.events import emit
from marketplace.adapters.stripe_sandbox.pages import page
from marketplace.adapters.stripe_sandbox.records import Record, plain

DISPUTE_FEE = 1_500
ANSWER_WITHIN_S = 9 * 86_400
OPEN = {"needs_response", "under_review"}


def retrieve_dispute(call: Call) -> Record:
    """One dispute."""
    return call.named("dispute", "dispute")


def list_disputes(call: Call) -> Record:
    """Disputes, newest first."""
    return page(call, call.rows("dispute"), "/v1/disputes", equal="charge payment_intent")


def update_dispute(call: Call) -> Record:
    """Adds evidence; `winning_evidence` and `losing_evidence` as its text decide the dispute, as in test mode."""
    dispute = call.named("dispute", "dispute")
    _check_open(dispute)
    dispute["metadata"] = merged_metadata(dispute["metadata"], call.params.get("metadata"))
    evidence = call.params.get("evidence") or {}
    if evidence:
        dispute["evidence"].update(evidence)
        dispute["evidence_details"]["has_evidence"] = True
    if call.params.get("submit", True) and evidence:
        dispute["status"] = "under_review"
        dispute["evidence_details"]["submission_count"] += 1
    emit(call, "charge.dispute.updated", dispute)
    verdicts = {"winning_evidence": "won", "losing_evidence": "lost"}
    if dispute["status"] == "under_review" and evidence.get("uncategorized_text") in verdicts:
        return settle_dispute(call, dispute, verdicts[evidence["uncategorized_text"]])
    return dispute


def close_dispute(call: Call) -> Record:
    """Gives in: the dispute is lost."""
    return settle_dispute(call, call.named("dispute", "dispute"), "lost")


def open_dispute(call: Call, charge: Record, *, reason: str, amount: int | None = None) -> Record:
    """The bank takes the money back from the platform, and a fee with it."""
    if charge["disputed"] or not charge["captured"]:
        raise StripeError(f"Charge {charge['id']} cannot be disputed: it was not taken, or is disputed already.")
    disputed = charge["amount_captured"] if amount is None else amount
    if not 1 <= disputed <= charge["amount_captured"]:
        raise StripeError("A dispute is about at least 1 and at most what was taken.", param="amount")
    charge["disputed"] = True
    key = call.new_id("du")
    taken = enter(
        call, "adjustment", -disputed, charge["currency"], source=key, fee=DISPUTE_FEE, description="Chargeback"
    )
    dispute = call.add("dispute", _new_dispute(call, key, charge, disputed, reason))
    dispute["balance_transactions"].append(plain(taken))
    emit(call, "charge.dispute.created", dispute)
    emit(call, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def settle_dispute(call: Call, dispute: Record, status: str) -> Record:
    """Ends a dispute: `won` brings the money back, not the fee; `lost` brings nothing."""
    _check_open(dispute)
    dispute["status"] = status
    if status == "won":
        back = enter(
            call,
            "adjustment",
            dispute["amount"],
            dispute["currency"],
            source=dispute["id"],
            category="dispute_reversal",
            description="Chargeback reversal",
        )
        dispute["balance_transactions"].append(plain(back))
        emit(call, "charge.dispute.funds_reinstated", dispute)
    emit(call, "charge.dispute.closed", dispute)
    return dispute


def _check_open(dispute: Record) -> None:
    if dispute["status"] not in OPEN:
        raise StripeError("This dispute is already closed", param="dispute")


def _new_dispute(call: Call, key: str, charge: Record, amount: int, reason: str) -> Record:
    return {
        "id": key,
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {"enhanced_evidence": {}, "uncategorized_text": None},
        "evidence_details": {
            "due_by": call.now + ANSWER_WITHIN_S,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "needs_response",
    }
