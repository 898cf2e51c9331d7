"""Facts about a market itself."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class ZonePaused(Event):
    """Nothing new begins in a part of the city until a time."""

    pause_id: UUID
    cell_count: int
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoneResumed(Event):
    """A pause was ended before its time."""

    pause_id: UUID
