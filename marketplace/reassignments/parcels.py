"""Parcels change hands, with proof by both drivers: each scans every one, and the second says the first one's code."""

from collections.abc import Sequence
from dataclasses import dataclass
from hmac import compare_digest
from uuid import UUID

from marketplace.core.work import Work
from marketplace.reassignments.aboard import check_scanned
from marketplace.reassignments.events import ParcelsGiven
from marketplace.reassignments.move import move_route
from marketplace.reassignments.queries import InHand, step, take_reassignment
from marketplace.reassignments.refusals import CodeRefused, NotAgreed, ParcelsDiffer, ReassignmentOver
from marketplace.reassignments.states import AGREED, ReassignmentState

CODE_TRIES = 5
"""Tries at the code in total; the table has the same limit."""
MOST_PARCELS = 500

COUNT_TRY = "UPDATE reassignment SET code_tries = code_tries + 1 WHERE id = $1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Either the second driver's route, or the refusal of a wrong code.

    A wrong code is a value and not raised, because the Work that counted the try has to commit.
    """

    route_id: UUID | None = None
    refusal: CodeRefused | None = None


async def give_parcels(work: Work, *, reassignment_id: UUID, driver_id: UUID, parcels: Sequence[UUID]) -> None:
    """The first driver has scanned every parcel aboard; said again, the last scan counts."""
    found = await take_reassignment(work, reassignment_id=reassignment_id, driver_id=driver_id)
    row, route = found.row, found.route
    if row["from_driver_id"] != driver_id:
        raise NotAgreed("the driver who has the parcels gives them", field="reassignmentId")
    if route is None or found.state not in AGREED:
        raise _not_agreed(found)
    check_scanned(route, parcels[: MOST_PARCELS + 1])
    await step(work, row, ReassignmentState.GIVEN, given=sorted(set(parcels)))
    work.emit(
        ParcelsGiven(
            market_id=row["market_id"],
            reassignment_id=row["id"],
            route_id=row["route_id"],
            driver_id=driver_id,
            parcel_count=len(set(parcels)),
        )
    )


async def take_parcels(
    work: Work, *, reassignment_id: UUID, driver_id: UUID, code: str, parcels: Sequence[UUID]
) -> Taken:
    """The second driver has scanned the same parcels and heard the code: from now on the route is theirs.

    Commit the Work whatever comes back: a wrong code is counted.
    """
    found = await take_reassignment(work, reassignment_id=reassignment_id, driver_id=driver_id)
    row, route = found.row, found.route
    if row["to_driver_id"] != driver_id:
        raise NotAgreed("the driver who takes the route over takes the parcels", field="reassignmentId")
    if found.state is ReassignmentState.DONE:
        return Taken(route_id=row["next_route_id"])
    if route is None or found.state is not ReassignmentState.GIVEN:
        raise _not_agreed(found)
    check_scanned(route, parcels[: MOST_PARCELS + 1])
    if set(parcels) != set(row["given"]):
        raise ParcelsDiffer("what is aboard has changed since it was scanned; the first driver scans again")
    if refusal := await _refuse_wrong_code(work, found, code):
        return Taken(refusal=refusal)
    return Taken(route_id=await move_route(work, found))


async def _refuse_wrong_code(work: Work, found: InHand, code: str) -> CodeRefused | None:
    row = found.row
    if row["code_tries"] >= CODE_TRIES:
        raise CodeRefused("all tries at the code are used up; operations cancels and asks anew", field="code")
    if compare_digest(row["code"].encode(), code.encode()):
        return None
    await work.execute(COUNT_TRY, row["id"])
    return CodeRefused(
        f"this is not the code of the first driver; tries left: {CODE_TRIES - row['code_tries'] - 1}", field="code"
    )


def _not_agreed(found: InHand) -> NotAgreed | ReassignmentOver:
    if found.route is None or found.state not in AGREED | {ReassignmentState.OFFERED}:
        return ReassignmentOver(f"this reassignment is {found.state.value}", field="reassignmentId")
    if found.state is ReassignmentState.OFFERED:
        return NotAgreed("the other driver has not agreed yet", field="reassignmentId")
    return NotAgreed("the first driver scans the parcels before", field="reassignmentId")
