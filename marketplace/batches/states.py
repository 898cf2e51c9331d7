"""The life of a delivery, and the reasons it can go astray."""

from enum import StrEnum


class DeliveryState(StrEnum):
    """From CREATED to DELIVERED, with the side roads."""

    CREATED = "CREATED"
    SCHEDULED = "SCHEDULED"
    OFFERING = "OFFERING"
    ASSIGNED = "ASSIGNED"
    EN_ROUTE_TO_PICKUP = "EN_ROUTE_TO_PICKUP"
    ARRIVED_AT_PICKUP = "ARRIVED_AT_PICKUP"
    PICKED_UP = "PICKED_UP"
    EN_ROUTE_TO_DROPOFF = "EN_ROUTE_TO_DROPOFF"
    ARRIVED_AT_DROPOFF = "ARRIVED_AT_DROPOFF"
    DELIVERED = "DELIVERED"
    ATTEMPTED = "ATTEMPTED"
    RETURNING = "RETURNING"
    RETURNED = "RETURNED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"


D = DeliveryState
ON_THE_WAY = {D.PICKED_UP, D.EN_ROUTE_TO_DROPOFF, D.ARRIVED_AT_DROPOFF}

STEPS: dict[DeliveryState, frozenset[DeliveryState]] = {
    D.CREATED: frozenset({D.SCHEDULED, D.CANCELLED, D.EXPIRED}),
    D.SCHEDULED: frozenset({D.OFFERING, D.ASSIGNED, D.CANCELLED, D.EXPIRED}),
    D.OFFERING: frozenset({D.ASSIGNED, D.SCHEDULED, D.CANCELLED, D.EXPIRED}),
    D.ASSIGNED: frozenset({D.EN_ROUTE_TO_PICKUP, D.OFFERING, D.SCHEDULED, D.CANCELLED}),
    D.EN_ROUTE_TO_PICKUP: frozenset({D.ARRIVED_AT_PICKUP, D.OFFERING, D.SCHEDULED, D.CANCELLED, D.FAILED}),
    D.ARRIVED_AT_PICKUP: frozenset({D.PICKED_UP, D.OFFERING, D.SCHEDULED, D.CANCELLED, D.FAILED}),
    D.PICKED_UP: frozenset({D.EN_ROUTE_TO_DROPOFF, D.FAILED}),
    D.EN_ROUTE_TO_DROPOFF: frozenset({D.ARRIVED_AT_DROPOFF, D.FAILED}),
    D.ARRIVED_AT_DROPOFF: frozenset({D.DELIVERED, D.ATTEMPTED, D.FAILED}),
    D.ATTEMPTED: frozenset({D.SCHEDULED, D.RETURNING, D.FAILED}),
    D.RETURNING: frozenset({D.RETURNED, D.FAILED}),
    D.DELIVERED: frozenset(),
    D.RETURNED: frozenset(),
    D.CANCELLED: frozenset(),
    D.EXPIRED: frozenset(),
    D.FAILED: frozenset(),
}


class Requirement(StrEnum):
    """What a delivery asks of the driver or the hand-over."""

    PIN_AT_DROPOFF = "PIN_AT_DROPOFF"
    PHOTO_AT_DROPOFF = "PHOTO_AT_DROPOFF"
    SIGNATURE_AT_DROPOFF = "SIGNATURE_AT_DROPOFF"
    LEAVE_AT_DOOR = "LEAVE_AT_DOOR"
    COLD = "COLD"
    PHARMACY = "PHARMACY"
    AGE_CHECK = "AGE_CHECK"
    TWO_PERSON = "TWO_PERSON"
    HEAVY = "HEAVY"
    TAIL_LIFT = "TAIL_LIFT"
    FRAGILE = "FRAGILE"
    IDENTITY_CHECK = "IDENTITY_CHECK"
    CHAIN_OF_CUSTODY = "CHAIN_OF_CUSTODY"
    TEMPERATURE_LOG = "TEMPERATURE_LOG"


