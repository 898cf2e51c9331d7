"""Stock goes the way of the delivery that it was promised to, in the same commit as the delivery's own step."""

from collections.abc import Collection
from uuid import UUID

from marketplace.batches.states import AttemptFailure, DeliveryState
from marketplace.core.work import Work
from marketplace.hubs import ReservationState, end_transfers, lock_promised, step_promised

D = DeliveryState
LEFT_HUB = frozenset(
    {D.PICKED_UP, D.EN_ROUTE_TO_DROPOFF, D.ARRIVED_AT_DROPOFF, D.ATTEMPTED, D.RETURNING, D.DELIVERED, D.RETURNED}
)
ENDED = frozenset({D.DELIVERED, D.RETURNED, D.CANCELLED, D.EXPIRED, D.FAILED})
MOVES_STOCK = LEFT_HUB | ENDED
"""States in which stock is no longer only promised."""

STATES = "SELECT id, state, attempts, failure_reason FROM delivery WHERE id = ANY($1)"


async def settle_stock(work: Work, delivery_ids: Collection[UUID]) -> None:
    """Ships, gives back, or releases the stock of deliveries whose new state is written already."""
    promised = await lock_promised(work, sorted(delivery_ids)) if delivery_ids else []
    if not promised:
        return
    deliveries = {row["id"]: row for row in await work.fetch(STATES, [row["delivery_id"] for row in promised])}
    goals, ended = [], set()
    for row in promised:
        delivery = deliveries[row["delivery_id"]]
        state, now = D(delivery["state"]), ReservationState(row["state"])
        goal = stock_goal(
            now,
            state,
            attempts=delivery["attempts"],
            failure_reason=delivery["failure_reason"],
            is_transfer=row["transfer_id"] is not None,
        )
        if goal is not now:
            goals.append((row, goal))
        if state in ENDED and row["transfer_id"] is not None:
            ended.add(row["transfer_id"])
    # A sweep may end deliveries of several markets; shelves are of one.
    for market_id in sorted({row["market_id"] for row, _ in goals}):
        await step_promised(work, [one for one in goals if one[0]["market_id"] == market_id])
    await end_transfers(work, sorted(ended))


def stock_goal(
    now: ReservationState, state: DeliveryState, *, attempts: int, failure_reason: str | None, is_transfer: bool
) -> ReservationState:
    """Where promised stock is when its delivery is in a state.

    What was brought back after an attempt lies packed at its hub: another try takes it from there, and only when there
    is none does it go back on the shelf. What was damaged or lost does not.
    """
    if now in {ReservationState.RELEASED, ReservationState.RETURNED, ReservationState.ARRIVED}:
        return now
    match state:
        case D.DELIVERED:
            return ReservationState.ARRIVED if is_transfer else ReservationState.SHIPPED
        case D.RETURNED:
            is_whole = failure_reason != AttemptFailure.DAMAGED_IN_TRANSIT
            return ReservationState.RETURNED if is_whole else ReservationState.SHIPPED
        case D.CANCELLED | D.EXPIRED:
            return ReservationState.RETURNED if attempts else ReservationState.RELEASED
        case D.FAILED:
            return (
                ReservationState.SHIPPED if attempts or now is ReservationState.SHIPPED else ReservationState.RELEASED
            )
        case _:
            return ReservationState.SHIPPED if state in LEFT_HUB else now
