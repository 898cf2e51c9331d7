"""The lives of routes and stops."""

from enum import StrEnum


class RouteState(StrEnum):
    """PLANNED → OFFERING → ASSIGNED → STARTED → COMPLETED; DISSOLVED before the start, or CANCELLED."""

    PLANNED = "PLANNED"
    OFFERING = "OFFERING"
    ASSIGNED = "ASSIGNED"
    STARTED = "STARTED"
    COMPLETED = "COMPLETED"
    DISSOLVED = "DISSOLVED"
    CANCELLED = "CANCELLED"


class StopState(StrEnum):
    """PENDING → EN_ROUTE → ARRIVED → COMPLETED, FAILED, SKIPPED or CANCELLED."""

    PENDING = "PENDING"
    EN_ROUTE = "EN_ROUTE"
    ARRIVED = "ARRIVED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    CANCELLED = "CANCELLED"


class StopKind(StrEnum):
    """What is done at a stop; RETURN gives a parcel back."""

    PICKUP = "PICKUP"
    DROPOFF = "DROPOFF"
    RETURN = "RETURN"


class ReportFlag(StrEnum):
    """What is odd about a report; a flagged route is not paid automatically."""

    TOO_EARLY = "TOO_EARLY"
    IN_THE_FUTURE = "IN_THE_FUTURE"
    FAR_FROM_STOP = "FAR_FROM_STOP"
    OUT_OF_ORDER = "OUT_OF_ORDER"


class ProofKind(StrEnum):
    """Evidence that is a picture."""

    PHOTO = "PHOTO"
    SIGNATURE = "SIGNATURE"


CLAIM_PICTURE = "CLAIM"
"""The kind of a picture that belongs to a claim, which no hand-over can name."""


class ProofState(StrEnum):
    """EXPECTED → UPLOADED; SWEPT when no hand-over named it in time."""

    EXPECTED = "EXPECTED"
    UPLOADED = "UPLOADED"
    SWEPT = "SWEPT"


class ReportVerb(StrEnum):
    """What a driver's report says; WRONG_PIN is a hand-over that did not happen, kept because tries are counted."""

    START = "START"
    ARRIVE = "ARRIVE"
    PICK_UP = "PICK_UP"
    DROP_OFF = "DROP_OFF"
    FAIL = "FAIL"
    WRONG_PIN = "WRONG_PIN"


R = RouteState
ROUTE_STEPS: dict[RouteState, frozenset[RouteState]] = {
    R.PLANNED: frozenset({R.OFFERING, R.ASSIGNED, R.DISSOLVED, R.CANCELLED}),
    R.OFFERING: frozenset({R.ASSIGNED, R.DISSOLVED, R.CANCELLED}),
    R.ASSIGNED: frozenset({R.STARTED, R.OFFERING, R.DISSOLVED, R.CANCELLED}),
    R.STARTED: frozenset({R.COMPLETED, R.CANCELLED}),
    R.COMPLETED: frozenset(),
    R.DISSOLVED: frozenset(),
    R.CANCELLED: frozenset(),
}

S = StopState
STOP_STEPS: dict[StopState, frozenset[StopState]] = {
    S.PENDING: frozenset({S.EN_ROUTE, S.SKIPPED, S.CANCELLED}),
    S.EN_ROUTE: frozenset({S.ARRIVED, S.SKIPPED, S.CANCELLED}),
    S.ARRIVED: frozenset({S.COMPLETED, S.FAILED, S.SKIPPED, S.CANCELLED}),
    S.COMPLETED: frozenset(),
    S.FAILED: frozenset(),
    S.SKIPPED: frozenset(),
    S.CANCELLED: frozenset(),
}
ENDED_STOPS = frozenset({S.COMPLETED, S.FAILED, S.SKIPPED, S.CANCELLED})
"""States in which nothing more happens at a stop."""
