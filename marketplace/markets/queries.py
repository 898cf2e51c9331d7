"""Every read of markets."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.markets.dials import Dials
from marketplace.markets.pay_policy import PayPolicy

DIALS = """
SELECT id AS market_id, time_zone, currency, offer_ttl_s, wave_size, wave_limit, broadcast_below_ttls,
       broadcast_fill_percent, waiting_cost_per_hour_minor, open_offers_per_driver,
       raise_step_minor, raise_cap_minor, raise_budget_per_hour_minor, replan_after_s, plan_ahead_s, route_max_stops,
       route_fixed_cost_minor, matching_objective, one_origin_per_route, look_ahead_s, match_time_limit_ms,
       zone_limit, pickup_service_s, dropoff_service_s, two_person_service_s, head_start_waves, shift_end_covers,
       delivery_target_s,
       order_of_call, contracted_head_start_s,
       late_risk_percent,
       payout_every_s, payout_minimum_minor, payout_country, payout_hold_s, instant_fee_basis_points,
       instant_fee_minimum_minor, debt_repay_percent, driver_shown_stops, tracking_link_s, recipient_data_s,
       unavailable_after_s, redelivery_answer_s, geocode_confidence_percent, position_kept_days, tip_limit_minor,
       tip_within_s, places_per_day, claim_within_s, claim_limit_minor, claim_hearing_s,
       support_action_s, support_hour_minor, grid_co2_g_per_kwh,
       surge_every_s, surge_starts_at_percent, surge_full_after_percent, surge_max_step_percent, surge_half_life_s,
       surge_minimum_population, surge_stops_per_driver, surge_bonus_cap_minor, surge_surcharge_cap_percent,
       surge_budget_minor, surge_window_s
FROM market WHERE id = $1
"""
DESCRIPTION = """
SELECT m.*, coalesce((SELECT factor FROM market_clock), 1)::float8 AS time_factor FROM market m WHERE m.id = $1
"""
# A version is in force from its moment until that of the next; of two with one moment the later version counts.
POLICY = """
SELECT version, rates, floors FROM pay_policy
WHERE market_id = $1 AND effective_from <= $2 ORDER BY effective_from DESC, version DESC LIMIT 1
"""
POLICY_VERSION = "SELECT version, rates, floors FROM pay_policy WHERE market_id = $1 AND version = $2"
POLICIES = """
SELECT version, rates, floors, effective_from,
       lead(effective_from) OVER (ORDER BY effective_from, version) AS effective_until
FROM pay_policy WHERE market_id = $1 ORDER BY effective_from DESC, version DESC LIMIT $2
"""
MARKETS_AT_MOST = 1_000
POLICIES_AT_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedPolicy:
    """A pay policy and when it is in force: from its moment until that of the next; of the last one it is open."""

    policy: PayPolicy
    effective_from: datetime
    effective_until: datetime | None


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


async def markets_of_city(work: Work, *, city_pack: str) -> list[tuple[UUID, str]]:
    """The markets on the streets of a city, oldest first, each with its time zone."""
    rows = await work.fetch(
        "SELECT id, time_zone FROM market WHERE city_pack = $1 ORDER BY id LIMIT $2", city_pack, MARKETS_AT_MOST
    )
    return [(row["id"], row["time_zone"]) for row in rows]


async def pay_policy_at(work: Work, *, market_id: UUID, moment: datetime) -> PayPolicy:
    """The pay policy in force at that moment."""
    policy = await find_pay_policy(work, market_id=market_id, moment=moment)
    if policy is None:
        raise NotFound("this market has no pay policy yet")
    return policy


async def find_pay_policy(work: Work, *, market_id: UUID, moment: datetime) -> PayPolicy | None:
    """The pay policy in force at that moment; None before the first."""
    return _policy(await work.fetch_row(POLICY, market_id, moment))


async def pay_policy_version(work: Work, *, market_id: UUID, version: int) -> PayPolicy:
    """One version of a market's pay policy, whether or not it is in force."""
    policy = _policy(await work.fetch_row(POLICY_VERSION, market_id, version))
    if policy is None:
        raise NotFound(f"this market has no pay policy of version {version}")
    return policy


async def pay_policies(work: Work, *, market_id: UUID) -> list[DatedPolicy]:
    """A market's pay policies with the time each is in force, latest first, those to come included."""
    rows = await work.fetch(POLICIES, market_id, POLICIES_AT_MOST)
    return [
        DatedPolicy(policy=policy, effective_from=row["effective_from"], effective_until=row["effective_until"])
        for row in rows
        if (policy := _policy(row))
    ]


def _policy(row: asyncpg.Record | None) -> PayPolicy | None:
    if row is None:
        return None
    floors = orjson.loads(row["floors"]) if row["floors"] else None
    return PayPolicy.of(row["version"], orjson.loads(row["rates"]), floors)
