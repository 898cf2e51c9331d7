"""Moves a charge, its ledger and its shipper's standing to what the provider says is so now.

It reads the latest that is known and never an event, and every journal has a key of its own. So it may run any number
of times, and news that come twice, late or in any order lead to the same end.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from marketplace.billing.attempt import TRY_AGAIN_AFTER
from marketplace.billing.collect import collect_lines
from marketplace.billing.events import ChargeChanged
from marketplace.billing.line import NewLine, write_line
from marketplace.billing.profile import Profile, lock_profile, refresh_standing
from marketplace.billing.queries import (
    DECLINE_CHARGE,
    FIND_CHARGE,
    LOCK_CHARGE,
    NOTE_SETTLING,
    PAY_CHARGE,
)
from marketplace.billing.settle_disputes import settle_disputes
from marketplace.billing.states import ChargeState, LineKind, Means, Terms
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import (
    GATEWAY_AVAILABLE,
    GATEWAY_FEE,
    GATEWAY_PENDING,
    Entry,
    LedgerAccount,
    post_journal,
    shipper_prepaid,
    shipper_receivable,
)
from marketplace.payments import (
    KnownObject,
    ObjectKind,
    OperationKind,
    OperationState,
    Outcome,
    known_objects,
    latest_outcome,
)

SUCCEEDED = "succeeded"
ASKS_THE_OWNER = "authentication_required"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One payment that the provider has taken; fee and day are None until it has told them."""

    id: str
    amount: Money
    fee_minor: int | None
    available_on: datetime | None

    @classmethod
    def of(cls, intent: KnownObject, currency: str) -> "Taken":
        """The payment of an intent. A fee in another currency is left to the reconciliation."""
        assert intent.amount is not None, "a payment has an amount"
        facts: dict[str, Any] = dict(intent.facts)
        is_ours = str(facts.get("settled_currency") or "").upper() == currency
        day = facts.get("available_on")
        return cls(
            id=intent.id,
            amount=intent.amount,
            fee_minor=facts.get("fee_minor") if is_ours else None,
            available_on=datetime.fromtimestamp(day, UTC) if isinstance(day, int) else None,
        )


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
    taken = [Taken.of(intent, charge["currency"]) for intent in intents if intent.state == SUCCEEDED]
    if taken:
        await _take(work, profile, charge, taken)
    elif charge["state"] == ChargeState.OPEN:
        await _look_for_refusal(work, profile, charge)
    if taken:
        await settle_disputes(work, charge)
    row = await work.fetch_row(FIND_CHARGE, charge_id)
    assert row is not None, "charges are never removed"
    return ChargeState(row["state"])


async def _take(work: Work, profile: Profile, charge: asyncpg.Record, taken: list[Taken]) -> None:
    """Books every payment that was taken. More than one is more than was owed: the rest is the shipper's."""
    first = min(taken, key=lambda one: (one.id != charge["intent_id"], one.id))
    await _book(work, charge, first, _paid_to(charge))
    if charge["state"] != ChargeState.PAID:
        await work.execute(PAY_CHARGE, charge["id"], first.id, work.now)
        _tell(work, charge, ChargeState.PAID)
        await refresh_standing(work, profile)
        if charge["means"] == Means.TOP_UP and profile.terms is Terms.PREPAID:
            await collect_lines(work, profile)
    for other in taken:
        if other is not first:
            await _book_overpaid(work, charge, other)
    await _settle(work, charge, taken)


def _paid_to(charge: asyncpg.Record) -> LedgerAccount:
    shipper_id: UUID = charge["shipper_id"]
    return shipper_prepaid(shipper_id) if charge["means"] == Means.TOP_UP else shipper_receivable(shipper_id)


async def _book(work: Work, charge: asyncpg.Record, taken: Taken, paid_to: LedgerAccount) -> None:
    await _post(work, charge, f"paid:{taken.id}", "CHARGE_PAID", GATEWAY_PENDING, paid_to, taken.amount)


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


async def _settle(work: Work, charge: asyncpg.Record, taken: list[Taken]) -> None:
    """Books the provider's fees, and moves what is left to what is available once its day has come."""
    is_settled = True
    for one in taken:
        if one.fee_minor is None or one.available_on is None:
            is_settled = False
            continue
        fee = Money(one.fee_minor, charge["currency"])
        if fee.minor > 0:
            await _post(work, charge, f"fee:{one.id}", "GATEWAY_FEE", GATEWAY_FEE, GATEWAY_PENDING, fee)
        if one.available_on > work.now:
            is_settled = False
        elif (net := one.amount - fee).minor > 0:
            await _post(work, charge, f"settled:{one.id}", "CHARGE_SETTLED", GATEWAY_AVAILABLE, GATEWAY_PENDING, net)
    days = [one.available_on for one in taken if one.available_on is not None]
    if not charge["settled_at"]:
        await work.execute(NOTE_SETTLING, charge["id"], max(days, default=None), work.now if is_settled else None)


async def _post(
    work: Work,
    charge: asyncpg.Record,
    reason: str,
    kind: str,
    debit: LedgerAccount,
    credit: LedgerAccount,
    amount: Money,
) -> None:
    await post_journal(
        work,
        market_id=charge["market_id"],
        key=f"charge:{charge['id']}:{reason}",
        kind=kind,
        subject_id=charge["id"],
        entries=[Entry(debit=debit, credit=credit, amount=amount)],
    )


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
