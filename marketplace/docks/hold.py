"""A place in a dock's slot is held for a shipper who is about to post."""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.window import zone
from marketplace.core.work import Work
from marketplace.docks.slots import find_dock, places_left, slots_on

HOLDS_FOR = timedelta(minutes=10)
FORGET = "DELETE FROM dock_appointment WHERE dock_id = $1 AND state = 'HELD' AND expires_at <= $2"
FIND_HELD = "SELECT * FROM dock_appointment WHERE id = $1 AND shipper_id = $2"
INSERT = """
INSERT INTO dock_appointment (id, market_id, shipper_id, dock_id, state, opens_at, closes_at, created_at, expires_at)
VALUES ($1, $2, $3, $4, 'HELD', $5, $6, $7, $8) RETURNING *
"""


class NotASlot(Invalid):
    """No slot of the dock begins then, or it is over."""

    code = "NOT_A_SLOT"


class SlotFull(Conflict):
    """Every place of the slot is taken."""

    code = "SLOT_FULL"


async def hold_slot(work: Work, *, market_id: UUID, shipper_id: UUID, code: str, opens_at: datetime) -> asyncpg.Record:
    """Takes a place for ten minutes; of many who want the last one, one gets it."""
    # Closes the race for the last place: all who want one at this dock queue here.
    dock = await find_dock(work, market_id=market_id, shipper_id=shipper_id, code=code, is_locked=True)
    day = opens_at.astimezone(zone(dock["time_zone"])).date()
    slot = next((one for one in slots_on(dock, day) if one.opens_at == opens_at), None)
    if slot is None or slot.closes_at <= work.now:
        raise NotASlot("no slot begins then that is still to come; see dockSlots", field="opensAt")
    [left] = await places_left(work, dock, [slot])
    if not left:
        raise SlotFull("this slot is full; choose another one", field="opensAt")
    await work.execute(FORGET, dock["id"], work.now)
    row = await work.fetch_row(
        INSERT,
        work.new_id(),
        market_id,
        shipper_id,
        dock["id"],
        slot.opens_at,
        slot.closes_at,
        work.now,
        work.now + HOLDS_FOR,
    )
    assert row is not None, "an insert returns its row"
    return row


async def held_slot(work: Work, *, appointment_id: UUID, shipper_id: UUID) -> asyncpg.Record:
    """A place of a shipper as it is, right after it was taken or when the same is asked again."""
    row = await work.fetch_row(FIND_HELD, appointment_id, shipper_id)
    if row is None:
        raise NotFound("this place was held for a while and is free again", field="appointmentId")
    return row
