"""Facts about hubs."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class HubOpeningSet(Event):
    """An operator has said when a hub serves, how much and how far."""

    hub_id: UUID
