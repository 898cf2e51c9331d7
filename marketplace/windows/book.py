"""A held place becomes a promise: the delivery gets the window, and the plan follows."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from marketplace.batches import CreditGate, PromiseActor, change_promise
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.money import Money
from marketplace.core.states import check_step
from marketplace.core.window import Window, zone
from marketplace.core.work import Work
from marketplace.routing import Router
from marketplace.windows.events import WindowBooked
from marketplace.windows.hold import HoldWindow
from marketplace.windows.look import OfferedDay, Seen, look, read_day
from marketplace.windows.refusals import BadWish, HoldEnded, HoldNotFound, PlanMoved, WindowNotKeepable, WindowNotPaid
from marketplace.windows.states import STEPS, HoldState
from marketplace.windows.target import WindowQuestion

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
TIME_ZONE = "SELECT time_zone FROM delivery WHERE id = $1 AND shipper_id = $2"
MOVE = "UPDATE window_hold SET route_id = $3 WHERE id = $1 AND state = 'HELD' AND route_id = $2"
LOCK_JOINED = "SELECT id FROM route WHERE id = $1 AND state IN ('PLANNED', 'OFFERING') FOR UPDATE"
WANT_NOW = """
UPDATE delivery SET plan_after = least(plan_after, $2) WHERE id = $1 AND state = 'SCHEDULED' RETURNING true
"""
CHANGE_ROUTE = "UPDATE route SET version = version + 1 WHERE id = $1"
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
    gate: CreditGate

    async def read(self, work: Work) -> Seen:
        """Reads the day."""
        return await self.hold.read(work)

    async def call(self, found: Seen) -> OfferedDay:
        """Looks which windows can be kept."""
        return await self.hold.call(found)

    async def record(self, work: Work, found: Seen, answer: OfferedDay) -> asyncpg.Record:
        """Takes the place and books it in the same commit."""
        held = await self.hold.record(work, found, answer)
        return await book_window(work, hold_id=held["id"], caller=self.caller, gate=self.gate)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBefore:
    """A place that was held, and the day as it is now where its route has gone meanwhile."""

    row: asyncpg.Record
    seen: Seen | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookHeld:
    """The errand of booking what was held before.

    A place on a route that was on offer is looked at once more if a driver has taken that route since, or it is gone:
    nothing joins it any more, and the window is only promised if another way keeps it.
    """

    router: Router
    hold_id: UUID
    caller: WindowCaller
    gate: CreditGate
    delivery_id: UUID | None = None

    async def read(self, work: Work) -> HeldBefore:
        """Finds the hold, and reads the day if its route has gone."""
        row = await lock_hold(work, hold_id=self.hold_id, caller=self.caller)
        is_open = row["state"] == HoldState.HELD and row["expires_at"] > work.now
        if not is_open or row["route_id"] is None or await work.fetch_value(LOCK_JOINED, row["route_id"]):
            return HeldBefore(row=row, seen=None)
        return HeldBefore(row=row, seen=await self._look_again(work, row))

    async def _look_again(self, work: Work, row: asyncpg.Record) -> Seen | None:
        delivery_id = row["delivery_id"] or self.delivery_id
        time_zone = await work.fetch_value(TIME_ZONE, delivery_id, row["shipper_id"])
        if time_zone is None:
            return None
        question = WindowQuestion(
            day=row["opens_at"].astimezone(zone(time_zone)).date(),
            shipper_id=self.caller.shipper_id,
            delivery_id=delivery_id,
        )
        return await read_day(work, question, hold=row)

    async def call(self, found: HeldBefore) -> OfferedDay | None:
        """Looks at the day once more where that is needed."""
        return await look(self.router, found.seen) if found.seen is not None else None

    async def record(self, work: Work, found: HeldBefore, answer: OfferedDay | None) -> asyncpg.Record:
        """Books the place, on its route or on what the second look has found instead."""
        if answer is not None:
            wanted = Window(found.row["opens_at"], found.row["closes_at"])
            offered = next((one for one in answer.windows if one.window == wanted), None)
            if offered is None:
                raise WindowNotKeepable("the drive that this was on has left; choose another window", field="holdId")
            await work.execute(MOVE, self.hold_id, found.row["route_id"], offered.route_id)
        return await book_window(
            work, hold_id=self.hold_id, caller=self.caller, gate=self.gate, delivery_id=self.delivery_id
        )


async def book_window(
    work: Work, *, hold_id: UUID, caller: WindowCaller, gate: CreditGate, delivery_id: UUID | None = None
) -> asyncpg.Record:
    """Books a held place, for the delivery of the hold or, where it came before the posting, for the one named.

    A second call finds it booked and changes nothing. An earlier booking of the delivery is replaced, and what it cost
    more or less goes with it; what is owed more then is asked of the shipper's credit like every charge. Where the
    place is on a route on offer, that route can no longer be accepted as it is and is planned anew with the delivery.
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
    # Closes the race against an acceptance of the route, which is locked before its deliveries there as well.
    if row["route_id"] is not None and await work.fetch_value(LOCK_JOINED, row["route_id"]) is None:
        raise PlanMoved("the drive that this place was on has just left; try again", field="holdId")
    earlier = await work.fetch_row(LOCK_BOOKED, wanted)
    await charge(work, delivery_id=wanted, caller=caller, gate=gate, put_on=row, take_off=earlier)
    if earlier is not None:
        await work.execute(REPLACE, earlier["id"], work.now)
    was = await change_promise(
        work, delivery_id=wanted, opens_at=row["opens_at"], closes_at=row["closes_at"], actor=caller.actor
    )
    was_opens_at, was_closes_at = _before(was, earlier)
    await work.execute(BOOK, row["id"], wanted, was_opens_at, was_closes_at)
    booked = await work.fetch_row("SELECT * FROM window_hold WHERE id = $1", row["id"])
    assert booked is not None, "a locked hold stays"
    joined = await _join(work, booked)
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
            route_id=joined,
        )
    )
    return booked


