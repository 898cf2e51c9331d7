"""A driver takes the parcels at a pickup and goes on."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from marketplace.batches.states import DeliveryState
from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.routes.care import Care, CustodyKind, check_care, said, write_custody
from marketplace.routes.complete import complete_if_done
from marketplace.routes.refusals import WrongKindOfStop
from marketplace.routes.report import Receipt, Report, judge_stop, keep, stop_in_turn, take_up
from marketplace.routes.states import ReportVerb, StopKind, StopState


async def pick_up(
    work: Work,
    *,
    driver_id: UUID,
    stop_id: UUID,
    client_event_id: str,
    occurred_at: datetime,
    place: Point | None = None,
    care: Sequence[Care] = (),
) -> Receipt:
    """Picks up every parcel that waits at a stop; an arrival that was not reported counts as of the same moment.

    `care` is what careful parcels ask for: the seal that they go under, how warm they are.
    """
    report = Report(
        verb=ReportVerb.PICK_UP,
        driver_id=driver_id,
        stop_id=stop_id,
        client_event_id=client_event_id,
        occurred_at=occurred_at,
        place=place,
        content=said(care),
    )
    route = await take_up(work, report)
    if isinstance(route, Receipt):
        return route
    stop = stop_in_turn(route, report)
    if stop.kind is not StopKind.PICKUP:
        raise WrongKindOfStop("nothing is picked up at this stop; report dropOff or failStop", field="stopId")
    taken = route.ready_at(stop)
    await check_care(work, stop, taken, care, CustodyKind.PICKED_UP)
    judgement = judge_stop(work, route, stop, report)
    moment = judgement.effective_at
    route.arrive(stop, moment)
    for delivery in taken:
        route.walk(delivery, DeliveryState.PICKED_UP, moment)
    await write_custody(work, route, stop, {one.id: CustodyKind.PICKED_UP for one in taken}, care, moment)
    route.step_stop(stop, StopState.COMPLETED, moment)
    route.set_off(moment)
    await complete_if_done(work, route, moment)
    return await keep(work, route, report, judgement)
