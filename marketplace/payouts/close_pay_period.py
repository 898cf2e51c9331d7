"""Closes a pay period of a market when every driver's true-up of it is written, and shares what a pooled floor lacks.

New York asks two things: each driver's own minimum, which the true-ups see to, and that all drivers together are paid
the rate for the time they drove and the time they were on call. The closing reckons the second and freezes each
driver's share; the shares are then paid some at a time, each exactly once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.errors import NotFound
from marketplace.core.ids import StatementId
from marketplace.core.work import Work
from marketplace.ledger import PAY_TRUE_UP, Entry, driver_wallet
from marketplace.markets import DatedPolicy, pay_policies
from marketplace.payouts.events import PayTruedUp
from marketplace.payouts.models import PayPeriodRecord
from marketplace.payouts.online_time import find_online_time
from marketplace.payouts.post_to_wallet import NewStatement, write_statement
from marketplace.payouts.states import StatementKind
from marketplace.pricing import (
    PoolFacts,
    PoolShare,
    PoolWork,
    Span,
    clipped,
    joined,
    length,
    pool_lines,
    seconds,
    share_digest,
    share_line,
    share_shortfall,
    total_minor,
)

SHARES_AT_ONCE = 50
PERIODS_AT_ONCE = 10
PLANNED_BEFORE = timedelta(days=7)

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
PAID = """
SELECT coalesce(sum(total_minor) FILTER (WHERE kind IN ('ROUTE', 'TRUE_UP')), 0)::bigint AS paid,
       coalesce(sum(total_minor) FILTER (WHERE kind = 'POOL_SHARE'), 0)::bigint AS shared
FROM pay_statement WHERE market_id = $1 AND jurisdiction = $2 AND period_starts_at = $3 AND period_ends_at = $4
"""
TIMES_CLOSED = """
SELECT count(*)::int FROM pay_period WHERE market_id = $1 AND jurisdiction = $2 AND starts_at = $3 AND ends_at = $4
"""
# Ids carry the time at which a route was planned, which is never long before it was driven.
DRIVEN = """
SELECT driver_id, accepted_at, coalesce(ended_at, $5) AS ended_at FROM route
WHERE market_id = $1 AND driver_id = ANY($2) AND id >= $3 AND state IN ('ASSIGNED', 'STARTED', 'COMPLETED')
  AND coalesce(ended_at, $5) > $4 AND accepted_at < $5
"""
SHARES_LEFT = """
SELECT p.id, p.market_id, p.jurisdiction, p.starts_at, p.ends_at, p.number, p.currency, share
FROM pay_period p CROSS JOIN LATERAL jsonb_array_elements(p.shares) AS share
WHERE p.market_id = $1 AND p.shared_at IS NULL AND NOT EXISTS (
    SELECT FROM pay_statement s WHERE s.market_id = $1 AND s.period_starts_at = p.starts_at AND s.kind = 'POOL_SHARE'
       AND s.driver_id = (share->>'driver_id')::uuid AND s.pay_period_id = p.id)
