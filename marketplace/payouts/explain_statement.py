"""Shows a statement with everything it rests on, and whether reckoning it again gives the same bytes."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.errors import NotFound
from marketplace.core.ids import StatementId
from marketplace.core.work import Work
from marketplace.payouts.queries import ONE_STATEMENT
from marketplace.payouts.recompute_statement import floor_working, pool_working, recompute_statement
from marketplace.payouts.states import StatementKind
from marketplace.pricing import PriceLine


async def explain_statement(
    work: Work, *, statement_id: StatementId, driver_id: UUID | None = None, market_id: UUID | None = None
) -> dict[str, Any]:
    """A statement with its inputs and the working of its floor; of this driver, or of this market, or of anybody.

    Raises NotFound for a statement that the asker may not see.
    """
    row = await work.fetch_row(ONE_STATEMENT, statement_id, driver_id, market_id)
    if row is None:
        raise NotFound("there is no such statement")
    tree: dict[str, Any] = orjson.loads(row["tree"])
    return tree | {
        "digest": row["digest"],
        "inputs": sorted(_inputs(tree["facts"])),
        "floor_working": [asdict(line) for line in await _working(work, row, tree)],
        "recomputed_matches": await recompute_statement(work, statement_id=statement_id),
    }


async def _working(work: Work, row: asyncpg.Record, tree: dict[str, Any]) -> Sequence[PriceLine]:
    """How the floor behind a statement was reckoned, where that does not stand in its own lines."""
    match tree["kind"]:
        case StatementKind.ROUTE:
            version = tree["policy_version"]
            return await floor_working(work, market_id=row["market_id"], version=version, facts=tree["facts"])
        case StatementKind.POOL_SHARE:
            return await pool_working(work, pay_period_id=row["pay_period_id"])
        case _:
            return ()


def _inputs(facts: Any, name: str = "") -> list[tuple[str, str]]:
    """Everything that a statement was reckoned from, by name: what lies within something is named by its way there."""
    if isinstance(facts, dict):
        parts = [(f"{name}.{key}" if name else key, value) for key, value in facts.items()]
    elif isinstance(facts, list):
        parts = [(f"{name}[{place}]", value) for place, value in enumerate(facts)]
    else:
        return [(name, str(facts))]
    return [found for inner, value in parts for found in _inputs(value, inner)]
