"""The processes that are measured: the API as `doorstep serve` runs it, and the bare baseline, on one database."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.benchmarks.bare import APPLICATION
from tests.processes import free_port
from tests.waiting import until

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Server:
    """A server under measurement; `application` is the name of its sessions in the database."""

    name: str
    application: str
    port: int
    pid: int

    def cpu_s(self) -> float:
        """Seconds of CPU that its process has used, all threads, user and system."""
        return cpu_s(self.pid)


@dataclass(frozen=True, slots=True)
class Servers:
    """The two servers and the database they share."""

    api: Server
    bare: Server
    admin: asyncpg.Connection


def cpu_s(pid: int) -> float:
    """Seconds of CPU that a process has used so far: the clock behind clock_getcpuclockid(3), to the nanosecond."""
    return time.clock_gettime(~pid << 3 | 2)


@asynccontextmanager
async def open_servers(url: str, admin: asyncpg.Connection, folder: Path) -> AsyncIterator[Servers]:
    """Starts both servers and stops them in the end.

    The API routes on the streets of the generated city, with its cache before them, so that nothing is fetched.
    """
    environment = os.environ | {
        "DATABASE_URL": url,
        "REDIS_URL": "redis://127.0.0.1:1",  # the API never talks to it
        "DOORSTEP_STATE_FOLDER": str(folder),
        "DOORSTEP_CITY": "grid",
        "DOORSTEP_CALLER_UNITS_PER_S": "1000000",  # a few callers send what thousands would
    }
    api_port, bare_port = free_port(), free_port()
    log = folder / "servers.log"
    api = start_process(["-m", "marketplace", "serve", "--port", str(api_port)], environment, log)
    bare = start_process(["-m", "tests.benchmarks.bare", url, str(bare_port)], environment, log)
    try:
        for process, port in ((api, api_port), (bare, bare_port)):
            await until(lambda process=process, port=port: is_answering(process, port, log), patience_s=180)  # type: ignore[misc]
        yield Servers(
            api=Server("doorstep", "doorstep", api_port, api.pid),
            bare=Server("bare", APPLICATION, bare_port, bare.pid),
            admin=admin,
        )
    finally:
        for process in (api, bare):
            process.terminate()
        for process in (api, bare):
            await asyncio.to_thread(process.wait)


@asynccontextmanager
async def open_plain(folder: Path) -> AsyncIterator[Server]:
    """Strawberry's own subscriptions, and nothing of the marketplace."""
    port, log = free_port(), folder / "plain.log"
    process = start_process(["-m", "tests.benchmarks.plain", str(port)], dict(os.environ), log)
    try:
        await until(lambda: is_answering(process, port, log), patience_s=60)
        yield Server("plain", "plain", port, process.pid)
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait)


def start_process(arguments: Sequence[str], environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Starts a process of this repository; what it says goes into the log."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, *arguments], cwd=REPOSITORY, env=environment, stdout=output, stderr=output
        )


def is_answering(process: subprocess.Popen[bytes], port: int, log: Path) -> bool:
    """Whether somebody listens there; fails with the log where the process has ended."""
    assert process.poll() is None, log.read_text()
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
