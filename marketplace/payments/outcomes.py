"""What has come of an operation, for whoever wanted it: read by those who act on it, never pushed into them."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.ids import OperationId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.payments.provider import Facts
from marketplace.payments.queries import LATEST_OUTCOME, OBJECTS_OF
from marketplace.payments.states import ObjectKind, OperationKind, OperationState


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One operation as it stands; `object_state` and `facts` are the latest that we know of what it made."""

    operation_id: OperationId
    number: int
    state: OperationState
    amount: Money | None
    object_id: str | None
    object_state: str | None
    facts: Facts
    error_code: str | None
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownObject:
    """An object at the provider as we last read it."""

    id: str
    kind: ObjectKind
    account: str | None
    parent_id: str | None
    state: str
    amount: Money | None
    facts: Facts


async def latest_outcome(work: Work, *, kind: OperationKind, subject_id: UUID) -> Outcome | None:
    """The last operation of a kind about a subject; None where none was ever wanted."""
    row = await work.fetch_row(LATEST_OUTCOME, kind.value, subject_id)
    if row is None:
        return None
    return Outcome(
        operation_id=OperationId(row["id"]),
        number=row["number"],
        state=OperationState(row["state"]),
        amount=_money(row),
        object_id=row["object_id"],
        object_state=row["object_state"],
        facts=orjson.loads(row["facts"]) if row["facts"] else {},
        error_code=row["error_code"],
        error=row["error"],
    )


async def known_objects(work: Work, *, kind: ObjectKind, subject_id: UUID) -> list[KnownObject]:
    """The objects of a kind that belong to a subject, such as the disputes of a charge."""
    return [
        KnownObject(
            id=row["id"],
            kind=ObjectKind(row["kind"]),
            account=row["account"],
            parent_id=row["parent_id"],
            state=row["state"],
            amount=_money(row),
            facts=orjson.loads(row["facts"]),
        )
        for row in await work.fetch(OBJECTS_OF, subject_id, kind.value)
    ]


def _money(row: asyncpg.Record) -> Money | None:
    return None if row["amount_minor"] is None else Money(row["amount_minor"], row["currency"])
