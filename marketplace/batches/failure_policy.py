"""What follows when nobody takes a parcel: decided by the shipper's policy, the reason, and how often it was tried."""

from collections.abc import Collection

from marketplace.batches.states import AttemptFailure, FailurePolicy, LeftAt, NextStep, Requirement

DISCARDED = "DISCARDED"
"""The failure reason of a parcel that was done away with as its shipper wished; that of the attempt stays with it."""

HOPELESS = frozenset(
    {
        AttemptFailure.RECIPIENT_REFUSED,
        AttemptFailure.OUT_OF_AREA,
        AttemptFailure.AGE_VERIFICATION_FAILED,
        AttemptFailure.ID_MISMATCH,
        AttemptFailure.DAMAGED_IN_TRANSIT,
    }
)
"""Reasons after which another try at the same door would end alike."""
TRIED_AGAIN = frozenset({FailurePolicy.REDELIVER, FailurePolicy.SAFE_PLACE, FailurePolicy.NEIGHBOUR})
ONLY_IN_PERSON = frozenset(
    {
        Requirement.PIN_AT_DROPOFF,
        Requirement.SIGNATURE_AT_DROPOFF,
        Requirement.AGE_CHECK,
        Requirement.IDENTITY_CHECK,
        Requirement.CHAIN_OF_CUSTODY,
    }
)
"""What asks for the recipient: such a parcel is left nowhere and with nobody else."""


def next_step(policy: FailurePolicy, *, reason: AttemptFailure, attempts: int, max_attempts: int) -> NextStep:
    """What happens to the parcel after so many attempts, the last of which failed for that reason."""
    if policy is FailurePolicy.DISCARD:
        return NextStep.DISCARD
    if policy in TRIED_AGAIN and reason not in HOPELESS and attempts < max_attempts:
        return NextStep.REDELIVER
    return NextStep.RETURN


def may_be_left(
    policy: FailurePolicy, requirements: Collection[str], *, safe_place: str | None = None
) -> LeftAt | None:
    """Where a driver may leave the parcel instead of failing the stop; None where only the recipient will do.

    What the recipient has chosen as `safe_place`, which may be the neighbour, goes before what the shipper says.
    """
    if ONLY_IN_PERSON & set(requirements):
        return None
    if safe_place == LeftAt.NEIGHBOUR:
        return LeftAt.NEIGHBOUR
    if safe_place is not None or policy is FailurePolicy.SAFE_PLACE or Requirement.LEAVE_AT_DOOR in requirements:
        return LeftAt.SAFE_PLACE
    return LeftAt.NEIGHBOUR if policy is FailurePolicy.NEIGHBOUR else None
