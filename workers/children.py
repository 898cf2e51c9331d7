"""Processes of a demo: started, watched, started again when they die, and stopped in order."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

PATIENCE_S = 12.0
"""Time to end in order; past it a process is killed."""
SHORT_LIFE_S = 1.0
"""A process that ends sooner than this is started again only after a pause."""


class Child:
    """One `doorstep` process with its log file; it is started again until it is told to stop."""

    def __init__(self, name: str, arguments: Sequence[str], environment: Mapping[str, str], log_file: Path) -> None:
        self.name = name
        self.arguments = list(arguments)
        self.environment = {**os.environ, **environment}
        self.log_file = log_file
        self.starts = 0
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False

    @property
    def pid(self) -> int | None:
        """The process as it runs now."""
        return self._process.pid if self._process and self._process.returncode is None else None

    def start(self) -> None:
        """Starts the process and its watch."""
        self._task = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    async def stop(self) -> None:
        """Ends the process in order, or by force when it does not listen."""
        self._is_stopping = True
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), PATIENCE_S)
            except TimeoutError:
                self._process.kill()
        if self._task is not None:
            await self._task

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._is_stopping:
            began = loop.time()
            with self.log_file.open("ab") as log_to:
                # A session of its own: Ctrl-C reaches the demo alone, which then stops everything in order.
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "marketplace", *self.arguments,
                    env=self.environment, stdout=log_to, stderr=log_to, start_new_session=True,
                )  # fmt: skip
            self.starts += 1
            status = await self._process.wait()
            if self._is_stopping:
                return
            log.warning("a process died and is started again", process=self.name, status=status)
            if loop.time() - began < SHORT_LIFE_S:
                await asyncio.sleep(SHORT_LIFE_S)
