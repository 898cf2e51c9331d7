"""Servers for tests: in memory, without durability, gone with their owner however it ends."""

import os
import shutil
from pathlib import Path

import asyncpg
import pytest

from marketplace.adapters.embedded import socket_folder
from marketplace.adapters.embedded.binaries import find_postgres
from marketplace.adapters.embedded.places import MEMORY, MEMORY_NEEDED_BYTES, throwaway_folder
from marketplace.adapters.embedded.process import processes_in
from marketplace.adapters.embedded.server_user import ServerUser
from marketplace.adapters.embedded.user_choice import NOBODY
from tests.marketplace.adapters.embedded.conftest import OwnerMaker, PostgresMaker
from tests.marketplace.adapters.embedded.observe import (
    fetch,
    has_ended,
    is_root,
    keep_busy,
    names_in,
    postmaster_pid,
)

HAS_MEMORY = MEMORY.exists() and shutil.disk_usage(MEMORY).free >= MEMORY_NEEDED_BYTES
needs_root = pytest.mark.skipif(not is_root(), reason="only root may start processes of other users")


async def test_a_throwaway_server_gives_up_durability_and_leaves_nothing(
    tmp_path: Path, postgres: PostgresMaker
) -> None:
    server = postgres(tmp_path, is_throwaway=True)

    url = await server.start()

    connection = await asyncpg.connect(url)
    names = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
    assert [await connection.fetchval(f"SHOW {name}") for name in names] == ["off", "off", "off", "128MB"]
    await connection.close()
    pid = postmaster_pid(server.data_folder)
    await server.stop()
    assert await has_ended(pid)
    assert not server.folder.exists()
    assert f"/{socket_folder(server.folder).name}&" in url
    assert names_in(socket_folder(server.folder)) == []
    assert names_in(tmp_path) == []


@pytest.mark.skipif(not HAS_MEMORY, reason="this machine has too little memory for files")
def test_throwaway_data_lie_in_memory_when_there_is_enough(tmp_path: Path) -> None:
    folder = throwaway_folder(tmp_path, "postgres")

    assert folder.parent == MEMORY / f"doorstep-{os.geteuid()}" / "throw-away"
    assert throwaway_folder(tmp_path, "postgres") != folder


async def test_without_memory_throwaway_data_lie_in_the_given_folder(tmp_path: Path) -> None:
    folder = throwaway_folder(tmp_path, "postgres", memory=tmp_path / "missing")

    assert folder.parent == tmp_path / "throw-away"


async def test_later_throwaway_servers_start_from_a_copy(tmp_path: Path, postgres: PostgresMaker) -> None:
    first, second = postgres(tmp_path, is_throwaway=True), postgres(tmp_path, is_throwaway=True)

    urls = [await first.start(), await second.start()]

    identifiers = [await fetch(url, "SELECT system_identifier FROM pg_control_system()") for url in urls]
    assert identifiers[0] == identifiers[1]
    assert first.data_folder != second.data_folder
    assert first.was_adopted is second.was_adopted is False


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="as usual"),
        pytest.param({"DOORSTEP_NO_USERNS": "1"}, id="without namespaces", marks=needs_root),
    ],
)
@pytest.mark.usefixtures("shelf_as_before")
async def test_a_killed_owner_takes_its_throwaway_postgresql_along(
    tmp_path: Path, own: OwnerMaker, postgres: PostgresMaker, options: dict[str, str]
) -> None:
    owner = await own("postgres", tmp_path, "--throwaway", environment=options)
    pid = postmaster_pid(owner.data_folder)
    busy = await keep_busy(owner.url, "SELECT count(*) FROM (SELECT generate_series(1, 100000000000)) AS endless")
    data_folder = owner.data_folder.resolve()

    owner.kill()

    assert await has_ended(pid)
    await busy
    assert processes_in(data_folder, "postgres") == []
    assert owner.data_folder.exists()
    await postgres(tmp_path, is_throwaway=True).start()
    assert not owner.data_folder.exists()


@needs_root
@pytest.mark.usefixtures("shelf_as_before")
async def test_an_ordinary_users_throwaway_server_dies_with_its_owner(open_folder: Path, own: OwnerMaker) -> None:
    shutil.chown(open_folder, NOBODY, NOBODY)
    binaries = find_postgres().reachable_by(ServerUser(uid=NOBODY, gid=NOBODY)).folder
    owner = await own(
        "postgres",
        open_folder,
        "--throwaway",
        "--uid",
        str(NOBODY),
        environment={"DOORSTEP_PG_BINARIES": str(binaries)},
    )
    pid = postmaster_pid(owner.data_folder)

    owner.kill()

    assert await has_ended(pid)
    shutil.rmtree(owner.data_folder.parent)


async def test_a_killed_owner_takes_its_throwaway_valkey_along(tmp_path: Path, own: OwnerMaker) -> None:
    owner = await own("valkey", tmp_path, "--throwaway")
    (pid,) = processes_in(owner.data_folder, "valkey-server")

    owner.kill()

    assert await has_ended(pid)
