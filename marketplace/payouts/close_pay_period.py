"""Closes a pay period of a market when every driver's true-up of it is written, and cuts what a pooled floor lacks.

New York asks two things: each driver's own minimum, which the true-ups see to, and that all drivers together are paid
the rate for the time they drove and the time they were on call. The closing reckons the second and freezes each
driver's share; the shares are paid afterwards.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.markets import DatedPolicy, pay_policies
from marketplace.payouts.models import PayPeriodRecord
from marketplace.payouts.on_call_time import find_on_call_time
from marketplace.pricing import PoolFacts, PoolWork, pool_lines, share_shortfall, total_minor

PERIODS_AT_ONCE = 10

# A period is closed when nothing of it waits for a true-up any more.
TO_CLOSE = """
SELECT DISTINCT t.jurisdiction, t.period_starts_at AS starts_at, t.period_ends_at AS ends_at FROM pay_statement t
WHERE t.market_id = $1 AND t.kind = 'TRUE_UP' AND t.pay_period_id IS NULL
  AND NOT EXISTS (SELECT FROM pay_statement s WHERE s.market_id = $1 AND s.jurisdiction = t.jurisdiction
                     AND s.period_starts_at = t.period_starts_at AND s.period_ends_at = t.period_ends_at
                     AND s.kind = 'ROUTE' AND s.true_up_id IS NULL)
ORDER BY ends_at, jurisdiction LIMIT $2
"""
# Two workers at once: the second waits at the market and then finds the period's true-ups counted.
LOCK_MARKET = "SELECT currency FROM market WHERE id = $1 FOR NO KEY UPDATE"
COUNT_TRUE_UPS = """
UPDATE pay_statement SET pay_period_id = $5
WHERE market_id = $1 AND jurisdiction = $2 AND period_starts_at = $3 AND period_ends_at = $4
  AND kind = 'TRUE_UP' AND pay_period_id IS NULL
