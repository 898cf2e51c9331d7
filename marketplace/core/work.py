"""The Work: one transaction, one `now`, one source of ids and randomness, one list of events.

The edges open a Work, one for each mutation and each job; verbs receive it and never commit. What a verb emits is
stored in the same commit as what it changed. While a Work is open nothing outside may be called: `outside` guards it.
"""

import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, cast
from uuid import UUID

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper

from marketplace.core.clock import Clock
from marketplace.core.errors import Unavailable
from marketplace.core.events import SUBJECTS, Event, plain
from marketplace.core.failpoints import pass_failpoint
from marketplace.core.ids import uuid7
from marketplace.core.metrics import NO_CONNECTION

POOL_WAIT_S = 2.0
"""Longest wait for a free connection: past it the caller hears a typed refusal instead of hanging."""
UNREAD = datetime.min.replace(tzinfo=UTC)

_open_work: ContextVar["Work | None"] = ContextVar("open_work", default=None)

# One round trip for both, at the end of every change that answers a caller's key.
STORE = """
WITH kept AS (
    UPDATE idempotency SET reply = answer.reply FROM unnest($10::uuid[], $11::text[]) AS answer(id, reply)
    WHERE idempotency.id = answer.id
)
INSERT INTO event (id, market_id, name, payload, occurred_at, shipper_id, driver_id, delivery_id, route_id)
SELECT id, market_id, name, payload::jsonb, $1, shipper_id, driver_id, delivery_id, route_id
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::uuid[], $9::uuid[])
  AS t(id, market_id, name, payload, shipper_id, driver_id, delivery_id, route_id)
"""


class Work:
    """One unit of change. `connection` is asyncpg's, for SQL; `db` is the same transaction for Tortoise models."""

    def __init__(
        self,
        *,
        connection: asyncpg.Connection,
        db: TransactionWrapper,
        now: datetime,
        machine_now: datetime,
        source: random.Random,
    ) -> None:
        self.connection = connection
        self.db = db
        self.now = now
        self.machine_now = machine_now
        self.random = source
        self.events: list[Event] = []
        self.replies: dict[UUID, str] = {}

    def new_id(self) -> UUID:
        """A fresh id that sorts by market time."""
        return uuid7(self.now, self.random)

    def emit(self, event: Event) -> None:
        """Adds a fact that is stored when this Work commits."""
        self.events.append(event)

    def keep_reply(self, key_id: UUID, reply: str) -> None:
        """Has an answer stored beside its caller's key when this Work commits."""
        self.replies[key_id] = reply

    async def fetch(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """All rows of a statement."""
        rows: list[asyncpg.Record] = await self.connection.fetch(sql, *values)
        return rows

    async def fetch_sorted(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        """All rows of a statement in order of their `id`: what a change returns comes in no order of its own."""
        return sorted(await self.fetch(sql, *values), key=itemgetter("id"))

    async def fetch_row(self, sql: str, *values: Any) -> asyncpg.Record | None:
        """The first row of a statement, if any."""
        return await self.connection.fetchrow(sql, *values)

    async def fetch_value(self, sql: str, *values: Any) -> Any:
        """The first column of the first row, or None."""
        return await self.connection.fetchval(sql, *values)

    async def execute(self, sql: str, *values: Any) -> int:
        """Runs a statement and returns how many rows it touched."""
        status: str = await self.connection.execute(sql, *values)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def insert_many(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Inserts many rows in one round trip by COPY."""
        if rows:
            await self.connection.copy_records_to_table(table, columns=list(columns), records=rows)

    async def store_events(self) -> None:
        """Writes what was emitted, and the answers to keep; called once, just before the commit."""
        if not self.events and not self.replies:
            return
        subjects = [[getattr(event, name, None) for event in self.events] for name in SUBJECTS[1:]]
        await self.connection.execute(
            STORE,
            self.now,
            [self.new_id() for _ in self.events],
            [event.market_id for event in self.events],
            [event.name for event in self.events],
            [orjson.dumps(event, default=plain).decode() for event in self.events],
            *subjects,
            list(self.replies),
            list(self.replies.values()),
        )


class DatabaseUnavailable(Unavailable):
    """No connection is free, or the server is away."""

    code = "DATABASE_UNAVAILABLE"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        NO_CONNECTION.inc()


class Works:
    """Opens Works on a pool of database connections."""

    def __init__(
        self,
        database: AsyncpgDBClient,
        clock: Clock,
        *,
        source: random.Random | None = None,
        after_commit: Callable[[], None] | None = None,
    ) -> None:
        self.database = database
        self.clock = clock
        self.source = source or random.SystemRandom()
        self.after_commit = after_commit

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Work]:
        """One transaction; commits with its events when the block ends well, and rolls everything back when not.

        Raises DatabaseUnavailable when no connection is to be had within `POOL_WAIT_S`, or the server went away.
        """
        async with self._connection() as connection:
            work = await self._begin(connection)
            token = _open_work.set(work)
            try:
                async with connection.transaction():
                    reading = await self.clock.read(connection)
                    work.now, work.machine_now = reading.market_now, reading.machine_now
                    yield work
                    await work.store_events()
            finally:
                _open_work.reset(token)
        if work.events:
            pass_failpoint("commit_before_publish")
            if self.after_commit is not None:
                self.after_commit()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[asyncpg.Connection]:
        """A bare connection for one statement that only reads and needs no `now`."""
        async with self._connection() as connection:
            yield connection

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        pool = self.database._pool
        assert pool is not None, "the database is not open"
        try:
            connection = await pool.acquire(timeout=POOL_WAIT_S)
        except (
            TimeoutError,
            OSError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
        ) as failure:
            raise DatabaseUnavailable("the database does not answer now; try again in a few seconds") from failure
        try:
            yield cast("asyncpg.Connection", connection)  # the proxy forwards every method
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, ConnectionError) as failure:
            if not _is_lost(connection, failure):
                raise
            raise DatabaseUnavailable("the database went away; try again in a few seconds") from failure
        finally:
            await pool.release(connection)

    async def _begin(self, connection: asyncpg.Connection) -> Work:
        db = TransactionWrapper(self.database)
        db._connection = connection
        return Work(connection=connection, db=db, now=UNREAD, machine_now=UNREAD, source=self.source)


def _is_lost(connection: PoolConnectionProxy, failure: Exception) -> bool:
    """Whether a failure means that the connection is gone; asyncpg then complains of its own state in several ways."""
    lost = (asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError, asyncpg.InternalClientError, ConnectionError)
    try:
        return isinstance(failure, lost) or connection.is_closed()
    except asyncpg.InterfaceError:
        return True  # the pool has noticed before us, and taken its connection back


def outside() -> None:
    """Called by every door to the outside world: an open Work around a network or solver call is a bug."""
    assert _open_work.get() is None, "a Work is open around a call to the outside"
