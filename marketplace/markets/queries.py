"""Every read of markets."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.markets.dials import Dials

DIALS = """
SELECT id AS market_id, time_zone, currency, offer_ttl_s, wave_size, wave_limit, broadcast_below_ttls,
       broadcast_fill_percent, waiting_cost_per_hour_minor, open_offers_per_driver,
       raise_step_minor, raise_cap_minor, raise_budget_per_hour_minor, replan_after_s, plan_ahead_s, route_max_stops,
       route_fixed_cost_minor, matching_objective, one_origin_per_route, look_ahead_s, match_time_limit_ms,
       zone_limit, pickup_service_s, dropoff_service_s, head_start_waves, shift_end_covers, delivery_target_s,
       payout_every_s, payout_minimum_minor, payout_country, payout_hold_s, instant_fee_basis_points,
       instant_fee_minimum_minor, debt_repay_percent
FROM market WHERE id = $1
"""
DESCRIPTION = """
SELECT m.*, coalesce((SELECT factor FROM market_clock), 1)::float8 AS time_factor FROM market m WHERE m.id = $1
"""
POLICY = """
SELECT version, rates FROM pay_policy
WHERE market_id = $1 AND effective_from <= $2 ORDER BY version DESC LIMIT 1
"""
MARKETS_AT_MOST = 1_000


async def dials(work: Work, *, market_id: UUID) -> Dials:
    """The dials of a market."""
    row = await work.fetch_row(DIALS, market_id)
    if row is None:
        raise NotFound("there is no such market")
    return Dials(**dict(row))


async def describe_market(work: Work, *, market_id: UUID) -> dict[str, Any]:
    """A market with its name and all its dials, and how fast its time runs."""
    row = await work.fetch_row(DESCRIPTION, market_id)
    if row is None:
        raise NotFound("there is no such market")
    return dict(row)


async def market_by_slug(work: Work, *, slug: str) -> UUID | None:
    """The id of the market with that short name."""
    found: UUID | None = await work.fetch_value("SELECT id FROM market WHERE slug = $1", slug)
    return found


async def market_ids(work: Work) -> list[UUID]:
    """All markets, oldest first."""
    rows = await work.fetch("SELECT id FROM market ORDER BY id LIMIT $1", MARKETS_AT_MOST)
    return [row["id"] for row in rows]


async def pay_policy_at(work: Work, *, market_id: UUID, moment: datetime) -> tuple[int, dict[str, int]]:
    """Version and rates of the pay policy in force at that moment."""
    row = await work.fetch_row(POLICY, market_id, moment)
    if row is None:
        raise NotFound("this market has no pay policy yet")
    return row["version"], orjson.loads(row["rates"])
