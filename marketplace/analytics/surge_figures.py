"""What surge came to: what drivers got more, what shippers paid more, and what of the bonuses the platform bore."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.work import Work

# A surcharge bears the bonus of the route that carried its delivery, and no more than that; what is left of it is not
# taken for another route's.
FIGURES = """
WITH promised AS (
    SELECT b.bonus_minor, r.state,
           (SELECT coalesce(sum(d.surge_minor), 0) FROM delivery d
            WHERE d.route_id = r.id AND d.state IN ('DELIVERED', 'RETURNED')) AS surcharges_minor
    FROM surge_bonus b JOIN route r ON r.id = b.route_id
    WHERE b.market_id = $1 AND b.promised_at >= $2 AND b.promised_at < $3
)
SELECT (SELECT count(*) FROM promised)::int AS routes_promised,
       (SELECT coalesce(sum(bonus_minor), 0) FROM promised WHERE state NOT IN ('DISSOLVED', 'CANCELLED'))::bigint
         AS promised_minor,
       (SELECT coalesce(sum(bonus_minor), 0) FROM promised WHERE state = 'COMPLETED')::bigint AS paid_minor,
       (SELECT coalesce(sum(least(bonus_minor, surcharges_minor)), 0) FROM promised WHERE state = 'COMPLETED')::bigint
         AS borne_by_shippers_minor,
       (SELECT coalesce(sum(surge_minor), 0) FROM delivery WHERE market_id = $1 AND created_at >= $2
          AND created_at < $3 AND state IN ('DELIVERED', 'RETURNED') AND surge_decision_id IS NOT NULL)::bigint
         AS surcharges_minor,
       (SELECT count(*) FROM surge_decision WHERE market_id = $1 AND decided_at >= $2 AND decided_at < $3
          AND percent > 0)::int AS cells_and_ticks
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurgeFigures:
    """Surge of a span of time, minor units; bonuses by when they were promised, surcharges by when they were posted.

    `promised_minor` leaves out what was called off, `paid_minor` is of completed routes, `cells_and_ticks` counts the
    decisions that had surge.
    """

    routes_promised: int
    promised_minor: int
    paid_minor: int
    borne_by_shippers_minor: int
    surcharges_minor: int
    cells_and_ticks: int

    @property
    def borne_by_platform_minor(self) -> int:
        """What of the bonuses that were paid no surcharge covered."""
        return self.paid_minor - self.borne_by_shippers_minor


async def surge_figures(work: Work, *, market_id: UUID, begins: datetime, ends: datetime) -> SurgeFigures:
    """What surge came to in a market from `begins` to before `ends`."""
    row = await work.fetch_row(FIGURES, market_id, begins, ends)
    assert row is not None
    return SurgeFigures(**dict(row))
