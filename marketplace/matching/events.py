"""Facts about planning."""

from dataclasses import dataclass

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanningDue(Event):
    """Deliveries of a market have reached the moment at which they should be looked at again."""

    delivery_count: int
