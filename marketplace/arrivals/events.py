"""Facts about what is expected: the shown window moved, or a promise is in danger."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.events import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class ArrivalChanged(Event):
    """The window shown for a delivery is a new one, or the first; it moves by five minutes or more.

    Both `previous_…` are null where nothing was shown before.
    """

    shipper_id: UUID
    delivery_id: UUID
    route_id: UUID
    opens_at: datetime
    closes_at: datetime
    previous_opens_at: datetime | None
    previous_closes_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LateRiskRaised(Event):
    """A delivery will probably miss its promised window; told once for each promise.

    `late_percent` is how probable, `expected_at` when it is expected, `promised_closes_at` the end of the promise.
    """

    shipper_id: UUID
    delivery_id: UUID
    route_id: UUID
    late_percent: int
    expected_at: datetime
    promised_closes_at: datetime
