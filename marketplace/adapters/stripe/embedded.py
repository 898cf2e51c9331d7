"""The stand-in as a server of its own: one for all processes of a state folder, like the embedded PostgreSQL.

It keeps what it knows in a journal, so that it may die and be started again; the port stays the same.
"""

import signal
import socket
import sys
from http import HTTPStatus
from pathlib import Path
from typing import ClassVar

import httpx

from marketplace.adapters.embedded import EarlierServerLingers
from marketplace.adapters.embedded.locks import FolderLock
from marketplace.adapters.embedded.process import ServerProcess
from marketplace.adapters.embedded.server import EmbeddedServer
from marketplace.adapters.embedded.server_user import OURSELVES

HOST = "127.0.0.1"
ANSWER_PATIENCE_S = 5.0


class EmbeddedStripe(EmbeddedServer):
    """A stand-in for Stripe in a folder, reached on a loopback port."""

    kind = "stripe"
    stop_steps: ClassVar = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))
    when_owner_dies: ClassVar = signal.SIGKILL

    def __init__(self, folder: Path, *, is_throwaway: bool = False) -> None:
        super().__init__(folder, is_throwaway=is_throwaway)
        # Two stand-ins would write one journal. Ours inherits this lock and holds it until it ends.
        self._serving = FolderLock(self.folder / "server.lock")
        self._port_record = self.folder / "port"
        self._pid_record = self.folder / "pid"

    @property
    def url(self) -> str:
        """The address for the stripe package."""
        return f"http://{HOST}:{self._port_record.read_text(encoding='utf-8')}"

    async def _adopt(self) -> ServerProcess | None:
        if self._serving.try_exclusive():
            return None
        self._serving.forget()
        if not (self._pid_record.exists() and await self._is_ready()):
            raise EarlierServerLingers(
                f"A Stripe stand-in still holds {self.folder} but does not answer. "
                f"`fuser {self._serving.file}` names its process: end that, and start again."
            )
        return ServerProcess(int(self._pid_record.read_text(encoding="utf-8")))

    async def _launch(self) -> ServerProcess:
        self.data_folder.mkdir(mode=0o700, exist_ok=True)
        self._port_record.write_text(str(self._free_port()), encoding="utf-8")
        assert self._serving.descriptor is not None, "_adopt() has found the folder free and holds it"
        port = self._port_record.read_text(encoding="utf-8")
        process = ServerProcess.launch(
            [
                sys.executable,
                *("-m", "marketplace", "stripe-sandbox"),
                *("--port", port),
                *("--folder", str(self.data_folder)),
            ],
            user=OURSELVES,
            log_file=self.log_file,
            when_owner_dies=self.when_owner_dies if self.is_throwaway else None,
            inherited=[self._serving.descriptor],
        )
        self._pid_record.write_text(str(process.pid), encoding="utf-8")
        self._serving.forget()
        return process

    async def _is_ready(self) -> bool:
        try:
            async with httpx.AsyncClient(timeout=ANSWER_PATIENCE_S, trust_env=False) as client:
                answer = await client.get(f"{self.url}/_sandbox/clock")
        except (httpx.HTTPError, OSError):
            return False
        return answer.status_code == HTTPStatus.OK

    def _free_port(self) -> int:
        """The port of last time, or another one where somebody has taken that."""
        last = int(self._port_record.read_text(encoding="utf-8")) if self._port_record.exists() else 0
        for port in (last, 0):
            try:
                with socket.create_server((HOST, port)) as probe:
                    return int(probe.getsockname()[1])
            except OSError:
                continue
        raise EarlierServerLingers("no port is free on this machine")
