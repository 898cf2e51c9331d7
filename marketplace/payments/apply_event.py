"""Makes an event of the inbox count: the object that it names is read anew, and what is so now is written down.

Nothing else that the event says is believed, so that late, doubled and shuffled events end where orderly ones do.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import structlog

from marketplace.core.errand import run_errand
from marketplace.core.failpoints import pass_failpoint
from marketplace.core.work import DatabaseUnavailable, Work, Works
from marketplace.payments.events import ProviderObjectChanged
from marketplace.payments.keep_object import Kept, keep_object
from marketplace.payments.provider import (
    OperationRefused,
    OutcomeUnknown,
    PaymentProvider,
    ProviderBusy,
    ProviderObject,
)
from marketplace.payments.queries import (
    CLAIM_EVENT,
    FINISH_EVENT,
    FINISH_EVENTS,
    OWNER_BY_OBJECT,
    OWNER_BY_OPERATION,
    PUT_EVENT_OFF,
    READINGS_OF,
)
from marketplace.payments.states import ObjectKind
from marketplace.payments.sweeps import open_events

log = structlog.get_logger(__name__)

LEASE_S = 120.0
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 600.0
READINGS_AT_ONCE = 5
"""So often is an object read again because others were faster; then its event waits a little."""
OBJECTS_AT_ONCE = 8
ROUNDS_AT_ONCE = 100
NOT_KEPT = "not_kept: nothing of this kind is kept"
NOT_OURS = "not_ours: made by hand, or by another system on the same account"

PARENTS: Mapping[ObjectKind, ObjectKind] = {
    ObjectKind.PAYMENT_INTENT: ObjectKind.INVOICE,
    ObjectKind.DISPUTE: ObjectKind.PAYMENT_INTENT,
    ObjectKind.REFUND: ObjectKind.PAYMENT_INTENT,
    ObjectKind.TRANSFER_REVERSAL: ObjectKind.TRANSFER,
    ObjectKind.INVOICE_ITEM: ObjectKind.INVOICE,
    ObjectKind.SETUP_INTENT: ObjectKind.CUSTOMER,
}
"""Whose subject an object has that no operation of ours has made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedEvent:
    """An event that is ours to look into; `reading` is how many readings of its object were kept when this began."""

    id: str
    account: str | None
    kind: ObjectKind | None
    object_kind: str
    object_id: str
    attempts: int
    reading: int
    claimed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was read: the object, and above it those that tell whose it is, nearest first; nothing where not asked."""

    found: ProviderObject | None = None
    above: tuple[ProviderObject, ...] = ()


Answer = Seen | OperationRefused | ProviderBusy | OutcomeUnknown


class ApplyEvent:
    """The errand; it may run any number of times, for any number of events at once."""

    def __init__(self, provider: PaymentProvider, event_id: str) -> None:
        self._provider = provider
        self._event_id = event_id

    async def read(self, work: Work) -> ClaimedEvent | None:
        """Claims the event, where it is due and free."""
        lease_until = work.machine_now + timedelta(seconds=LEASE_S)
        row = await work.fetch_row(CLAIM_EVENT, self._event_id, lease_until, work.machine_now)
        if row is None:
            return None
        kind = row["object_kind"]
        return ClaimedEvent(
            id=self._event_id,
            account=row["account"],
            kind=ObjectKind(kind) if kind in set(ObjectKind) and row["object_id"] else None,
            object_kind=kind,
            object_id=row["object_id"],
            attempts=row["attempts"],
            reading=await work.fetch_value(READINGS_OF, row["object_id"]) or 0,
            claimed_at=work.machine_now,
        )

    async def call(self, found: ClaimedEvent) -> Answer:
        """Reads the object as it is now, and its parent where the object itself does not tell whose it is."""
        if found.kind is None:
            return Seen()
        try:
            seen = await self._provider.retrieve(found.kind, found.object_id, account=found.account)
            if seen is None:
                return Seen(found=_gone(found, found.kind))
            return Seen(found=seen, above=await self._above(seen, found.account))
        except (OperationRefused, ProviderBusy, OutcomeUnknown) as failure:
            return failure

    async def record(self, work: Work, found: ClaimedEvent, answer: Answer) -> Kept | None:
        """Writes the reading down and marks the events that it has answered."""
        pass_failpoint("inbox_before_record")
        if not isinstance(answer, Seen):
            await _put_off(work, found, f"{answer.code}: {answer.message}")
            return None
        if answer.found is None:
            await work.execute(FINISH_EVENT, found.id, work.machine_now, NOT_KEPT)
            return None
        owner = await _owner(work, answer.found, answer.above)
        if owner is None:
            await _finish(work, found, NOT_OURS)
            return None
        return await _keep(work, found, answer.found, owner)

    async def _above(self, seen: ProviderObject, account: str | None) -> tuple[ProviderObject, ...]:
        """Climbs until something tells whose it is: from a dispute to its payment, and from there to its invoice."""
        above: list[ProviderObject] = []
        while seen.operation_id is None and seen.parent_id is not None and seen.kind in PARENTS:
            parent = await self._provider.retrieve(PARENTS[seen.kind], seen.parent_id, account=account)
            if parent is None:
                break
            above.append(parent)
            seen = parent
        return tuple(above)


async def apply_event(works: Works, *, provider: PaymentProvider, event_id: str) -> Kept | None:
    """Runs the errand for one event, again where another reading has overtaken it; None where nothing was kept."""
    kept: Kept | None = Kept.OVERTAKEN
    for _ in range(READINGS_AT_ONCE):
        kept = await run_errand(works, ApplyEvent(provider, event_id))
        if kept is not Kept.OVERTAKEN:
            break
    return kept


async def apply_events(works: Works, *, provider: PaymentProvider, at_once: int = OBJECTS_AT_ONCE) -> int:
    """Looks into everything that is due in the inbox, so many objects at once, until nothing is; counts the objects."""
    count = 0
    for _ in range(ROUNDS_AT_ONCE):
        async with works.open() as work:
            due = await open_events(work)
        if not due:
            break
        for some in (due[start : start + at_once] for start in range(0, len(due), at_once)):
            await asyncio.gather(*(_apply_one(works, provider, event_id) for event_id in some))
        count += len(due)
    return count


async def _apply_one(works: Works, provider: PaymentProvider, event_id: str) -> None:
    """One event that cannot be looked into holds up no other; its lease keeps it away for a while."""
    try:
        await apply_event(works, provider=provider, event_id=event_id)
    except DatabaseUnavailable:
        raise
    except Exception:
        log.exception("an event could not be looked into; it is tried again", event_id=event_id)


async def _keep(work: Work, found: ClaimedEvent, seen: ProviderObject, owner: asyncpg.Record) -> Kept:
    market_id, subject_id = owner["market_id"], owner["subject_id"]
    is_made_by_us = seen.operation_id is not None and seen.operation_id == owner["operation_id"]
    kept = await keep_object(
        work,
        seen,
        market_id=market_id,
        subject_id=subject_id,
        operation_id=seen.operation_id if is_made_by_us else None,
        reading=found.reading,
    )
    if kept is Kept.OVERTAKEN:
        # Free at once: whoever reads next sees what both have seen.
        await work.execute(PUT_EVENT_OFF, found.id, work.machine_now, "overtaken by another reading")
        return kept
    if kept is Kept.CHANGED:
        work.emit(
            ProviderObjectChanged(
                market_id=market_id, object_id=seen.id, kind=seen.kind.value, subject_id=subject_id, state=seen.state
            )
        )
    await _finish(work, found, None)
    return kept


async def _owner(work: Work, seen: ProviderObject, above: tuple[ProviderObject, ...]) -> asyncpg.Record | None:
    """Market and subject: as known already, of the operation that made it, or of what is above it."""
    for one in (seen, *above):
        known = await work.fetch_row(OWNER_BY_OBJECT, one.id)
        if known is not None:
            return known
        if one.operation_id is not None:
            return await work.fetch_row(OWNER_BY_OPERATION, one.operation_id)
    return None


async def _finish(work: Work, found: ClaimedEvent, note: str | None) -> None:
    await work.execute(
        FINISH_EVENTS,
        found.object_kind,
        found.object_id,
        found.account,
        work.machine_now,
        found.claimed_at,
        note,
    )


async def _put_off(work: Work, found: ClaimedEvent, error: str) -> None:
    pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(found.attempts - 1, 16))
    not_before = work.machine_now + timedelta(seconds=pause_s * work.random.uniform(0.5, 1.0))
    await work.execute(PUT_EVENT_OFF, found.id, not_before, error[:200])


def _gone(found: ClaimedEvent, kind: ObjectKind) -> ProviderObject:
    return ProviderObject(id=found.object_id, kind=kind, state="deleted", account=found.account)
