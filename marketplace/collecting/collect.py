"""A parcel is given to whoever says its code, by the keeper of its point or by operations."""

from dataclasses import dataclass
from hmac import compare_digest
from uuid import UUID

import asyncpg

from marketplace.accounts import Principal, PrincipalKind, Tokens
from marketplace.collecting.events import ParcelCollected
from marketplace.collecting.settle import tell
from marketplace.core.errors import Conflict, NotAllowed, NotFound
from marketplace.core.states import check_step
from marketplace.core.work import Work
from marketplace.points import COLLECTION_STEPS, CollectionState, free_place

CODE_TRIES = 5
"""Tries at a parcel's code, in total; the table has the same limit."""

# Closes the race of two who say the code, and with the last day: each takes this row.
LOCK = """
SELECT c.id, c.market_id, c.shipper_id, c.delivery_id, c.point_id, c.state, c.code_tries, c.due_at, d.batch_id
FROM collection c JOIN delivery d ON d.id = c.delivery_id
WHERE c.id = $1 AND ($2::uuid IS NULL OR c.point_id = $2) AND ($3::uuid IS NULL OR c.market_id = $3) FOR UPDATE OF c
"""
COUNT_TRY = "UPDATE collection SET code_tries = code_tries + 1 WHERE id = $1"
COLLECT = "UPDATE collection SET state = 'COLLECTED', ended_at = $2, confirmed_by = $3 WHERE id = $1"


class WrongCode(NotAllowed):
    """Not the code of this parcel; five wrong ones lock it."""

    code = "WRONG_CODE"


class NotWaitingThere(Conflict):
    """The parcel has not come yet, was collected, or goes back."""

    code = "NOT_WAITING_THERE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """Either the state of a collection or the refusal of a wrong code.

    A wrong code is a value and not raised, because the Work that counted the try has to commit.
    """

    state: CollectionState
    market_id: UUID
    refusal: WrongCode | None = None


async def collect_parcel(work: Work, *, collection_id: UUID, by: Principal, code: str, tokens: Tokens) -> Collected:
    """Records that a parcel was given to its recipient; said again with the code it changes nothing.

    After five wrong codes only operations can give it out, to whom the recipient proves who they are.
    Commit the Work whatever comes back: a wrong code is counted.
    """
    row = await _lock(work, collection_id, by)
    state = CollectionState(row["state"])
    if refusal := await _refuse_wrong_code(work, row, by, code, tokens):
        return Collected(state=state, market_id=row["market_id"], refusal=refusal)
    if state is CollectionState.COLLECTED:
        return Collected(state=state, market_id=row["market_id"])
    if state is not CollectionState.WAITING or row["due_at"] <= work.now:
        raise NotWaitingThere(f"a parcel that is {state} cannot be collected any more or yet", field="collectionId")
    check_step(COLLECTION_STEPS, state, CollectionState.COLLECTED)
    await work.execute(COLLECT, row["id"], work.now, by.kind.value)
    await free_place(work, row["id"])
    await tell(work, row, ParcelCollected)
    return Collected(state=CollectionState.COLLECTED, market_id=row["market_id"])


async def _lock(work: Work, collection_id: UUID, by: Principal) -> asyncpg.Record:
    assert by.kind in {PrincipalKind.KEEPER, PrincipalKind.OPERATOR}, "who gives parcels out"
    point_id = by.id if by.kind is PrincipalKind.KEEPER else None
    row = await work.fetch_row(LOCK, collection_id, point_id, by.market_id)
    if row is None:
        raise NotFound("there is no such parcel here", field="collectionId")
    return row


async def _refuse_wrong_code(
    work: Work, row: asyncpg.Record, by: Principal, code: str, tokens: Tokens
) -> WrongCode | None:
    if compare_digest(tokens.collection_code(row["id"]).encode(), code.encode()):
        if row["code_tries"] < CODE_TRIES or by.kind is PrincipalKind.OPERATOR:
            return None
        return WrongCode("all tries at the code are used up; operations can give the parcel out", field="code")
    if row["code_tries"] >= CODE_TRIES:
        return WrongCode("all tries at the code are used up; operations can give the parcel out", field="code")
    await work.execute(COUNT_TRY, row["id"])
    left = CODE_TRIES - row["code_tries"] - 1
    return WrongCode(f"this is not the code of this parcel; tries left: {left}", field="code")
