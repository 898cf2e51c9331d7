"""Streams of events for subscribers: resumed from the event table, then live, with no gap and nothing twice.

One process has one listener, whatever the number of subscribers. It reads the new events of a market once and hands
them to every subscriber whose filter lets them through. The notice only says when to read: while the connection for
notices is down, streams go on by looking every `LOOK_EVERY_S`.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from types import TracebackType
from typing import Self
from uuid import UUID

import structlog

from marketplace.core.ids import MarketId
from marketplace.core.notices import GONE, PUBLISHED, Notices
from marketplace.core.work import DatabaseUnavailable, Works
from marketplace.tracking.cursor import read_cursor, write_cursor
from marketplace.tracking.queries import (
    PAGE,
    StreamedEvent,
    StreamFilter,
    events_after,
    events_between,
    head_cursor,
    head_position,
    resumable_since,
)
from marketplace.tracking.refusals import CursorExpired, StreamEnded, SubscriberTooSlow
from marketplace.tracking.snapshot import snapshot_of

LOOK_EVERY_S = 2.0
"""A notice that got lost delays an event by this at most."""
RESUMABLE_FOR = timedelta(hours=24)
KEPT_IN_MEMORY = 500
"""Latest events of each market with a subscriber, for those who come back after a short break; fewer than may wait."""
WAITING_AT_MOST = 1_000
"""Events that wait for one subscriber; past that it is cut off with a cursor to resume."""

log = structlog.get_logger(__name__)


class EventStreams:
    """Every subscription of this process; entered while it serves."""

    def __init__(self, works: Works, url: str) -> None:
        self._works = works
        self._notices = Notices(url, heard={PUBLISHED: self._hear}, on_connect=self._look_everywhere)
        self._feeds: dict[MarketId, _Feed] = {}

    async def __aenter__(self) -> Self:
        await self._notices.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        feeds = list(self._feeds.values())
        for feed in feeds:
            feed.end()
        await asyncio.gather(*(feed.reader for feed in feeds if feed.reader), return_exceptions=True)
        await self._notices.__aexit__(kind, error, trace)

    async def until_connected(self) -> None:
        """Waits until new events are heard of at once."""
        await self._notices.until_connected()

    async def subscribe(
        self, market_id: MarketId, after: str | None, wanted: StreamFilter, *, last: int = 0
    ) -> AsyncGenerator[StreamedEvent, None]:
        """The wanted events of a market: those after a cursor first, or from now on when there is none, then for ever.

        Without a cursor, those among the `last` events of the market come first. Raises CursorExpired at once;
        SubscriberTooSlow or StreamEnded later, both with the cursor to go on from.
        """
        async with self._feed(market_id) as feed:
            position = max(0, feed.head - last) if after is None else await self._resume_at(market_id, after, wanted)
            while position < feed.head and not feed.reaches_back_to(position):
                events, position = await self._page(market_id, position, feed.head, wanted)
                for event in events:
                    yield event
            # Nothing is awaited between joining and looking back, so no event falls between the two or into both.
            subscriber = feed.join(wanted, position)
            async for event in subscriber.events():
                yield event

    @asynccontextmanager
    async def _feed(self, market_id: MarketId) -> AsyncIterator["_Feed"]:
        """The feed of a market, which reads for as long as somebody uses it."""
        async with self._works.read() as connection:
            head = await head_position(connection, market_id=market_id)
        feed = self._feeds.get(market_id)
        if feed is None:
            feed = self._feeds[market_id] = _Feed(market_id, head)
            feed.reader = asyncio.create_task(self._read(feed), name=f"stream of {market_id}")
        feed.users += 1
        try:
            yield feed
        finally:
            feed.users -= 1
            if feed.users == 0:
                del self._feeds[market_id]
                feed.end()

    async def _read(self, feed: "_Feed") -> None:
        """Reads what is new whenever there is word of it, and every `LOOK_EVERY_S` without."""
        while True:
            feed.bell.clear()
            try:
                async with self._works.read() as connection:
                    events = await events_after(connection, market_id=feed.market_id, position=feed.head)
            except (DatabaseUnavailable, *GONE) as failure:
                log.warning("a stream waits for the database", failure=type(failure).__name__)
                events = []
            feed.extend(events)
            if len(events) < PAGE:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await feed.bell.wait()

    async def _resume_at(self, market_id: MarketId, after: str, wanted: StreamFilter) -> int:
        """The position of a cursor; one that is too old is refused with what a fresh start needs."""
        try:
            return await self._position_of(market_id, after)
        except CursorExpired as expired:
            async with self._works.read() as connection:
                expired.cursor = await head_cursor(connection, market_id=market_id)
                expired.snapshot = await snapshot_of(connection, market_id=market_id, wanted=wanted)
            raise

    async def _position_of(self, market_id: MarketId, after: str) -> int:
        position = read_cursor(after, market_id)
        async with self._works.open() as work:
            if position > await head_position(work.connection, market_id=market_id):
                raise CursorExpired("this cursor is unknown; read the present state and subscribe anew", field="after")
            since = await resumable_since(work.connection, market_id=market_id, position=position)
            if since is not None and since < work.now - RESUMABLE_FOR:
                raise CursorExpired("this cursor is older than a day; read the present state first", field="after")
        return position

    async def _page(
        self, market_id: MarketId, after: int, until: int, wanted: StreamFilter
    ) -> tuple[list[StreamedEvent], int]:
        async with self._works.read() as connection:
            return await events_between(connection, market_id=market_id, after=after, until=until, wanted=wanted)

    def _hear(self, payload: str) -> None:
        with suppress(ValueError):
            if feed := self._feeds.get(MarketId(UUID(payload))):
                feed.bell.set()

    def _look_everywhere(self) -> None:
        for feed in self._feeds.values():
            feed.bell.set()


class _Feed:
    """The live end of one market's stream in this process, and its latest events."""

    def __init__(self, market_id: MarketId, head: int) -> None:
        self.market_id = market_id
        self.head = head
        self.users = 0
        self.bell = asyncio.Event()
        self.reader: asyncio.Task[None] | None = None
        self._latest: deque[StreamedEvent] = deque(maxlen=KEPT_IN_MEMORY)
        self._subscribers: set[_Subscriber] = set()
        self._is_over = False

    def extend(self, events: Sequence[StreamedEvent]) -> None:
        for event in events:
            self.head = event.position
            self._latest.append(event)
            for subscriber in self._subscribers:
                subscriber.take(event)

    def reaches_back_to(self, position: int) -> bool:
        return position >= self.head or (bool(self._latest) and self._latest[0].position <= position + 1)

    def join(self, wanted: StreamFilter, position: int) -> "_Subscriber":
        subscriber = _Subscriber(self, wanted, position)
        for event in self._latest:
            subscriber.take(event)
        self._subscribers.add(subscriber)
        if self._is_over:
            subscriber.end()
        return subscriber

    def leave(self, subscriber: "_Subscriber") -> None:
        self._subscribers.discard(subscriber)

    def end(self) -> None:
        self._is_over = True
        if self.reader is not None:
            self.reader.cancel()
        for subscriber in self._subscribers:
            subscriber.end()


