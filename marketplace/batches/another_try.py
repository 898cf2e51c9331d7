"""Another try for a parcel that nobody took: in which window, and until when that can be chosen."""

from datetime import timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg

from marketplace.batches.events import DeliveryRescheduled
from marketplace.batches.failure_policy import next_step
from marketplace.batches.served_day import check_served_day
from marketplace.batches.settle_attempt import settle_attempt
from marketplace.batches.states import AttemptFailure, DeliveryState, FailurePolicy, NextStep
from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.window import Window
from marketplace.core.work import Work
from marketplace.rural import terms_now

FURTHEST = timedelta(days=14)
"""A parcel does not lie around longer than so."""
SHORTEST = timedelta(minutes=30)
"""What is shorter no route can keep."""

LOCK = """
SELECT id, market_id, shipper_id, batch_id, state, time_zone, failure_reason, failure_policy, max_attempts, attempts,
       answer_due_at, brought_back_at, return_of, rural_zone_id
FROM delivery WHERE id = $1 AND ($2::uuid IS NULL OR shipper_id = $2) AND ($3::uuid IS NULL OR market_id = $3)
FOR UPDATE
"""
CHOOSE = """
UPDATE delivery SET next_opens_at = $2, next_closes_at = $3, sequence = sequence + 1, changed_at = $4
WHERE id = $1 RETURNING sequence
"""


class NotWaiting(Conflict):
    """The parcel does not wait for another window: it was taken, is on its way, or goes back."""

    code = "NOT_WAITING_FOR_WINDOW"


class AnswerTooLate(Conflict):
    """The time in which another window could be chosen is over."""

    code = "ANSWER_TOO_LATE"


class BadNewWindow(Invalid):
    """A window that nobody could keep."""

    code = "BAD_NEW_WINDOW"


class ChosenBy(StrEnum):
    """Who has chosen a new window."""

    RECIPIENT = "RECIPIENT"
    SHIPPER = "SHIPPER"
    OPERATIONS = "OPERATIONS"


async def choose_another_try(work: Work, *, delivery_id: UUID, window: Window, chosen_by: ChosenBy) -> DeliveryState:
    """Chooses the window of another try of an attempted delivery; who may choose is the caller's to check.

    While the parcel is in the vehicle the choice waits with it, and the last one counts; where it was picked up it is
    planned again at once.
    """
    row = await lock_waiting(work, delivery_id, None, None)
    if row["answer_due_at"] is None or row["answer_due_at"] <= work.now:
        raise AnswerTooLate("the time for choosing another window is over; the parcel goes back", field="deliveryId")
    if window.closes_at - max(window.opens_at, work.now) < SHORTEST:
        raise BadNewWindow("a new window has at least 30 minutes before it closes", field="window")
    if window.closes_at > work.now + FURTHEST:
        raise BadNewWindow(f"a new window is within the next {FURTHEST.days} days", field="window")
    terms = await terms_now(work, zone_id=row["rural_zone_id"])
    if terms is not None:
        check_served_day(terms, window, now=work.now, time_zone=row["time_zone"])
    sequence = await work.fetch_value(CHOOSE, row["id"], window.opens_at, window.closes_at, work.now)
    work.emit(
        DeliveryRescheduled(
            market_id=row["market_id"],
            shipper_id=row["shipper_id"],
            delivery_id=row["id"],
            batch_id=row["batch_id"],
            sequence=sequence,
            state=DeliveryState.ATTEMPTED,
            chosen_by=chosen_by.value,
            opens_at=window.opens_at,
            closes_at=window.closes_at,
        )
    )
    return await settle_attempt(work, delivery_id=row["id"]) or DeliveryState.ATTEMPTED


async def lock_waiting(
    work: Work, delivery_id: UUID, shipper_id: UUID | None, market_id: UUID | None
) -> asyncpg.Record:
    """The delivery under its lock, while it waits for another window; raises NotWaiting where it does not."""
    # Closes the race of recipient, shipper, operations and the deadline: each of them changes this row under its lock.
    row = await work.fetch_row(LOCK, delivery_id, shipper_id, market_id)
    if row is None:
        raise NotFound("there is no such delivery", field="deliveryId")
    if row["state"] != DeliveryState.ATTEMPTED or _goes_back(row):
        raise NotWaiting(f"a delivery that is {row['state']} does not wait for another window", field="deliveryId")
    return row


def _goes_back(row: asyncpg.Record) -> bool:
    step = next_step(
        FailurePolicy(row["failure_policy"]),
        reason=AttemptFailure(row["failure_reason"]),
        attempts=row["attempts"],
        max_attempts=row["max_attempts"],
    )
    return step is not NextStep.REDELIVER
