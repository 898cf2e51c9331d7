"""Makes up what a driver's pay period lacked to the law's floor, once, when the period is over and its routes are paid.

A route belongs to the period in which it ended. A held statement counts in full, its time and its pay: it can only be
released whole. A statement that comes late, or is of a route that was reported late, leads to an adjustment, which is
the whole period reckoned anew less what was made up before; it never takes anything back. What a block's floor added
is pay too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.errors import LimitReached, NotFound
from marketplace.core.ids import DriverId, MarketId, StatementId
from marketplace.core.work import Work
from marketplace.ledger import PAY_TRUE_UP, Entry, driver_wallet
from marketplace.payouts.events import PayTruedUp
from marketplace.payouts.post_to_wallet import NewStatement, write_statement
from marketplace.payouts.recompute_statement import policies_of
from marketplace.payouts.states import StatementKind
from marketplace.pricing import (
    Engagement,
    PeriodFacts,
    PeriodWork,
    dearest_first,
    engaged_by_version,
    true_up_digest,
    true_up_lines,
)

TRUE_UPS_AT_ONCE = 50
ROUTES_AT_ONCE = 1_000
ROUTES_OF_A_PERIOD = 100_000
"""More routes than anybody can drive in a month: a period of so many is refused, never reckoned in part."""

# A period is due when every completed route that ended in it has its statement: what is missing might pay more.
DUE = """
SELECT DISTINCT s.driver_id, s.jurisdiction, s.period_starts_at, s.period_ends_at
FROM pay_statement s
WHERE s.market_id = $1 AND s.settles_at <= $2 AND s.true_up_id IS NULL
  AND NOT EXISTS (
      SELECT FROM route r WHERE r.driver_id = s.driver_id AND r.state = 'COMPLETED'
         AND r.ended_at >= s.period_starts_at AND r.ended_at < s.period_ends_at
         AND NOT EXISTS (SELECT FROM pay_statement i WHERE i.route_id = r.id))
ORDER BY s.period_ends_at, s.driver_id, s.jurisdiction LIMIT $3
"""
# Two workers at once: the second waits here and then finds every statement of the period counted.
LOCK_DRIVER = "SELECT id FROM driver WHERE id = $1 AND market_id = $2 FOR NO KEY UPDATE"
PERIOD = """
SELECT s.id, s.policy_version, s.facts, s.total_minor, s.currency, s.true_up_id, r.accepted_at, r.ended_at
FROM pay_statement s JOIN route r ON r.id = s.route_id
WHERE s.market_id = $1 AND s.driver_id = $2 AND s.jurisdiction = $3
  AND s.period_starts_at = $4 AND s.period_ends_at = $5 AND s.id > $6
ORDER BY s.id LIMIT $7
"""
# Routes that ended in an earlier period while one of this period was already being driven
OVERLAPPING = """
SELECT s.id, r.accepted_at, r.ended_at FROM pay_statement s JOIN route r ON r.id = s.route_id
WHERE s.market_id = $1 AND s.driver_id = $2 AND s.jurisdiction = $3 AND s.period_starts_at < $4
  AND s.period_ends_at > $5 AND r.ended_at > $5 AND s.id > $6 ORDER BY s.id LIMIT $7
"""
MADE_UP = """
SELECT count(*)::int AS times, coalesce(sum(total_minor), 0)::bigint AS minor FROM pay_statement
WHERE market_id = $1 AND driver_id = $2 AND jurisdiction = $3 AND period_starts_at = $4 AND period_ends_at = $5
  AND kind = 'TRUE_UP'
