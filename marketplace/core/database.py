"""The door to PostgreSQL: one pool that Tortoise's models and our own SQL share.

`DATABASE_URL` has the usual form `postgres://user:password@host:port/name`; `?host=/folder` names a socket folder and
`?sslmode=verify-full` asks for a server that proves its name.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.context import TortoiseContext, get_current_context

MODELS = [
    "marketplace.core.models",
    "marketplace.markets.models",
    "marketplace.accounts.models",
    "marketplace.shippers.models",
    "marketplace.fleet.models",
    "marketplace.hubs.models",
    "marketplace.ledger.models",
    "marketplace.batches.models",
    "marketplace.routes.models",
    "marketplace.matching.models",
    "marketplace.offers.models",
    "marketplace.tracking.models",
    "marketplace.payouts.models",
    "marketplace.analytics.models",
]
"""Where tables are declared, in the order of the story."""

SERVER_SETTINGS = {
    "application_name": "doorstep",
    "timezone": "UTC",
    "jit": "off",
    "statement_timeout": "15s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "20s",
}


def credentials(url: str) -> dict[str, Any]:
    """The parts of a database URL as Tortoise and asyncpg want them."""
    parts = urlsplit(url)
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ValueError("DATABASE_URL starts with postgres:// or postgresql://")
    found = {
        "host": query.get("host") or parts.hostname or "127.0.0.1",
        "port": parts.port or int(query.get("port", 5432)),
        "user": unquote(parts.username or query.get("user", "postgres")),
        "password": unquote(parts.password) if parts.password else None,
        "database": unquote(parts.path.lstrip("/")) or "postgres",
    }
    # Left out where the URL says nothing: then asyncpg encrypts whenever the server can.
    return found | ({"ssl": query["sslmode"]} if "sslmode" in query else {})


async def keep_session(_connection: asyncpg.Connection) -> None:
    """Replaces asyncpg's reset on release, which costs a round trip and would have nothing to undo.

    The rule that makes this safe: no SET, LISTEN or session lock on a pooled connection, ever. A test holds it.
    """


def tortoise_config(url: str, *, pool_size: int = 10) -> dict[str, Any]:
    """Tortoise's configuration: one connection, one app, our migrations folder."""
    options = {
        "minsize": 1,
        "maxsize": pool_size,
        "command_timeout": 30,
        "server_settings": SERVER_SETTINGS,
        "reset": keep_session,
    }
    return {
        "connections": {
            "default": {"engine": "tortoise.backends.asyncpg", "credentials": credentials(url) | options},
        },
        "apps": {"doorstep": {"models": MODELS, "default_connection": "default", "migrations": "migrations"}},
        "use_tz": True,
        "timezone": "UTC",
    }


@asynccontextmanager
async def open_database(url: str, *, pool_size: int = 10) -> AsyncIterator[AsyncpgDBClient]:
    """Opens the pool and Tortoise's models on it, and closes both at the end."""
    # The first database of a process is the one that tasks without a context reach, such as request handlers; a second
    # one, as tests open, is reached through its client alone. Each closes only itself.
    is_first = get_current_context() is None
    context = TortoiseContext()
    with context:
        await context.init(config=tortoise_config(url, pool_size=pool_size), _enable_global_fallback=is_first)
    client = context.connections.get("default")
    assert isinstance(client, AsyncpgDBClient)
    try:
        await client.create_connection(with_db=True)
        yield client
    finally:
        await context.close_connections()


async def connect(url: str) -> asyncpg.Connection:
    """One connection of its own, for LISTEN, advisory locks and migrations."""
    return await asyncpg.connect(
        **credentials(url), server_settings={"application_name": "doorstep", "timezone": "UTC"}
    )


def with_database(url: str, name: str) -> str:
    """The same server's URL with another database name."""
    return urlsplit(url)._replace(path="/" + quote(name, safe="")).geturl()
