"""Real processes of Doorstep for tests: started by their command lines, killed, told to stop, and started again."""

import asyncio
import os
import random
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import httpx
from redis import asyncio as redis

from marketplace.adapters.city import make_grid_city
from marketplace.adapters.embedded import EmbeddedValkey
from marketplace.adapters.stripe_sandbox.server import Running, running
from marketplace.core.clock import DatabaseClock
from marketplace.core.database import connect, open_database, with_database
from marketplace.core.work import Works
from tests.cloning import AT_ONCE
from tests.contracts.stripe_scenarios.world import StripeWorld, close_client, make_client

START_PATIENCE_S = 120.0
STOP_PATIENCE_S = 60.0
NO_ROUTER = "http://127.0.0.1:9"
"""Nobody answers here, so straight lines do: a process that needs no streets starts in half the time."""

GUARD = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
"""Processes do not outlive a test run that is killed itself."""
WORKING = "doorstep:jobs:health-check"
"""What a worker writes into the queue's server as soon as it works."""


class Process:
    """One process of the command line, with its log."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log_file: Path) -> None:
        self.name = name
        self.log_file = log_file
        self._process = process

    @property
    def pid(self) -> int:
        """Its number, by which alone it is ended."""
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.returncode is None

    @property
    def has_left_somebody(self) -> bool:
        """Whether anything that it has started still runs: it is the first of a group of its own."""
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    @property
    def log(self) -> str:
        """What it has said so far."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    async def kill(self) -> None:
        """Ends it as `kill -9` does."""
        if self.is_running:
            self._process.send_signal(signal.SIGKILL)
        await self.ended()

    def tell_to_stop(self) -> None:
        """Sends SIGTERM."""
        self._process.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        """Waits for its end and returns its exit code, which is the negative number of a signal that killed it."""
        async with asyncio.timeout(STOP_PATIENCE_S):
            return await self._process.wait()


class Api(Process):
    """A process that serves the API."""

    def __init__(self, process: asyncio.subprocess.Process, log_file: Path, port: int) -> None:
        super().__init__(f"api at {port}", process, log_file)
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    async def until_ready(self) -> None:
        """Waits until it says that it can serve; fails with its log when it ends before."""
        async with asyncio.timeout(START_PATIENCE_S), httpx.AsyncClient(base_url=self.url) as http:
            while True:
                assert self.is_running, self.log
                try:
                    if (await http.get("/ready")).status_code == httpx.codes.OK:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)


class Stage:
    """What processes share: a database, a queue, a Stripe stand-in, and a folder with streets and what they keep."""

    def __init__(self, database_url: str, redis_url: str, stand_in: Running, folder: Path) -> None:
        self.database_url = database_url
        self.redis_url = redis_url
        self.stand_in = stand_in
        self.folder = folder
        self.processes: list[Process] = []
        make_grid_city(folder / "city", blocks=20)

    async def serve(
        self,
        *,
        port: int | None = None,
        has_streets: bool = False,
        failpoint: str | None = None,
        settings: Mapping[str, str] = {},
    ) -> Api:
        """Starts an API process and waits until it is ready."""
        port = port or free_port()
        process, log_file = await self._start(
            "serve", "--port", str(port), has_streets=has_streets, failpoint=failpoint, settings=settings
        )
        api = Api(process, log_file, port)
        self.processes.append(api)
        await api.until_ready()
        return api

    async def work(
        self, *, has_streets: bool = False, failpoint: str | None = None, settings: Mapping[str, str] = {}
    ) -> Process:
        """Starts a worker process and returns at once."""
        async with aclosing(redis.Redis.from_url(self.redis_url)) as queue:
            await queue.delete(WORKING)  # a killed worker's stays for some seconds
        process, log_file = await self._start("work", has_streets=has_streets, failpoint=failpoint, settings=settings)
        self.processes.append(Process("worker", process, log_file))
        return self.processes[-1]

    async def until_working(self) -> None:
        """Waits until the worker that was started last works."""
        queue = redis.Redis.from_url(self.redis_url)
        async with asyncio.timeout(START_PATIENCE_S), aclosing(queue):
            while not await queue.exists(WORKING):
                assert self.processes[-1].is_running, self.processes[-1].log
                await asyncio.sleep(0.05)

    async def kill_all(self) -> None:
        """Ends whatever still runs."""
        for process in self.processes:
            await process.kill()

    @asynccontextmanager
    async def stripe(self) -> AsyncIterator[StripeWorld]:
        """The world behind the stand-in, for whoever looks into it."""
        world = StripeWorld(make_client("sk_test_stand_in", self.stand_in.url), self.stand_in)
        try:
            yield world
        finally:
            await close_client(world.client)

    @asynccontextmanager
    async def works(self) -> AsyncIterator[Works]:
        """Works of the test's own process, on the clock of the database."""
        async with open_database(self.database_url, pool_size=6) as client:
            yield Works(client, DatabaseClock(), source=random.Random(uuid4().int))

    async def _start(
        self, *words: str, has_streets: bool, failpoint: str | None, settings: Mapping[str, str]
    ) -> tuple[asyncio.subprocess.Process, Path]:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")},
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "DOORSTEP_STRIPE_URL": self.stand_in.url,
            "DOORSTEP_STATE_FOLDER": str(self.folder),
            "DOORSTEP_CITY": str(self.folder / "city"),
            "DOORSTEP_POOL_SIZE": "20",
            "DOORSTEP_CALLER_UNITS_PER_S": "100000",
        }
        if environment.pop("PYTHONDONTWRITEBYTECODE", None):
            # Without compiled code every start would take twice as long; kept here, it leaves no trace in the tree.
            environment["PYTHONPYCACHEPREFIX"] = str(self.folder.parent / "bytecode")
        if failpoint is not None:
            environment["DOORSTEP_FAILPOINT"] = failpoint
        if not has_streets:
            environment["ROUTER_URL"] = NO_ROUTER
        environment |= settings
        log_file = self.folder / f"{len(self.processes)}-{words[0]}.log"
        with log_file.open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *(*GUARD, sys.executable, "-m", "marketplace", *words),
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return process, log_file


@asynccontextmanager
async def open_stage(server_url: str, template: str, folder: Path) -> AsyncIterator[Stage]:
    """A stage on a database of its own, a throw-away Valkey, and a stand-in in this process; nothing is left of it."""
    name = f"doorstep_stage_{uuid4().hex[:12]}"
    valkey = EmbeddedValkey(folder / "valkey", is_throwaway=True)
    admin = await connect(server_url)
    try:
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} {AT_ONCE}")
        async with running() as stand_in:
            stage = Stage(with_database(server_url, name), await valkey.start(), stand_in, folder)
            try:
                yield stage
            finally:
                await stage.kill_all()
                await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await valkey.stop()
        await admin.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
