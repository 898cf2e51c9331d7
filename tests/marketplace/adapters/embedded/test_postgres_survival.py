"""PostgreSQL is killed, its owner is killed: the next start brings everything back that was committed."""

import os
import signal
from pathlib import Path

import pytest

from marketplace.adapters.embedded.patience import comes_true
from marketplace.adapters.embedded.process import processes_in
from tests.marketplace.adapters.embedded.conftest import OwnerMaker, PostgresMaker
from tests.marketplace.adapters.embedded.observe import fetch, has_ended, keep_busy, postmaster_pid, run

BUSY = "SELECT count(*) FROM (SELECT generate_series(1, 100000000000)) AS endless"


@pytest.mark.parametrize("query", ["SELECT pg_sleep(120)", BUSY], ids=["sleeping", "computing"])
async def test_committed_rows_are_there_after_the_server_was_killed_with_a_busy_backend(
    tmp_path: Path, postgres: PostgresMaker, query: str
) -> None:
    server = postgres(tmp_path)
    url = await server.start()
    await run(url, "CREATE TABLE parcel (id int)", "INSERT INTO parcel SELECT generate_series(1, 5000)")
    busy = await keep_busy(url, query)
    killed = postmaster_pid(server.data_folder)
    os.kill(killed, signal.SIGKILL)
    assert (server.data_folder / "postmaster.pid").exists()

    again = await server.start()

    await busy
    assert postmaster_pid(server.data_folder) != killed
    assert await fetch(again, "SELECT count(*) FROM parcel") == 5000
    await run(again, "INSERT INTO parcel VALUES (5001)")
    assert await fetch(again, "SELECT count(*) FROM parcel") == 5001


async def test_stopping_ends_what_a_killed_server_has_left(tmp_path: Path, postgres: PostgresMaker) -> None:
    server = postgres(tmp_path)
    busy = await keep_busy(await server.start(), BUSY)
    os.kill(postmaster_pid(server.data_folder), signal.SIGKILL)

    await server.stop()

    await busy
    assert await comes_true(lambda: processes_in(server.data_folder, "postgres") == [], within_s=10)
    assert (server.data_folder / "postmaster.pid").exists()


async def test_the_server_of_a_killed_owner_is_taken_over(
    tmp_path: Path, open_folder: Path, postgres: PostgresMaker, own: OwnerMaker
) -> None:
    owner = await own("postgres", tmp_path, environment={"TMPDIR": str(open_folder)})
    await run(owner.url, "CREATE TABLE parcel (id int)", "INSERT INTO parcel VALUES (1)")
    pid = postmaster_pid(owner.data_folder)
    owner.kill()
    heir = postgres(tmp_path)

    url = await heir.start()

    assert heir.was_adopted is True
    assert url == owner.url
    assert str(open_folder) in url  # although our own temporary folder is another one
    assert postmaster_pid(heir.data_folder) == pid
    assert await fetch(url, "SELECT count(*) FROM parcel") == 1
    await heir.stop()
    assert await has_ended(pid)


async def test_ctrl_c_in_the_terminal_does_not_reach_the_server(tmp_path: Path, postgres: PostgresMaker) -> None:
    server = postgres(tmp_path)

    await server.start()

    pid = postmaster_pid(server.data_folder)
    assert os.getpgid(pid) == pid
    assert os.getsid(pid) == pid
