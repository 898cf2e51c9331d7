"""How many payouts are not at their end, for whoever watches."""

import asyncpg

from marketplace.payouts.states import PayoutState

UNFINISHED = (PayoutState.SCHEDULED, PayoutState.IN_TRANSIT, PayoutState.ON_HOLD)
COUNT = "SELECT state, count(*) AS count FROM payout WHERE state = ANY($1) GROUP BY state"


async def count_unfinished(connection: asyncpg.Connection) -> dict[str, int]:
    """Payouts of all markets by state; a state without any is there with nothing."""
    rows = await connection.fetch(COUNT, [state.value for state in UNFINISHED])
    return {state.value: 0 for state in UNFINISHED} | {row["state"]: row["count"] for row in rows}
