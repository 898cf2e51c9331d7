"""Brings a payee's account in our books to what the provider last told of it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from marketplace.core.work import Work
from marketplace.payments import Facts, ObjectKind, OperationKind, known_objects, latest_outcome
from marketplace.payouts.accounts import Account, account_of
from marketplace.payouts.events import PayoutAccountChanged, PayoutAccountReady, PayoutAccountStopped

HELD_AFTER_CHANGE = timedelta(hours=72)
"""A thief who has got into an account changes where its money goes; the driver hears of it and has this long."""

SETTLE = """
UPDATE payout_account SET account = $2, can_receive = $3, can_pay_out = $4, can_pay_at_once = $5, is_submitted = $6,
       currently_due = $7::jsonb, deadline = $8, disabled_reason = $9, target = $10,
       target_changed_at = $11, held_until = $12, changed_at = $13
WHERE payee_id = $1
"""


async def settle_account(work: Work, *, payee_id: UUID) -> Account | None:
    """Reads what is known of a payee's account and writes it down; news in any order, or twice, end in the same.

    When another bank account or card is named, payouts are held for 72 hours; the first one is no change.
    """
    # Two at once: the second waits at the account's row and finds nothing left to change.
    before = await account_of(work, payee_id, is_locked=True)
    outcome = await latest_outcome(work, kind=OperationKind.CREATE_ACCOUNT, subject_id=payee_id)
    if before is None or outcome is None or outcome.object_id is None:
        return before
    objects = await known_objects(work, kind=ObjectKind.ACCOUNT, subject_id=payee_id)
    facts = next((known.facts for known in objects if known.id == outcome.object_id), outcome.facts)
    after = _as_told(before, outcome.object_id, facts, work.now)
    if after == before:
        return after
    await work.execute(
        SETTLE,
        payee_id,
        after.account,
        after.can_receive,
        after.can_pay_out,
        after.can_pay_at_once,
        after.is_submitted,
        orjson.dumps(after.currently_due).decode(),
        after.deadline,
        after.disabled_reason,
        after.target,
        after.target_changed_at,
        after.held_until,
        work.now,
    )
    _tell(work, before, after)
    return after


def _as_told(before: Account, account: str, facts: Facts, now: datetime) -> Account:
    target = _target(facts)
    is_new = target is not None and target != before.target
    is_other = is_new and before.target is not None
    deadline = facts.get("current_deadline")
    return Account(
        payee=before.payee,
        market_id=before.market_id,
        account=account,
        can_receive=facts.get("transfers") == "active",
        # After a payout that came back nothing more goes to that bank until it is named anew, or another one is.
        can_pay_out=bool(facts.get("payouts_enabled")) and "errored" not in _names(facts.get("external_statuses")),
        can_pay_at_once=bool(facts.get("instant_payouts")),
        is_submitted=bool(facts.get("details_submitted")),
        currently_due=_names(facts.get("currently_due")),
        deadline=datetime.fromtimestamp(deadline, UTC) if isinstance(deadline, int) and deadline else None,
        disabled_reason=_text(facts.get("disabled_reason")),
        # An account whose bank was taken away keeps the last one in mind: to name it again is no change.
        target=target or before.target,
        target_changed_at=now if is_new else before.target_changed_at,
        held_until=now + HELD_AFTER_CHANGE if is_other else before.held_until,
    )


def _tell(work: Work, before: Account, after: Account) -> None:
    payee = after.payee
    about: dict[str, Any] = {
        "market_id": after.market_id,
        "driver_id": payee.driver_id,
        "company_id": payee.company_id,
    }
    if after.held_until is not None and after.held_until != before.held_until:
        work.emit(PayoutAccountChanged(**about, held_until=after.held_until))
    if after.is_usable and not before.is_usable:
        work.emit(PayoutAccountReady(**about))
    if before.is_usable and not after.is_usable:
        work.emit(PayoutAccountStopped(**about, reason=after.disabled_reason or "requirements.due"))


def _target(facts: Facts) -> str | None:
    """What names the bank account or card: its fingerprint, so that the same one entered again is no change."""
    named = _names(facts.get("external_fingerprints")) or _names(facts.get("external_accounts"))
    return ",".join(named)[:80] or None


def _names(value: object) -> tuple[str, ...]:
    return tuple(str(name) for name in value) if isinstance(value, list | tuple) else ()


def _text(value: object) -> str | None:
    return value[:80] if isinstance(value, str) and value else None