async def _join(work: Work, booked: asyncpg.Record) -> UUID | None:
    """Has the delivery planned together with the route that its place is on, unless its own route keeps the window.

    It is wanted at once, as the deliveries of that route are once it dissolves; and with a new version no driver
    accepts the route as it was, before what follows from the event has dissolved it.
    """
    route_id: UUID | None = booked["route_id"]
    if route_id is None or not await work.fetch_value(WANT_NOW, booked["delivery_id"], work.now):
        return None
    await work.execute(CHANGE_ROUTE, route_id)
    return route_id


async def lock_hold(work: Work, *, hold_id: UUID, caller: WindowCaller) -> asyncpg.Record:
    """The caller's hold, locked; one of somebody else looks like none."""
    row = await work.fetch_row(LOCK, hold_id, caller.shipper_id, caller.delivery_id)
    if row is None:
        raise HoldNotFound("there is no such hold", field="holdId")
    return row


async def charge(
    work: Work,
    *,
    delivery_id: UUID,
    caller: WindowCaller,
    gate: CreditGate,
    put_on: asyncpg.Record | None = None,
    take_off: asyncpg.Record | None = None,
) -> None:
    """Changes a price by what one window costs and another no longer does; who owes more must be good for it.

    The shipper's credit is locked before the delivery, as everybody does who needs both.
    """
    more = _difference(put_on) - _difference(take_off)
    hold = put_on or take_off
    if hold is None or more == 0:
        return
    if more > 0:
        try:
            await gate(
                work,
                shipper_id=hold["shipper_id"],
                market_id=hold["market_id"],
                wanted=Money(more, hold["currency"]),
            )
        except Conflict as refusal:
            if caller.actor is not PromiseActor.RECIPIENT:
                raise
            raise WindowNotPaid(
                "your sender cannot be charged for this; choose a window that costs no more", field="holdId"
            ) from refusal
    await work.execute(CHARGE, delivery_id, more)


def _difference(hold: asyncpg.Record | None) -> int:
    """What a place changes the price by, in minor units; nothing where the rate card only shows it."""
    return hold["difference_minor"] if hold is not None and hold["is_charged"] else 0


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
