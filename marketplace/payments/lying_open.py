"""What lies open between us and the payment provider, for operations: sendings without an end, news of nobody's."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg

from marketplace.core.ids import MarketId, OperationId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.payments.states import Endpoint, OperationKind, OperationState

ROWS_AT_MOST = 101
NO_ID = UUID(int=0)

# What was rejected and then asked for anew has its answer in the later number.
LYING_OPEN = """
SELECT id, kind, subject_id, state, amount_minor, currency, attempts, error_code, error, not_before,
       first_sent_at, created_at
FROM stripe_operation AS operation
WHERE market_id = $1 AND id > $2 AND state IN ('READY', 'SENT', 'UNKNOWN', 'REJECTED')
  AND (state <> 'REJECTED' OR error_code IS DISTINCT FROM 'withdrawn' AND NOT EXISTS (
      SELECT FROM stripe_operation AS later WHERE later.kind = operation.kind
        AND later.subject_id = operation.subject_id AND later.number > operation.number))
ORDER BY id LIMIT $3
"""
# An event is of the market that its object belongs to, or else its account; what nobody knows, every market is told.
NOT_TAKEN_IN = """
SELECT event.id, event.endpoint, event.type, event.object_kind, event.object_id, event.attempts, event.error,
       event.received_at, event.processed_at IS NOT NULL AS is_foreign
FROM stripe_event AS event
LEFT JOIN stripe_object AS object ON object.id = event.object_id
LEFT JOIN stripe_object AS account ON account.id = event.account
WHERE (event.processed_at IS NULL OR event.error LIKE 'not_ours%')
  AND (event.received_at, event.id) < ($2, $3)
  AND coalesce(object.market_id, account.market_id, $1) = $1
ORDER BY event.received_at DESC, event.id DESC LIMIT $4
"""


class Reception(StrEnum):
    """How far we are with an event that was not taken in: not looked into yet, or looked into and nobody's."""

    WAITING = "WAITING"
    NOT_OURS = "NOT_OURS"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOperation:
    """Something that the provider shall do and has not done; the age is market time, the waits are machine time."""

    id: OperationId
    kind: OperationKind
    subject_id: UUID
    state: OperationState
    amount: Money | None
    attempts: int
    error_code: str | None
    error: str | None
    first_sent_at: datetime | None
    not_before: datetime | None
    created_at: datetime
    age: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignEvent:
    """An event of the provider that has changed nothing here; all its times are machine time."""

    id: str
    endpoint: Endpoint
    type: str
    object_kind: str
    object_id: str
    reception: Reception
    attempts: int
    error: str | None
    received_at: datetime
    age: timedelta


async def page_open_operations(
    work: Work, *, market_id: MarketId, after: UUID | None, limit: int
) -> list[OpenOperation]:
    """Operations of a market that wait, whose outcome is unknown, or that were refused for good; oldest first."""
    rows = await work.fetch(LYING_OPEN, market_id, after or NO_ID, min(limit, ROWS_AT_MOST))
    return [
        OpenOperation(
            id=OperationId(row["id"]),
            kind=OperationKind(row["kind"]),
            subject_id=row["subject_id"],
            state=OperationState(row["state"]),
            amount=None if row["amount_minor"] is None else Money(row["amount_minor"], row["currency"]),
            attempts=row["attempts"],
            error_code=row["error_code"],
            error=row["error"],
            first_sent_at=row["first_sent_at"],
            not_before=row["not_before"],
            created_at=row["created_at"],
            age=work.now - row["created_at"],
        )
        for row in rows
    ]


async def page_foreign_events(
    work: Work, *, market_id: MarketId, before: tuple[datetime, str] | None, limit: int
) -> list[ForeignEvent]:
    """Events that were not taken in and are this market's, or that nobody knows whose they are; latest first."""
    received_at, event_id = before or (work.machine_now + timedelta(days=1), "")
    rows = await work.fetch(NOT_TAKEN_IN, market_id, received_at, event_id, min(limit, ROWS_AT_MOST))
    return [_event(row, work.machine_now) for row in rows]


def _event(row: asyncpg.Record, now: datetime) -> ForeignEvent:
    return ForeignEvent(
        id=row["id"],
        endpoint=Endpoint(row["endpoint"]),
        type=row["type"],
        object_kind=row["object_kind"],
        object_id=row["object_id"],
        reception=Reception.NOT_OURS if row["is_foreign"] else Reception.WAITING,
        attempts=row["attempts"],
        error=row["error"],
        received_at=row["received_at"],
        age=now - row["received_at"],
    )
