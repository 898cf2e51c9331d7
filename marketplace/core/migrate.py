"""Brings a database to the version that this code needs, one process at a time; everybody else only looks."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import asyncpg
from tortoise.context import TortoiseContext
from tortoise.migrations.api import migrate as run_migrations

from marketplace.core.database import connect, tortoise_config
from marketplace.core.errors import CannotStart
from marketplace.core.grants import grant_application

LOCK = 0x646F6F72
"""The advisory lock of migrations, held on a connection of its own for as long as they run."""


class WrongVersion(CannotStart):
    """The database is older or newer than this code."""


async def migrate(
    url: str, *, on_step: Callable[[str], None] | None = None, on_notice: Callable[[str], None] | None = None
) -> str:
    """Applies what is missing and returns the name of the version reached; concurrent calls wait for one another.

    Then API and workers get their rights on what there is; `on_notice` hears when the server does not let us give them.
    """
    guard = await connect(url)
    try:
        await guard.execute("SELECT pg_advisory_lock($1)", LOCK)
        # A context of its own, so that a database that this process has open stays open.
        with TortoiseContext() as context:
            try:
                await run_migrations(
                    config=tortoise_config(url, pool_size=2),
                    progress=lambda _event, _app, name: on_step(name) if on_step else None,
                )
            finally:
                await context.close_connections()
        if (notice := await grant_application(guard)) and on_notice:
            on_notice(notice)
    finally:
        await guard.close()
    return newest()


async def check_version(connection: asyncpg.Connection) -> None:
    """Raises WrongVersion unless the database is at the version of this code."""
    try:
        rows = await connection.fetch("SELECT name FROM tortoise_migrations WHERE app = 'doorstep' ORDER BY name")
    except asyncpg.UndefinedTableError:
        rows = []
    applied = [row["name"] for row in rows]
    if applied != all_versions():
        found = applied[-1] if applied else "empty"
        advice = "run doorstep migrate" if set(applied) < set(all_versions()) else "start a newer Doorstep"
        raise WrongVersion(f"the database is at {found}, this code needs {newest()}: {advice}")


def all_versions() -> list[str]:
    """The names of all migrations, oldest first."""
    spec = importlib.util.find_spec("migrations")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    folder = Path(next(iter(spec.submodule_search_locations)))
    return sorted(path.stem for path in folder.glob("[0-9][0-9][0-9][0-9]_*.py"))


def newest() -> str:
    """The name of the latest migration."""
    return all_versions()[-1]
