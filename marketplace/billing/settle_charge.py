"""Moves a charge, its ledger and its shipper's standing to what the provider says is so now.

It reads the latest that is known and never an event, and every journal has a key of its own. So it may run any number
of times, and news that come twice, late or in any order lead to the same end.
"""

from uuid import UUID

import asyncpg

from marketplace.billing.attempt import TRY_AGAIN_AFTER
from marketplace.billing.collect import collect_lines
from marketplace.billing.events import ChargeChanged
from marketplace.billing.line import NewLine, write_line
from marketplace.billing.paid import Paid, Taken, all_taken, book_taken, settle_taken
from marketplace.billing.profile import Profile, lock_profile, refresh_standing
from marketplace.billing.queries import (
    DECLINE_CHARGE,
    FIND_CHARGE,
    GROW_REFUNDED,
    LOCK_CHARGE,
    NOTE_DISPUTED,
    NOTE_SETTLING,
    PAY_CHARGE,
)
from marketplace.billing.settle_disputes import settle_disputes
from marketplace.billing.settle_hand_refunds import settle_hand_refunds
from marketplace.billing.states import ChargeState, LineKind, Means, Terms
from marketplace.core.work import Work
from marketplace.ledger import DELIVERY_REVENUE, LedgerAccount, shipper_prepaid, shipper_receivable
from marketplace.payments import (
    ObjectKind,
    OperationKind,
    OperationState,
    Outcome,
    known_objects,
    latest_outcome,
)

ASKS_THE_OWNER = "authentication_required"


async def settle_charge(work: Work, *, charge_id: UUID) -> ChargeState | None:
    """Settles one charge; returns its state, or None where there is no such charge."""
    found = await work.fetch_row(FIND_CHARGE, charge_id)
    if found is None:
        return None
    # In story order: whoever collects or posts holds the profile first.
    profile = await lock_profile(work, shipper_id=found["shipper_id"], market_id=found["market_id"])
    charge = await work.fetch_row(LOCK_CHARGE, charge_id)
    assert profile is not None, "a charge has a profile"
    assert charge is not None, "charges are never removed"
    if charge["means"] == Means.PREPAID:
        return ChargeState.PAID
    intents = await known_objects(work, kind=ObjectKind.PAYMENT_INTENT, subject_id=charge_id)
    taken = all_taken(intents)
    if taken:
        await _take(work, profile, charge, taken)
    elif charge["state"] == ChargeState.OPEN:
        await _look_for_refusal(work, profile, charge)
    row = await work.fetch_row(FIND_CHARGE, charge_id)
    assert row is not None, "charges are never removed"
    return ChargeState(row["state"])


async def _take(work: Work, profile: Profile, charge: asyncpg.Record, taken: list[Taken]) -> None:
    """Books every payment that was taken. More than one is more than was owed: the rest is the shipper's."""
    first = min(taken, key=lambda one: (one.id != charge["intent_id"], one.id))
    paid = _paid(charge)
    await book_taken(work, paid, first, _paid_to(charge))
    if charge["state"] != ChargeState.PAID:
        await work.execute(PAY_CHARGE, charge["id"], first.id, work.now)
        _tell(work, charge, ChargeState.PAID)
        await refresh_standing(work, profile)
        if charge["means"] == Means.TOP_UP and profile.terms is Terms.PREPAID:
            await collect_lines(work, profile, tries_card=False)
    for other in taken:
        if other is not first:
            await _book_overpaid(work, charge, other)
    available_on, is_settled = await settle_taken(work, paid, taken)
    if not charge["settled_at"]:
        await work.execute(NOTE_SETTLING, charge["id"], available_on, work.now if is_settled else None)
    await _give_back(work, charge, paid, first)


async def _give_back(work: Work, charge: asyncpg.Record, paid: Paid, first: Taken) -> None:
    """Books what went back by hand or was disputed."""
    is_top_up = charge["means"] == Means.TOP_UP
    grown_minor = await settle_hand_refunds(
        work,
        paid,
        given=shipper_prepaid(paid.shipper_id) if is_top_up else DELIVERY_REVENUE,
        left_minor=charge["amount_minor"] - charge["refunded_minor"],
        intent_ids=frozenset({first.id}),
    )
    if grown_minor:
        await work.execute(GROW_REFUNDED, charge["id"], grown_minor)
    await work.execute(NOTE_DISPUTED, charge["id"], await settle_disputes(work, paid))


def _paid(charge: asyncpg.Record) -> Paid:
    return Paid(noun="charge", id=charge["id"], market_id=charge["market_id"], shipper_id=charge["shipper_id"])


def _paid_to(charge: asyncpg.Record) -> LedgerAccount:
    shipper_id: UUID = charge["shipper_id"]
    return shipper_prepaid(shipper_id) if charge["means"] == Means.TOP_UP else shipper_receivable(shipper_id)


async def _book_overpaid(work: Work, charge: asyncpg.Record, taken: Taken) -> None:
    key = f"charge:{charge['id']}:overpaid:{taken.id}"
    if await work.fetch_value("SELECT true FROM journal WHERE key = $1", key):
        return
    line = NewLine(
        key=key,
        kind=LineKind.OVERPAID,
        market_id=charge["market_id"],
        shipper_id=charge["shipper_id"],
        amount=taken.amount,
        subject_id=charge["id"],
        reason=f"a second payment was taken for one charge: {taken.id}",
    )
    await write_line(work, line)


async def _look_for_refusal(work: Work, profile: Profile, charge: asyncpg.Record) -> None:
    outcome = await latest_outcome(work, kind=OperationKind.CHARGE, subject_id=charge["id"])
    refusal = _refusal(outcome, charge["attempts"])
    if refusal is None:
        return
    state, code = refusal
    tries = charge["attempts"]
    is_dunned = charge["means"] == Means.CARD and tries <= len(TRY_AGAIN_AFTER)
    next_try_at = work.now + TRY_AGAIN_AFTER[tries - 1] if is_dunned else None
    await work.execute(DECLINE_CHARGE, charge["id"], state.value, code, next_try_at)
    _tell(work, charge, state)
    await refresh_standing(work, profile)


def _refusal(outcome: Outcome | None, attempts: int) -> tuple[ChargeState, str] | None:
    """What became of the latest try, where it took nothing; None while nobody knows."""
    if outcome is None or outcome.number != attempts:
        return None
    if outcome.state is OperationState.REJECTED:
        code = outcome.error_code or "refused"
        return (ChargeState.ACTION_REQUIRED if code == ASKS_THE_OWNER else ChargeState.DECLINED), code
    if outcome.object_state == "requires_action":
        return ChargeState.ACTION_REQUIRED, ASKS_THE_OWNER
    if outcome.object_state in {"requires_payment_method", "canceled"}:
        return ChargeState.DECLINED, str(outcome.facts.get("last_error") or outcome.object_state)
    return None


def _tell(work: Work, charge: asyncpg.Record, state: ChargeState) -> None:
    work.emit(
        ChargeChanged(
            market_id=charge["market_id"],
            shipper_id=charge["shipper_id"],
            charge_id=charge["id"],
            state=state.value,
            amount_minor=charge["amount_minor"],
            currency=charge["currency"],
        )
    )
