"""What proves a hand-over: the recipient's PIN, a photo, a signature."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from hmac import compare_digest
from uuid import UUID

from marketplace.batches.failure_policy import ONLY_IN_PERSON, may_be_left
from marketplace.batches.states import LeftAt, Requirement
from marketplace.core.errors import Invalid
from marketplace.routes.in_hand import DeliveryInHand, StopInHand
from marketplace.routes.refusals import MayNotBeLeft, PinLocked, PinRefused, PinWrong, ProofMissing
from marketplace.routes.states import ProofKind, StopKind

PIN_TRIES = 5
"""Tries at a delivery's PIN, in total and not per request; the table has the same limit."""
LONGEST_PIN = 8
MOST_PROOFS = 10
"""Proofs that one hand-over can name, and that one stop can have."""

PICTURES = {Requirement.PHOTO_AT_DROPOFF: ProofKind.PHOTO, Requirement.SIGNATURE_AT_DROPOFF: ProofKind.SIGNATURE}


class BadProof(Invalid):
    """A PIN or a list of proofs that has not the form of one."""

    code = "BAD_PROOF"


def check_form(pin: str | None, proof_ids: Collection[UUID]) -> None:
    """Refuses what cannot be a PIN or is too long a list, which costs no try."""
    if pin is not None and not (1 <= len(pin) <= LONGEST_PIN and pin.isascii() and pin.isprintable()):
        raise BadProof(f"a PIN has 1 to {LONGEST_PIN} digits", field="pin")
    if len(proof_ids) > MOST_PROOFS:
        raise BadProof(f"a hand-over names at most {MOST_PROOFS} proofs", field="proofIds")


def check_pictures(
    deliveries: Iterable[DeliveryInHand], proof_ids: Collection[UUID], uploaded: Mapping[UUID, str]
) -> None:
    """Refuses a hand-over whose deliveries ask for a photo or a signature that is not uploaded for this stop."""
    if strangers := set(proof_ids) - set(uploaded):
        raise ProofMissing(f"{len(strangers)} of these proofs are not uploaded for this stop", field="proofIds")
    asked = {requirement for delivery in deliveries for requirement in delivery.requirements}
    for requirement, kind in PICTURES.items():
        if requirement in asked and kind.value not in uploaded.values():
            raise ProofMissing(
                f"this delivery needs a {kind.value.lower()}: createProofUpload, send it, then name it here",
                field="proofIds",
            )


def check_left_at(
    stop: StopInHand, deliveries: Iterable[DeliveryInHand], left_at: LeftAt, uploaded: Mapping[UUID, str]
) -> None:
    """Refuses to leave a parcel where neither its recipient nor its shipper allows it, or without a photo of it there.

    The refusal says what is needed instead.
    """
    if left_at is LeftAt.RECIPIENT:
        return
    if stop.kind is not StopKind.DROPOFF:
        raise MayNotBeLeft("a parcel that goes back is handed over where it came from", field="leftAt")
    for delivery in deliveries:
        allowed = may_be_left(delivery.failure_policy, delivery.requirements, safe_place=delivery.safe_place)
        if allowed is not left_at:
            raise MayNotBeLeft(f"this parcel may not be left there; {_needed(delivery, allowed)}", field="leftAt")
    if ProofKind.PHOTO.value not in uploaded.values():
        raise ProofMissing("a parcel that is left needs a photo: createProofUpload, then name it", field="proofIds")


def place_left(deliveries: Iterable[DeliveryInHand], left_at: LeftAt) -> str | None:
    """Where exactly parcels were left: the place that all their recipients chose, or what their shippers allow."""
    if left_at is LeftAt.RECIPIENT:
        return None
    chosen = {delivery.safe_place or left_at.value for delivery in deliveries}
    return chosen.pop() if len(chosen) == 1 else left_at.value


def _needed(delivery: DeliveryInHand, allowed: LeftAt | None) -> str:
    """What a driver has to do with a parcel that may not be left where it was to be left."""
    if allowed is not None:
        return f"with a photo it may be left at {allowed.value}: {delivery.safe_place or 'as its shipper wishes'}"
    in_person = sorted(str(one) for one in ONLY_IN_PERSON & delivery.requirements)
    if in_person:
        return f"it asks for {', '.join(in_person)} and is handed over in person, or report failStop"
    return "nobody has named a place for it: hand it over in person, or report failStop"


def guarded_by_pin(deliveries: Iterable[DeliveryInHand]) -> list[DeliveryInHand]:
    """The deliveries that only go to whoever knows their PIN."""
    return [delivery for delivery in deliveries if Requirement.PIN_AT_DROPOFF in delivery.requirements]


def check_pin(guarded: Sequence[DeliveryInHand], pin: str | None) -> list[DeliveryInHand]:
    """The guarded deliveries whose PIN this is not. Costs no try when no PIN came or when a PIN is locked."""
    if not guarded:
        return []
    if pin is None:
        raise ProofMissing("this delivery needs the recipient's PIN", field="pin")
    if any(is_locked(delivery) for delivery in guarded):
        raise PinLocked("all tries at this PIN are used up; call operations, or report failStop", field="pin")
    return [delivery for delivery in guarded if not compare_digest((delivery.pin or "").encode(), pin.encode())]


def is_locked(delivery: DeliveryInHand) -> bool:
    """Whether all tries at this delivery's PIN are used up."""
    return delivery.pin_attempts >= PIN_TRIES


def pin_refusal(wrong: Iterable[DeliveryInHand]) -> PinRefused:
    """What the driver hears after a wrong PIN; the try is counted already."""
    left = PIN_TRIES - max(delivery.pin_attempts for delivery in wrong)
    return PinWrong(f"this is not the recipient's PIN; tries left: {left}", field="pin")
