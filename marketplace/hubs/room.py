"""How much room a hub has left in its windows: places that it gives out, and docks at which vehicles load.

What is promised already and what is on hold take a place each; one whose window is wider than the one in question takes
a part of it. Deliveries of one route are loaded by one vehicle; those not bundled yet count as a vehicle each, which is
the most that they can be.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from uuid import UUID

from marketplace.core.window import Window, local_instant, zone
from marketplace.core.work import Work
from marketplace.hubs.opening import Opening

UNLIMITED = 1_000_000

TAKEN = """
WITH wanted AS (
    SELECT * FROM unnest($2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS w(opens_at, closes_at, number)
), taken AS (
    SELECT dropoff_opens_at AS opens_at, dropoff_closes_at AS closes_at, coalesce(route_id, id) AS vehicle
    FROM delivery
    WHERE hub_id = $1 AND state NOT IN ('CANCELLED', 'EXPIRED', 'FAILED') AND return_of IS NULL
      AND dropoff_closes_at > $4 AND dropoff_opens_at < $5 AND id IS DISTINCT FROM $6
    UNION ALL
    SELECT opens_at, closes_at, coalesce(route_id, id) FROM window_hold
    WHERE hub_id = $1 AND state = 'HELD' AND expires_at > $7 AND closes_at > $4 AND opens_at < $5
      AND (delivery_id IS NULL OR delivery_id IS DISTINCT FROM $6)
), shares AS (
    SELECT w.number, t.vehicle,
        extract(epoch FROM least(t.closes_at, w.closes_at) - greatest(t.opens_at, w.opens_at))
        / extract(epoch FROM greatest(t.closes_at - t.opens_at, interval '1 second')) AS share
    FROM wanted w JOIN taken t ON t.opens_at < w.closes_at AND t.closes_at > w.opens_at
), vehicles AS (
    SELECT number, sum(share) AS taken, max(share) AS calls FROM shares GROUP BY number, vehicle
)
SELECT w.number, ceil(coalesce(sum(v.taken), 0))::int AS taken, ceil(coalesce(sum(v.calls), 0))::int AS calls,
       (SELECT count(*) FROM taken WHERE closes_at > $4 AND closes_at <= $5)::int AS taken_that_day
FROM wanted w LEFT JOIN vehicles v USING (number) GROUP BY w.number ORDER BY w.number
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
    if hub_id is None or not windows or opening.is_without_bound:
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
            0,
            min(
                _left(opening.places_in(window), row["taken"]),
                _left(opening.places_per_day, row["taken_that_day"]),
                _left(opening.vehicles_in(window), row["calls"]),
            ),
        )
        for window, row in zip(windows, rows, strict=True)
    ]


def day_of(moment: datetime, time_zone: str) -> tuple[datetime, datetime]:
    """When the local day of a moment begins and ends."""
    midnight = datetime.combine(moment.astimezone(zone(time_zone)).date(), time())
    return local_instant(midnight, time_zone), local_instant(midnight + timedelta(days=1), time_zone)


def _left(places: int | None, taken: int) -> int:
    return UNLIMITED if places is None else places - taken