"""
# Time counted once for each driver is in the last true-up; what was paid is in all statements of the period.
LAST_TRUE_UPS = """
SELECT DISTINCT ON (driver_id) driver_id, facts FROM pay_statement
WHERE market_id = $1 AND jurisdiction = $2 AND period_starts_at = $3 AND period_ends_at = $4 AND kind = 'TRUE_UP'
ORDER BY driver_id, number DESC
"""
# What the floors of blocks added to these drivers' pay is in the period in which the block closed.
PAID = """
SELECT coalesce(sum(total_minor) FILTER (WHERE kind IN ('ROUTE', 'TRUE_UP')), 0)::bigint
       + (SELECT coalesce(sum(b.total_minor), 0)::bigint FROM pay_statement b
          WHERE b.market_id = $1 AND b.kind = 'BLOCK' AND b.company_id IS NULL
            AND (b.facts #>> '{evidence,closes_at}')::timestamptz >= $3
            AND (b.facts #>> '{evidence,closes_at}')::timestamptz < $4
            AND b.driver_id IN (SELECT t.driver_id FROM pay_statement t WHERE t.market_id = $1 AND t.jurisdiction = $2
                AND t.period_starts_at = $3 AND t.period_ends_at = $4 AND t.kind = 'TRUE_UP')) AS paid,
       coalesce(sum(total_minor) FILTER (WHERE kind = 'POOL_SHARE'), 0)::bigint AS shared
FROM pay_statement WHERE market_id = $1 AND jurisdiction = $2 AND period_starts_at = $3 AND period_ends_at = $4
"""
TIMES_CLOSED = """
SELECT count(*)::int FROM pay_period WHERE market_id = $1 AND jurisdiction = $2 AND starts_at = $3 AND ends_at = $4
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Period:
    market_id: UUID
    jurisdiction: str
    starts_at: datetime
    ends_at: datetime

    @property
    def values(self) -> tuple[UUID, str, datetime, datetime]:
        return (self.market_id, self.jurisdiction, self.starts_at, self.ends_at)


async def close_pay_periods(work: Work, *, market_id: UUID) -> int:
    """Closes the periods of a market whose true-ups are all written; returns how many."""
    currency = await work.fetch_value(LOCK_MARKET, market_id)
    if currency is None:
        raise NotFound("there is no such market")
    rows = await work.fetch(TO_CLOSE, market_id, PERIODS_AT_ONCE)
    for row in rows:
        await _close(work, _Period(market_id=market_id, **dict(row)), currency)
    return len(rows)


async def is_a_period_to_close(work: Work, *, market_id: UUID) -> bool:
    """Whether all true-ups of a period are written and it is not closed yet."""
    return bool(await work.fetch(TO_CLOSE, market_id, 1))


async def _close(work: Work, period: _Period, currency: str) -> None:
    times, paid = await work.fetch_value(TIMES_CLOSED, *period.values), await work.fetch_row(PAID, *period.values)
    assert paid is not None, "a sum always has a row"
    policies = [one for one in await pay_policies(work, market_id=period.market_id) if _is_pooled(one, period)]
    trued_up = await work.fetch(LAST_TRUE_UPS, *period.values)
    engaged = {row["driver_id"]: orjson.loads(row["facts"])["work"] for row in trued_up}
    within = (period.starts_at, period.ends_at)
    on_call = (
        await find_on_call_time(work, market_id=period.market_id, within=within, policies=policies) if policies else {}
    )
    facts = PoolFacts(
        work=_pool_work(engaged, on_call),
        paid_minor=paid["paid"],
        paid_before_minor=paid["shared"],
        drivers=len(engaged.keys() | on_call.keys()),
    )
    lines = pool_lines({one.policy.version: one.policy for one in policies}, facts)
    shares = _shares(total_minor(lines), engaged, on_call, lines[0].rule if lines else "")
    record = await PayPeriodRecord.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=period.market_id,
        jurisdiction=period.jurisdiction,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        number=times,
        facts=facts.as_json(),
        lines=[asdict(line) for line in lines],
        shares=shares,
        total_minor=total_minor(lines),
        currency=currency,
        closed_at=work.now,
        shared_at=None if shares else work.now,
    )
    await work.execute(COUNT_TRUE_UPS, *period.values, record.id)


def _is_pooled(dated: DatedPolicy, period: _Period) -> bool:
    floors = dated.policy.floors
    return bool(floors and floors.jurisdiction == period.jurisdiction and floors.period and floors.period.is_pooled)


def _pool_work(
    engaged: Mapping[UUID, Sequence[Mapping[str, int]]], on_call: Mapping[UUID, Mapping[int, int]]
) -> tuple[PoolWork, ...]:
    engaged_s: dict[int, int] = {}
    on_call_s: dict[int, int] = {}
    for work in engaged.values():
        for one in work:
            engaged_s[one["version"]] = engaged_s.get(one["version"], 0) + one["engaged_s"]
    for versions in on_call.values():
        for version, free_s in versions.items():
            on_call_s[version] = on_call_s.get(version, 0) + free_s
    return tuple(
        PoolWork(version=version, engaged_s=engaged_s.get(version, 0), on_call_s=on_call_s.get(version, 0))
        for version in sorted(engaged_s.keys() | on_call_s.keys())
    )


def _shares(
    shortfall_minor: int,
    engaged: Mapping[UUID, Sequence[Mapping[str, int]]],
    on_call: Mapping[UUID, Mapping[int, int]],
    rule: str,
) -> list[dict[str, Any]]:
    if not shortfall_minor:
        return []
    drivers = sorted(engaged.keys() | on_call.keys())
    times = [
        sum(one["engaged_s"] for one in engaged.get(driver_id, ())) + sum(on_call.get(driver_id, {}).values())
        for driver_id in drivers
    ]
    return [
        {"driver_id": str(driver_id), "rule": rule, "share": asdict(share)}
        for driver_id, share in zip(drivers, share_shortfall(shortfall_minor, times), strict=True)
        if share.minor
    ]
