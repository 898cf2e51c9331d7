"""Valkey makes the market prompt; its jobs survive a kill although PostgreSQL's rows are the truth."""

import asyncio
import os
import shutil
import signal
from pathlib import Path

import pytest
from arq.connections import RedisSettings, create_pool
from redis import asyncio as redis

from marketplace.adapters.embedded import SocketTaken, StartFailed, socket_folder
from marketplace.adapters.embedded.binaries import find_valkey
from marketplace.adapters.embedded.patience import comes_true
from marketplace.adapters.embedded.process import ServerProcess, processes_in
from marketplace.adapters.embedded.server_user import OURSELVES
from tests.marketplace.adapters.embedded.conftest import OwnerMaker, ValkeyMaker
from tests.marketplace.adapters.embedded.observe import has_ended


def valkey_pid(data_folder: Path) -> int:
    """The process number of the Valkey that serves a data folder."""
    (pid,) = processes_in(data_folder, "valkey-server")
    return pid


def client_of(url: str) -> "redis.Redis":
    """A client that reads text."""
    return redis.Redis.from_pool(redis.ConnectionPool.from_url(url, decode_responses=True))


async def settings_of(url: str) -> dict[str, str]:
    """The settings that decide durability and reach."""
    async with client_of(url) as client:
        names = ("appendonly", "appendfsync", "save", "port", "maxmemory-policy")
        return {name: (await client.config_get(name))[name] for name in names}


async def test_first_start_makes_a_durable_server_without_a_network_port(tmp_path: Path, valkey: ValkeyMaker) -> None:
    server = valkey(tmp_path / "Última milla" / ("x" * 150))

    url = await server.start()

    assert url == f"unix://{socket_folder(server.folder)}/valkey.sock?db=0"
    assert await settings_of(url) == {
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "port": "0",
        "maxmemory-policy": "noeviction",
    }
    assert server.was_adopted is False
    assert "Ready to accept connections" in server.log_file.read_text(encoding="utf-8")


async def test_arq_takes_the_address(tmp_path: Path, valkey: ValkeyMaker) -> None:
    url = await valkey(tmp_path).start()

    queue = await create_pool(RedisSettings.from_dsn(url))
    await queue.enqueue_job("match", "market", _job_id="one")

    assert await queue.zcard("arq:queue") == 1
    await queue.aclose()


async def test_a_throwaway_server_writes_nothing_and_leaves_nothing(tmp_path: Path, valkey: ValkeyMaker) -> None:
    server = valkey(tmp_path, is_throwaway=True)

    url = await server.start()

    assert (await settings_of(url))["appendonly"] == "no"
    assert list(server.data_folder.iterdir()) == []
    await server.stop()
    assert not server.folder.exists()


async def test_starting_twice_starts_one_server(tmp_path: Path, valkey: ValkeyMaker) -> None:
    server = valkey(tmp_path)

    addresses = await asyncio.gather(server.start(), server.start())
    pid = valkey_pid(server.data_folder)
    again = await server.start()

    assert {*addresses, again} == {addresses[0]}
    assert valkey_pid(server.data_folder) == pid


async def test_keys_are_there_after_a_stop_and_after_a_kill(tmp_path: Path, valkey: ValkeyMaker) -> None:
    server = valkey(tmp_path)
    url = await server.start()
    async with client_of(url) as client:
        await client.mset({f"parcel:{number}": number for number in range(1001)})
    os.kill(valkey_pid(server.data_folder), signal.SIGKILL)

    await server.start()
    async with client_of(url) as client:
        after_kill = await client.dbsize()
    await server.stop()
    await server.start()

    async with client_of(url) as client:
        assert (after_kill, await client.dbsize()) == (1001, 1001)


async def test_a_server_whose_folder_was_removed_can_be_stopped(tmp_path: Path, valkey: ValkeyMaker) -> None:
    server = valkey(tmp_path / "valkey")
    await server.start()
    pid = valkey_pid(server.data_folder)
    shutil.rmtree(server.folder)

    await server.stop()

    assert await has_ended(pid)


async def test_the_server_of_a_killed_owner_is_taken_over(
    tmp_path: Path, open_folder: Path, valkey: ValkeyMaker, own: OwnerMaker
) -> None:
    owner = await own("valkey", tmp_path, environment={"TMPDIR": str(open_folder)})
    pid = valkey_pid(owner.data_folder)
    owner.kill()
    heir = valkey(tmp_path)

    url = await heir.start()

    assert heir.was_adopted is True
    assert url == owner.url
    assert str(open_folder) in url
    assert valkey_pid(heir.data_folder) == pid
    assert os.getsid(pid) == pid
    await heir.stop()
    assert await has_ended(pid)


async def test_processes_that_start_at_once_share_one_server_until_the_last_one_stops(
    tmp_path: Path, valkey: ValkeyMaker, own: OwnerMaker
) -> None:
    ours = valkey(tmp_path)

    one, other, our_url = await asyncio.gather(own("valkey", tmp_path), own("valkey", tmp_path), ours.start())

    assert sorted([one.was_adopted, other.was_adopted, ours.was_adopted]) == [False, True, True]
    assert {one.url, other.url} == {our_url}
    pid = valkey_pid(ours.data_folder)
    assert [await one.leave(), await other.leave()] == [0, 0]
    assert valkey_pid(ours.data_folder) == pid
    await ours.stop()
    assert await has_ended(pid)


async def test_another_valkey_on_our_socket_is_noticed(tmp_path: Path, valkey: ValkeyMaker) -> None:
    socket = socket_folder(tmp_path) / "valkey.sock"
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    intruder = ServerProcess.launch(
        [find_valkey(), "--port", "0", "--unixsocket", socket, "--dir", theirs],
        user=OURSELVES,
        log_file=tmp_path / "intruder.log",
        when_owner_dies=signal.SIGKILL,
    )
    assert await comes_true(socket.exists, within_s=10)

    with pytest.raises(SocketTaken) as refusal:
        await valkey(tmp_path).start()

    assert str(refusal.value) == (
        f"Clients of {tmp_path} would reach a server with the data folder {theirs} on {socket}. "
        "Stop that, or set TMPDIR to another folder, and start again."
    )
    assert intruder.is_running
    await intruder.stop(((signal.SIGKILL, 5.0),))


async def test_something_else_on_our_socket_is_noticed(tmp_path: Path, valkey: ValkeyMaker) -> None:
    socket = socket_folder(tmp_path) / "valkey.sock"

    def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    listener = await asyncio.start_unix_server(hang_up, socket)

    with pytest.raises(SocketTaken, match=f"would reach something else on {socket}"):
        await valkey(tmp_path).start()

    assert listener.is_serving()
    listener.close()
    await listener.wait_closed()


async def test_a_failed_start_shows_the_end_of_the_log(tmp_path: Path, valkey: ValkeyMaker) -> None:
    server = valkey(tmp_path)
    await server.start()
    await server.stop()
    (manifest,) = server.data_folder.glob("appendonlydir/*.manifest")
    manifest.write_text("nonsense\n", encoding="utf-8")

    with pytest.raises(StartFailed) as refusal:
        await server.start()

    assert str(refusal.value).startswith(f"valkey did not start in {tmp_path}. Mend what its log names")
    assert "Invalid AOF manifest file format" in str(refusal.value)
