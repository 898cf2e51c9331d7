"""A driver was at a stop and could not do what was to be done there.

At a pickup the deliveries wait to be planned again, if another try can help. At a drop-off the parcel stays in the
vehicle until its way back is planned, which follows from `DeliveryAttempted`. At a return nothing follows: the parcel
could not be given back, so both it and its return have failed, and operations hear of it.
"""

from datetime import datetime, timedelta
from uuid import UUID

from marketplace.batches.events import DeliveryAttempted, DeliveryFailed, DeliveryUnplanned
from marketplace.batches.states import AttemptFailure, DeliveryState
from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.markets import dials
from marketplace.routes.complete import complete_if_done
from marketplace.routes.in_hand import DeliveryInHand, RouteInHand
from marketplace.routes.refusals import ReasonDoesNotFit
from marketplace.routes.report import Receipt, Report, judge_stop, keep, stop_in_turn, take_up
from marketplace.routes.states import ReportVerb, StopKind, StopState

LATER_MAY_HELP = frozenset({AttemptFailure.PICKUP_CLOSED, AttemptFailure.PACKAGE_NOT_READY})
"""Reasons of a failed pickup after which the delivery is planned again; they fit no other stop."""


async def fail_stop(
    work: Work,
    *,
    driver_id: UUID,
    stop_id: UUID,
    client_event_id: str,
    occurred_at: datetime,
    reason: AttemptFailure,
    place: Point | None = None,
) -> Receipt:
    """Ends a stop without success; an arrival that was not reported counts as of the same moment."""
    report = Report(
        verb=ReportVerb.FAIL,
        driver_id=driver_id,
        stop_id=stop_id,
        client_event_id=client_event_id,
        occurred_at=occurred_at,
        place=place,
        content={"reason": reason.value},
    )
    route = await take_up(work, report)
    if isinstance(route, Receipt):
        return route
    stop = stop_in_turn(route, report)
    if reason in LATER_MAY_HELP and stop.kind is not StopKind.PICKUP:
        raise ReasonDoesNotFit(f"{reason.value} can only happen at a pickup", field="reason")
    judgement = judge_stop(work, route, stop, report)
    moment = judgement.effective_at
    route.arrive(stop, moment)
    again_at = work.now + timedelta(seconds=(await dials(work, market_id=route.market_id)).replan_after_s)
    for delivery in route.ready_at(stop):
        match stop.kind:
            case StopKind.PICKUP:
                _fail_pickup(route, delivery, reason, again_at)
            case StopKind.DROPOFF:
                _attempt(route, delivery, reason, moment)
            case StopKind.RETURN:
                _fail_return(route, delivery, reason)
    route.step_stop(stop, StopState.FAILED, moment, reason.value)
    route.set_off(moment)
    await complete_if_done(work, route, moment)
    return await keep(work, route, report, judgement)


def _fail_pickup(route: RouteInHand, delivery: DeliveryInHand, reason: AttemptFailure, again_at: datetime) -> None:
    if reason in LATER_MAY_HELP:
        delivery.route_id = None
        delivery.plan_after = again_at
        route.step_delivery(delivery, DeliveryState.SCHEDULED, DeliveryUnplanned, reason=reason.value)
    else:
        _fail(route, delivery, reason)


def _attempt(route: RouteInHand, delivery: DeliveryInHand, reason: AttemptFailure, moment: datetime) -> None:
    delivery.failure_reason = reason.value
    where = route.whereabouts(moment)
    route.step_delivery(delivery, DeliveryState.ATTEMPTED, DeliveryAttempted, reason=reason.value, **where)


def _fail_return(route: RouteInHand, delivery: DeliveryInHand, reason: AttemptFailure) -> None:
    assert delivery.return_of is not None, "only returns are given back"
    _fail(route, delivery, reason)
    _fail(route, route.deliveries[delivery.return_of], reason)


def _fail(route: RouteInHand, delivery: DeliveryInHand, reason: AttemptFailure) -> None:
    delivery.failure_reason = reason.value
    route.step_delivery(delivery, DeliveryState.FAILED, DeliveryFailed, reason=reason.value)
