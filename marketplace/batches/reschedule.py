"""Another window for a delivery: promised anew while it waits, or for another try after nobody took it."""

from uuid import UUID

from marketplace.batches.another_try import ChosenBy, choose_another_try, lock_waiting
from marketplace.batches.change_promise import change_promise
from marketplace.batches.request import LocalWindow
from marketplace.batches.settle_attempt import settle_attempt
from marketplace.batches.states import DeliveryState, PromiseActor
from marketplace.batches.take_places import check_place
from marketplace.core.errors import NotFound
from marketplace.core.window import local_window
from marketplace.core.work import Work

FIND = """
SELECT state, time_zone, market_id, shipper_id, hub_id FROM delivery
WHERE id = $1 AND ($2::uuid IS NULL OR shipper_id = $2) AND ($3::uuid IS NULL OR market_id = $3)
"""
NO_MORE_TRIES = """
UPDATE delivery SET failure_policy = 'RETURN_TO_SENDER', next_opens_at = NULL, next_closes_at = NULL WHERE id = $1
"""


ACTORS = {
    ChosenBy.RECIPIENT: PromiseActor.RECIPIENT,
    ChosenBy.SHIPPER: PromiseActor.SHIPPER,
    ChosenBy.OPERATIONS: PromiseActor.OPERATOR,
}


async def reschedule_delivery(
    work: Work,
    *,
    delivery_id: UUID,
    window: LocalWindow,
    chosen_by: ChosenBy,
    shipper_id: UUID | None = None,
    market_id: UUID | None = None,
) -> DeliveryState:
    """Chooses another window, in the local time of the delivery's zone, and returns the state that follows.

    Until the pickup it is promised anew and planned for; after a failed hand-over it is the window of another try.
    Recipients have only the latter here: before it they book one of the windows that the plan can keep.
    `shipper_id` and `market_id` say whose deliveries the caller may choose for.
    """
    found = await work.fetch_row(FIND, delivery_id, shipper_id, market_id)
    if found is None:
        raise NotFound("there is no such delivery", field="deliveryId")
    chosen = local_window(window.opens, window.closes, found["time_zone"])
    if found["state"] == DeliveryState.ATTEMPTED or chosen_by is ChosenBy.RECIPIENT:
        return await choose_another_try(work, delivery_id=delivery_id, window=chosen, chosen_by=chosen_by)
    if chosen_by is ChosenBy.SHIPPER:
        owner = {name: found[name] for name in ("market_id", "shipper_id", "hub_id")}
        await check_place(work, delivery_id=delivery_id, window=chosen, **owner)
    await change_promise(
        work,
        delivery_id=delivery_id,
        opens_at=chosen.opens_at,
        closes_at=chosen.closes_at,
        actor=ACTORS[chosen_by],
    )
    return DeliveryState(await work.fetch_value("SELECT state FROM delivery WHERE id = $1", delivery_id))


async def return_delivery(work: Work, *, delivery_id: UUID, market_id: UUID) -> DeliveryState:
    """Operations end the waiting for another try: the parcel goes back to its sender.

    One that is still in the vehicle is given back where the vehicle brings it. Said again, it changes nothing.
    """
    found = await work.fetch_value(
        "SELECT state FROM delivery WHERE id = $1 AND market_id = $2", delivery_id, market_id
    )
    if found in {DeliveryState.RETURNING, DeliveryState.RETURNED}:
        return DeliveryState(found)
    await lock_waiting(work, delivery_id, None, market_id)
    await work.execute(NO_MORE_TRIES, delivery_id)
    return await settle_attempt(work, delivery_id=delivery_id) or DeliveryState.ATTEMPTED