"""
# What a block's floor added is pay of the period in which the block closed, and is not made up a second time.
BLOCK_TOP_UPS = """
SELECT coalesce(sum(total_minor), 0)::bigint FROM pay_statement
WHERE market_id = $1 AND driver_id = $2 AND kind = 'BLOCK' AND company_id IS NULL
  AND (facts #>> '{evidence,closes_at}')::timestamptz >= $3 AND (facts #>> '{evidence,closes_at}')::timestamptz < $4
"""
COUNT_STATEMENTS = "UPDATE pay_statement SET true_up_id = $2 WHERE id = ANY($1) AND true_up_id IS NULL"


class TooManyRoutes(LimitReached):
    """Something is wrong with the routes of a period: nobody drives so many."""

    code = "TOO_MANY_ROUTES"


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverPeriod:
    """One driver's pay period under one jurisdiction."""

    market_id: MarketId
    driver_id: DriverId
    jurisdiction: str
    starts_at: datetime
    ends_at: datetime

    @property
    def values(self) -> tuple[UUID, UUID, str, datetime, datetime]:
        """As the statements above take it."""
        return (self.market_id, self.driver_id, self.jurisdiction, self.starts_at, self.ends_at)

    def as_json(self) -> dict[str, str]:
        """The period as a true-up keeps it."""
        times = {"starts_at": self.starts_at.isoformat(), "ends_at": self.ends_at.isoformat()}
        return {"jurisdiction": self.jurisdiction} | times


async def due_true_ups(work: Work, *, market_id: MarketId) -> list[DriverPeriod]:
    """Periods of a market that are over and whose statements are all there, some of them not counted yet."""
    rows = await work.fetch(DUE, market_id, work.now, TRUE_UPS_AT_ONCE)
    return [
        DriverPeriod(
            market_id=market_id,
            driver_id=DriverId(row["driver_id"]),
            jurisdiction=row["jurisdiction"],
            starts_at=row["period_starts_at"],
            ends_at=row["period_ends_at"],
        )
        for row in rows
    ]


async def true_up_pay(work: Work, *, period: DriverPeriod) -> StatementId | None:
    """Writes the true-up of a period, or an adjustment of it; None when every statement of it is counted already."""
    if await work.fetch_value(LOCK_DRIVER, period.driver_id, period.market_id) is None:
        raise NotFound("there is no such driver")
    rows = await _all_of(work, PERIOD, *period.values)
    fresh = [row["id"] for row in rows if row["true_up_id"] is None]
    if not fresh:
        return None
    made_up = await work.fetch_row(MADE_UP, *period.values)
    assert made_up is not None, "a sum always has a row"
    topped_up: int = await work.fetch_value(
        BLOCK_TOP_UPS, period.market_id, period.driver_id, period.starts_at, period.ends_at
    )
    facts = PeriodFacts(
        work=await _work_of(work, period, rows),
        earned_minor=sum(row["total_minor"] for row in rows) + topped_up,
        paid_before_minor=made_up["minor"],
        routes=len(rows),
    )
    statement_id = await _write(work, period, facts, number=made_up["times"], currency=rows[0]["currency"])
    await work.execute(COUNT_STATEMENTS, fresh, statement_id)
    return statement_id


async def _all_of(work: Work, statement: str, *values: object) -> list[asyncpg.Record]:
    """Every row of a statement, page by page: what a period lacks is reckoned from all of it or not at all."""
    rows: list[asyncpg.Record] = []
    last = UUID(int=0)
    while page := await work.fetch(statement, *values, last, ROUTES_AT_ONCE):
        rows += page
        last = page[-1]["id"]
        if len(rows) > ROUTES_OF_A_PERIOD:
            raise TooManyRoutes(f"a pay period of more than {ROUTES_OF_A_PERIOD:,} routes cannot be reckoned")
        if len(page) < ROUTES_AT_ONCE:
            break
    return rows


async def _write(work: Work, period: DriverPeriod, facts: PeriodFacts, *, number: int, currency: str) -> StatementId:
    policies = await policies_of(work, period.market_id, [one.version for one in facts.work])
    lines = true_up_lines(policies, facts)
    new = NewStatement(
        kind=StatementKind.TRUE_UP,
        market_id=period.market_id,
        driver_id=period.driver_id,
        currency=currency,
        key=f"true_up:{period.driver_id}:{period.jurisdiction}:{period.starts_at:%Y%m%dT%H%M}:{period.ends_at:%Y%m%dT%H%M}:{number}",
        facts=facts.as_json() | {"period": period.as_json()},
        lines=lines,
        digest=true_up_digest(policies, facts, period.as_json(), lines),
        more={
            "policy_version": max(policies),
            "jurisdiction": period.jurisdiction,
            "period_starts_at": period.starts_at,
            "period_ends_at": period.ends_at,
            "number": number,
        },
    )
    entries = (
        [Entry(debit=PAY_TRUE_UP, credit=driver_wallet(period.driver_id), amount=new.total)] if new.total.minor else []
    )
    statement_id = await write_statement(work, new, entries)
    work.emit(
        PayTruedUp(
            market_id=period.market_id,
            statement_id=statement_id,
            driver_id=period.driver_id,
            jurisdiction=period.jurisdiction,
            total_minor=new.total.minor,
            currency=currency,
        )
    )
    return statement_id


async def _work_of(work: Work, period: DriverPeriod, rows: Sequence[asyncpg.Record]) -> tuple[PeriodWork, ...]:
    """The work of the period under each pay policy; time that an earlier period has counted is not counted again."""
    driven = [
        Engagement(begins_at=row["accepted_at"], ends_at=row["ended_at"], version=row["policy_version"]) for row in rows
    ]
    first = min(one.begins_at for one in driven)
    earlier = await _all_of(work, OVERLAPPING, *period.values[:4], first)
    counted = [Engagement(begins_at=row["accepted_at"], ends_at=row["ended_at"], version=None) for row in earlier]
    metres: dict[int, int] = {}
    for row in rows:
        facts = orjson.loads(row["facts"])
        metres[row["policy_version"]] = metres.get(row["policy_version"], 0) + facts["distance_m"] + facts["return_m"]
    policies = await policies_of(work, period.market_id, sorted(metres))
    engaged_s = engaged_by_version([*driven, *counted], dearest_first(policies))
    return tuple(
        PeriodWork(version=version, engaged_s=engaged_s[version], distance_m=metres[version])
        for version in sorted(metres)
    )
