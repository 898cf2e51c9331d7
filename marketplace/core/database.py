"""The door to PostgreSQL: one pool that Tortoise's models and our own SQL share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient
from tortoise.context import TortoiseContext, get_current_context

from marketplace.core.database_url import credentials

MODELS = [
    "marketplace.core.models",
    "marketplace.routing.models",
    "marketplace.markets.models",
    "marketplace.accounts.models",
    "marketplace.shippers.models",
    "marketplace.rural.models",
    "marketplace.fleet.models",
    "marketplace.hubs.models",
    "marketplace.docks.models",
    "marketplace.substitutions.models",
    "marketplace.surge.models",
    "marketplace.standing.models",
    "marketplace.ledger.models",
    "marketplace.addresses.models",
    "marketplace.reservations.models",
    "marketplace.batches.models",
    "marketplace.recurring_batches.models",
    "marketplace.routes.models",
    "marketplace.reassignments.models",
    "marketplace.matching.models",
    "marketplace.windows.models",
    "marketplace.offers.models",
    "marketplace.tracking.models",
    "marketplace.alerts.models",
    "marketplace.arrivals.models",
    "marketplace.recipients.models",
    "marketplace.webhooks.models",
    "marketplace.payments.models",
    "marketplace.billing.models",
    "marketplace.payouts.models",
    "marketplace.claims.models",
    "marketplace.tips.models",
    "marketplace.blocks.models",
    "marketplace.analytics.models",
    "marketplace.goals.models",
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


async def keep_session(_connection: asyncpg.Connection) -> None:
    """Replaces asyncpg's reset on release, which costs a round trip and would have nothing to undo.

    The rule that makes this safe: no SET, LISTEN or session lock on a pooled connection, ever. A test holds it.
    """


def tortoise_config(url: str, *, pool_size: int = 10) -> dict[str, Any]:
    """Tortoise's configuration: one connection, one app, our migrations folder."""
    told = credentials(url)
    options = {
        "minsize": 1,
        "maxsize": pool_size,
        "command_timeout": 30,
        "server_settings": SERVER_SETTINGS | told.get("server_settings", {}),
        "reset": keep_session,
    }
    return {
        "connections": {
            "default": {"engine": "tortoise.backends.asyncpg", "credentials": told | options},
        },
        "apps": {"doorstep": {"models": MODELS, "default_connection": "default", "migrations": "migrations"}},
        "use_tz": True,
        "timezone": "UTC",
    }


@asynccontextmanager
async def open_database(
    url: str, *, pool_size: int = 10, patience_s: int | None = None
) -> AsyncIterator[AsyncpgDBClient]:
    """Opens the pool and Tortoise's models on it, and closes both at the end.

    `patience_s` is for reports over everything, which may take longer than what somebody waits for.
    """
    config = tortoise_config(url, pool_size=pool_size)
    if patience_s is not None:
        options = config["connections"]["default"]["credentials"]
        options["command_timeout"] = patience_s
        options["server_settings"] |= {"statement_timeout": f"{patience_s}s"}
    # The first database of a process is the one that tasks without a context reach, such as request handlers; a second
    # one, as tests open, is reached through its client alone. Each closes only itself.
    is_first = get_current_context() is None
    context = TortoiseContext()
    with context:
        await context.init(config=config, _enable_global_fallback=is_first)
    client = context.connections.get("default")
    assert isinstance(client, AsyncpgDBClient)
    try:
        await client.create_connection(with_db=True)
        yield client
    finally:
        await context.close_connections()


async def connect(url: str) -> asyncpg.Connection:
    """One connection of its own, for LISTEN, advisory locks and migrations."""
    told = credentials(url)
    settings = {"application_name": "doorstep", "timezone": "UTC"} | told.pop("server_settings", {})
    return await asyncpg.connect(**told, server_settings=settings)


def with_database(url: str, name: str) -> str:
    """The same server's URL with another database name."""
    return urlsplit(url)._replace(path="/" + quote(name, safe="")).geturl()
