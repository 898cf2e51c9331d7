"""Facts about drivers."""

from dataclasses import dataclass
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
