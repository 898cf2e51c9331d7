"""A place in a window is given back: a hold is released, a booking undone."""

from uuid import UUID

import asyncpg

from marketplace.batches import CreditGate, change_promise
from marketplace.core.states import check_step
from marketplace.core.work import Work
from marketplace.windows.book import WindowCaller, charge, lock_hold
from marketplace.windows.events import WindowRevoked
from marketplace.windows.states import STEPS, HoldState

END = "UPDATE window_hold SET state = $2, ended_at = $3 WHERE id = $1"
ENDED = frozenset({HoldState.RELEASED, HoldState.REVOKED, HoldState.EXPIRED, HoldState.REPLACED})


async def revoke_window(work: Work, *, hold_id: UUID, caller: WindowCaller, gate: CreditGate) -> asyncpg.Record:
    """Gives a place back; a second call finds it given back and changes nothing.

    Of a booking the promise before it holds again. Where that window is over by now, or the parcel is on its way, the
    revocation is refused: another window can be booked instead. What was saved by a cheaper window is owed again, so
    the shipper's credit is asked.
    """
    row = await lock_hold(work, hold_id=hold_id, caller=caller)
    state = HoldState(row["state"])
    if state in ENDED:
        return row
    then = HoldState.RELEASED if state is HoldState.HELD else HoldState.REVOKED
    check_step(STEPS, state, then)
    await work.execute(END, row["id"], then.value, work.now)
    if then is HoldState.REVOKED:
        await charge(work, delivery_id=row["delivery_id"], caller=caller, gate=gate, take_off=row)
        await change_promise(
            work,
            delivery_id=row["delivery_id"],
            opens_at=row["was_opens_at"],
            closes_at=row["was_closes_at"],
            actor=caller.actor,
        )
        work.emit(
            WindowRevoked(
                market_id=row["market_id"],
                shipper_id=row["shipper_id"],
                delivery_id=row["delivery_id"],
                hold_id=row["id"],
                actor=caller.actor.value,
            )
        )
    return row
