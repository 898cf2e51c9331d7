"""Empty databases for simulated days, which really commit and use what they are given up."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from marketplace.core.database import connect, with_database
from marketplace.core.settings import Settings
from tests.cloning import AT_ONCE


@pytest.fixture
async def empty_urls(server_url: str, template: str) -> AsyncIterator[list[str]]:
    """Two migrated databases without a market."""
    names = [f"doorstep_day_{uuid4().hex[:12]}" for _ in range(2)]
    admin = await connect(server_url)
    for name in names:
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} {AT_ONCE}")
    yield [with_database(server_url, name) for name in names]
    for name in names:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


def settings_for(url: str, folder: Path, **more: object) -> Settings:
    """Settings of a simulation on the streets of the generated city."""
    return Settings.model_validate({"DATABASE_URL": url, "state_folder": folder, "city": "grid"} | more)
