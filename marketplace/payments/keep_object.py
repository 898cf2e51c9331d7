"""Keeps what a reading of an object at the provider has shown, unless something later is known already."""

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.work import Work
from marketplace.payments.provider import ProviderObject
from marketplace.payments.queries import CHANGE_OBJECT, INSERT_OBJECT, OBJECT_TO_CHANGE
from marketplace.payments.ranks import rank_of
from marketplace.payments.states import ObjectKind


class Kept(StrEnum):
    """What became of a reading."""

    CHANGED = "CHANGED"
    """It told something new."""
    KNOWN = "KNOWN"
    """It told what we knew, or less."""
    OVERTAKEN = "OVERTAKEN"
    """Somebody else kept another reading meanwhile, and nobody can say which is newer: it must be read again."""


async def keep_object(
    work: Work,
    seen: ProviderObject,
    *,
    market_id: UUID,
    subject_id: UUID,
    operation_id: UUID | None,
    reading: int,
) -> Kept:
    """Writes a reading down. `reading` is how many were kept of this object when this one began.

    A later rank always counts, an earlier one never. Of one rank a reading counts if no other was kept since it began:
    then it is newer than all that are known.
    """
    facts = orjson.dumps(seen.facts, default=list, option=orjson.OPT_SORT_KEYS).decode()
    rank = rank_of(seen.kind, seen.state)
    amount = (seen.amount.minor, seen.amount.currency) if seen.amount else (None, None)
    await _keep_reversals(work, seen, market_id=market_id, subject_id=subject_id)
    inserted = await work.execute(
        INSERT_OBJECT,
        seen.id,
        market_id,
        seen.kind.value,
        seen.account,
        seen.parent_id,
        operation_id,
        subject_id,
        seen.state,
        rank,
        *amount,
        facts,
        work.machine_now,
    )
    if inserted:
        return Kept.CHANGED
    # The row lock closes the race of two readings of one object.
    known = await work.fetch_row(OBJECT_TO_CHANGE, seen.id)
    assert known is not None, "an object is never removed"
    if rank < known["rank"] or (rank == known["rank"] and _is_same(known, seen.state, facts)):
        return Kept.KNOWN
    if rank == known["rank"] and reading != known["reading"]:
        return Kept.OVERTAKEN
    await work.execute(CHANGE_OBJECT, seen.id, seen.state, rank, *amount, facts, work.machine_now)
    return Kept.CHANGED


async def _keep_reversals(work: Work, seen: ProviderObject, *, market_id: UUID, subject_id: UUID) -> None:
    """A transfer tells what was taken back of it, by hand too; no event of the provider names a reversal by itself."""
    reversals = seen.facts.get("reversals") if seen.kind is ObjectKind.TRANSFER else None
    if not isinstance(reversals, Mapping):
        return
    for reversal_id, minor in sorted(reversals.items()):
        await work.execute(
            INSERT_OBJECT,
            *(reversal_id, market_id, ObjectKind.TRANSFER_REVERSAL.value, seen.account, seen.id, None, subject_id),
            *("created", rank_of(ObjectKind.TRANSFER_REVERSAL, "created"), minor),
            *(seen.amount.currency if seen.amount else None, "{}", work.machine_now),
        )


def _is_same(known: asyncpg.Record, state: str, facts: str) -> bool:
    return bool(known["state"] == state and orjson.loads(known["facts"]) == orjson.loads(facts))
