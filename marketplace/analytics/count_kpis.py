"""Keeps the figures of each market-day true: a day is read when it is over, and again whenever something of it changes.

Events are looked through once, by their position, for the days that they concern: their own, those on which their
route ended, and those of the stop, statement or refund that they tell of. What comes without an event is found by when
it was written: bills and credits, adjustments, what operators did, and what was made up to the floor of a block, which
concerns the day that the block began. A day that is found is due; a due day is read as a whole, in a commit of its own.
"""

from datetime import timedelta

from marketplace.analytics.experience import read_experience
from marketplace.analytics.read_day import read_day
from marketplace.analytics.roll_up import roll_up_all
from marketplace.core.ids import MarketId
from marketplace.core.work import Work, Works

LOOKED_THROUGH_AT_ONCE = 5_000
"""Events that one Work looks through at most."""
LOOKS_AT_ONCE = 200
DAYS_AT_ONCE = 40
"""Days that one run reads at most; the next run goes on."""
LOOKS_BACK = timedelta(hours=1)
"""A Work that was open when somebody looked may commit rows that are this much older."""

MAKE_HEAD = "INSERT INTO kpi_head (market_id, position, looked_at) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING"
# No further than arrivals have been held against their predictions, which the figures take over.
LOCK_HEAD = """
SELECT k.position, least(r.position, k.position + $2) AS until, k.looked_at, m.time_zone
FROM kpi_head k JOIN rollup_head r USING (market_id) JOIN market m ON m.id = k.market_id
WHERE k.market_id = $1 FOR UPDATE OF k
"""
MOVE_HEAD = "UPDATE kpi_head SET position = $2, looked_at = $3 WHERE market_id = $1"
# The day of the last look is due once more: a driver who was online then has been online until that day's end.
MARK = """
WITH heard AS (
    SELECT name, payload, occurred_at, route_id FROM event
    WHERE market_id = $1 AND position > $2 AND position <= $3
), moments AS (
    SELECT occurred_at AS moment FROM heard
    UNION ALL SELECT $5
    UNION ALL SELECT r.ended_at FROM route r WHERE r.id IN (SELECT route_id FROM heard) AND r.ended_at IS NOT NULL
    UNION ALL SELECT s.arrived_at FROM heard h JOIN stop s ON s.id = (h.payload->>'stop_id')::uuid
              WHERE h.name = 'StopChanged' AND s.arrived_at IS NOT NULL
    UNION ALL SELECT p.created_at FROM heard h JOIN pay_statement p ON p.id = (h.payload->>'statement_id')::uuid
              WHERE h.name LIKE 'PayStatement%'
    UNION ALL SELECT f.created_at FROM heard h JOIN refund f ON f.id = (h.payload->>'refund_id')::uuid
              WHERE h.name = 'RefundChanged'
    UNION ALL SELECT created_at FROM bill_line WHERE market_id = $1 AND created_at >= $6
    UNION ALL SELECT coalesce(s.opens_at, p.created_at)
              FROM pay_statement p LEFT JOIN sign_up s ON s.statement_id = p.id
              WHERE p.market_id = $1 AND p.created_at >= $6 AND p.kind NOT IN ('ROUTE', 'TIP')
    UNION ALL SELECT created_at FROM pay_adjustment WHERE market_id = $1 AND created_at >= $6
    UNION ALL SELECT happened_at FROM operator_action WHERE market_id = $1 AND happened_at >= $6
)
INSERT INTO kpi_due (id, market_id, day)
SELECT md5($1::text || day::text)::uuid, $1, day
FROM (SELECT DISTINCT (moment AT TIME ZONE $4)::date AS day FROM moments) days
ON CONFLICT DO NOTHING
"""
# Taken before the day is read: what is written meanwhile makes the day due anew, and waits for this commit to do so.
TAKE_DUE = """
DELETE FROM kpi_due WHERE id IN (
    SELECT id FROM kpi_due WHERE market_id = $1 ORDER BY day LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING day
"""


async def count_kpis(works: Works, *, market_id: MarketId) -> int:
    """Finds the days of a market that changed and reads them; returns how many it read."""
    await roll_up_all(works, market_id=market_id)
    for _ in range(LOOKS_AT_ONCE):
        async with works.open() as work:
            looked_through = await mark_days(work, market_id=market_id)
        if looked_through < LOOKED_THROUGH_AT_ONCE:
            break
    for read in range(DAYS_AT_ONCE):
        async with works.open() as work:
            day = await work.fetch_value(TAKE_DUE, market_id)
            if day is None:
                return read
            await read_day(work, market_id=market_id, day=day)
            await read_experience(work, market_id=market_id, day=day)
    return DAYS_AT_ONCE


async def mark_days(work: Work, *, market_id: MarketId) -> int:
    """Makes due the days that the next events of a market concern; returns how many events those were."""
    await work.execute(MAKE_HEAD, market_id, work.now)
    head = await work.fetch_row(LOCK_HEAD, market_id, LOOKED_THROUGH_AT_ONCE)
    if head is None:
        return 0
    since = head["looked_at"]
    heard = (head["position"], head["until"], head["time_zone"])
    await work.execute(MARK, market_id, *heard, since, since - LOOKS_BACK)
    await work.execute(MOVE_HEAD, market_id, head["until"], work.now)
    return int(head["until"] - head["position"])
