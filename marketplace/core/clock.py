"""The two clocks of the marketplace, and nothing else reads the time.

*Market time* is what offers, windows, shifts and pay live on. In production it is the transaction time of the database,
so that the skew of hosts alters no outcome; in a demo one row of the database says from where and how fast it runs; in
tests and simulations it is set by hand. *Machine time* is never scaled: leases, tokens, one-time codes and time-outs.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

import asyncpg

READ_BOTH_CLOCKS = """
SELECT transaction_timestamp() AS machine_now,
       coalesce((SELECT market_origin + (transaction_timestamp() - machine_origin) * factor FROM market_clock),
                transaction_timestamp()) AS market_now
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at both clocks, aware and in UTC."""

    market_now: datetime
    machine_now: datetime


class Clock(Protocol):
    """Tells both times on a connection that is inside a transaction."""

    async def read(self, connection: asyncpg.Connection) -> Reading:
        """Both times of this transaction."""
        ...


class DatabaseClock:
    """Market time from the database: its transaction time, moved and sped up where a demo asked for it."""

    async def read(self, connection: asyncpg.Connection) -> Reading:
        """Both times of this transaction, in one statement."""
        row = await connection.fetchrow(READ_BOTH_CLOCKS)
        assert row is not None
        return Reading(market_now=row["market_now"], machine_now=row["machine_now"])


class ManualClock:
    """Market time that stands still until it is moved by hand; machine time goes on."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    async def read(self, connection: asyncpg.Connection) -> Reading:
        """The time that was set by hand, beside the machine's."""
        machine_now: datetime = await connection.fetchval("SELECT transaction_timestamp()")
        return Reading(market_now=self.now, machine_now=machine_now)

    def advance(self, *, seconds: float) -> None:
        """Moves market time forward."""
        self.now += timedelta(seconds=seconds)


async def pace(connection: asyncpg.Connection) -> float:
    """How many seconds of market time pass in one second of machine time: 1, but for a demo that was sped up."""
    factor: float | None = await connection.fetchval("SELECT factor FROM market_clock")
    return factor or 1.0


async def start_clock(connection: asyncpg.Connection, *, market_origin: datetime, factor: float) -> None:
    """Lets market time run from `market_origin` at `factor` times the machine's; one that runs already goes on."""
    await connection.execute(
        "INSERT INTO market_clock (id, machine_origin, market_origin, factor)"
        " VALUES ('market', clock_timestamp(), $1, $2) ON CONFLICT (id) DO NOTHING",
        market_origin,
        factor,
    )


def machine() -> datetime:
    """Machine time of this host, for what never leaves the process: signatures, tokens and time-outs."""
    return datetime.now(UTC)
