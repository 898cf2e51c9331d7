"""The nudge after a commit: one notice that there are new events, however many Works committed at that moment.

It is sent on a connection of its own, never inside a hot transaction, because NOTIFY makes the commits of a database
wait for one another. A nudge that is lost costs the relay one look later, at most a second.
"""

import asyncio
from types import TracebackType
from typing import Self

from marketplace.core.background import Background
from marketplace.core.notices import EVENTS, Notices

NUDGE_EVERY_S = 0.01
"""At most one notice is sent in this time; what is committed meanwhile shares the next one."""


class Nudger(Background):
    """Tells relays and wakers of all processes that this process has committed events; give its `nudge` to Works."""

    def __init__(self, url: str) -> None:
        self._notices = Notices(url)
        self._wanted = asyncio.Event()

    def nudge(self) -> None:
        """Asks for a notice and returns at once."""
        self._wanted.set()

    async def until_connected(self) -> None:
        """Waits until a nudge can be sent."""
        await self._notices.until_connected()

    async def __aenter__(self) -> Self:
        await self._notices.__aenter__()
        return await super().__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await super().__aexit__(kind, error, trace)
        await self._notices.__aexit__(kind, error, trace)

    async def _go_on(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await self._notices.send(EVENTS)
            await asyncio.sleep(NUDGE_EVERY_S)
