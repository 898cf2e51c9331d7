"""The life of an embedded server: found or started, shared by a folder's processes, stopped by the last of them."""

import asyncio
import shutil
import signal
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from marketplace.adapters.embedded.answers import Who
from marketplace.adapters.embedded.errors import EarlierServerLingers, FolderNotUsable, SocketTaken, StartFailed
from marketplace.adapters.embedded.locks import FolderLock, alone_in
from marketplace.adapters.embedded.places import claim_throwaway, remove_folder, socket_folder, throwaway_folder
from marketplace.adapters.embedded.process import ServerProcess, log_since, turn_log

TRIES = 60
TRY_AGAIN_S = 0.5  # 30 s in all: backends of a killed PostgreSQL end when they notice
READY_PATIENCE_S = 120  # a log may have to be replayed first
POLL_S = 0.05


class EmbeddedServer(ABC):
    """A server that lives in a folder; every process that uses the folder starts and stops it, one really does."""

    kind: ClassVar[str]
    stop_steps: ClassVar[Sequence[tuple[signal.Signals, float]]]
    when_owner_dies: ClassVar[signal.Signals]  # one that the server cannot have inherited as ignored; throw-away only

    def __init__(self, folder: Path, *, is_throwaway: bool = False) -> None:
        self.is_throwaway = is_throwaway
        self.folder = throwaway_folder(folder, self.kind) if is_throwaway else folder.resolve()
        self.data_folder = self.folder / "data"
        self.log_file = self.folder / f"{self.kind}.log"
        self.was_adopted = False
        self._in_use = FolderLock(self.folder / "in-use.lock")
        self._process: ServerProcess | None = None
        self._attempt = 0
        self._log_start = 0

    @property
    @abstractmethod
    def url(self) -> str:
        """The address for clients, known once the server has been started."""

    async def start(self) -> str:
        """Makes sure that the server runs, started or adopted, and returns its address."""
        await self._open_folder()
        async with alone_in(self.folder):
            self._in_use.try_shared()
            try:
                await self._bring_up()
            finally:
                if self._process is None or not self._process.is_running:
                    self._in_use.release()
            return self.url

    async def stop(self) -> None:
        """Stops the server, or leaves it to the other processes that still use it."""
        if self._process is None and self._in_use.descriptor is None:
            return
        self.folder.mkdir(parents=True, exist_ok=True)  # somebody may have removed it under the running server
        async with alone_in(self.folder):
            is_last = self._in_use.try_exclusive()
            if self._process is not None and is_last:
                await self._process.stop(self.stop_steps)
            self._process = None
            self._tidy(is_last=is_last)
            self._in_use.release()

    @abstractmethod
    async def _adopt(self) -> ServerProcess | None:
        """Finds a server that already serves this folder."""

    @abstractmethod
    async def _launch(self) -> ServerProcess:
        """Starts a new server; it need not answer yet."""

    @abstractmethod
    async def _is_ready(self) -> bool:
        """Tells whether the server answers and serves our folder, all prepared for the market."""

    async def _bring_up(self) -> None:
        for self._attempt in range(1, TRIES + 1):
            try:
                if self._process is not None and self._process.is_running and await self._is_ready():
                    return
                self._process = None
                self._process = await self._adopt()
                self.was_adopted = self._process is not None
                if self._process is None:
                    self._log_start = turn_log(self.log_file)
                    self._process = await self._launch()
                    await self._wait_until_ready(self._process)
            except EarlierServerLingers:
                self._process = None
                if self._attempt == TRIES:
                    raise
                await asyncio.sleep(TRY_AGAIN_S)
            else:
                return

    async def _wait_until_ready(self, process: ServerProcess) -> None:
        try:
            async with asyncio.timeout(READY_PATIENCE_S):
                while not await self._is_ready():
                    if not process.is_running:
                        raise self._start_failure(self._log_tail())
                    await asyncio.sleep(POLL_S)
        except SocketTaken:
            await process.stop(self.stop_steps)
            raise
        except TimeoutError as error:
            raise StartFailed(
                f"{self.kind} in {self.folder} has not become ready within {READY_PATIENCE_S} s. It still runs; "
                f"start again to wait on. Its log {self.log_file} ends with:\n{self._log_tail()}"
            ) from error

    def _is_ours(self, served: Path | Who) -> bool:
        if not isinstance(served, Path) or not served.exists() or not self.data_folder.exists():
            return False
        return served.samefile(self.data_folder)

    def _refuse_other(self, served: Path | Who, place: Path) -> None:
        """Says no to a server that answers like ours but would take the market's data somewhere else."""
        if self._is_ours(served):
            return
        what = f"a server with the data folder {served}" if isinstance(served, Path) else "something else"
        raise SocketTaken(
            f"Clients of {self.folder} would reach {what} on {place}. Stop that, or set TMPDIR to another folder, "
            "and start again."
        )

    def _start_failure(self, log: str) -> StartFailed:
        return StartFailed(
            f"{self.kind} did not start in {self.folder}. Mend what its log names and start again; "
            f"the log {self.log_file} ends with:\n{log}"
        )

    def _log_tail(self) -> str:
        return log_since(self.log_file, self._log_start)

    async def _open_folder(self) -> None:
        try:
            if not self.is_throwaway:
                self.folder.mkdir(parents=True, exist_ok=True)
            elif self._in_use.descriptor is None:
                await claim_throwaway(self.folder, self._in_use)
        except OSError as error:
            raise FolderNotUsable(
                f"{self.folder} cannot be made ({error.strerror}). Choose a folder that this user may write to."
            ) from error

    def _tidy(self, *, is_last: bool) -> None:
        if self.is_throwaway:
            remove_folder(self.folder)
        elif is_last:
            shutil.rmtree(socket_folder(self.folder), ignore_errors=True)
