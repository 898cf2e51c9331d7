"""What goes on beside everything else: one task that begins when its owner is entered and ends when it is left."""

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress
from types import TracebackType
from typing import Self


class Background(ABC):
    """Something that goes on in a task of its own for as long as it is entered."""

    _task: asyncio.Task[None] | None = None

    @abstractmethod
    async def _go_on(self) -> None:
        """What goes on; it is cancelled when its owner is left."""

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._go_on(), name=type(self).__name__)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
