"""Facts about routes and their stops."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class RoutePlanned(Event):
    """The matcher bundled deliveries into a route that looks for its driver."""

    route_id: UUID
    stop_count: int
    delivery_count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteAssigned(Event):
    """A driver has the route: accepted, or assigned by contract."""

    route_id: UUID
    driver_id: UUID
    pay_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteStarted(Event):
    """The driver is on the way."""

    route_id: UUID
    driver_id: UUID
    occurred_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteExtended(Event):
    """A stop was added to a route under way, such as a return."""

    route_id: UUID
    driver_id: UUID
    stop_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class StopChanged(Event):
    """A stop reached a new state."""

    route_id: UUID
    driver_id: UUID
    stop_id: UUID
    kind: str
    state: str
    occurred_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ColdChainBroken(Event):
    """A parcel was out of the cold for longer than its shipper allows; seconds."""

    shipper_id: UUID
    delivery_id: UUID
    batch_id: UUID
    route_id: UUID
    driver_id: UUID
    stop_id: UUID
    out_of_cold_s: int
    limit_s: int
    occurred_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteCompleted(Event):
    """Every stop of the route has ended, and nothing is left in the vehicle."""

    route_id: UUID
    driver_id: UUID
    occurred_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteDissolved(Event):
    """A route was given up before its start; its deliveries wait to be planned again."""

    route_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PinLocked(Event):
    """All tries at the PIN of a delivery are used up: only operations can help the driver at this door."""

    route_id: UUID
    driver_id: UUID
    stop_id: UUID
    delivery_id: UUID
