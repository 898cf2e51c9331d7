"""The life of a reassignment."""

from enum import StrEnum


class ReassignmentState(StrEnum):
    """OFFERED → AGREED → GIVEN → DONE; DECLINED, EXPIRED or CANCELLED before that."""

    OFFERED = "OFFERED"
    AGREED = "AGREED"
    GIVEN = "GIVEN"
    DONE = "DONE"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    CANCELLED = "CANCELLED"


R = ReassignmentState
STEPS: dict[ReassignmentState, frozenset[ReassignmentState]] = {
    R.OFFERED: frozenset({R.AGREED, R.DECLINED, R.EXPIRED, R.CANCELLED}),
    R.AGREED: frozenset({R.GIVEN, R.DONE, R.CANCELLED}),
    R.GIVEN: frozenset({R.GIVEN, R.DONE, R.CANCELLED}),
    R.DONE: frozenset(),
    R.DECLINED: frozenset(),
    R.EXPIRED: frozenset(),
    R.CANCELLED: frozenset(),
}
OPEN = frozenset({R.OFFERED, R.AGREED, R.GIVEN})
"""A route has at most one reassignment in these states."""
AGREED = frozenset({R.AGREED, R.GIVEN})
"""The second driver has said yes and waits for the parcels."""
