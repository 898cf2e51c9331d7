"""Every read of the fleet."""

from uuid import UUID

import asyncpg

from marketplace.core.work import Work
from marketplace.fleet.states import ContractKind

DRIVERS_AT_MOST = 1_000

PROFILE = """
SELECT 'drv_' || replace(d.id::text, '-', '') AS id, 'mkt_' || replace(d.market_id::text, '-', '') AS market_id,
       d.name, d.contract_kind, d.vehicle, skills_at(d.skills, d.skills_until, $2) AS skills, p.state AS presence,
       p.online_until, d.account_state, d.documents_until, d.vehicle_until, d.max_distance_m,
       coalesce(d.area_cells, '{}') AS area_cells, upper(d.language) AS language
FROM driver d JOIN presence p ON p.driver_id = d.id
WHERE d.id = $1
"""
LIVE = """
SELECT 'drv_' || replace(d.id::text, '-', '') AS id, d.name, d.contract_kind, d.vehicle, p.state AS presence,
       p.lat, p.lon, p.position_at,
       (SELECT 'rte_' || replace(r.id::text, '-', '') FROM route r
         WHERE r.driver_id = d.id AND r.state IN ('ASSIGNED', 'STARTED')) AS route_id
FROM presence p JOIN driver d ON d.id = p.driver_id
WHERE p.market_id = $1 AND p.state <> 'OFFLINE' AND p.lat IS NOT NULL
ORDER BY d.id LIMIT $2
"""
STOPS_BY_KIND = """
SELECT d.contract_kind, count(*)::int AS stops FROM route r JOIN driver d ON d.id = r.driver_id
JOIN stop s ON s.route_id = r.id AND s.state = 'COMPLETED' WHERE r.market_id = $1 GROUP BY d.contract_kind
"""


async def stops_by_kind(work: Work, *, market_id: UUID) -> dict[str, int]:
    """How many stops drivers of each contract kind have made in a market."""
    counted = {row["contract_kind"]: row["stops"] for row in await work.fetch(STOPS_BY_KIND, market_id)}
    return {kind.value: counted.get(kind.value, 0) for kind in ContractKind}


async def driver_profile(work: Work, *, driver_id: UUID) -> asyncpg.Record | None:
    """A driver as the driver's own app shows it."""
    return await work.fetch_row(PROFILE, driver_id, work.now)


async def live_drivers(work: Work, *, market_id: UUID) -> list[dict[str, object]]:
    """Drivers of a market who are online, with their last position: for operations only."""
    return [dict(row) for row in await work.fetch(LIVE, market_id, DRIVERS_AT_MOST)]
