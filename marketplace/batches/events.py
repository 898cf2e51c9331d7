"""Facts about batches and deliveries. They carry ids and values, never names, phones or addresses."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchPosted(Event):
    """A shipper has posted deliveries."""

    shipper_id: UUID
    batch_id: UUID
    delivery_count: int
    price_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryChanged(Event):
    """Something happened to one delivery; `sequence` orders the events of a delivery, `state` is its state after."""

    shipper_id: UUID
    delivery_id: UUID
    batch_id: UUID
    sequence: int
    state: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryPosted(DeliveryChanged):
    """A delivery was accepted from its shipper and waits to be planned."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryOffered(DeliveryChanged):
    """A delivery is part of a route that looks for a driver."""

    route_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryUnplanned(DeliveryChanged):
    """A delivery left its route before pickup and waits to be planned again."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowChanged(DeliveryChanged):
    """Another window was promised for the hand-over; `route_id` is the route that it left for it, if it left one."""

    opens_at: datetime
    closes_at: datetime
    actor: str
    route_id: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryAssigned(DeliveryChanged):
    """A driver took the route that this delivery is on."""

    route_id: UUID
    driver_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryMoved(DeliveryChanged):
    """A driver made the next step with this delivery: on the way to a stop, at it, or picked up."""

    route_id: UUID
    driver_id: UUID
    occurred_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryReassigned(DeliveryChanged):
    """Another driver has taken the route over, and this delivery with it; how far it is has not changed."""

    route_id: UUID
    driver_id: UUID
    occurred_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryDelivered(DeliveryChanged):
    """The parcel was handed over, with whatever proof was asked for, or lies at its hand-over point.

    `is_of_point` is also said of a parcel that comes back from such a point.
    """

    route_id: UUID
    driver_id: UUID
    occurred_at: datetime
    is_on_time: bool
    left_at: str = "RECIPIENT"
    is_of_point: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryAttempted(DeliveryChanged):
    """The driver was there and could not hand over; `number` counts the attempts, `next_step` is what follows."""

    route_id: UUID
    driver_id: UUID
    occurred_at: datetime
    reason: str
    number: int
    next_step: str
    waited_s: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryBroughtBack(DeliveryChanged):
    """An attempted parcel lies where it was picked up, until another try or its return."""

    route_id: UUID
    driver_id: UUID
    occurred_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryRescheduled(DeliveryChanged):
    """A window for another try was chosen, by the recipient, the shipper or operations."""

    chosen_by: str
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryRequeued(DeliveryChanged):
    """An attempted parcel waits to be planned again, for the window that was chosen."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryPlaced(DeliveryChanged):
    """The address of a delivery was found, so that it is priced and waits to be planned."""

    price_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressDoubted(DeliveryChanged):
    """An address was not found, or not surely enough: the delivery waits for somebody to look at it."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryReturning(DeliveryChanged):
    """The parcel is on its way back; the return is a delivery of its own."""

    return_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryReturned(DeliveryChanged):
    """The parcel is back where it came from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryCancelled(DeliveryChanged):
    """The delivery was called off before its pickup."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryExpired(DeliveryChanged):
    """The window closed with no driver."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryFailed(DeliveryChanged):
    """The parcel could not be picked up, or was lost or damaged."""

    reason: str