R = Requirement
SKILLS = frozenset({R.COLD, R.PHARMACY, R.AGE_CHECK, R.TWO_PERSON, R.HEAVY, R.TAIL_LIFT})
"""Requirements that only a driver with the skill of the same name can meet; a tail lift is one of the vehicle."""


class UnassignedReason(StrEnum):
    """Why a delivery has no route now."""

    NO_CAPACITY = "NO_CAPACITY"
    NO_SKILL = "NO_SKILL"
    WINDOW = "WINDOW"
    OUT_OF_REACH = "OUT_OF_REACH"
    HELD = "HELD"
    NO_DRIVER = "NO_DRIVER"
    NOBODY_ACCEPTED = "NOBODY_ACCEPTED"
    PAUSED = "PAUSED"


UNASSIGNED_WORDS = {
    UnassignedReason.NO_CAPACITY: "Everybody able is taken, or nobody's vehicle has room for it.",
    UnassignedReason.NO_SKILL: "No driver online has all the skills it asks for.",
    UnassignedReason.WINDOW: "Nobody can be there within its windows.",
    UnassignedReason.OUT_OF_REACH: "No way leads from any driver to its places.",
    UnassignedReason.HELD: "It waits for a better moment, or for others to go with it.",
    UnassignedReason.NO_DRIVER: "No driver was online who could be asked.",
    UnassignedReason.NOBODY_ACCEPTED: "Drivers were asked and nobody took it; it is planned again after a pause.",
    UnassignedReason.PAUSED: "Operations have paused this part of the city; it is planned when that is over.",
}
"""The reasons in words for people."""


class AttemptFailure(StrEnum):
    """Why a hand-over did not happen."""

    RECIPIENT_UNAVAILABLE = "RECIPIENT_UNAVAILABLE"
    RECIPIENT_REFUSED = "RECIPIENT_REFUSED"
    ADDRESS_NOT_FOUND = "ADDRESS_NOT_FOUND"
    ACCESS_BLOCKED = "ACCESS_BLOCKED"
    OUT_OF_AREA = "OUT_OF_AREA"
    AGE_VERIFICATION_FAILED = "AGE_VERIFICATION_FAILED"
    ID_MISMATCH = "ID_MISMATCH"
    DAMAGED_IN_TRANSIT = "DAMAGED_IN_TRANSIT"
    PACKAGE_NOT_READY = "PACKAGE_NOT_READY"
    PICKUP_CLOSED = "PICKUP_CLOSED"
    UNSAFE_LOCATION = "UNSAFE_LOCATION"
    OTHER = "OTHER"


class PromiseActor(StrEnum):
    """Who changed what was promised."""

    SHIPPER = "SHIPPER"
    RECIPIENT = "RECIPIENT"
    OPERATOR = "OPERATOR"
    MARKET = "MARKET"


class FailurePolicy(StrEnum):
    """What a shipper wants done with a parcel that nobody takes."""

    REDELIVER = "REDELIVER"
    SAFE_PLACE = "SAFE_PLACE"
    NEIGHBOUR = "NEIGHBOUR"
    RETURN_TO_HUB = "RETURN_TO_HUB"
    RETURN_TO_SENDER = "RETURN_TO_SENDER"
    DISCARD = "DISCARD"


class NextStep(StrEnum):
    """What follows from one failed attempt."""

    REDELIVER = "REDELIVER"
    RETURN = "RETURN"
    DISCARD = "DISCARD"


class LeftAt(StrEnum):
    """With whom or where a parcel was left."""

    RECIPIENT = "RECIPIENT"
    SAFE_PLACE = "SAFE_PLACE"
    NEIGHBOUR = "NEIGHBOUR"


class CancelReason(StrEnum):
    """Why a delivery was called off before its pickup."""

    SHIPPER_REQUESTED = "SHIPPER_REQUESTED"
    RECIPIENT_REQUESTED = "RECIPIENT_REQUESTED"
    PACKAGE_NOT_READY = "PACKAGE_NOT_READY"
    DUPLICATE = "DUPLICATE"
    ADDRESS_ERROR = "ADDRESS_ERROR"
    OTHER = "OTHER"
