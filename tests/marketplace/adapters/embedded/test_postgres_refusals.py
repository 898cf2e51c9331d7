"""A server that would serve the wrong data, or none, is refused in a sentence that says how to proceed."""

import asyncio
import shutil
import signal
from pathlib import Path

import pytest

from marketplace.adapters.embedded import (
    FolderNotUsable,
    OtherMajorVersion,
    ServerNotInstalled,
    SocketTaken,
    StartFailed,
    socket_folder,
)
from marketplace.adapters.embedded.binaries import find_postgres
from marketplace.adapters.embedded.patience import comes_true
from marketplace.adapters.embedded.process import ServerProcess
from marketplace.adapters.embedded.user_choice import choose_server_user
from tests.marketplace.adapters.embedded.conftest import PostgresMaker
from tests.marketplace.adapters.embedded.observe import fetch


async def test_data_of_another_major_version_are_left_alone(tmp_path: Path, postgres: PostgresMaker) -> None:
    server = postgres(tmp_path)
    server.data_folder.mkdir()
    (server.data_folder / "PG_VERSION").write_text("15\n", encoding="ascii")

    with pytest.raises(OtherMajorVersion) as refusal:
        await server.start()

    assert str(refusal.value) == (
        f"{tmp_path}/data holds data of PostgreSQL 15, but this is PostgreSQL 18.6. Nothing was changed. To keep the "
        "data, set DOORSTEP_PG_BINARIES to the bin folder of a PostgreSQL 15, write them out with its pg_dumpall and "
        f"load them into a new folder. To begin empty, move {tmp_path}/data away."
    )
    assert [file.name for file in server.data_folder.iterdir()] == ["PG_VERSION"]


async def test_a_folder_that_is_no_data_folder_is_left_alone(tmp_path: Path, postgres: PostgresMaker) -> None:
    server = postgres(tmp_path)
    server.data_folder.mkdir()
    (server.data_folder / "letters.txt").touch()

    with pytest.raises(FolderNotUsable, match=f"{tmp_path}/data is not empty, yet no data folder of PostgreSQL"):
        await server.start()

    assert [file.name for file in server.data_folder.iterdir()] == ["letters.txt"]


async def test_another_postgresql_on_our_socket_is_noticed(tmp_path: Path, postgres: PostgresMaker) -> None:
    stranger = postgres(tmp_path / "theirs")
    await stranger.start()
    await stranger.stop()
    ours = postgres(tmp_path / "ours")
    await ours.start()
    await ours.stop()
    user = choose_server_user(stranger.data_folder)
    sockets = socket_folder(tmp_path / "ours", owner=user.owner)
    intruder = ServerProcess.launch(
        [find_postgres().folder / "postgres", "-D", stranger.data_folder, "-k", sockets, "-h", ""],
        user=user,
        log_file=tmp_path / "intruder.log",
        when_owner_dies=signal.SIGQUIT,
    )
    assert await comes_true((sockets / ".s.PGSQL.5432").exists, within_s=10)

    with pytest.raises(SocketTaken) as refusal:
        await ours.start()

    assert str(refusal.value) == (
        f"Clients of {tmp_path}/ours would reach a server with the data folder {tmp_path}/theirs/data on {sockets}. "
        "Stop that, or set TMPDIR to another folder, and start again."
    )
    assert intruder.is_running
    await intruder.stop(stranger.stop_steps)
    assert await fetch(await ours.start(), "SHOW data_directory") == f"{tmp_path}/ours/data"


async def test_something_else_on_our_socket_is_noticed(tmp_path: Path, postgres: PostgresMaker) -> None:
    sockets = socket_folder(tmp_path)
    calls = 0

    def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        writer.close()

    listener = await asyncio.start_unix_server(hang_up, sockets / ".s.PGSQL.5432")

    with pytest.raises(SocketTaken) as refusal:
        await postgres(tmp_path).start()

    assert str(refusal.value) == (
        f"Clients of {tmp_path} would reach something else on {sockets}. "
        "Stop that, or set TMPDIR to another folder, and start again."
    )
    assert calls > 0
    assert listener.is_serving()
    listener.close()
    await listener.wait_closed()


async def test_a_copy_of_the_folder_of_a_running_server_is_not_taken_for_it(
    tmp_path: Path, postgres: PostgresMaker
) -> None:
    running = postgres(tmp_path / "running")
    await running.start()
    await asyncio.to_thread(shutil.copytree, tmp_path / "running", tmp_path / "copy")

    with pytest.raises(SocketTaken, match="would reach a server with the data folder"):
        await postgres(tmp_path / "copy").start()


async def test_a_failed_start_shows_the_end_of_the_log(tmp_path: Path, postgres: PostgresMaker) -> None:
    server = postgres(tmp_path)
    await server.start()
    await server.stop()
    with (server.data_folder / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write("no_such_setting = 1\n")

    with pytest.raises(StartFailed) as refusal:
        await server.start()

    message = str(refusal.value)
    assert message.startswith(f"postgres did not start in {tmp_path}. Mend what its log names and start again; ")
    assert 'unrecognized configuration parameter "no_such_setting"' in message


async def test_a_process_number_that_was_given_to_another_program_is_explained(
    tmp_path: Path, postgres: PostgresMaker
) -> None:
    server = postgres(tmp_path)
    await server.start()
    await server.stop()
    pid_file = server.data_folder / "postmaster.pid"
    other = await asyncio.create_subprocess_exec("sleep", "60")
    pid_file.write_text(f"{other.pid}\n{server.data_folder}\n0\n5432\n{tmp_path}\n", encoding="utf-8")

    with pytest.raises(StartFailed) as refusal:
        await server.start()

    assert str(refusal.value).startswith(
        f"{pid_file} names process {other.pid}, which is `sleep` by now, and PostgreSQL takes it for itself. "
        "When no PostgreSQL uses this folder, remove that file and start again.\n"
    )
    assert pid_file.exists()
    other.kill()
    await other.wait()


async def test_missing_binaries_are_named(
    tmp_path: Path, postgres: PostgresMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOORSTEP_PG_BINARIES", str(tmp_path / "nothing"))

    with pytest.raises(ServerNotInstalled, match=f"No PostgreSQL that runs on this machine in {tmp_path}/nothing"):
        await postgres(tmp_path / "pg").start()


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, postgres: PostgresMaker) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(FolderNotUsable, match=f"{tmp_path}/file/pg cannot be made"):
        await postgres(tmp_path / "file" / "pg").start()
