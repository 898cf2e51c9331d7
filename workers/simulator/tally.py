"""What the simulated apps have seen and done, counted while the day goes on."""

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(slots=True)
class Tally:
    """Counts of one day, shared by all its apps; what the apps saw, not what the marketplace says of itself."""

    offers_seen: int = 0
    offers_accepted: int = 0
    offers_declined: int = 0
    offers_ignored: int = 0
    offers_lost: Counter[str] = field(default_factory=Counter)
    """Answers that came too late, by the code of the refusal, such as OFFER_TAKEN."""
    routes_driven: int = 0
    stops_served: int = 0
    hand_overs_failed: int = 0
    left_safe: int = 0
    """Parcels left in a safe place or with a neighbour."""
    windows_chosen: Counter[str] = field(default_factory=Counter)
    """Windows for another try that were chosen, by whom."""
    answers_refused: Counter[str] = field(default_factory=Counter)
    pictures_sent: int = 0
    pins_mistyped: int = 0
    reports_sent: int = 0
    reports_replayed: int = 0
    """Reports that waited for the network and were sent later, with the time at which they had happened."""
    reports_refused: Counter[str] = field(default_factory=Counter)
    positions_sent: int = 0
    batches_posted: int = 0
    rows_refused: Counter[str] = field(default_factory=Counter)
    repeats: int = 0
    repeats_doubled: int = 0
    """Repeated postings that made something new; there must be none."""
    cancelled_too_late: int = 0
    tips_wanted: int = 0
    tips_paid: int = 0
    """Tips whose page recipients have paid on; what became of them, the marketplace tells."""
    tips_minor: int = 0
    payouts_asked: int = 0
    drivers_paid: int = 0
    paid_minor: int = 0
    reserve: int = 0
    """Drivers of the crowd who waited at home for a bonus."""
    came_for_bonus: int = 0
    """Those of them whom a bonus brought out."""
    retries: Counter[str] = field(default_factory=Counter)
    """Calls that were sent again, by what had gone wrong."""

    def as_dict(self) -> dict[str, Any]:
        """All counts by name, ready for JSON."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: dict(value) if isinstance(value, Counter) else value for name, value in values.items()}
