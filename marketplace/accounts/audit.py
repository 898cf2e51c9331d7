"""What operators do by hand is written down: who did what to which thing, and when. Nobody can change it later."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.ids import MarketId, OperatorId
from marketplace.core.work import Work

PAGE_AT_MOST = 101
LATEST = UUID(int=2**128 - 1)

NOTE = """
INSERT INTO operator_action (id, market_id, operator_id, verb, subject_id, details, happened_at)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7)
"""
# The name is read where the market is, so that it is only ever shown with deeds in a market that the reader may see.
ACTIONS = """
SELECT a.id, a.operator_id, o.name AS operator_name, a.verb, a.subject_id, a.details::text AS details, a.happened_at
FROM operator_action a JOIN operator o ON o.id = a.operator_id
WHERE a.market_id = $1 AND a.id < $2 ORDER BY a.id DESC LIMIT $3
"""


async def note_action(
    work: Work,
    *,
    operator_id: OperatorId,
    market_id: MarketId,
    verb: str,
    subject_id: UUID,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Writes down what an operator does, in the Work that does it: undone together with it, never without it."""
    values = (operator_id, verb, subject_id, orjson.dumps(details or {}).decode())
    action_id = work.new_id()
    await work.execute(NOTE, action_id, market_id, *values, work.now)


async def page_actions(
    connection: asyncpg.Connection, *, market_id: MarketId, before: UUID | None, limit: int
) -> list[dict[str, Any]]:
    """What operators did in a market, latest first, older than `before`."""
    rows = await connection.fetch(ACTIONS, market_id, before or LATEST, min(limit, PAGE_AT_MOST))
    return [dict(row) for row in rows]
