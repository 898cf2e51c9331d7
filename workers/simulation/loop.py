"""The event loop on which a simulated day runs: the fastest one that this system has."""

import asyncio
import importlib
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


def run(playing: Coroutine[Any, Any, Result]) -> Result:
    """Runs a play to its end; half of what it does is waiting for its database, thousands of times a second."""
    factory = None if sys.platform == "win32" else importlib.import_module("uvloop").new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(playing)
