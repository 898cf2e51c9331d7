"""Pays the shares of what all drivers of a closed period lacked together, some at a time, each exactly once."""

from dataclasses import asdict
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.errors import NotFound
from marketplace.core.ids import StatementId
from marketplace.core.work import Work
from marketplace.ledger import PAY_TRUE_UP, Entry, driver_wallet
from marketplace.payouts.close_pay_period import LOCK_MARKET
from marketplace.payouts.events import PayTruedUp
from marketplace.payouts.post_to_wallet import NewStatement, write_statement
from marketplace.payouts.states import StatementKind
from marketplace.pricing import PoolShare, share_digest, share_line

SHARES_AT_ONCE = 50

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


async def pay_pool_shares(work: Work, *, market_id: UUID) -> int:
    """Pays some of the shares that closed periods left to be paid; returns how many were paid."""
    # Two workers at once: the second waits at the market and then finds other shares, or none.
    if await work.fetch_value(LOCK_MARKET, market_id) is None:
        raise NotFound("there is no such market")
    rows = await work.fetch(SHARES_LEFT, market_id, SHARES_AT_ONCE)
    for row in rows:
        await _pay_share(work, row)
    if len(rows) < SHARES_AT_ONCE:
        await work.execute(IS_SHARED, market_id, work.now)
    return len(rows)


async def are_shares_left(work: Work, *, market_id: UUID) -> bool:
    """Whether a closed period has shares that nobody has paid yet."""
    are_left: bool = await work.fetch_value(ARE_LEFT, market_id)
    return are_left


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
