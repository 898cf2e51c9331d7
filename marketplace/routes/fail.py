"""A driver was at a stop and could not do what was to be done there.

At a pickup the deliveries wait to be planned again, if another try can help. At a drop-off the shipper's policy says
what follows: the parcel is done away with at once, or stays in the vehicle until its way back is planned, which follows
from `DeliveryAttempted`. That nobody is there counts only after the driver has waited. At a return nothing follows: the
parcel could not be given back, so both it and its return have failed, and operations hear of it.
"""

from datetime import datetime, timedelta
from uuid import UUID

from marketplace.batches.events import DeliveryAttempted, DeliveryFailed, DeliveryUnplanned
from marketplace.batches.failure_policy import DISCARDED, next_step
from marketplace.batches.states import AttemptFailure, DeliveryState, NextStep
from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.markets import Dials, dials
from marketplace.routes.complete import complete_if_done
from marketplace.routes.in_hand import DeliveryInHand, RouteInHand, StopInHand
from marketplace.routes.queries import keep_attempt
from marketplace.routes.refusals import ReasonDoesNotFit, WaitLonger
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
    settings = await dials(work, market_id=route.market_id)
    if reason is AttemptFailure.RECIPIENT_UNAVAILABLE and stop.kind is StopKind.DROPOFF:
        _check_waited(stop, moment, settings)
    route.arrive(stop, moment)
    again_at = work.now + timedelta(seconds=settings.replan_after_s)
    for delivery in route.ready_at(stop):
        match stop.kind:
            case StopKind.PICKUP:
                _fail_pickup(route, delivery, reason, again_at)
            case StopKind.DROPOFF:
                answer_due_at = work.now + timedelta(seconds=settings.redelivery_answer_s)
                await _attempt(work, route, stop, delivery, reason, moment, answer_due_at)
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


def _check_waited(stop: StopInHand, moment: datetime, settings: Dials) -> None:
    """Refuses to believe that nobody is there before the driver has waited as long as the market asks."""
    may_fail_from = (stop.arrived_at or moment) + timedelta(seconds=settings.unavailable_after_s)
    if moment < may_fail_from:
        raise WaitLonger(
            f"wait until {may_fail_from:%H:%M:%S} UTC before reporting that nobody is there", field="reason"
        )


async def _attempt(
    work: Work,
    route: RouteInHand,
    stop: StopInHand,
    delivery: DeliveryInHand,
    reason: AttemptFailure,
    moment: datetime,
    answer_due_at: datetime,
) -> None:
    assert stop.arrived_at is not None, "the driver is at the stop"
    delivery.failure_reason = reason.value
    delivery.attempts += 1
    step = next_step(
        delivery.failure_policy, reason=reason, attempts=delivery.attempts, max_attempts=delivery.max_attempts
    )
    waited_s = max(0, int((moment - stop.arrived_at).total_seconds()))
    late_s = max(0, int((moment - delivery.dropoff_closes_at).total_seconds()))
    happened = {"reason": reason.value, "number": delivery.attempts, "next_step": step.value, "waited_s": waited_s}
    route.step_delivery(delivery, DeliveryState.ATTEMPTED, DeliveryAttempted, **happened, **route.whereabouts(moment))
    who = (work.new_id(), route.market_id, delivery.shipper_id, delivery.id, delivery.attempts)
    where = (route.id, stop.id, route.driver_id)
    await keep_attempt(work, (*who, *where, reason.value, step.value, waited_s, late_s, moment))
    if step is NextStep.REDELIVER:
        delivery.answer_due_at = answer_due_at
    if step is NextStep.DISCARD:
        delivery.failure_reason = DISCARDED
        route.step_delivery(delivery, DeliveryState.FAILED, DeliveryFailed, reason=DISCARDED)


def _fail_return(route: RouteInHand, delivery: DeliveryInHand, reason: AttemptFailure) -> None:
    _fail(route, delivery, reason)
    if (original := route.returned_by(delivery)) is not None:
        _fail(route, original, reason)


def _fail(route: RouteInHand, delivery: DeliveryInHand, reason: AttemptFailure) -> None:
    delivery.failure_reason = reason.value
    route.step_delivery(delivery, DeliveryState.FAILED, DeliveryFailed, reason=reason.value)
