"""How many offers are open, for whoever watches."""

import asyncpg


async def count_open(connection: asyncpg.Connection) -> int:
    """Offers of all markets that a driver may still answer."""
    count: int = await connection.fetchval("SELECT count(*) FROM offer WHERE state IN ('SENT', 'VIEWED')")
    return count
