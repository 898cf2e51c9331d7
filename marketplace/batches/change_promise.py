"""What was promised to a recipient changes: another window for the hand-over, and a plan that fits it."""

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from marketplace.batches.another_try import ChosenBy, choose_another_try
from marketplace.batches.events import WindowChanged
from marketplace.batches.served_day import check_served_day
from marketplace.batches.states import DeliveryState, PromiseActor
from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.window import Window, local_instant, zone
from marketplace.core.work import Work
from marketplace.rural import RuralZone, terms_now

D = DeliveryState
WAITING = frozenset({D.CREATED, D.SCHEDULED})
ON_A_ROUTE = frozenset({D.OFFERING, D.ASSIGNED, D.EN_ROUTE_TO_PICKUP})
CHANGEABLE = WAITING | ON_A_ROUTE | {D.ATTEMPTED}
"""From the pickup on the driver has the parcel and comes; after an attempt its next try gets a window of its own."""
SETS_OUT_BEFORE = timedelta(minutes=30)
"""A parcel is on its way at most about so long, so there is nothing to plan much earlier."""
SURELY = timedelta(minutes=10)
"""Drivers are a little early or late: a planned arrival closer than this to the end of a window may miss it."""

CHOSEN_BY = {
    PromiseActor.RECIPIENT: ChosenBy.RECIPIENT,
    PromiseActor.SHIPPER: ChosenBy.SHIPPER,
    PromiseActor.OPERATOR: ChosenBy.OPERATIONS,
    PromiseActor.MARKET: ChosenBy.OPERATIONS,
}

LOCK = """
SELECT d.id, d.market_id, d.shipper_id, d.batch_id, d.route_id, d.state, d.hub_id, d.time_zone, d.pickup_opens_at,
       d.pickup_closes_at, d.dropoff_opens_at, d.dropoff_closes_at, d.rural_zone_id, m.plan_ahead_s
FROM delivery d JOIN market m ON m.id = d.market_id WHERE d.id = $1 FOR UPDATE OF d
"""
PLANNED_ARRIVAL = """
SELECT stop.planned_arrival FROM task JOIN stop ON stop.id = task.stop_id
WHERE task.delivery_id = $1 AND stop.route_id = $2 AND stop.kind = 'DROPOFF'
"""
CHANGE = """
UPDATE delivery SET dropoff_opens_at = $2, dropoff_closes_at = $3, pickup_opens_at = $4, pickup_closes_at = $5,
       plan_after = $6, unassigned_reason = CASE WHEN $7 THEN unassigned_reason END, state = $8,
       route_id = CASE WHEN $7 THEN route_id END, sequence = sequence + 1, changed_at = $9
WHERE id = $1 RETURNING sequence
"""


class TooLateToChange(Conflict):
    """A driver has the parcel already, or it has arrived: what was promised stands."""

    code = "TOO_LATE_TO_CHANGE"


class BadPromise(Invalid):
    """A window that is over, or that closes before the parcel can be picked up."""

    code = "BAD_PROMISE"


async def change_promise(
    work: Work, *, delivery_id: UUID, opens_at: datetime, closes_at: datetime, actor: PromiseActor
) -> asyncpg.Record:
    """Promises another window and has the delivery planned for it; the same window again changes nothing.

    Who may do this is the caller's to check. A delivery whose planned arrival lies well within the new window stays on
    its route; another leaves it and waits to be planned, and what is left of the route is mended by what follows from
    the event. For one that was attempted it is the window of another try.
    """
    # Closes the races against acceptance, pickup and the matcher: each changes this row under its lock.
    row = await work.fetch_row(LOCK, delivery_id)
    if row is None:
        raise NotFound("there is no such delivery", field="deliveryId")
    check_changeable(row["state"])
    dropoff = Window(opens_at, closes_at)
    if dropoff == Window(row["dropoff_opens_at"], row["dropoff_closes_at"]):
        return row
    if row["state"] == D.ATTEMPTED:
        await choose_another_try(work, delivery_id=delivery_id, window=dropoff, chosen_by=CHOSEN_BY[actor])
        return row
    pickup = pickup_for(row, dropoff)
    if closes_at <= max(work.now, pickup.opens_at):
        raise BadPromise("this window closes before anybody could be there", field="window")
    terms = await terms_now(work, zone_id=row["rural_zone_id"])
    if terms is not None:
        promised = row["dropoff_opens_at"]
        check_served_day(terms, dropoff, now=work.now, time_zone=row["time_zone"], promised=promised)
    stays = await _stays(work, row, dropoff)
    sets_out = max(pickup.opens_at, dropoff.opens_at - SETS_OUT_BEFORE)
    plan_after = planned_from(work, row, terms, sets_out=sets_out, dropoff=dropoff)
    await _write(work, row, pickup, dropoff, plan_after, stays, actor)
    return row


