"""Puts a delivery that has ended on its shipper's bill: its price, or what calling it off or a no-show cost.

A promise that was broken is credited in the same commit. A card is charged when the last delivery of the batch has
ended; prepaid money is drawn at once; what goes on an invoice waits for the end of the month.
"""

from uuid import UUID

import asyncpg

from marketplace.batches import DISCARDED, AttemptFailure, DeliveryState, promises_of
from marketplace.billing.collect import collect_lines
from marketplace.billing.line import NewLine, write_line
from marketplace.billing.penalty import penalty_of
from marketplace.billing.profile import find_profile, lock_profile
from marketplace.billing.queries import HANDED_OVER_AT, IS_BATCH_THROUGH, LINE_OF, LOCK_DELIVERY, MARK_BILLED
from marketplace.billing.states import Collects, LineKind, Terms
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.ids import DeliveryId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import JournalId

EARNED_STATES = frozenset({DeliveryState.DELIVERED, DeliveryState.RETURNED})
"""Both are final, so a delivery that is read in one of them stays there."""
ENDED_STATES = EARNED_STATES | {DeliveryState.CANCELLED, DeliveryState.EXPIRED, DeliveryState.FAILED}
PROMISED_STATES = EARNED_STATES | {DeliveryState.EXPIRED}
"""Where a promise can have been broken: nobody was found in time for what has expired."""
NOBODY_THERE = frozenset({AttemptFailure.PACKAGE_NOT_READY, AttemptFailure.PICKUP_CLOSED})
"""Why a driver left a pickup with nothing in hand, where that is the shipper's doing."""


class NotEarned(Conflict):
    """A delivery is not at its end yet."""

    code = "DELIVERY_NOT_EARNED"


async def accrue_delivery(work: Work, *, delivery_id: DeliveryId) -> JournalId | None:
    """Bills the delivery once, and collects where that is due; None where nothing is owed for it.

    A delivery that came back, or was done away with as its shipper wished, is owed as one that arrived: the drive was
    made. Its return is a delivery of its own, and further tries are a line of their own.
    """
    # The lock closes the race of two jobs about one delivery.
    row = await work.fetch_row(LOCK_DELIVERY, delivery_id)
    if row is None:
        raise NotFound("there is no such delivery")
    if row["state"] not in ENDED_STATES:
        raise NotEarned(f"a delivery that is {row['state']} is not billed; wait until it has ended")
    kind, amount = await _owed(work, row)
    if row["billed_at"] is not None:
        return await _billed_before(work, delivery_id, kind)
    await _queue(work, row)
    await work.execute(MARK_BILLED, delivery_id, work.now)
    journal_id = await _bill(work, row, kind, amount, charge_key(delivery_id)) if amount.minor else None
    if row["state"] in EARNED_STATES and row["redelivery_minor"]:
        again = Money(row["redelivery_minor"], row["currency"])
        await _bill(work, row, LineKind.REDELIVERY, again, f"delivery:{row['id']}:redelivery")
    await _credit_broken_promise(work, row)
    await collect_of(work, row)
    return journal_id


async def _queue(work: Work, row: asyncpg.Record) -> None:
    """Takes the lock of the shipper's profile before any account's, where it will be needed.

    Whoever collects, charges or settles does so in this order; the other way round two would wait for each other.
    """
    whose = {"shipper_id": row["shipper_id"], "market_id": row["market_id"]}
    profile = await find_profile(work, **whose)
    if row["service_level_id"] is not None or (profile is not None and profile.terms is not Terms.INVOICE):
        await lock_profile(work, **whose)


def charge_key(delivery_id: UUID) -> str:
    """The journal key under which a delivery is charged at most once."""
    return f"delivery:{delivery_id}:charge"


