"""Notices between processes, carried by PostgreSQL on a connection of their own.

A pooled connection never listens, and a hot transaction never notifies: both happen here. A notice only says "look
now". Whoever waits for one also looks from time to time, so that a lost notice costs promptness and nothing else.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import asyncpg
import structlog

from marketplace.core.background import Background
from marketplace.core.database import connect

EVENTS = "doorstep_events"
"""Somebody committed events: the relay publishes them, and the waker looks for an earlier deadline."""
PUBLISHED = "doorstep_published"
"""The stream of a market has grown; the payload is the market's id."""

SUFFIX = "SELECT CASE coalesce(current_schema(), 'public') WHEN 'public' THEN '' ELSE '_' || current_schema() END"

CONNECT_PATIENCE_S = 5.0
RECONNECT_AFTER_S = 0.5
STILL_THERE_EVERY_S = 10.0
SEND_PATIENCE_S = 2.0
GONE = (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""How a connection tells that it is of no more use."""

Hear = Callable[[str], None]
"""Called with the payload of each notice; it returns at once."""

log = structlog.get_logger(__name__)


class Notices(Background):
    """One connection that hears the channels of `heard` and sends notices, made anew for as long as it is entered.

    `on_connect` is called after each connection, because what was sent meanwhile has been missed.
    """

    def __init__(
        self, url: str, *, heard: Mapping[str, Hear] | None = None, on_connect: Callable[[], None] | None = None
    ) -> None:
        self._url = url
        self._heard = dict(heard or {})
        self._on_connect = on_connect
        self._connection: asyncpg.Connection | None = None
        self._one_at_a_time = asyncio.Lock()
        self._connected = asyncio.Event()
        self._suffix = ""

    @property
    def is_connected(self) -> bool:
        """Whether notices are heard and can be sent now."""
        return self._connection is not None

    async def until_connected(self) -> None:
        """Waits until notices are heard and can be sent."""
        await self._connected.wait()

    async def send(self, channel: str, payload: str = "") -> bool:
        """Sends one notice; False when it could not be sent, which the receivers' own looking makes good."""
        if self._connection is None:
            return False
        try:
            async with asyncio.timeout(SEND_PATIENCE_S), self._one_at_a_time:
                await self._connection.execute("SELECT pg_notify($1, $2)", channel + self._suffix, payload)
        except GONE:
            return False
        return True

    async def _go_on(self) -> None:
        while True:
            try:
                await self._connect_and_hear()
            except GONE as failure:
                log.warning("no connection for notices; trying again", failure=type(failure).__name__)
            await asyncio.sleep(RECONNECT_AFTER_S)

    async def _connect_and_hear(self) -> None:
        """Connects, listens, and returns when the connection is gone."""
        async with asyncio.timeout(CONNECT_PATIENCE_S):
            connection = await connect(self._url)
        try:
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _: lost.set())
            # Channels belong to a whole database; where markets live in schemas of their own, none wakes another.
            self._suffix = await connection.fetchval(SUFFIX)
            for channel, hear in self._heard.items():
                await connection.add_listener(channel + self._suffix, _only_payload(hear))
            self._connection = connection
            self._connected.set()
            if self._on_connect is not None:
                self._on_connect()
            while not await _happens_within(lost, STILL_THERE_EVERY_S):
                # A peer that vanished without a word is noticed by asking.
                async with asyncio.timeout(SEND_PATIENCE_S), self._one_at_a_time:
                    await connection.execute("SELECT 1")
        finally:
            self._connection = None
            self._connected.clear()
            with suppress(*GONE):
                await connection.close(timeout=SEND_PATIENCE_S)


def _only_payload(hear: Hear) -> Callable[[Any, int, str, object], None]:
    def heard(_connection: Any, _pid: int, _channel: str, payload: object) -> None:
        hear(str(payload))

    return heard


async def _happens_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
