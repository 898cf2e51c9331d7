"""How many places there are in windows for who asks: what the hub and the market give out, less what others have."""

from collections.abc import Sequence

from marketplace.core.window import Window
from marketplace.core.work import Work
from marketplace.hubs import Opening, Slot, places_left
from marketplace.reservations import room_for
from marketplace.windows.target import Target


async def places_for(
    work: Work, target: Target, *, opening: Opening, windows: Sequence[Window], lock: bool = False
) -> list[int]:
    """For each window of a local day how many deliveries its shipper can have; the delivery that asks is not counted.

    What other shippers have reserved is not among them before it is released. With `lock` others wait for this Work.
    """
    left = await places_left(
        work,
        hub_id=target.hub_id,
        opening=opening,
        slots=[Slot.of(target.pickup_window(window), window) for window in windows],
        time_zone=target.time_zone,
        leave_out=target.delivery_id,
    )
    room = await room_for(
        work,
        market_id=target.market_id,
        wanted=[(target.hub_id, window) for window in windows],
        lock=lock,
        leave_out=target.delivery_id,
    )
    if room is None:
        return left
    mine = [room.left(target.shipper_id, target.hub_id, window) for window in windows]
    return [min(pair) for pair in zip(left, mine, strict=True)]
