"""Valkey, which makes the market prompt, for a machine that has no Redis or Valkey of its own."""

import signal
from pathlib import Path
from typing import ClassVar

from marketplace.adapters.embedded.answers import Who, ask_valkey, ask_valkey_process
from marketplace.adapters.embedded.binaries import find_valkey
from marketplace.adapters.embedded.errors import EarlierServerLingers
from marketplace.adapters.embedded.locks import FolderLock
from marketplace.adapters.embedded.places import socket_folder
from marketplace.adapters.embedded.process import ServerProcess
from marketplace.adapters.embedded.server import EmbeddedServer
from marketplace.adapters.embedded.server_user import OURSELVES

SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "daemonize": "no",
    "save": "",
    "maxmemory-policy": "noeviction",
}
DURABLE_SETTINGS = {"appendonly": "yes", "appendfsync": "everysec"}
THROWAWAY_SETTINGS = {"appendonly": "no"}


class EmbeddedValkey(EmbeddedServer):
    """A Valkey in a folder, reached through a private Unix socket only."""

    kind = "valkey"
    stop_steps: ClassVar = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))
    when_owner_dies: ClassVar = signal.SIGKILL

    def __init__(self, folder: Path, *, is_throwaway: bool = False) -> None:
        super().__init__(folder, is_throwaway=is_throwaway)
        # Valkey itself would let two servers write one folder. Ours inherits this lock and holds it until it ends.
        self._serving = FolderLock(self.folder / "server.lock")
        self._socket_record = self.folder / "socket-path"
        self._socket: Path | None = None

    @property
    def url(self) -> str:
        """The server's address for redis-py and arq."""
        assert self._socket is not None, "start() gives the server its address"
        return f"unix://{self._socket}?db=0"

    async def _adopt(self) -> ServerProcess | None:
        if self._serving.try_exclusive():
            return None
        self._serving.forget()
        socket = self._recorded_socket()
        served = await ask_valkey(socket)
        if served in {Who.NOBODY, Who.NOT_READY}:
            raise EarlierServerLingers(
                f"A Valkey still holds {self.folder} but does not answer on {socket}. "
                f"`fuser {self._serving.file}` names its process: end that, and start again."
            )
        self._refuse_other(served, socket)
        self._socket = socket
        return ServerProcess(await ask_valkey_process(socket))

    async def _launch(self) -> ServerProcess:
        binary = find_valkey()
        socket = self._socket = socket_folder(self.folder) / "valkey.sock"
        if (served := await ask_valkey(socket)) is not Who.NOBODY:
            self._refuse_other(served, socket)
        self._make_ready(socket)
        settings = SETTINGS | (THROWAWAY_SETTINGS if self.is_throwaway else DURABLE_SETTINGS)
        settings |= {"dir": str(self.data_folder), "unixsocket": str(socket)}
        assert self._serving.descriptor is not None, "_adopt() has found the folder free and holds it"
        process = ServerProcess.launch(
            [binary, *(word for name, value in settings.items() for word in (f"--{name}", value))],
            user=OURSELVES,
            log_file=self.log_file,
            when_owner_dies=self.when_owner_dies if self.is_throwaway else None,
            inherited=[self._serving.descriptor],
        )
        self._serving.forget()
        return process

    async def _is_ready(self) -> bool:
        assert self._socket is not None
        served = await ask_valkey(self._socket)
        if isinstance(served, Path):
            self._refuse_other(served, self._socket)
        return isinstance(served, Path)

    def _recorded_socket(self) -> Path:
        # The server may have been started with another TMPDIR.
        if self._socket_record.exists():
            return Path(self._socket_record.read_text(encoding="utf-8"))
        return socket_folder(self.folder) / "valkey.sock"

    def _make_ready(self, socket: Path) -> None:
        self.data_folder.mkdir(mode=0o700, exist_ok=True)
        self._socket_record.write_text(str(socket), encoding="utf-8")
