"""What the evidence of the window comes to for each driver of a market, in one statement."""

from datetime import timedelta
from uuid import UUID

import orjson

from marketplace.core.work import Work
from marketplace.standing.find_evidence import find_evidence
from marketplace.standing.rules import RULES, StandingRules

COMPUTE_EVERY = timedelta(hours=24)
"""Nightly: standings of a market are computed again a day after the last time; for one driver whenever they look."""

COUNTED = """
SELECT e.driver_id, e.kind, count(*)::int AS counted, count(*) FILTER (WHERE e.is_good)::int AS good,
       sum(e.value)::int AS total
FROM standing_evidence e
WHERE e.market_id = $1 AND e.occurred_at > $2 AND e.occurred_at <= $3 AND ($4::uuid IS NULL OR e.driver_id = $4)
  AND e.excluded IS NULL
  AND NOT EXISTS (SELECT FROM standing_correction c WHERE c.evidence_id = e.id AND c.state = 'UPHELD')
GROUP BY e.driver_id, e.kind
"""
# A driver without evidence is at the first level, and one whose evidence has grown old comes back to it.
COMPUTE = f"""
WITH counted AS ({COUNTED}), figures AS (
    SELECT d.id AS driver_id,
           coalesce(sum(c.total) FILTER (WHERE c.kind = 'COMPLETED'), 0) AS completed,
           coalesce(sum(c.counted) FILTER (WHERE c.kind = 'ARRIVAL'), 0) AS arrivals,
           coalesce(sum(c.good) FILTER (WHERE c.kind = 'ARRIVAL'), 0) AS punctual,
           coalesce(sum(c.counted) FILTER (WHERE c.kind = 'HAND_OVER'), 0) AS hand_overs,
           coalesce(sum(c.good) FILTER (WHERE c.kind = 'HAND_OVER'), 0) AS proven,
           coalesce(sum(c.counted) FILTER (WHERE c.kind = 'RATING'), 0) AS ratings,
           coalesce(sum(c.good) FILTER (WHERE c.kind = 'RATING'), 0) AS liked,
           coalesce(jsonb_object_agg(c.kind, jsonb_build_object('counted', c.counted, 'good', c.good, 'total', c.total))
               FILTER (WHERE c.kind IS NOT NULL), '{{}}') AS figures
    FROM driver d LEFT JOIN counted c ON c.driver_id = d.id
    WHERE d.market_id = $1 AND ($4::uuid IS NULL OR d.id = $4) GROUP BY d.id
)
INSERT INTO driver_standing (driver_id, market_id, level, early_access_minutes, rules_version, figures, computed_at)
SELECT f.driver_id, $1, l.level, l.early_access_minutes, $5, f.figures, $3
FROM figures f CROSS JOIN LATERAL (
    SELECT * FROM jsonb_to_recordset($6::jsonb) AS l(level int, early_access_minutes int, completed int,
        arrival_percent int, hand_over_percent int, rating_percent int)
    WHERE f.completed >= l.completed
      AND (f.arrivals < $7 OR f.punctual * 100 >= l.arrival_percent * f.arrivals)
      AND (f.hand_overs < $8 OR f.proven * 100 >= l.hand_over_percent * f.hand_overs)
      AND (f.ratings < $9 OR f.liked * 100 >= l.rating_percent * f.ratings)
    ORDER BY l.level DESC LIMIT 1) l
ORDER BY f.driver_id
ON CONFLICT (driver_id) DO UPDATE SET level = EXCLUDED.level, early_access_minutes = EXCLUDED.early_access_minutes,
    rules_version = EXCLUDED.rules_version, figures = EXCLUDED.figures, computed_at = EXCLUDED.computed_at
"""  # noqa: S608 - joined from the constant above
IS_DUE = """
SELECT coalesce(max(computed_at) <= $2, true) FROM driver_standing WHERE market_id = $1
"""


async def compute_standing(
    work: Work, *, market_id: UUID, driver_id: UUID | None = None, rules: StandingRules = RULES
) -> int:
    """Computes the standing of a market's drivers, or of one of them, from what was done in the window."""
    await find_evidence(work, market_id=market_id, driver_id=driver_id, rules=rules)
    levels = orjson.dumps([{name: getattr(level, name) for name in level.__slots__} for level in rules.levels])
    least = rules.minimum_evidence
    return await work.execute(
        COMPUTE,
        market_id,
        work.now - timedelta(days=rules.window_days),
        work.now,
        driver_id,
        rules.version,
        levels.decode(),
        *(least[kind] for kind in sorted(least)),
    )


async def is_standing_due(work: Work, *, market_id: UUID) -> bool:
    """Whether a market's standings are a day old."""
    return bool(await work.fetch_value(IS_DUE, market_id, work.now - COMPUTE_EVERY))
