"""Facts about goals."""

from dataclasses import dataclass
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class ExperienceGoalMissed(Event):
    """What a shipper's recipients experienced fell short of its goal; told operations once for each period.

    The shipper is no subject of it: its own systems are not told.
    """

    of_shipper_id: UUID
    miss_id: UUID
    metric: str
    target: float
    actual: float
    sample: int
    last_day: str