class _Subscriber:
    """One reader of a feed, with the events that wait for it."""

    def __init__(self, feed: _Feed, wanted: StreamFilter, position: int) -> None:
        self._feed = feed
        self._wanted = wanted
        self._position = position
        self._waiting: deque[StreamedEvent] = deque()
        self._bell = asyncio.Event()
        self._is_cut = False
        self._is_over = False

    def take(self, event: StreamedEvent) -> None:
        """Keeps an event for the reader, unless it has it already or does not want it."""
        if self._is_cut or event.position <= self._position or not self._wanted.lets_through(event):
            return
        self._is_cut = len(self._waiting) >= WAITING_AT_MOST
        if not self._is_cut:
            self._waiting.append(event)
        self._bell.set()

    def end(self) -> None:
        self._is_over = True
        self._bell.set()

    async def events(self) -> AsyncIterator[StreamedEvent]:
        cursor = write_cursor(self._feed.market_id, self._position)
        try:
            while True:
                while self._waiting:
                    event = self._waiting.popleft()
                    cursor = event.cursor
                    yield event
                if self._is_cut:
                    raise SubscriberTooSlow("events came faster than they were taken; go on from here", cursor=cursor)
                if self._is_over:
                    raise StreamEnded("this server stops; go on from here at another", cursor=cursor)
                self._bell.clear()
                await self._bell.wait()
        finally:
            self._feed.leave(self)
