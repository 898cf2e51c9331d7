"""Servers and owners of servers that are gone after the test, whatever it did to them."""

import asyncio
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from marketplace.adapters.embedded import EmbeddedPostgres, EmbeddedValkey, socket_folder
from marketplace.adapters.embedded.places import SHELF
from marketplace.adapters.embedded.process import processes_in

PROJECT = Path(__file__).parents[4]
PROGRAMS = {"postgres": "postgres", "valkey": "valkey-server"}
IN_BACKGROUND = ("sh", "-c", 'trap "" INT QUIT; exec "$@"', "owner")  # shells start jobs so, and servers inherit it


@dataclass
class Owner:
    """A process of its own that has started a server."""

    process: "subprocess.Popen[str]"
    url: str
    was_adopted: bool
    data_folder: Path

    def kill(self) -> None:
        """Ends the owner without giving it time to stop anything."""
        self.process.kill()
        self.process.wait()

    async def leave(self) -> int:
        """Lets the owner stop in order and tells its exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return await asyncio.to_thread(self.process.wait, 30)


PostgresMaker = Callable[..., EmbeddedPostgres]
ValkeyMaker = Callable[..., EmbeddedValkey]
OwnerMaker = Callable[..., Coroutine[Any, Any, Owner]]


@pytest.fixture
async def postgres() -> AsyncIterator[PostgresMaker]:
    """Makes PostgreSQL servers that the test starts and that are stopped after it."""
    made: list[EmbeddedPostgres] = []

    def make(folder: Path, *, is_throwaway: bool = False) -> EmbeddedPostgres:
        made.append(EmbeddedPostgres(folder, is_throwaway=is_throwaway))
        return made[-1]

    yield make
    for server in made:
        await server.stop()
        shutil.rmtree(socket_folder(server.folder))


@pytest.fixture
async def valkey() -> AsyncIterator[ValkeyMaker]:
    """Makes Valkey servers that the test starts and that are stopped after it."""
    made: list[EmbeddedValkey] = []

    def make(folder: Path, *, is_throwaway: bool = False) -> EmbeddedValkey:
        made.append(EmbeddedValkey(folder, is_throwaway=is_throwaway))
        return made[-1]

    yield make
    for server in made:
        await server.stop()
        shutil.rmtree(socket_folder(server.folder))


@pytest.fixture
async def own() -> AsyncIterator[OwnerMaker]:
    """Starts processes that start servers; after the test neither is left."""
    started: list[tuple[str, Path, subprocess.Popen[str]]] = []

    async def start(kind: str, folder: Path, *options: str, environment: dict[str, str] | None = None) -> Owner:
        process = _open_owner(kind, folder, *options, environment=environment or {})
        started.append((kind, folder, process))
        assert process.stdout is not None
        line = await asyncio.to_thread(process.stdout.readline)
        assert line, f"the owner has ended with {process.wait()}"
        report = json.loads(line)
        return Owner(process, report["url"], report["was_adopted"], Path(report["data_folder"]))

    yield start
    for kind, folder, process in started:
        _close_owner(process)
        if processes_in((folder / "data").resolve(), PROGRAMS[kind]):
            server = EmbeddedPostgres(folder) if kind == "postgres" else EmbeddedValkey(folder)
            await server.start()
            await server.stop()


def _open_owner(kind: str, folder: Path, *options: str, environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [*IN_BACKGROUND, sys.executable, "-m", "tests.marketplace.adapters.embedded.owner", kind, folder, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env={**os.environ, **environment},
    )


def _close_owner(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder with a short path that every user may pass."""
    folder = Path(tempfile.mkdtemp(prefix="doorstep-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def shelf_as_before() -> Iterator[None]:
    """Leaves the place for copies as it was found; one test at a time, or one would sweep what another uses."""
    with (Path(tempfile.gettempdir()) / "doorstep-shelf-test.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield from _shelf_as_before()


def _shelf_as_before() -> Iterator[None]:
    before = set(SHELF.iterdir()) if SHELF.exists() else set()
    yield
    for place in set(SHELF.iterdir() if SHELF.exists() else ()) - before:
        shutil.rmtree(place)
    if SHELF.exists() and not any(SHELF.iterdir()):
        SHELF.rmdir()
