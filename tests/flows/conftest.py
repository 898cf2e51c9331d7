"""What the stories share: a town whose streets and solver are started once."""

from collections.abc import AsyncIterator

import pytest

from tests.marketplaces import Town, open_town


@pytest.fixture(scope="session")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """Streets and a solver for all stories."""
    async with open_town(tmp_path_factory.mktemp("town")) as town:
        yield town
