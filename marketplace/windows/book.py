"""A held place becomes a promise: the delivery gets the window, and the plan follows."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from marketplace.batches import PromiseActor, change_promise
from marketplace.core.errors import NotFound
from marketplace.core.states import check_step
from marketplace.core.work import Work
from marketplace.windows.events import WindowBooked
from marketplace.windows.hold import HoldWindow
from marketplace.windows.look import OfferedDay, Seen
from marketplace.windows.refusals import BadWish, HoldEnded, HoldNotFound
from marketplace.windows.states import STEPS, HoldState

LOCK = """
SELECT * FROM window_hold
WHERE id = $1 AND ($2::uuid IS NULL OR shipper_id = $2) AND ($3::uuid IS NULL OR delivery_id = $3) FOR UPDATE
"""
LOCK_BOOKED = "SELECT * FROM window_hold WHERE delivery_id = $1 AND state = 'BOOKED' FOR UPDATE"
DELIVERY = """
SELECT id, shipper_id, market_id, hub_id, dropoff_lat, dropoff_lon FROM delivery WHERE id = $1 AND shipper_id = $2
"""
BOOK = """
UPDATE window_hold SET state = 'BOOKED', delivery_id = $2, was_opens_at = $3, was_closes_at = $4, ended_at = NULL
WHERE id = $1
"""
REPLACE = "UPDATE window_hold SET state = 'REPLACED', ended_at = $2 WHERE id = $1"
CHARGE = "UPDATE delivery SET price_minor = greatest(price_minor + $2, 0) WHERE id = $1 AND billed_at IS NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowCaller:
    """Who decides about a place in a window: a shipper about its own, a recipient about the delivery of the link."""

    actor: PromiseActor
    shipper_id: UUID | None = None
    delivery_id: UUID | None = None

    def __post_init__(self) -> None:
        assert self.shipper_id is not None or self.delivery_id is not None, "a caller is somebody"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookWindow:
    """The errand of holding and booking in one go, for who has decided already."""

    hold: HoldWindow
    caller: WindowCaller

    async def read(self, work: Work) -> Seen:
        """Reads the day."""
        return await self.hold.read(work)

    async def call(self, found: Seen) -> OfferedDay:
        """Looks which windows can be kept."""
        return await self.hold.call(found)

    async def record(self, work: Work, found: Seen, answer: OfferedDay) -> asyncpg.Record:
        """Takes the place and books it in the same commit."""
        held = await self.hold.record(work, found, answer)
        return await book_window(work, hold_id=held.row["id"], caller=self.caller, joins_route_id=held.route_id)


async def book_window(
    work: Work,
    *,
    hold_id: UUID,
    caller: WindowCaller,
    delivery_id: UUID | None = None,
    joins_route_id: UUID | None = None,
) -> asyncpg.Record:
    """Books a held place, for the delivery of the hold or, where it came before the posting, for the one named.

    A second call finds it booked and changes nothing. An earlier booking of the delivery is replaced, and what it cost
    more or less goes with it.
    """
    # The hold's lock closes the race against its expiry; the delivery's, taken by `change_promise`, that of the pickup.
    row = await lock_hold(work, hold_id=hold_id, caller=caller)
    wanted = row["delivery_id"] or delivery_id
    if row["state"] == HoldState.BOOKED and wanted == row["delivery_id"]:
        return row
    if row["state"] != HoldState.HELD or row["expires_at"] <= work.now:
        raise HoldEnded("this hold has ended; hold the window again", field="holdId")
    check_step(STEPS, HoldState(row["state"]), HoldState.BOOKED)
    await _check_delivery(work, row, wanted, delivery_id)
    assert wanted is not None, "a booking is for a delivery"
    earlier = await work.fetch_row(LOCK_BOOKED, wanted)
    if earlier is not None:
        await work.execute(REPLACE, earlier["id"], work.now)
        await charge(work, earlier, sign=-1)
    was = await change_promise(
        work, delivery_id=wanted, opens_at=row["opens_at"], closes_at=row["closes_at"], actor=caller.actor
    )
    was_opens_at, was_closes_at = _before(was, earlier)
    await work.execute(BOOK, row["id"], wanted, was_opens_at, was_closes_at)
    booked = await work.fetch_row("SELECT * FROM window_hold WHERE id = $1", row["id"])
    assert booked is not None, "a locked hold stays"
    await charge(work, booked, sign=1)
    work.emit(
        WindowBooked(
            market_id=booked["market_id"],
            shipper_id=booked["shipper_id"],
            delivery_id=wanted,
            hold_id=booked["id"],
            opens_at=booked["opens_at"],
            closes_at=booked["closes_at"],
            difference_minor=booked["difference_minor"],
            currency=booked["currency"],
            actor=caller.actor.value,
            route_id=joins_route_id,
        )
    )
    return booked


async def lock_hold(work: Work, *, hold_id: UUID, caller: WindowCaller) -> asyncpg.Record:
    """The caller's hold, locked; one of somebody else looks like none."""
    row = await work.fetch_row(LOCK, hold_id, caller.shipper_id, caller.delivery_id)
    if row is None:
        raise HoldNotFound("there is no such hold", field="holdId")
    return row


async def charge(work: Work, hold: asyncpg.Record, *, sign: int) -> None:
    """Adds what a window costs more or less to the price of its delivery, or takes it off again, if it is charged."""
    if hold["is_charged"] and hold["difference_minor"]:
        await work.execute(CHARGE, hold["delivery_id"], sign * hold["difference_minor"])


def _before(was: asyncpg.Record, earlier: asyncpg.Record | None) -> tuple[datetime, datetime]:
    """What was promised before anybody booked: of several bookings in a row the first one knows."""
    if earlier is not None and earlier["was_opens_at"] is not None:
        return earlier["was_opens_at"], earlier["was_closes_at"]
    return was["dropoff_opens_at"], was["dropoff_closes_at"]


async def _check_delivery(work: Work, row: asyncpg.Record, wanted: UUID | None, named: UUID | None) -> None:
    """Refuses a delivery that is not the one the place was held for."""
    if wanted is None:
        raise BadWish("say for which delivery; this window was held before one was posted", field="deliveryId")
    if named is not None and named != wanted:
        raise BadWish("this window is held for another delivery", field="deliveryId")
    if row["delivery_id"] is not None:
        return
    delivery = await work.fetch_row(DELIVERY, wanted, row["shipper_id"])
    if delivery is None:
        raise NotFound("there is no such delivery", field="deliveryId")
    place = (delivery["hub_id"], delivery["dropoff_lat"], delivery["dropoff_lon"])
    if place != (row["hub_id"], row["dropoff_lat"], row["dropoff_lon"]):
        raise BadWish("this window was held for another hub or place", field="deliveryId")
