"""Settles a driver's block when it is over: what was attended, what its routes paid, and the rest up to its floor."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from marketplace.blocks.events import BlockKept
from marketplace.core.work import Work
from marketplace.ledger import BLOCK_TOP_UP, Entry, Payee
from marketplace.payouts import NewStatement, StatementKind, write_statement
from marketplace.pricing import (
    BlockFacts,
    Span,
    block_digest,
    block_floor_lines,
    clipped,
    joined,
    length,
    seconds,
    total_minor,
)

LONGEST_ONLINE = timedelta(days=2)

# A block is settled when the routes that were accepted in it are over and paid: what is missing might pay more.
TO_SETTLE = """
SELECT s.id FROM sign_up s
WHERE s.market_id = $1 AND s.state = 'SIGNED' AND s.checked_in_at IS NOT NULL AND s.closes_at <= $2
  AND NOT EXISTS (
      SELECT 1 FROM route r WHERE r.driver_id = s.driver_id AND r.accepted_at >= s.opens_at
         AND r.accepted_at < s.closes_at AND r.state IN ('ASSIGNED', 'STARTED', 'COMPLETED')
         AND NOT EXISTS (SELECT 1 FROM pay_statement p WHERE p.route_id = r.id))
ORDER BY s.closes_at, s.id LIMIT $3
"""
LOCK = """
SELECT s.*, b.floor_per_hour_minor, b.currency, d.company_id
FROM sign_up s JOIN block b ON b.id = s.block_id JOIN driver d ON d.id = s.driver_id
WHERE s.id = $1 AND s.state = 'SIGNED' FOR UPDATE OF s
"""
COMINGS = """
SELECT name, occurred_at FROM event
WHERE market_id = $1 AND name IN ('DriverWentOnline', 'DriverWentOffline') AND occurred_at >= $2 AND occurred_at < $3
  AND driver_id = $4 ORDER BY occurred_at, ordinal
"""
# What a route paid, held statements too: they can only be released whole. Routes of before cover their own time.
ROUTES = """
SELECT r.id, r.accepted_at, coalesce(r.ended_at, $4) AS ended_at, coalesce(p.total_minor, 0) AS minor,
       r.accepted_at >= $2 AS is_of_block
FROM route r LEFT JOIN pay_statement p ON p.route_id = r.id
WHERE r.driver_id = $1 AND r.accepted_at < $3 AND coalesce(r.ended_at, $4) > $2
  AND r.state IN ('ASSIGNED', 'STARTED', 'COMPLETED') ORDER BY r.accepted_at, r.id
"""
KEEP = """
UPDATE sign_up SET state = 'KEPT', attended_s = $2, earned_minor = $3, top_up_minor = $4, statement_id = $5,
       ended_at = $6 WHERE id = $1
"""


async def to_settle(work: Work, *, market_id: UUID, limit: int) -> list[UUID]:
    """Sign-ups whose block is over and whose routes are paid."""
    return [row["id"] for row in await work.fetch(TO_SETTLE, market_id, work.now, limit)]


async def settle_sign_up(work: Work, *, sign_up_id: UUID) -> None:
    """Writes down what a driver's block came to, and puts what its floor lacks on the wallet, once."""
    kept = await work.fetch_row(LOCK, sign_up_id)
    if kept is None:
        return
    routes = await work.fetch(ROUTES, kept["driver_id"], kept["opens_at"], kept["closes_at"], work.now)
    online = await _online(work, kept)
    facts = BlockFacts(
        attended_s=attended_s(kept["checked_in_at"], (kept["opens_at"], kept["closes_at"]), online, routes),
        floor_per_hour_minor=kept["floor_per_hour_minor"],
        earned_minor=sum(row["minor"] for row in routes if row["is_of_block"]),
    )
    statement_id, top_up = await _top_up(work, kept, facts, routes)
    await work.execute(KEEP, sign_up_id, facts.attended_s, facts.earned_minor, top_up, statement_id, work.now)
    work.emit(
        BlockKept(
            market_id=kept["market_id"],
            block_id=kept["block_id"],
            sign_up_id=sign_up_id,
            driver_id=kept["driver_id"],
            attended_s=facts.attended_s,
            earned_minor=facts.earned_minor,
            top_up_minor=top_up,
            currency=kept["currency"],
        )
    )


def attended_s(checked_in_at: datetime, hours: Span, online: Sequence[Span], routes: Sequence[asyncpg.Record]) -> int:
    """Seconds online within the block or on its routes, beyond its end too: an overrun is engaged and counts.

    Time of routes from before the block is paid by those routes, and is not counted a second time.
    """
    begins = max(checked_in_at, hours[0])
    of_block = [(row["accepted_at"], row["ended_at"]) for row in routes if row["is_of_block"]]
    before = [(row["accepted_at"], row["ended_at"]) for row in routes if not row["is_of_block"]]
    there = joined([*clipped(online, (begins, max(begins, hours[1]))), *of_block])
    elsewhere = joined(before)
    return seconds(length(joined([*there, *elsewhere])) - length(elsewhere))


async def _online(work: Work, kept: asyncpg.Record) -> list[Span]:
    rows = await work.fetch(
        COMINGS, kept["market_id"], kept["opens_at"] - LONGEST_ONLINE, kept["closes_at"], kept["driver_id"]
    )
    spans: list[Span] = []
    # Who was seen there was online then, even where the coming itself is older than what is looked at.
    since: datetime | None = None if rows else kept["checked_in_at"]
    for row in rows:
        if row["name"] == "DriverWentOnline":
            since = since or row["occurred_at"]
        elif since is not None:
            spans.append((since, row["occurred_at"]))
            since = None
    return [*spans, (since, kept["closes_at"])] if since is not None else spans


async def _top_up(
    work: Work, kept: asyncpg.Record, facts: BlockFacts, routes: Sequence[asyncpg.Record]
) -> tuple[UUID | None, int]:
    lines = block_floor_lines(facts)
    if total_minor(lines) == 0:
        return None, 0
    evidence: dict[str, Any] = {
        "sign_up_id": str(kept["id"]),
        "block_id": str(kept["block_id"]),
        "opens_at": kept["opens_at"].isoformat(),
        "closes_at": kept["closes_at"].isoformat(),
        "checked_in_at": kept["checked_in_at"].isoformat(),
        "routes": [str(row["id"]) for row in routes if row["is_of_block"]],
    }
    new = NewStatement(
        kind=StatementKind.BLOCK,
        market_id=kept["market_id"],
        driver_id=kept["driver_id"],
        currency=kept["currency"],
        key=f"block:{kept['id']}",
        facts={
            "attended_s": facts.attended_s,
            "floor_per_hour_minor": facts.floor_per_hour_minor,
            "earned_minor": facts.earned_minor,
            "evidence": evidence,
        },
        lines=lines,
        digest=block_digest(facts, evidence, lines),
        more={},
        company_id=kept["company_id"],
    )
    payee = Payee.of_work(kept["driver_id"], kept["company_id"])
    entry = Entry(debit=BLOCK_TOP_UP, credit=payee.wallet, amount=new.total)
    return await write_statement(work, new, [entry]), new.total.minor
