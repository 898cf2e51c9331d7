"""What a shipper wants done where nobody takes a parcel, unless it says otherwise for a delivery."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.core.errors import Invalid, NotFound
from marketplace.core.work import Work

MOST_ATTEMPTS = 5
POLICIES = frozenset({"REDELIVER", "SAFE_PLACE", "NEIGHBOUR", "RETURN_TO_HUB", "RETURN_TO_SENDER", "DISCARD"})

FIND = "SELECT failure_policy, max_attempts FROM shipper WHERE id = $1"
SET = "UPDATE shipper SET failure_policy = $2, max_attempts = $3 WHERE id = $1 RETURNING id"


class BadFailureWishes(Invalid):
    """A policy or a number of attempts that there is not."""

    code = "BAD_FAILURE_POLICY"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureWishes:
    """The name of a policy, and how often a hand-over is attempted where the policy tries again."""

    policy: str
    max_attempts: int


async def failure_wishes(work: Work, *, shipper_id: UUID) -> FailureWishes:
    """What a shipper wants done with parcels that nobody takes."""
    row = await work.fetch_row(FIND, shipper_id)
    if row is None:
        raise NotFound("there is no such shipper")
    return FailureWishes(policy=row["failure_policy"], max_attempts=row["max_attempts"])


async def set_failure_wishes(work: Work, *, shipper_id: UUID, policy: str, max_attempts: int) -> FailureWishes:
    """Sets it for all deliveries that the shipper posts from now on."""
    if policy not in POLICIES:
        raise BadFailureWishes(f"a policy is one of {', '.join(sorted(POLICIES))}", field="policy")
    if not 1 <= max_attempts <= MOST_ATTEMPTS:
        raise BadFailureWishes(f"a delivery is attempted 1 to {MOST_ATTEMPTS} times", field="maxAttempts")
    if await work.fetch_value(SET, shipper_id, policy, max_attempts) is None:
        raise NotFound("there is no such shipper")
    return FailureWishes(policy=policy, max_attempts=max_attempts)
