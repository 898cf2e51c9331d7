"""Facts about parcels at hand-over points. The code is never in them, nor who has collected."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.batches.events import DeliveryChanged


@dataclass(frozen=True, kw_only=True, slots=True)
class HandOverPointChosen(DeliveryChanged):
    """A recipient chose a point instead of the door; `route_id` is the route that the delivery left for it, if any."""

    point_id: UUID
    route_id: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ParcelWaits(DeliveryChanged):
    """A parcel lies at its point and can be collected until it closes on the last day."""

    point_id: UUID
    closes_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ParcelCollected(DeliveryChanged):
    """A parcel was given to whoever said its code."""

    point_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class ParcelUncollected(DeliveryChanged):
    """Nobody collected a parcel in time: it goes back to its sender."""

    point_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class ParcelSentBack(DeliveryChanged):
    """The way back of a parcel that nobody collected is priced and waits to be planned."""

    point_id: UUID
    return_id: UUID
