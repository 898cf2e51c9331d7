"""Deliveries that should be planned at a later moment are woken at that moment."""

from datetime import datetime
from uuid import UUID

import asyncpg

from marketplace.core.work import Work
from marketplace.matching.events import PlanningDue
from marketplace.matching.queries import NEXT_LOOK, WAKE_DUE


async def wake_due(work: Work, *, limit: int = 1_000, market_id: UUID | None = None) -> int:
    """Asks for a look at every zone, of one market or of all, that has deliveries whose moment has come.

    What nobody in its zone could take is asked for across the zone's borders.
    """
    rows = await work.fetch(WAKE_DUE, work.now, limit, market_id)
    for row in rows:
        work.emit(
            PlanningDue(
                market_id=row["market_id"],
                delivery_count=row["woken"],
                zone_id=row["zone_id"],
                is_border=row["is_border"],
            )
        )
    return sum(row["woken"] for row in rows)


async def next_planning(connection: asyncpg.Connection) -> datetime | None:
    """The moment at which the next delivery should be looked at."""
    moment: datetime | None = await connection.fetchval(NEXT_LOOK)
    return moment