ORDER BY p.id, share->>'driver_id' LIMIT $2
"""
IS_SHARED = "UPDATE pay_period SET shared_at = $2 WHERE market_id = $1 AND shared_at IS NULL"
ARE_LEFT = "SELECT EXISTS (SELECT FROM pay_period WHERE market_id = $1 AND shared_at IS NULL)"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Period:
    market_id: UUID
    jurisdiction: str
    starts_at: datetime
    ends_at: datetime

    @property
    def values(self) -> tuple[UUID, str, datetime, datetime]:
        return (self.market_id, self.jurisdiction, self.starts_at, self.ends_at)

    def as_json(self) -> dict[str, str]:
        times = {"starts_at": self.starts_at.isoformat(), "ends_at": self.ends_at.isoformat()}
        return {"jurisdiction": self.jurisdiction} | times


async def close_pay_periods(work: Work, *, market_id: UUID) -> int:
    """Closes the periods of a market whose true-ups are all written; returns how many."""
    currency = await work.fetch_value(LOCK_MARKET, market_id)
    if currency is None:
        raise NotFound("there is no such market")
    rows = await work.fetch(TO_CLOSE, market_id, PERIODS_AT_ONCE)
    for row in rows:
        await _close(work, _Period(market_id=market_id, **dict(row)), currency)
    return len(rows)


async def pay_pool_shares(work: Work, *, market_id: UUID) -> int:
    """Pays some of the shares that closed periods left to be paid; returns how many were paid."""
    if await work.fetch_value(LOCK_MARKET, market_id) is None:
        raise NotFound("there is no such market")
    rows = await work.fetch(SHARES_LEFT, market_id, SHARES_AT_ONCE)
    for row in rows:
        await _pay_share(work, row)
    if len(rows) < SHARES_AT_ONCE:
        await work.execute(IS_SHARED, market_id, work.now)
    return len(rows)


async def is_a_period_to_close(work: Work, *, market_id: UUID) -> bool:
    """Whether all true-ups of a period are written and it is not closed yet."""
    return bool(await work.fetch(TO_CLOSE, market_id, 1))


async def are_shares_left(work: Work, *, market_id: UUID) -> bool:
    """Whether a closed period has shares that nobody has paid yet."""
    are_left: bool = await work.fetch_value(ARE_LEFT, market_id)
    return are_left


async def _close(work: Work, period: _Period, currency: str) -> None:
    times, paid = await work.fetch_value(TIMES_CLOSED, *period.values), await work.fetch_row(PAID, *period.values)
    assert paid is not None, "a sum always has a row"
    policies = [one for one in await pay_policies(work, market_id=period.market_id) if _is_pooled(one, period)]
    trued_up = await work.fetch(LAST_TRUE_UPS, *period.values)
    engaged = {row["driver_id"]: orjson.loads(row["facts"])["work"] for row in trued_up}
    on_call = await _on_call(work, period, policies) if policies else {}
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


async def _on_call(work: Work, period: _Period, policies: Sequence[DatedPolicy]) -> dict[UUID, dict[int, int]]:
    """Seconds online and without a route, of each driver under each pay policy that was in force meanwhile."""
    whole = (period.starts_at, period.ends_at)
    online = await find_online_time(work, market_id=period.market_id, within=whole)
    planned_after = UUID(int=int((period.starts_at - PLANNED_BEFORE).timestamp() * 1000) << 80)
    driven: dict[UUID, list[Span]] = {}
    for row in await work.fetch(DRIVEN, period.market_id, sorted(online), planned_after, *whole):
        driven.setdefault(row["driver_id"], []).append((row["accepted_at"], row["ended_at"]))
    found: dict[UUID, dict[int, int]] = {}
    for driver_id, spans in sorted(online.items()):
        for dated in policies:
            in_force = (dated.effective_from, dated.effective_until or period.ends_at)
            busy = clipped(clipped(driven.get(driver_id, []), whole), in_force)
            free = length(joined([*clipped(spans, in_force), *busy])) - length(joined(busy))
            if free:
                found.setdefault(driver_id, {})[dated.policy.version] = seconds(free)
    return found


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


async def _pay_share(work: Work, row: asyncpg.Record) -> StatementId:
    kept = orjson.loads(row["share"])
    driver_id, share = UUID(kept["driver_id"]), PoolShare(**kept["share"])
    times = {name: row[name].isoformat() for name in ("starts_at", "ends_at")}
    period = {"jurisdiction": row["jurisdiction"]} | times
    line = share_line(share, kept["rule"])
    new = NewStatement(
        kind=StatementKind.POOL_SHARE,
        market_id=row["market_id"],
        driver_id=driver_id,
        currency=row["currency"],
        key=f"pool_share:{row['id']}:{driver_id}",
        facts=asdict(share) | {"rule": kept["rule"], "period": period},
        lines=[line],
        digest=share_digest(share, period, line),
        more={
            "jurisdiction": row["jurisdiction"],
            "period_starts_at": row["starts_at"],
            "period_ends_at": row["ends_at"],
            "number": row["number"],
            "pay_period_id": row["id"],
        },
    )
    entries = [Entry(debit=PAY_TRUE_UP, credit=driver_wallet(driver_id), amount=new.total)]
    statement_id = await write_statement(work, new, entries)
    work.emit(
        PayTruedUp(
            market_id=row["market_id"],
            statement_id=statement_id,
            driver_id=driver_id,
            jurisdiction=row["jurisdiction"],
            total_minor=new.total.minor,
            currency=row["currency"],
        )
    )
    return statement_id
