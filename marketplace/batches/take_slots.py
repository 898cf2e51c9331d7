"""Places at docks that rows of a batch hold are booked in the commit that posts them, each for one of them."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from marketplace.batches.appointments import gone
from marketplace.batches.price import Priced, PricedRow
from marketplace.batches.request import problem_of
from marketplace.core.work import Work
from marketplace.docks import lock_slots, take_slots


async def without_gone(work: Work, *, shipper_id: UUID, market_id: UUID, answer: Priced) -> Priced:
    """Locks the places that rows hold, and makes problems of rows that hold theirs no more."""
    first_of: dict[UUID, int] = {}
    for i, row in answer.rows.items():
        for key in _ends(row):
            first_of.setdefault(key, i)
    if not first_of:
        return answer
    held = await lock_slots(work, market_id=market_id, shipper_id=shipper_id, ids=first_of)
    lost = frozenset(
        i for i, row in answer.rows.items() if any(key not in held or first_of[key] != i for key in _ends(row))
    )
    refusal = gone("dropoffAppointmentId")
    problems = dict(answer.problems) | {i: problem_of(answer.rows[i].placed.request, refusal) for i in lost}
    kept = {i: row for i, row in answer.rows.items() if i not in lost and row.placed.part_of not in lost}
    return replace(answer, rows=kept, problems=problems)


async def book_slots(work: Work, answer: Priced, fresh: Mapping[int, UUID]) -> None:
    """Books the places of the rows that were posted; their locks are held."""
    await take_slots(
        work,
        {
            key: (fresh[i], is_pickup)
            for i, row in answer.rows.items()
            if i in fresh
            for key, is_pickup in _ends(row).items()
        },
    )


def _ends(row: PricedRow) -> dict[UUID, bool]:
    """The appointments of a row, each with whether it is loaded there; a further part goes with the first."""
    request = row.placed.request
    if row.placed.part_of is not None:
        return {}
    pairs = ((request.pickup_appointment_id, True), (request.dropoff_appointment_id, False))
    return {key: is_pickup for key, is_pickup in pairs if key is not None}
