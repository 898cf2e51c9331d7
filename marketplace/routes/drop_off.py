"""A driver hands over at a drop-off, with whatever proof is asked for, or gives a parcel back at a return."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from marketplace.batches.events import DeliveryDelivered, DeliveryReturned
from marketplace.batches.states import DeliveryState, LeftAt
from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.routes.care import Care, CustodyKind, check_care, said, write_custody
from marketplace.routes.complete import complete_if_done
from marketplace.routes.events import PinLocked
from marketplace.routes.hand_over import (
    check_form,
    check_left_at,
    check_pictures,
    check_pin,
    guarded_by_pin,
    is_locked,
    pin_refusal,
    place_left,
)
from marketplace.routes.in_hand import DeliveryInHand, RouteInHand, StopInHand
from marketplace.routes.queries import find_report, name_proofs, uploaded_proof_kinds
from marketplace.routes.refusals import PinRefused, WrongKindOfStop
from marketplace.routes.report import (
    Judgement,
    Receipt,
    Report,
    judge_stop,
    keep,
    keep_report,
    stop_in_turn,
    take_up,
)
from marketplace.routes.states import ReportVerb, StopKind, StopState

COUNT_TRY = "UPDATE delivery SET pin_attempts = pin_attempts + 1 WHERE id = ANY($1) AND route_id = $2"


@dataclass(frozen=True, slots=True, kw_only=True)
class DropOffOutcome:
    """Either the receipt of a hand-over or the refusal of a wrong PIN.

    A wrong PIN is answered by a value and not raised, because the Work that counted the try has to commit.
    """

    receipt: Receipt | None = None
    refusal: PinRefused | None = None

    def accepted(self) -> Receipt:
        """The receipt, or the refusal raised: for the edge, once its Work has committed."""
        if self.refusal is not None:
            raise self.refusal
        assert self.receipt is not None, "an outcome is one or the other"
        return self.receipt


async def drop_off(
    work: Work,
    *,
    driver_id: UUID,
    stop_id: UUID,
    client_event_id: str,
    occurred_at: datetime,
    place: Point | None = None,
    pin: str | None = None,
    proof_ids: Sequence[UUID] = (),
    left_at: LeftAt = LeftAt.RECIPIENT,
    care: Sequence[Care] = (),
) -> DropOffOutcome:
    """Hands over every parcel of a stop; an arrival that was not reported counts as of the same moment.

    With `left_at` the parcels are left in a safe place or with a neighbour, which their recipients or shippers must
    allow and a photo must prove; the photo keeps where. At a return, attempted parcels are brought back without proof.
    `care` is what careful parcels ask for: their seal, how warm they are, the recipient's papers.
    Commit the Work whatever the outcome, then ask it with `accepted()`.
    """
    check_form(pin, proof_ids)
    report = Report(
        verb=ReportVerb.DROP_OFF,
        driver_id=driver_id,
        stop_id=stop_id,
        client_event_id=client_event_id,
        occurred_at=occurred_at,
        place=place,
        content={"pin": pin, "proofs": sorted(proof_ids)}
        | ({"left_at": left_at.value} if left_at is not LeftAt.RECIPIENT else {})
        | said(care),
    )
    route = await take_up(work, report)
    if isinstance(route, Receipt):
        return DropOffOutcome(receipt=route)
    stop = stop_in_turn(route, report)
    if stop.kind is StopKind.PICKUP:
        raise WrongKindOfStop("nothing is handed over at this stop; report pickUp or failStop", field="stopId")
    deliveries = route.ready_at(stop)
    handed_over = [delivery for delivery in deliveries if delivery.state is not DeliveryState.ATTEMPTED]
    uploaded = await uploaded_proof_kinds(work, stop_id=stop.id, driver_id=driver_id, proof_ids=list(proof_ids))
    check_left_at(stop, handed_over, left_at, uploaded)
    check_pictures(handed_over, proof_ids, uploaded)
    await check_care(work, stop, handed_over, care, CustodyKind.HANDED_OVER)
    judgement = judge_stop(work, route, stop, report)
    if refusal := await _refuse_wrong_pin(work, route, stop, report, judgement, handed_over, pin):
        return DropOffOutcome(refusal=refusal)
    await name_proofs(work, proof_ids=list(uploaded), left_in=place_left(handed_over, left_at))
    await write_custody(work, route, stop, _taken(deliveries), care, judgement.effective_at)
    _hand_over(route, stop, deliveries, judgement.effective_at, left_at)
    await complete_if_done(work, route, judgement.effective_at)
    return DropOffOutcome(receipt=await keep(work, route, report, judgement))


async def _refuse_wrong_pin(
    work: Work,
    route: RouteInHand,
    stop: StopInHand,
    report: Report,
    judgement: Judgement,
    deliveries: Sequence[DeliveryInHand],
    pin: str | None,
) -> PinRefused | None:
    """Counts a wrong PIN and keeps the try, so that the same report sent again is not counted again.

    The try that uses up the last one is told to operations, who can then help at this door.
    """
    guarded = guarded_by_pin(deliveries)
    # A try is known by what was said as well: the right PIN may follow under the same client event id.
    try_id = UUID(bytes=sha256(report.id.bytes + report.digest).digest()[:16])
    if guarded and await find_report(work, report_id=try_id):
        return pin_refusal(guarded)
    wrong = check_pin(guarded, pin)
    if not wrong:
        return None
    await work.execute(COUNT_TRY, [delivery.id for delivery in wrong], route.id)
    for delivery in wrong:
        delivery.pin_attempts += 1
        if is_locked(delivery):
            work.emit(
                PinLocked(
                    market_id=route.market_id,
                    route_id=route.id,
                    driver_id=route.driver_id,
                    stop_id=stop.id,
                    delivery_id=delivery.id,
                )
            )
    wrong_try = replace(report, verb=ReportVerb.WRONG_PIN)
    await keep_report(work, route, wrong_try, judgement, report_id=try_id)
    return pin_refusal(wrong)


def _taken(deliveries: Sequence[DeliveryInHand]) -> dict[UUID, CustodyKind]:
    """Which parcels change hands here, and to whom: what is returned is the parcel of the delivery that it returns."""
    taken = {}
    for delivery in deliveries:
        if delivery.return_of is not None:
            taken[delivery.return_of] = CustodyKind.RETURNED
        elif delivery.state is DeliveryState.ATTEMPTED:
            taken[delivery.id] = CustodyKind.BROUGHT_BACK
        else:
            taken[delivery.id] = CustodyKind.HANDED_OVER
    return taken


def _hand_over(
    route: RouteInHand, stop: StopInHand, deliveries: Sequence[DeliveryInHand], moment: datetime, left_at: LeftAt
) -> None:
    route.arrive(stop, moment)
    for delivery in deliveries:
        if delivery.state is DeliveryState.ATTEMPTED:
            route.bring_back(delivery, moment)
            continue
        is_on_time = moment <= delivery.dropoff_closes_at
        delivery.left_at = left_at if left_at is not LeftAt.RECIPIENT else None
        original = route.returned_by(delivery)
        # What comes back from a hand-over point returns a parcel that was delivered by another route.
        is_of_point = delivery.is_at_point or (delivery.return_of is not None and original is None)
        where = route.whereabouts(moment) | {"left_at": left_at.value, "is_of_point": is_of_point}
        route.step_delivery(delivery, DeliveryState.DELIVERED, DeliveryDelivered, is_on_time=is_on_time, **where)
        if original is not None:
            route.step_delivery(original, DeliveryState.RETURNED, DeliveryReturned)
    route.step_stop(stop, StopState.COMPLETED, moment)
    route.set_off(moment)
