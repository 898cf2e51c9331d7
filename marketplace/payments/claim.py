"""Claims an operation for one worker, and decides under which key it goes and whether to look first."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.payments.provider import FrozenOperation
from marketplace.payments.queries import CLAIM_OPERATION, OPERATION_TO_SEND
from marketplace.payments.states import OperationKind, OperationState

LEASE_S = 120.0
"""Longer than a look and a call may take together, time-outs included."""
SENT_WITHIN_S = 60.0
"""A worker that was held up for longer than this after its claim, before it could send, does not send any more."""
KEY_GOOD_FOR = timedelta(hours=23)
"""Stripe forgets a key after a day; from an hour before, it is not relied on."""
CLOCKS_APART = timedelta(hours=1)
SPENT_KEY = "key_spent"
"""The error code of an operation whose key repeats a failure for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedOperation:
    """An operation that is ours until its lease ends; `must_look` means that it may have been carried out before."""

    frozen: FrozenOperation
    market_id: UUID
    subject_id: UUID
    fence: int
    attempts: int
    must_look: bool
    send_before: float

    @property
    def is_in_time(self) -> bool:
        """Whether it may still be sent, by the clock of this process's event loop, which nobody sets."""
        return asyncio.get_running_loop().time() < self.send_before


async def claim_operation(work: Work, operation_id: UUID) -> ClaimedOperation | None:
    """Takes an open operation that is due and that nobody works on; None where there is none.

    The lock closes the race of two workers; the fence shuts out the one whose lease ran out.
    """
    row = await work.fetch_row(OPERATION_TO_SEND, operation_id, work.machine_now)
    if row is None:
        return None
    is_stale = _is_stale(row, work.machine_now)
    epoch = row["epoch"] + 1 if is_stale else row["epoch"]
    key_used_at = work.machine_now if is_stale else row["key_used_at"] or work.machine_now
    fence = await work.fetch_value(
        CLAIM_OPERATION,
        operation_id,
        work.machine_now + timedelta(seconds=LEASE_S),
        work.machine_now,
        epoch,
        key_used_at,
    )
    return ClaimedOperation(
        frozen=FrozenOperation(
            id=row["id"],
            kind=OperationKind(row["kind"]),
            account=row["account"],
            body=bytes(row["body"]),
            epoch=epoch,
            amount=None if row["amount_minor"] is None else Money(row["amount_minor"], row["currency"]),
            first_sent_at=row["first_sent_at"] or work.machine_now,
        ),
        market_id=row["market_id"],
        subject_id=row["subject_id"],
        fence=fence,
        attempts=row["attempts"] + 1,
        # SENT here means that whoever sent it died: nobody holds its lease any more.
        must_look=is_stale or row["state"] != OperationState.READY.value,
        send_before=asyncio.get_running_loop().time() + SENT_WITHIN_S,
    )


def _is_stale(row: asyncpg.Record, now: datetime) -> bool:
    """Whether the key can no longer be relied on to have the operation done at most once, or at all."""
    if row["key_used_at"] is None:
        return False
    age = now - row["key_used_at"]
    return row["error_code"] == SPENT_KEY or not -CLOCKS_APART < age < KEY_GOOD_FOR
