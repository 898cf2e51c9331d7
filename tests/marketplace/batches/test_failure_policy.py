"""What follows from a failed attempt."""

import pytest

from marketplace.batches import AttemptFailure, FailurePolicy, LeftAt, NextStep, Requirement, may_be_left, next_step

AWAY = AttemptFailure.RECIPIENT_UNAVAILABLE
TRIES_AGAIN = {FailurePolicy.REDELIVER, FailurePolicy.SAFE_PLACE, FailurePolicy.NEIGHBOUR}


@pytest.mark.parametrize("policy", list(FailurePolicy))
def test_the_policy_says_whether_it_is_tried_again_while_tries_are_left(policy: FailurePolicy) -> None:
    step = next_step(policy, reason=AWAY, attempts=1, max_attempts=2)

    wanted = NextStep.DISCARD if policy is FailurePolicy.DISCARD else NextStep.RETURN
    assert step is (NextStep.REDELIVER if policy in TRIES_AGAIN else wanted)


def test_after_the_last_try_the_parcel_goes_back() -> None:
    assert next_step(FailurePolicy.REDELIVER, reason=AWAY, attempts=2, max_attempts=2) is NextStep.RETURN


@pytest.mark.parametrize("reason", [AttemptFailure.RECIPIENT_REFUSED, AttemptFailure.DAMAGED_IN_TRANSIT])
def test_what_would_end_alike_is_not_tried_again(reason: AttemptFailure) -> None:
    assert next_step(FailurePolicy.REDELIVER, reason=reason, attempts=1, max_attempts=5) is NextStep.RETURN


@pytest.mark.parametrize(
    ("policy", "requirements", "safe_place", "place"),
    [
        (FailurePolicy.SAFE_PLACE, [], None, LeftAt.SAFE_PLACE),
        (FailurePolicy.NEIGHBOUR, [], None, LeftAt.NEIGHBOUR),
        (FailurePolicy.NEIGHBOUR, [], "PORCH", LeftAt.SAFE_PLACE),
        (FailurePolicy.RETURN_TO_SENDER, [], None, None),
        (FailurePolicy.RETURN_TO_SENDER, [], "PORCH", LeftAt.SAFE_PLACE),
        (FailurePolicy.SAFE_PLACE, [], "NEIGHBOUR", LeftAt.NEIGHBOUR),
        (FailurePolicy.SAFE_PLACE, [Requirement.SIGNATURE_AT_DROPOFF], "NEIGHBOUR", None),
        (FailurePolicy.RETURN_TO_SENDER, [Requirement.LEAVE_AT_DOOR], None, LeftAt.SAFE_PLACE),
        (FailurePolicy.SAFE_PLACE, [Requirement.PIN_AT_DROPOFF], "PORCH", None),
        (FailurePolicy.NEIGHBOUR, [Requirement.AGE_CHECK], None, None),
    ],
)
def test_a_parcel_is_left_only_where_that_is_allowed_and_nobody_is_needed(
    policy: FailurePolicy, requirements: list[Requirement], safe_place: str | None, place: LeftAt | None
) -> None:
    assert may_be_left(policy, requirements, safe_place=safe_place) is place
