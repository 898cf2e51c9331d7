"""Waiting with a bound: nothing here waits for ever."""

import asyncio
from collections.abc import Callable

POLL_S = 0.02


async def comes_true(condition: Callable[[], bool], *, within_s: float) -> bool:
    """Waits until a condition holds; False when it did not within the time."""
    try:
        async with asyncio.timeout(within_s):
            while True:
                if condition():
                    return True
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        return False
