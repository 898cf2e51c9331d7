"""Tries a refused charge again when its day has come; what an earlier try has left open is called off first.

An earlier payment that waits for its owner could still be taken. So it is cancelled, and only when that is known is the
card tried again: a shipper never pays twice for one charge by our doing.
"""

from datetime import timedelta
from uuid import UUID

from marketplace.billing.attempt import try_charge
from marketplace.billing.profile import lock_profile, refresh_standing
from marketplace.billing.queries import FIND_CHARGE, LOCK_CHARGE, PUT_OFF_CHARGE
from marketplace.billing.states import ChargeState, Means
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.payments import (
    ObjectKind,
    OperationKind,
    OperationState,
    known_objects,
    latest_outcome,
    want_operation,
)

RETRIED_STATES = frozenset({ChargeState.DECLINED, ChargeState.ACTION_REQUIRED})
OVER = frozenset({"canceled", "succeeded"})
LOOKED_AT_AGAIN_AFTER = timedelta(minutes=10)


async def retry_charge(work: Work, *, charge_id: UUID) -> bool:
    """Tries again where that is due and safe; returns whether the card is tried now."""
    found = await work.fetch_row(FIND_CHARGE, charge_id)
    if found is None:
        return False
    profile = await lock_profile(work, shipper_id=found["shipper_id"], market_id=found["market_id"])
    charge = await work.fetch_row(LOCK_CHARGE, charge_id)
    assert profile is not None, "a charge has a profile"
    assert charge is not None, "charges are never removed"
    is_due = charge["next_try_at"] is not None and charge["next_try_at"] <= work.now
    if charge["state"] not in RETRIED_STATES or charge["means"] != Means.CARD or not is_due or profile.card_id is None:
        return False
    if await _is_something_open(work, charge_id, charge["market_id"]):
        await work.execute(PUT_OFF_CHARGE, charge_id, work.now + LOOKED_AT_AGAIN_AFTER)
        return False
    await try_charge(work, profile, charge_id=charge_id, amount=Money(charge["amount_minor"], charge["currency"]))
    await refresh_standing(work, profile)
    return True


async def _is_something_open(work: Work, charge_id: UUID, market_id: UUID) -> bool:
    """Whether an earlier payment could still be taken; has it cancelled then."""
    intents = await known_objects(work, kind=ObjectKind.PAYMENT_INTENT, subject_id=charge_id)
    unfinished = [intent for intent in intents if intent.state not in OVER]
    if not unfinished:
        return False
    latest = await latest_outcome(work, kind=OperationKind.CANCEL_CHARGE, subject_id=charge_id)
    if latest is None or latest.state in {OperationState.DONE, OperationState.REJECTED}:
        await want_operation(
            work,
            market_id=market_id,
            kind=OperationKind.CANCEL_CHARGE,
            subject_id=charge_id,
            number=latest.number + 1 if latest else 1,
            params={"payment_intent": unfinished[0].id},
        )
    return True
