"""Facts about planning."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanningDue(Event):
    """Deliveries have reached the moment at which they should be looked at, or something has changed for them.

    Without a zone the whole market is meant, which is then one zone. `is_border` says that nobody in their zone could
    take them, so that they are looked at together with what is close by beyond its borders.
    """

    delivery_count: int
    zone_id: UUID | None = None
    is_border: bool = False
