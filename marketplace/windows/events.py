"""Facts about windows. That a promise changed is told by its delivery; these tell what became of places in windows."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowBooked(Event):
    """A place in a window was booked; `route_id` is the route on offer that the delivery is to join, if any."""

    shipper_id: UUID
    delivery_id: UUID
    hold_id: UUID
    opens_at: datetime
    closes_at: datetime
    difference_minor: int
    currency: str
    actor: str
    route_id: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class WindowRevoked(Event):
    """A booked place in a window is free again, and what was promised before is promised again."""

    shipper_id: UUID
    delivery_id: UUID
    hold_id: UUID
    actor: str
