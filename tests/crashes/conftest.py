"""What crash tests stand on: a database, a queue and a folder of their own, for processes that are killed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from marketplace.core.work import Works
from tests.processes import Stage, open_stage


@pytest.fixture(scope="module")
async def stage(server_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """Where the processes of a module run."""
    async with open_stage(server_url, template, Path(tmp_path_factory.mktemp("stage"))) as stage:
        yield stage


@pytest.fixture(scope="module")
async def stage_works(stage: Stage) -> AsyncIterator[Works]:
    """Works of the test's own process on the database of the stage."""
    async with stage.works() as works:
        yield works
