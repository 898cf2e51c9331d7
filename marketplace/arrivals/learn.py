"""A market learns from what has happened: how predictions turned out, how long stops take, what passes before a drive.

It goes through the market's events once, by their position, as the figures do; what has been learnt and how far are
written together, so nothing is learnt twice.
"""

import orjson

from marketplace.arrivals.law import Law, Stage, Told, Wait
from marketplace.core.ids import MarketId
from marketplace.core.work import Work, Works
from marketplace.routes import StopKind

LEARNT_AT_ONCE = 5_000
"""Events that one Work learns from at most."""
ROUNDS_AT_ONCE = 200

MAKE_LAW = """
INSERT INTO arrival_law (market_id, position, law, learnt_at) VALUES ($1, 0, '{}', $2) ON CONFLICT DO NOTHING
"""
# The row's lock is what makes learning one at a time for each market.
LOCK_LAW = """
SELECT l.position, l.law, least(s.position, l.position + $2) AS until
FROM arrival_law l JOIN stream_head s USING (market_id) WHERE l.market_id = $1 FOR UPDATE OF l
"""
KEEP_LAW = "UPDATE arrival_law SET position = $2, law = $3::jsonb, learnt_at = $4 WHERE market_id = $1"

# An app that was offline reports arrivals from before they were predicted; those were no predictions. One that was kept
# for two moments is one.
ARRIVALS = """
SELECT DISTINCT ON (e.position, p.stop_id, p.delivery_id, p.predicted_at) p.stage,
       extract(epoch FROM p.eta_at - p.counted_from)::float8 AS predicted_s,
       extract(epoch FROM s.arrived_at - p.counted_from)::float8 AS actual_s,
       CASE WHEN s.arrived_at < p.p10 THEN 'EARLIER' WHEN s.arrived_at > p.p90 THEN 'LATER' ELSE 'WITHIN' END AS told
FROM event e JOIN stop s ON s.id = (e.payload->>'stop_id')::uuid JOIN arrival_prediction p ON p.stop_id = s.id
WHERE e.market_id = $1 AND e.position > $2 AND e.position <= $3 AND e.name = 'StopChanged'
  AND e.payload->>'state' = 'ARRIVED' AND p.predicted_at < s.arrived_at
ORDER BY e.position, p.stop_id, p.delivery_id, p.predicted_at
"""
# What cannot be done before a window opens begins with it.
SERVICES = """
SELECT visit.kind, visit.parcels, extract(epoch FROM visit.ended_at - CASE WHEN visit.opens_at BETWEEN visit.arrived_at
    AND visit.ended_at THEN visit.opens_at ELSE visit.arrived_at END)::float8 AS seconds
FROM (
    SELECT e.position, s.id, s.kind, s.arrived_at, s.ended_at, count(*)::int AS parcels,
           max(CASE s.kind WHEN 'PICKUP' THEN d.pickup_opens_at ELSE d.dropoff_opens_at END) AS opens_at
    FROM event e JOIN stop s ON s.id = (e.payload->>'stop_id')::uuid
    JOIN task t ON t.stop_id = s.id JOIN delivery d ON d.id = t.delivery_id
    WHERE e.market_id = $1 AND e.position > $2 AND e.position <= $3 AND e.name = 'StopChanged'
      AND e.payload->>'state' IN ('COMPLETED', 'FAILED') AND s.arrived_at IS NOT NULL
    GROUP BY e.position, s.id
) visit ORDER BY visit.position
"""
WAITS = """
SELECT e.name, extract(epoch FROM r.accepted_at - r.created_at)::float8 AS fill_s, r.approach_s,
       extract(epoch FROM r.started_at - greatest(r.accepted_at, r.starts_at))::float8 AS set_off_s
FROM event e JOIN route r ON r.id = e.route_id
WHERE e.market_id = $1 AND e.position > $2 AND e.position <= $3 AND e.name IN ('RouteAssigned', 'RouteStarted')
  AND r.accepted_at IS NOT NULL
ORDER BY e.position
"""


async def learn_arrivals(work: Work, *, market_id: MarketId) -> int:
    """Learns from the next events of a market's stream and returns how many there were."""
    await work.execute(MAKE_LAW, market_id, work.now)
    head = await work.fetch_row(LOCK_LAW, market_id, LEARNT_AT_ONCE)
    if head is None or head["until"] <= head["position"]:
        return 0
    law, span = Law.from_json(orjson.loads(head["law"])), (market_id, head["position"], head["until"])
    for row in await work.fetch(ARRIVALS, *span):
        law.learn_arrival(Stage(row["stage"]), row["predicted_s"], row["actual_s"], Told(row["told"]))
    for row in await work.fetch(SERVICES, *span):
        law.learn_service(StopKind(row["kind"]), row["parcels"], row["seconds"])
    for row in await work.fetch(WAITS, *span):
        if row["name"] == "RouteStarted" and row["set_off_s"] is not None:
            law.learn_wait(Wait.SET_OFF, row["set_off_s"])
        elif row["name"] == "RouteAssigned":
            law.learn_wait(Wait.FILL, row["fill_s"])
            law.learn_wait(Wait.APPROACH, row["approach_s"])
    await work.execute(KEEP_LAW, market_id, head["until"], orjson.dumps(law.as_json()).decode(), work.now)
    return int(head["until"] - head["position"])


async def learn_all_arrivals(works: Works, *, market_id: MarketId) -> int:
    """Learns from all that has happened in a market and returns how many events that were; each part is a commit."""
    total = 0
    for _ in range(ROUNDS_AT_ONCE):
        async with works.open() as work:
            count = await learn_arrivals(work, market_id=market_id)
        total += count
        if count < LEARNT_AT_ONCE:
            break
    return total
