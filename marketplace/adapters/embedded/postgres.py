"""PostgreSQL for a market that has no database server of its own."""

import asyncio
import os
import re
import signal
from contextlib import suppress
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from marketplace.adapters.embedded.answers import DATABASE, PORT, USER, Who, ask_postgres, create_database
from marketplace.adapters.embedded.binaries import PostgresBinaries, find_postgres
from marketplace.adapters.embedded.errors import EarlierServerLingers, StartFailed
from marketplace.adapters.embedded.places import socket_folder
from marketplace.adapters.embedded.postgres_data import prepare_data_folder, read_postmaster_file
from marketplace.adapters.embedded.process import ServerProcess, is_alive, process_name, processes_in
from marketplace.adapters.embedded.server import EmbeddedServer
from marketplace.adapters.embedded.server_user import ServerUser
from marketplace.adapters.embedded.user_choice import choose_server_user

SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "fsync": "on",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
}
# A throw-away server may forget everything in a crash: nobody reads its data again.
THROWAWAY_SETTINGS = {
    "shared_buffers": "128MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
HURRY_AFTER_TRIES = 10
PREDECESSOR_WORDS = re.compile(r'lock file ".*" already exists|pre-existing shared memory block')


class EmbeddedPostgres(EmbeddedServer):
    """A PostgreSQL in a folder, reached through a private Unix socket only."""

    kind = "postgres"
    stop_steps: ClassVar = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 10.0))
    when_owner_dies: ClassVar = signal.SIGQUIT

    def __init__(self, folder: Path, *, is_throwaway: bool = False) -> None:
        super().__init__(folder, is_throwaway=is_throwaway)
        self._socket_folder: Path | None = None

    @property
    def url(self) -> str:
        """The database's address for asyncpg, Tortoise and psql."""
        assert self._socket_folder is not None, "start() gives the server its address"
        return f"postgres://{USER}@/{DATABASE}?host={quote(str(self._socket_folder))}&port={PORT}"

    async def _adopt(self) -> ServerProcess | None:
        found = read_postmaster_file(self.data_folder)
        if found is None or not is_alive(found.pid):
            return None
        served = await ask_postgres(found.socket_folder)
        if not isinstance(served, Path):
            return None
        self._refuse_other(served, found.socket_folder)
        await create_database(found.socket_folder)
        self._socket_folder = found.socket_folder
        return ServerProcess(found.pid)

    async def _launch(self) -> ServerProcess:
        if self._attempt > HURRY_AFTER_TRIES:
            self._hurry_leftovers()
        user, binaries = await asyncio.to_thread(self._prepare)
        sockets = self._socket_folder = socket_folder(self.folder, owner=user.owner)
        served = await ask_postgres(sockets)
        if served is Who.NOT_READY or self._is_ours(served):
            raise EarlierServerLingers(
                f"A PostgreSQL that starts, stops or has lost its data folder still holds the sockets in {sockets}. "
                "It is done or gone within a minute: start again then."
            )
        if served is not Who.NOBODY:
            self._refuse_other(served, sockets)
        settings = SETTINGS | (THROWAWAY_SETTINGS if self.is_throwaway else {})
        settings["unix_socket_directories"] = str(sockets)
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return ServerProcess.launch(
            [binaries.folder / "postgres", "-D", self.data_folder.resolve(), *options],
            user=user,
            log_file=self.log_file,
            when_owner_dies=self.when_owner_dies if self.is_throwaway else None,
        )

    def _prepare(self) -> tuple[ServerUser, PostgresBinaries]:
        user = choose_server_user(self.data_folder)
        binaries = find_postgres().reachable_by(user)
        prepare_data_folder(self.data_folder, binaries, user, is_throwaway=self.is_throwaway)
        return user, binaries

    async def _is_ready(self) -> bool:
        assert self._socket_folder is not None
        served = await ask_postgres(self._socket_folder)
        if isinstance(served, Path):
            self._refuse_other(served, self._socket_folder)
            await create_database(self._socket_folder)
        return isinstance(served, Path)

    def _start_failure(self, log: str) -> StartFailed:
        if PREDECESSOR_WORDS.search(log) is None:
            return super()._start_failure(log)
        pid_file = self.data_folder / "postmaster.pid"
        found = read_postmaster_file(self.data_folder)
        if found is None or not is_alive(found.pid):
            left = ", ".join(map(str, self._leftovers())) or "dead ones that their parent has not noticed"
            return EarlierServerLingers(
                f"Processes of a killed PostgreSQL still hold {self.data_folder}: {left}. "
                f"End them, or the parent, and start again.\n{log}"
            )
        if process_name(found.pid) == "postgres":
            return EarlierServerLingers(
                f"PostgreSQL {found.pid} serves {self.data_folder} but does not let us in. "
                f"Stop it with `kill -INT {found.pid}` and start again.\n{log}"
            )
        return StartFailed(
            f"{pid_file} names process {found.pid}, which is `{process_name(found.pid)}` by now, and PostgreSQL takes "
            f"it for itself. When no PostgreSQL uses this folder, remove that file and start again.\n{log}"
        )

    def _tidy(self, *, is_last: bool) -> None:
        if is_last:
            self._hurry_leftovers()
        super()._tidy(is_last=is_last)

    def _leftovers(self) -> list[int]:
        return processes_in(self.data_folder.resolve(), "postgres")

    def _hurry_leftovers(self) -> None:
        # A backend notices the death of its server only between queries; until then no new server may start. It is
        # asked to end as pg_terminate_backend does; its work was lost with the server.
        found = read_postmaster_file(self.data_folder)
        if found is None or not is_alive(found.pid):
            for pid in self._leftovers():
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGTERM)
