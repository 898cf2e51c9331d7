"""A shipper describes a dock that it delivers to or loads at."""

from dataclasses import dataclass
from datetime import time
from uuid import UUID

from marketplace.core.errors import Invalid, NotFound
from marketplace.core.geo import Point
from marketplace.core.window import clock_of
from marketplace.core.work import Work

LONGEST_CODE = 60
SHORTEST_SLOT_S, LONGEST_SLOT_S = 600, 14_400
MOST_PLACES = 100
MOST_TOLERANCE_S = 7_200

SAVE = """
INSERT INTO dock (id, market_id, shipper_id, code, lat, lon, time_zone, opens, closes, slot_s, places, tolerance_s,
                  created_at)
SELECT $1, id, $3, $4, $5, $6, time_zone, $7, $8, $9, $10, $11, $12 FROM market WHERE id = $2
ON CONFLICT (shipper_id, market_id, code) DO UPDATE SET lat = excluded.lat, lon = excluded.lon,
    opens = excluded.opens, closes = excluded.closes, slot_s = excluded.slot_s, places = excluded.places,
    tolerance_s = excluded.tolerance_s
RETURNING id
"""


class BadDock(Invalid):
    """A code, hours, slots or places outside their limits."""

    code = "BAD_DOCK"


@dataclass(frozen=True, slots=True, kw_only=True)
class DockFacts:
    """A dock as a shipper describes it: hours such as 08:00 by the market's clock, seconds, vehicles at a time."""

    code: str
    place: Point
    opens: str
    closes: str
    slot_s: int
    places: int
    tolerance_s: int

    def __post_init__(self) -> None:
        if not (1 <= len(self.code) <= LONGEST_CODE and self.code.isprintable()):
            raise BadDock(f"a code has 1 to {LONGEST_CODE} characters", field="dock")
        if not SHORTEST_SLOT_S <= self.slot_s <= LONGEST_SLOT_S:
            raise BadDock(f"a slot has {SHORTEST_SLOT_S} to {LONGEST_SLOT_S} seconds", field="slotS")
        if not 1 <= self.places <= MOST_PLACES:
            raise BadDock(f"a slot has 1 to {MOST_PLACES} places", field="places")
        if not 0 <= self.tolerance_s <= MOST_TOLERANCE_S:
            raise BadDock(f"the tolerance is 0 to {MOST_TOLERANCE_S} seconds", field="toleranceS")
        if clock_seconds(self.closes) - clock_seconds(self.opens) < self.slot_s:
            raise BadDock("a dock is open for at least one slot", field="closes")


def clock_time(text: str) -> time:
    """A time of day such as 08:30."""
    try:
        return clock_of(text)
    except ValueError:
        raise BadDock("a time of day looks like 08:30", field="opens") from None


def clock_seconds(text: str) -> int:
    """The same in seconds since midnight."""
    moment = clock_time(text)
    return 3_600 * moment.hour + 60 * moment.minute


async def set_dock(work: Work, *, market_id: UUID, shipper_id: UUID, facts: DockFacts) -> UUID:
    """Describes a dock; the same code again describes it anew, and appointments that were made stand."""
    dock_id: UUID | None = await work.fetch_value(
        SAVE,
        work.new_id(),
        market_id,
        shipper_id,
        facts.code,
        facts.place.lat,
        facts.place.lon,
        facts.opens,
        facts.closes,
        facts.slot_s,
        facts.places,
        facts.tolerance_s,
        work.now,
    )
    if dock_id is None:
        raise NotFound("there is no such market", field="marketId")
    return dock_id
