"""Rows of a batch take places of the hubs and the market that they are from; who comes too late is told so.

Where a hub or the market gives out a bounded number of places, a row has one of them, or becomes a problem: because
there is none left, or because what is left is reserved for others.
"""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from marketplace.batches.price import Placed, PlacedRow, Priced
from marketplace.batches.request import RowProblem, problem_of
from marketplace.core.errors import Invalid
from marketplace.core.window import Window
from marketplace.core.work import Work
from marketplace.reservations import Room, Taken, room_for


class CapacityFull(Invalid):
    """The hub or the market gives out no more deliveries on that day or in those hours."""

    code = "CAPACITY_FULL"


class CapacityReserved(Invalid):
    """What is left on that day or in those hours is reserved until its release hour, mostly for other shippers."""

    code = "CAPACITY_RESERVED"


async def take_places(
    work: Work, *, shipper_id: UUID, found: Placed, answer: Priced, lock: bool
) -> tuple[Placed, Priced, frozenset[int]]:
    """The rows for which there is room, in their order, and the positions of those for which there is none.

    With `lock` whoever else wants places there waits until this Work ends: of many who want the last one, one gets it.
    What comes from several hubs has a place at each of them, or none.
    """
    rows = {i: row.placed for i, row in answer.rows.items()} | found.unplaced
    if not rows:
        return found, answer, frozenset()
    wanted = [(row.hub_id, row.dropoff_window) for row in rows.values()]
    room = await room_for(work, market_id=found.market_id, wanted=wanted, lock=lock)
    if room is None:
        return found, answer, frozenset()
    problems: dict[int, RowProblem] = {}
    for i, parts in sorted(_together(rows).items()):
        refusal = next((one for row in parts if (one := _refusal(room, shipper_id, row)) is not None), None)
        if refusal is not None:
            problems[i] = problem_of(rows[i].request, refusal)
            continue
        for row in parts:
            room.take(Taken(shipper_id=shipper_id, hub_id=row.hub_id, window=row.dropoff_window))
    unplaced = {i: row for i, row in found.unplaced.items() if i not in problems}
    kept = {i: row for i, row in answer.rows.items() if not {i, row.placed.part_of} & problems.keys()}
    answer = replace(answer, rows=kept, problems=dict(answer.problems) | problems)
    return replace(found, unplaced=unplaced), answer, frozenset(problems)


async def check_place(
    work: Work, *, shipper_id: UUID, market_id: UUID, delivery_id: UUID, hub_id: UUID | None, window: Window
) -> None:
    """Refuses to move a delivery to a window in which there is no room for it; others wait until this Work ends."""
    room = await room_for(work, market_id=market_id, wanted=[(hub_id, window)], lock=True, leave_out=delivery_id)
    if room is not None and (refusal := _refuse(room, shipper_id, hub_id, window)) is not None:
        raise refusal


def _together(rows: Mapping[int, PlacedRow]) -> dict[int, list[PlacedRow]]:
    found: dict[int, list[PlacedRow]] = {}
    for i, row in rows.items():
        found.setdefault(i if row.part_of is None else row.part_of, []).append(row)
    return found


def _refusal(room: Room, shipper_id: UUID, row: PlacedRow) -> Invalid | None:
    return _refuse(room, shipper_id, row.hub_id, row.dropoff_window)


def _refuse(room: Room, shipper_id: UUID, hub_id: UUID | None, window: Window) -> Invalid | None:
    if room.left(shipper_id, hub_id, window) > 0:
        return None
    if room.is_kept_for_others(shipper_id, hub_id, window):
        return CapacityReserved(
            "what is left of that day or hour is reserved; choose another window, or try again after its release",
            field="dropoffWindow",
        )
    return CapacityFull("nothing is left of that day or hour; choose another window or hub", field="dropoffWindow")
