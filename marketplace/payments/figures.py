"""How many operations at the payment provider are not at their end, for whoever watches."""

import asyncpg

from marketplace.payments.states import OperationState

COUNT = "SELECT state, count(*) AS count FROM stripe_operation WHERE state = ANY($1) GROUP BY state"


async def count_unfinished(connection: asyncpg.Connection) -> dict[str, int]:
    """Operations of all markets by state; a state without any is there with nothing."""
    open_states = [state.value for state in OperationState if not state.is_ended]
    rows = await connection.fetch(COUNT, open_states)
    return dict.fromkeys(open_states, 0) | {row["state"]: row["count"] for row in rows}
