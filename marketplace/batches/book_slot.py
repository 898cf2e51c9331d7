"""A delivery that was posted gets another appointment at a dock: its window follows, and the old place is free."""

from uuid import UUID

from marketplace.batches.appointments import check_at_dock
from marketplace.batches.change_promise import CHANGEABLE, change_promise
from marketplace.batches.states import DeliveryState, PromiseActor
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.docks import find_slots, lock_slots, release_slots, take_slots

LOCK = "SELECT state, market_id, dropoff_lat, dropoff_lon FROM delivery WHERE id = $1 AND shipper_id = $2 FOR UPDATE"
ON_ITS_WAY = frozenset(
    {
        DeliveryState.ARRIVED_AT_PICKUP,
        DeliveryState.PICKED_UP,
        DeliveryState.EN_ROUTE_TO_DROPOFF,
        DeliveryState.ARRIVED_AT_DROPOFF,
    }
)


class TooLateForDock(Conflict):
    """The delivery has ended."""

    code = "TOO_LATE_FOR_DOCK"


async def book_slot(work: Work, *, shipper_id: UUID, delivery_id: UUID, appointment_id: UUID) -> None:
    """Moves the hand-over to a place that the shipper holds.

    One that waits or can be planned anew gets the slot as its window. One that is on its way keeps its promise, which
    it may break: only its place at the dock moves.
    """
    # Closes the races against pickup and against another booking of the same delivery.
    row = await work.fetch_row(LOCK, delivery_id, shipper_id)
    if row is None:
        raise NotFound("there is no such delivery", field="deliveryId")
    state, market_id = DeliveryState(row["state"]), row["market_id"]
    if state not in CHANGEABLE | ON_ITS_WAY:
        raise TooLateForDock(f"a delivery that is {state.value} needs no place any more", field="deliveryId")
    mine = {"market_id": market_id, "shipper_id": shipper_id, "ids": [appointment_id]}
    slot = (await find_slots(work, **mine)).get(appointment_id)
    if slot is None or not await lock_slots(work, **mine):
        raise NotFound("you hold no such place now; hold one with holdDockSlot", field="appointmentId")
    place = Point(lat=row["dropoff_lat"], lon=row["dropoff_lon"]) if row["dropoff_lat"] is not None else None
    check_at_dock(slot, place, "appointmentId")
    await release_slots(work, [delivery_id], is_pickup=False)
    await take_slots(work, {appointment_id: (delivery_id, False)})
    if state in CHANGEABLE:
        opens_at, closes_at = slot.window.opens_at, slot.window.closes_at
        await change_promise(
            work, delivery_id=delivery_id, opens_at=opens_at, closes_at=closes_at, actor=PromiseActor.SHIPPER
        )
