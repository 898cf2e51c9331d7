"""All markets at a glance, for whoever looks after several: what each is called and how busy it is now."""

from typing import Any

import asyncpg
import orjson

from marketplace.core.ids import MarketId

MARKETS_AT_MOST = 200

MARKETS = """
SELECT coalesce(json_agg(each.tree ORDER BY each.name, each.id), '[]') FROM (
    SELECT m.id, m.name, json_build_object(
        'id', 'mkt_' || replace(m.id::text, '-', ''), 'name', m.name, 'time_zone', m.time_zone, 'currency', m.currency,
        'waiting', (SELECT count(*) FROM delivery d WHERE d.market_id = m.id AND d.state IN ('CREATED', 'SCHEDULED')),
        'routes_offered', (SELECT count(*) FROM route r
                           WHERE r.market_id = m.id AND r.state IN ('PLANNED', 'OFFERING')),
        'routes_driven', (SELECT count(*) FROM route r
                          WHERE r.market_id = m.id AND r.state IN ('ASSIGNED', 'STARTED')),
        'drivers_available', (SELECT count(*) FROM presence p
                              WHERE p.market_id = m.id AND p.state IN ('AVAILABLE', 'OFFERED')),
        'drivers_engaged', (SELECT count(*) FROM presence p WHERE p.market_id = m.id AND p.state = 'ENGAGED')) AS tree
    FROM market m WHERE $1::uuid IS NULL OR m.id = $1 ORDER BY m.name, m.id LIMIT $2) each
"""


async def markets_overview(connection: asyncpg.Connection, *, market_id: MarketId | None) -> list[dict[str, Any]]:
    """Markets by name with what is under way in each: all of them, or the only one that the asker looks after."""
    markets: list[dict[str, Any]] = orjson.loads(await connection.fetchval(MARKETS, market_id, MARKETS_AT_MOST))
    return markets
