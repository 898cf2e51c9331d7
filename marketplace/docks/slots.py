"""The slots of a dock's day, and how many places each of them still has."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg

from marketplace.core.errors import Invalid
from marketplace.core.window import Window, local_instant
from marketplace.core.work import Work
from marketplace.docks.set_dock import clock_time

FIND = "SELECT * FROM dock WHERE shipper_id = $1 AND market_id = $2 AND code = $3"
TAKEN = """
SELECT opens_at, closes_at FROM dock_appointment
WHERE dock_id = $1 AND closes_at > $2 AND opens_at < $3 AND (state = 'BOOKED' OR state = 'HELD' AND expires_at > $4)
"""


class UnknownDock(Invalid):
    """The shipper has no dock of that code in this market."""

    code = "UNKNOWN_DOCK"


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeSlot:
    """A slot and how many vehicles can still come."""

    opens_at: datetime
    closes_at: datetime
    places_left: int


async def dock_slots(work: Work, *, market_id: UUID, shipper_id: UUID, code: str, day: date) -> list[FreeSlot]:
    """The slots of a local day that have not closed yet."""
    dock = await find_dock(work, market_id=market_id, shipper_id=shipper_id, code=code)
    slots = [slot for slot in slots_on(dock, day) if slot.closes_at > work.now]
    left = await places_left(work, dock, slots)
    return [
        FreeSlot(opens_at=slot.opens_at, closes_at=slot.closes_at, places_left=places)
        for slot, places in zip(slots, left, strict=True)
    ]


async def find_dock(
    work: Work, *, market_id: UUID, shipper_id: UUID, code: str, is_locked: bool = False
) -> asyncpg.Record:
    """The shipper's dock of that code, or a refusal."""
    row = await work.fetch_row(FIND + (" FOR UPDATE" if is_locked else ""), shipper_id, market_id, code)
    if row is None:
        raise UnknownDock("you have no dock of this code here; describe it with setDock first", field="dock")
    return row


async def places_left(work: Work, dock: asyncpg.Record, slots: list[Window]) -> list[int]:
    """For each slot how many places nobody has; an appointment counts in every slot that it touches."""
    if not slots:
        return []
    taken = await work.fetch(TAKEN, dock["id"], slots[0].opens_at, slots[-1].closes_at, work.now)
    return [
        max(
            0,
            dock["places"]
            - sum(one["opens_at"] < slot.closes_at and one["closes_at"] > slot.opens_at for one in taken),
        )
        for slot in slots
    ]


def slots_on(dock: asyncpg.Record, day: date) -> list[Window]:
    """One slot after the other from opening to closing, by the clock that hangs there."""
    opens = datetime.combine(day, clock_time(dock["opens"]))
    closes, width = datetime.combine(day, clock_time(dock["closes"])), timedelta(seconds=dock["slot_s"])
    found = []
    while opens + width <= closes:
        found.append(Window(local_instant(opens, dock["time_zone"]), local_instant(opens + width, dock["time_zone"])))
        opens += width
    return found
