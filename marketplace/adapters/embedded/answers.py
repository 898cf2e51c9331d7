"""Asking whoever answers on a socket which server it is: another one there would serve us without any error."""

import asyncio
from enum import Enum, auto
from pathlib import Path

import asyncpg
from redis import asyncio as redis
from redis.exceptions import BusyLoadingError, RedisError

from marketplace.adapters.embedded.errors import EarlierServerLingers

USER = "market"
DATABASE = "doorstep"
PORT = 5432  # only part of the socket's name: nothing listens on the network
ANSWER_PATIENCE_S = 10
POSTGRES_IS_BUSY = (asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError)
POSTGRES_IS_NOT_OURS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class Who(Enum):
    """Who answers, when it is not a server that names its data folder."""

    NOBODY = auto()
    NOT_READY = auto()  # starting, stopping or full
    STRANGER = auto()  # not our kind of server, or one that lets us wait


async def ask_postgres(socket_folder: Path) -> Path | Who:
    """Names the data folder of the PostgreSQL that listens in a socket folder, or says why that is not known."""
    if not await _is_listening(socket_folder / f".s.PGSQL.{PORT}"):
        return Who.NOBODY
    try:
        connection = await _connect(socket_folder)
    except POSTGRES_IS_BUSY:
        return Who.NOT_READY
    except POSTGRES_IS_NOT_OURS:
        return Who.STRANGER
    try:
        return Path(await connection.fetchval("SHOW data_directory", timeout=ANSWER_PATIENCE_S))
    except POSTGRES_IS_NOT_OURS:
        return Who.NOT_READY  # it went away while it was asked
    finally:
        connection.terminate()


async def create_database(socket_folder: Path) -> None:
    """Creates the market's database where it is missing."""
    try:
        connection = await _connect(socket_folder)
    except (OSError, *POSTGRES_IS_BUSY) as error:
        raise EarlierServerLingers(f"The PostgreSQL in {socket_folder} went away: {error}. Start again.") from error
    try:
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", DATABASE):
            await connection.execute(f'CREATE DATABASE "{DATABASE}"')
    finally:
        connection.terminate()


async def ask_valkey(socket: Path) -> Path | Who:
    """Names the data folder of the Valkey that listens on a socket, or says why that is not known."""
    if not await _is_listening(socket):
        return Who.NOBODY
    try:
        async with _client(socket) as client:
            return Path((await client.config_get("dir"))["dir"])
    except BusyLoadingError:
        return Who.NOT_READY
    except (OSError, RedisError):
        return Who.STRANGER


async def ask_valkey_process(socket: Path) -> int:
    """Names the process of the Valkey that listens on a socket."""
    async with _client(socket) as client:
        return int((await client.info("server"))["process_id"])


def _client(socket: Path) -> "redis.Redis":
    return redis.Redis(
        unix_socket_path=str(socket), socket_timeout=ANSWER_PATIENCE_S, socket_connect_timeout=ANSWER_PATIENCE_S
    )


async def _is_listening(socket: Path) -> bool:
    try:
        async with asyncio.timeout(ANSWER_PATIENCE_S):
            _, writer = await asyncio.open_unix_connection(socket)
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    except OSError:
        return True  # somebody is there, but does not let us in
    writer.close()
    return True


async def _connect(socket_folder: Path) -> "asyncpg.Connection[asyncpg.Record]":
    # Everything is said, so that PG... variables of the environment lead nowhere else.
    return await asyncpg.connect(
        host=str(socket_folder),
        port=PORT,
        user=USER,
        database="postgres",
        password="",
        passfile="",
        ssl=False,
        timeout=ANSWER_PATIENCE_S,
    )