async def _owed(work: Work, row: asyncpg.Record) -> tuple[LineKind, Money]:
    if row["state"] in EARNED_STATES or row["failure_reason"] == DISCARDED or _was_driven(row):
        return LineKind.DELIVERY, Money(row["price_minor"], row["currency"])
    if row["state"] == DeliveryState.CANCELLED:
        return LineKind.CANCELLATION, Money(row["fee_minor"] or 0, row["currency"])
    if row["state"] == DeliveryState.FAILED and row["failure_reason"] in NOBODY_THERE:
        fee_minor = (await promises_of(work, row)).no_show_fee(price_minor=row["price_minor"])
        return LineKind.NO_SHOW, Money(fee_minor, row["currency"])
    return LineKind.DELIVERY, Money(0, row["currency"])


def _was_driven(row: asyncpg.Record) -> bool:
    """Whether a driver was at the door once before the delivery was called off or ran out of time."""
    return row["attempts"] > 0 and row["state"] in {DeliveryState.CANCELLED, DeliveryState.EXPIRED}


async def _billed_before(work: Work, delivery_id: UUID, kind: LineKind) -> JournalId | None:
    journal_id = await work.fetch_value(LINE_OF, delivery_id, kind.value)
    return JournalId(journal_id) if journal_id else None


async def _bill(
    work: Work, row: asyncpg.Record, kind: LineKind, amount: Money, key: str, *, reason: str | None = None
) -> JournalId:
    line = NewLine(
        key=key,
        kind=kind,
        market_id=row["market_id"],
        shipper_id=row["shipper_id"],
        amount=amount,
        subject_id=row["id"],
        delivery_id=row["id"],
        batch_id=row["batch_id"],
        service_level=row["service_level"],
        reason=reason,
    )
    return await write_line(work, line)


async def _credit_broken_promise(work: Work, row: asyncpg.Record) -> None:
    """A hand-over that came too late gives back what the shipper's rate card says, or the terms of its tier do.

    A tier gives back for a delivery that nobody was found for, too; a rate card does not.
    A failed attempt counts by the window that was promised then: whoever comes too late finds nobody.
    """
    if row["state"] not in PROMISED_STATES or row["return_of"] is not None:
        return
    if row["service_level_id"] is not None:
        if (penalty := await penalty_of(work, row)) is not None:
            key = f"delivery:{row['id']}:sla"
            await _bill(work, row, LineKind.SLA_CREDIT, penalty.amount, key, reason=penalty.reason)
        return
    if row["state"] not in EARNED_STATES:
        return
    late_s = row["late_attempt_s"] or 0
    if row["state"] == DeliveryState.DELIVERED:
        handed_over_at = await work.fetch_value(HANDED_OVER_AT, row["id"]) or row["changed_at"]
        late_s = max(late_s, (handed_over_at - row["dropoff_closes_at"]).total_seconds())
    if late_s <= 0:
        return
    credit_minor = (await promises_of(work, row)).sla_credit(price_minor=row["price_minor"], late_s=late_s)
    if credit_minor:
        credit = Money(credit_minor, row["currency"])
        await _bill(work, row, LineKind.SLA_CREDIT, credit, f"delivery:{row['id']}:sla")


async def collect_of(work: Work, row: asyncpg.Record) -> None:
    """Collects what a delivery has put on the bill, where its shipper pays before the end of the month."""
    # Shippers with an invoice wait for their month and need no lock; whoever changes terms collects what is left over.
    profile = await find_profile(work, shipper_id=row["shipper_id"], market_id=row["market_id"])
    if profile is None or profile.terms is Terms.INVOICE:
        return
    # Closes the race of the last two deliveries of a batch: the second to come here sees that the first is billed.
    profile = await lock_profile(work, shipper_id=row["shipper_id"], market_id=row["market_id"])
    assert profile is not None, "profiles are never removed"
    is_through = await work.fetch_value(IS_BATCH_THROUGH, row["batch_id"])
    is_moment_of_card = profile.collects is Collects.BATCH and is_through
    if profile.terms is Terms.PREPAID or is_moment_of_card:
        await collect_lines(work, profile, tries_card=is_moment_of_card)
