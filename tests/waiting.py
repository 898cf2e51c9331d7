"""Waiting for what other tasks and processes do."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(is_true: Callable[[], bool | Awaitable[bool]], *, patience_s: float = 30.0) -> None:
    """Returns as soon as something is true; fails when it is not within a generous time."""
    async with asyncio.timeout(patience_s):
        while True:
            answer = is_true()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.02)
