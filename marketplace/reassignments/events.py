"""Facts about reassignments. The code is never in them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class ReassignmentOffered(Event):
    """A driver is asked to take a route over from another."""

    reassignment_id: UUID
    route_id: UUID
    driver_id: UUID
    pay_minor: int
    currency: str
    answer_by: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ReassignmentAgreed(Event):
    """The second driver takes the route over; with parcels aboard the two meet first."""

    reassignment_id: UUID
    route_id: UUID
    driver_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class ParcelsGiven(Event):
    """The first driver has scanned every parcel that is handed over."""

    reassignment_id: UUID
    route_id: UUID
    driver_id: UUID
    parcel_count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteReassigned(Event):
    """The route is the second driver's from now on, as `next_route_id`."""

    reassignment_id: UUID
    route_id: UUID
    driver_id: UUID
    next_route_id: UUID
    parcel_count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ReassignmentEnded(Event):
    """The route stays with its first driver, or has ended meanwhile; `state` says how it came to that."""

    reassignment_id: UUID
    route_id: UUID
    driver_id: UUID
    state: str
