"""Rows of a batch take places of the hubs and the market that they are from, and leave reserved ones alone.

A row for which its hub has none left but reserved places comes from the next hub that it could come from. Where there
is none it becomes a problem, which says whether all is taken or what is left is reserved.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from marketplace.batches.arrange import Pricing, arrange
from marketplace.batches.place import Placed, PlacedRow, Spot
from marketplace.batches.price import Priced
from marketplace.batches.request import problem_of
from marketplace.core.errors import Invalid
from marketplace.core.window import Window
from marketplace.core.work import Work
from marketplace.hubs import HeldPlace, Slot, held_places
from marketplace.reservations import Room, Taken, room_for


class CapacityFull(Invalid):
    """The hub or the market gives out no more deliveries on that day or in those hours."""

    code = "CAPACITY_FULL"


class CapacityReserved(Invalid):
    """What is left on that day or in those hours is reserved until its release hour, mostly for other shippers."""

    code = "CAPACITY_RESERVED"


async def take_places(
    work: Work, *, shipper_id: UUID, placed: Placed, answer: Priced, pricing: Pricing, lock: bool
) -> Priced:
    """The rows for which there is room that nobody else has reserved, in their order; the others have problems.

    With `lock` whoever else wants places there waits until this Work ends: of many who want the last one, one gets it.
    """
    wanted = [(spot.hub_id, row.dropoff_window) for spot, row in placed.rows.items()]
    wanted += [(row.hub_id, row.dropoff_window) for row in placed.unplaced.values()]
    room = await room_for(work, market_id=placed.market_id, wanted=wanted, lock=lock)
    if room is None:
        return answer
    hub_ids = {hub_id for hub_id, _ in wanted if hub_id is not None}
    held = await held_places(work, hub_ids=hub_ids, shipper_id=shipper_id)
    # Each turn takes from some row a hub that it could come from, so that there is a last one.
    while refusals := _refusals(room.copy(), list(held), shipper_id, answer):
        placed = _without(placed, refusals)
        drives = {spot: drive for spot, drive in answer.drives.items() if spot not in refusals}
        answer = arrange(placed, drives, pricing=pricing, is_degraded=answer.is_degraded)
    return answer


async def check_place(
    work: Work, *, shipper_id: UUID, market_id: UUID, delivery_id: UUID, hub_id: UUID | None, window: Window
) -> None:
    """Refuses to move a delivery to a window in which there is no room for it; others wait until this Work ends."""
    room = await room_for(work, market_id=market_id, wanted=[(hub_id, window)], lock=True, leave_out=delivery_id)
    if room is not None and (refusal := _refusal(room, shipper_id, hub_id, window)) is not None:
        raise refusal


def _refusals(room: Room, held: list[HeldPlace], shipper_id: UUID, answer: Priced) -> dict[Spot, Invalid]:
    """The hubs that have no room for a row; what comes from several has a place at each of them, or none.

    A place that its shipper holds for the door of a row is that row's, and counts as taken already.
    """
    refusals: dict[Spot, Invalid] = {}
    for number, together in sorted(_together(answer).items()):
        parts = [row for row in together if not _is_held(held, row)]
        full = {
            Spot(number, row.hub_id): refusal
            for row in parts
            if (refusal := _refusal(room, shipper_id, row.hub_id, row.dropoff_window)) is not None
        }
        refusals |= full
        for row in parts if not full else ():
            room.take(Taken(shipper_id=shipper_id, hub_id=row.hub_id, window=row.dropoff_window))
    return refusals


def _is_held(held: list[HeldPlace], row: PlacedRow) -> bool:
    if row.hub_id is None:
        return False
    slot, door = Slot.of(row.pickup_window, row.dropoff_window), row.request.dropoff.point
    place = next((one for one in held if one.is_for(row.hub_id, door, slot)), None)
    if place is not None:
        held.remove(place)
    return place is not None


def _together(answer: Priced) -> Mapping[int, list[PlacedRow]]:
    found = defaultdict[int, list[PlacedRow]](list)
    for i, row in answer.rows.items():
        found[i if row.placed.part_of is None else row.placed.part_of].append(row.placed)
    for i, unplaced in answer.unplaced.items():
        found[i].append(unplaced)
    return found


def _without(placed: Placed, refusals: Mapping[Spot, Invalid]) -> Placed:
    """The same without spots that are full; an address that is not found yet comes from one hub or from none."""
    waiting = {spot.number: refusal for spot, refusal in refusals.items() if spot.number in placed.unplaced}
    problems = {i: problem_of(placed.unplaced[i].request, refusal) for i, refusal in waiting.items()}
    unplaced = {i: row for i, row in placed.unplaced.items() if i not in waiting}
    placed = placed.without({spot: refusal for spot, refusal in refusals.items() if spot in placed.rows})
    return replace(placed, unplaced=unplaced, problems=placed.problems | problems)


def _refusal(room: Room, shipper_id: UUID, hub_id: UUID | None, window: Window) -> Invalid | None:
    if room.left(shipper_id, hub_id, window) > 0:
        return None
    if room.is_kept_for_others(shipper_id, hub_id, window):
        return CapacityReserved(
            "what is left of that day or hour is reserved; choose another window, or try again after its release",
            field="dropoffWindow",
        )
    return CapacityFull("nothing is left of that day or hour; choose another window or hub", field="dropoffWindow")
