"""A driver starts the route: on the way to its first stop."""

from datetime import datetime
from uuid import UUID

from marketplace.batches.states import DeliveryState
from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.routes.complete import complete_if_done
from marketplace.routes.events import RouteStarted
from marketplace.routes.in_hand import RouteInHand
from marketplace.routes.refusals import RouteAlreadyStarted
from marketplace.routes.report import Receipt, Report, judge, keep, take_up
from marketplace.routes.states import ReportVerb, RouteState


async def start_route(
    work: Work,
    *,
    driver_id: UUID,
    route_id: UUID,
    client_event_id: str,
    occurred_at: datetime,
    place: Point | None = None,
) -> Receipt:
    """Starts an assigned route; its deliveries are on the way to be picked up from now on."""
    report = Report(
        verb=ReportVerb.START,
        driver_id=driver_id,
        route_id=route_id,
        client_event_id=client_event_id,
        occurred_at=occurred_at,
        place=place,
    )
    route = await take_up(work, report)
    if isinstance(route, Receipt):
        return route
    if route.state is not RouteState.ASSIGNED:
        raise RouteAlreadyStarted("this route is started already; go on with myRoute", field="routeId")
    judgement = judge(report, accepted_at=route.accepted_at, last_moment=route.accepted_at, now=work.now)
    begin(route, judgement.effective_at)
    await complete_if_done(work, route, judgement.effective_at)
    return await keep(work, route, report, judgement)


def begin(route: RouteInHand, moment: datetime) -> None:
    """Takes a route from assigned to started, and its deliveries onto the road."""
    route.become(RouteState.STARTED)
    route.started_at = moment
    route.events.append(
        RouteStarted(market_id=route.market_id, route_id=route.id, driver_id=route.driver_id, occurred_at=moment)
    )
    for delivery in route.deliveries.values():
        if delivery.state is DeliveryState.ASSIGNED:
            route.walk(delivery, DeliveryState.EN_ROUTE_TO_PICKUP, moment)
        elif delivery.state is DeliveryState.PICKED_UP:
            route.walk(delivery, DeliveryState.EN_ROUTE_TO_DROPOFF, moment)
    route.set_off(moment)
