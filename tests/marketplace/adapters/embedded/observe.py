"""What tests see of servers from outside: their processes, their rows, their settings."""

import asyncio
import os
from pathlib import Path

import asyncpg

from marketplace.adapters.embedded.patience import comes_true
from marketplace.adapters.embedded.process import is_alive


def postmaster_pid(data_folder: Path) -> int:
    """The process number of the PostgreSQL that serves a data folder."""
    return int((data_folder / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])


async def has_ended(pid: int) -> bool:
    """Whether a process ends within ten seconds."""
    return await comes_true(lambda: not is_alive(pid), within_s=10)


async def fetch(url: str, query: str) -> object:
    """One value from a database."""
    connection = await asyncpg.connect(url)
    try:
        value: object = await connection.fetchval(query)
    finally:
        await connection.close()
    return value


async def run(url: str, *statements: str) -> None:
    """Runs statements, each committed."""
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def keep_busy(url: str, query: str) -> "asyncio.Task[None]":
    """Leaves a query running on the server; comes back once the server works on it."""
    connection = await asyncpg.connect(url)
    await connection.execute("SET statement_timeout = '60s'")  # should the test fail, it does not run for ever
    pid = connection.get_server_pid()

    async def work() -> None:
        try:
            await connection.execute(query)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            connection.terminate()

    task = asyncio.create_task(work())
    is_active = f"SELECT 1 FROM pg_stat_activity WHERE pid = {pid} AND state = 'active'"
    async with asyncio.timeout(30):
        while True:
            if await fetch(url, is_active) == 1:
                return task
            await asyncio.sleep(0.02)


def user_of(pid: int) -> int:
    """The user who runs a process, as the machine sees it."""
    return Path(f"/proc/{pid}").stat().st_uid


def binary_of(pid: int) -> Path:
    """The file that a process executes."""
    return Path(f"/proc/{pid}/exe").readlink()


def owner_and_mode(place: Path) -> tuple[int, int]:
    """Whose a file is and who may do what with it."""
    found = place.stat()
    return found.st_uid, found.st_mode & 0o777


def users_of_the_machine() -> bytes:
    """Everybody who has an account here."""
    return Path("/etc/passwd").read_bytes()


def names_in(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(place.name for place in folder.iterdir())


def is_root() -> bool:
    """Whether the tests run as root, who may start processes of other users."""
    return os.geteuid() == 0
