"""A driver arrives at the next stop, which is where waiting time begins to count."""

from datetime import datetime
from uuid import UUID

from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.routes.report import Receipt, Report, judge_stop, keep, stop_in_turn, take_up
from marketplace.routes.states import ReportVerb


async def arrive_at_stop(
    work: Work,
    *,
    driver_id: UUID,
    stop_id: UUID,
    client_event_id: str,
    occurred_at: datetime,
    place: Point | None = None,
) -> Receipt:
    """Says that the driver is at a stop; a second arrival there is kept and changes nothing."""
    report = Report(
        verb=ReportVerb.ARRIVE,
        driver_id=driver_id,
        stop_id=stop_id,
        client_event_id=client_event_id,
        occurred_at=occurred_at,
        place=place,
    )
    route = await take_up(work, report)
    if isinstance(route, Receipt):
        return route
    stop = stop_in_turn(route, report)
    judgement = judge_stop(work, route, stop, report)
    route.arrive(stop, judgement.effective_at)
    return await keep(work, route, report, judgement)
