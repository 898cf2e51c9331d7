"""How many places of a hub's windows are taken: by what is promised already, and by what is on hold.

A delivery whose window is wider than the one in question takes a part of a place in it.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from uuid import UUID

from marketplace.core.window import Window, local_instant, zone
from marketplace.core.work import Work
from marketplace.hubs import Opening

UNLIMITED = 1_000_000

TAKEN = """
WITH wanted AS (
    SELECT * FROM unnest($2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS w(opens_at, closes_at, number)
), taken AS (
    SELECT dropoff_opens_at AS opens_at, dropoff_closes_at AS closes_at FROM delivery
    WHERE hub_id = $1 AND state NOT IN ('CANCELLED', 'EXPIRED', 'FAILED') AND return_of IS NULL
      AND dropoff_closes_at > $4 AND dropoff_opens_at < $5 AND id IS DISTINCT FROM $6
    UNION ALL
    SELECT opens_at, closes_at FROM window_hold
    WHERE hub_id = $1 AND state = 'HELD' AND expires_at > $7 AND closes_at > $4 AND opens_at < $5
      AND (delivery_id IS NULL OR delivery_id IS DISTINCT FROM $6)
), counted AS (
    SELECT w.number, coalesce(sum(
        extract(epoch FROM least(t.closes_at, w.closes_at) - greatest(t.opens_at, w.opens_at))
        / extract(epoch FROM greatest(t.closes_at - t.opens_at, interval '1 second')))
        FILTER (WHERE t.opens_at IS NOT NULL), 0) AS taken
    FROM wanted w LEFT JOIN taken t ON t.opens_at < w.closes_at AND t.closes_at > w.opens_at GROUP BY w.number
)
SELECT number, ceil(taken)::int AS taken,
       (SELECT count(*) FROM taken WHERE closes_at > $4 AND closes_at <= $5)::int AS taken_that_day
FROM counted ORDER BY number
"""


HOLDS = """
SELECT id FROM window_hold
WHERE market_id = $1 AND state IN ('HELD', 'BOOKED') AND opens_at < $3 AND closes_at > $2
"""


async def places_left(
    work: Work,
    *,
    hub_id: UUID | None,
    opening: Opening,
    windows: Sequence[Window],
    time_zone: str,
    leave_out: UUID | None = None,
) -> list[int]:
    """For each window of one local day, how many more deliveries the hub gives out; the one that asks counts for none.

    Without a hub, or where nobody has set a bound, there is always a place.
    """
    if hub_id is None or not windows or (opening.places_per_hour is None and opening.places_per_day is None):
        return [UNLIMITED] * len(windows)
    begins, ends = day_of(windows[0].opens_at, time_zone)
    rows = await work.fetch(
        TAKEN,
        hub_id,
        [window.opens_at for window in windows],
        [window.closes_at for window in windows],
        begins,
        max(ends, windows[-1].closes_at),
        leave_out,
        work.now,
    )
    return [
        max(
            0, min(_left(opening.places_in(window), row["taken"]), _left(opening.places_per_day, row["taken_that_day"]))
        )
        for window, row in zip(windows, rows, strict=True)
    ]


async def holds_in(work: Work, *, market_id: UUID, span: Window) -> frozenset[UUID]:
    """Every place of a market that is held or booked in a span."""
    return frozenset(row["id"] for row in await work.fetch(HOLDS, market_id, span.opens_at, span.closes_at))


def day_of(moment: datetime, time_zone: str) -> tuple[datetime, datetime]:
    """When the local day of a moment begins and ends."""
    midnight = datetime.combine(moment.astimezone(zone(time_zone)).date(), time())
    return local_instant(midnight, time_zone), local_instant(midnight + timedelta(days=1), time_zone)


def _left(places: int | None, taken: int) -> int:
    return UNLIMITED if places is None else places - taken