def planned_from(
    work: Work, row: asyncpg.Record, terms: RuralZone | None, *, sets_out: datetime, dropoff: Window
) -> datetime:
    """From when a delivery is planned that sets out at a moment; in a rural zone with all that goes there that day."""
    ahead = timedelta(seconds=row["plan_ahead_s"])
    if terms is not None:
        return max(work.now, terms.gathers_until(dropoff, row["time_zone"], plan_ahead=ahead))
    return max(work.now, sets_out - ahead)


def check_changeable(state: str) -> None:
    """Refuses to change the promise of a delivery that is out for delivery or over."""
    if state not in CHANGEABLE:
        raise TooLateToChange(f"the window of a delivery that is {state} can no longer change", field="deliveryId")


def pickup_for(row: asyncpg.Record, dropoff: Window) -> Window:
    """When the parcel can be picked up for another window at the door.

    What is ready at a hub stays ready there. Elsewhere somebody has to be there to give it out, at the same time of
    day as was said, so its window moves by as many days as the hand-over does.
    """
    pickup = Window(row["pickup_opens_at"], row["pickup_closes_at"])
    if row["hub_id"] is None:
        place = zone(row["time_zone"])
        was, then = row["dropoff_opens_at"].astimezone(place).date(), dropoff.opens_at.astimezone(place).date()
        pickup = Window(*(_moved(moment, (then - was).days, row["time_zone"]) for moment in _ends(pickup)))
    return Window(pickup.opens_at, max(pickup.closes_at, dropoff.closes_at))


def _ends(window: Window) -> tuple[datetime, datetime]:
    return window.opens_at, window.closes_at


def _moved(moment: datetime, days: int, time_zone: str) -> datetime:
    """The same time of day so many days later, by the clock that hangs there."""
    local = moment.astimezone(zone(time_zone)).replace(tzinfo=None)
    return local_instant(local + timedelta(days=days), time_zone) if days else moment


async def _stays(work: Work, row: asyncpg.Record, dropoff: Window) -> bool:
    """Whether nothing has to be planned anew: it is on no route, or its route arrives within the new window."""
    if row["state"] not in ON_A_ROUTE:
        return True
    arrival = await work.fetch_value(PLANNED_ARRIVAL, row["id"], row["route_id"])
    return arrival is not None and dropoff.opens_at + SURELY <= arrival <= dropoff.closes_at - SURELY


async def _write(
    work: Work,
    row: asyncpg.Record,
    pickup: Window,
    dropoff: Window,
    plan_after: datetime,
    stays: bool,
    actor: PromiseActor,
) -> None:
    state = row["state"] if stays else D.SCHEDULED.value
    keeps = stays and row["state"] not in WAITING
    sequence = await work.fetch_value(
        CHANGE, row["id"], *_ends(dropoff), *_ends(pickup), plan_after, keeps, state, work.now
    )
    work.emit(
        WindowChanged(
            market_id=row["market_id"],
            shipper_id=row["shipper_id"],
            delivery_id=row["id"],
            batch_id=row["batch_id"],
            sequence=sequence,
            state=state,
            opens_at=dropoff.opens_at,
            closes_at=dropoff.closes_at,
            actor=actor.value,
            route_id=None if stays else row["route_id"],
        )
    )
