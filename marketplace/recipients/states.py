"""What a recipient can be told, choose and answer, in words of the marketplace."""

from enum import StrEnum

from marketplace.batches import DeliveryState as D
from marketplace.batches import Requirement
from marketplace.points import CollectionState


class TrackedStatus(StrEnum):
    """Where a parcel is, as its recipient cares: coarser than the delivery's state."""

    CONFIRMED = "CONFIRMED"
    DRIVER_FOUND = "DRIVER_FOUND"
    ON_THE_WAY = "ON_THE_WAY"
    NEXT = "NEXT"
    AT_THE_DOOR = "AT_THE_DOOR"
    READY_TO_COLLECT = "READY_TO_COLLECT"
    DELIVERED = "DELIVERED"
    ATTEMPTED = "ATTEMPTED"
    GOING_BACK = "GOING_BACK"
    BACK = "BACK"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


STATUS_OF = {
    D.CREATED: TrackedStatus.CONFIRMED,
    D.SCHEDULED: TrackedStatus.CONFIRMED,
    D.OFFERING: TrackedStatus.CONFIRMED,
    D.ASSIGNED: TrackedStatus.DRIVER_FOUND,
    D.EN_ROUTE_TO_PICKUP: TrackedStatus.DRIVER_FOUND,
    D.ARRIVED_AT_PICKUP: TrackedStatus.DRIVER_FOUND,
    D.PICKED_UP: TrackedStatus.ON_THE_WAY,
    D.EN_ROUTE_TO_DROPOFF: TrackedStatus.NEXT,
    D.ARRIVED_AT_DROPOFF: TrackedStatus.AT_THE_DOOR,
    D.DELIVERED: TrackedStatus.DELIVERED,
    D.ATTEMPTED: TrackedStatus.ATTEMPTED,
    D.RETURNING: TrackedStatus.GOING_BACK,
    D.RETURNED: TrackedStatus.BACK,
    D.CANCELLED: TrackedStatus.CANCELLED,
    D.EXPIRED: TrackedStatus.FAILED,
    D.FAILED: TrackedStatus.FAILED,
}

STATUS_AT_POINT = {
    CollectionState.WAITING: TrackedStatus.READY_TO_COLLECT,
    CollectionState.UNCOLLECTED: TrackedStatus.GOING_BACK,
}
"""What a parcel is to its recipient that the driver has dropped at a hand-over point."""
STEP_AT_POINT = {
    "DeliveryDelivered": TrackedStatus.READY_TO_COLLECT,
    "ParcelWaits": TrackedStatus.READY_TO_COLLECT,
    "ParcelCollected": TrackedStatus.DELIVERED,
    "ParcelUncollected": TrackedStatus.GOING_BACK,
    "ParcelSentBack": TrackedStatus.GOING_BACK,
}
"""What each event is to the recipient of such a parcel, whose delivery stays DELIVERED throughout."""

ENGAGED = frozenset(
    {D.EN_ROUTE_TO_PICKUP, D.ARRIVED_AT_PICKUP, D.PICKED_UP, D.EN_ROUTE_TO_DROPOFF, D.ARRIVED_AT_DROPOFF}
)
"""While its driver is at work for a delivery; where the driver is may be shown only then."""
PASSED = frozenset({D.DELIVERED, D.ATTEMPTED, D.RETURNING})
"""When its driver has just been at the door, and drives on."""
WISHES_HEARD = frozenset(D) - {
    D.ARRIVED_AT_DROPOFF, D.DELIVERED, D.RETURNING, D.RETURNED, D.CANCELLED, D.EXPIRED, D.FAILED,
}  # fmt: skip
"""While a driver can still act on what a recipient wishes."""


class SafePlace(StrEnum):
    """Where a parcel may be left when nobody answers."""

    FRONT_DOOR = "FRONT_DOOR"
    BACK_DOOR = "BACK_DOOR"
    PORCH = "PORCH"
    GARAGE = "GARAGE"
    RECEPTION = "RECEPTION"
    MAILROOM = "MAILROOM"
    NEIGHBOUR = "NEIGHBOUR"


IN_PERSON = frozenset(
    {
        Requirement.PIN_AT_DROPOFF,
        Requirement.SIGNATURE_AT_DROPOFF,
        Requirement.AGE_CHECK,
        Requirement.IDENTITY_CHECK,
        Requirement.CHAIN_OF_CUSTODY,
    }
)
"""What asks for somebody at the door: such a parcel is never left."""


class RatingReason(StrEnum):
    """What was good or bad; no free text, so that no rating holds a name."""

    ON_TIME = "ON_TIME"
    LATE = "LATE"
    FRIENDLY = "FRIENDLY"
    RUDE = "RUDE"
    CAREFUL = "CAREFUL"
    DAMAGED = "DAMAGED"
    GOOD_PLACE = "GOOD_PLACE"
    WRONG_PLACE = "WRONG_PLACE"
    WELL_INFORMED = "WELL_INFORMED"
    UNINFORMED = "UNINFORMED"


class RecipientAction(StrEnum):
    """What a recipient can do at this moment."""

    LEAVE_INSTRUCTIONS = "LEAVE_INSTRUCTIONS"
    CHOOSE_SAFE_PLACE = "CHOOSE_SAFE_PLACE"
    RESCHEDULE = "RESCHEDULE"
    CHOOSE_POINT = "CHOOSE_POINT"
    RATE = "RATE"
    TIP = "TIP"
    CLAIM = "CLAIM"


class Language(StrEnum):
    """The languages in which recipients and drivers are addressed."""

    EN = "EN"
    ES = "ES"
