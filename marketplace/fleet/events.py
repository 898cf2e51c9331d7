"""Facts about drivers."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class DriverWentOnline(Event):
    """A driver can be asked from now on."""

    driver_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class DriverWentOffline(Event):
    """A driver can no longer be asked."""

    driver_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class DriverApplied(Event):
    """Somebody wants to drive."""

    driver_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class DriverApproved(Event):
    """An operator found all papers in order."""

    driver_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class DriverActivated(Event):
    """A driver with papers and a vehicle in order may go online."""

    driver_id: UUID


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentChecked(Event):
    """An operator accepted, refused or took back a paper of a driver."""

    driver_id: UUID
    document_id: UUID
    kind: str
    state: str


@dataclass(frozen=True, kw_only=True, slots=True)
class VehicleChecked(Event):
    """An operator looked at a vehicle and its equipment."""

    driver_id: UUID | None
    vehicle_id: UUID
    state: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentExpiring(Event):
    """A paper of a driver ends soon; the driver is asked for its successor."""

    driver_id: UUID
    document_id: UUID
    kind: str
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class DriverMessaged(Event):
    """An operator has written to a driver; what was written stays out of the event."""

    driver_id: UUID
    message_id: UUID
