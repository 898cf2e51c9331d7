"""The composition root: the settings choose the streets."""

import subprocess
import sys
from pathlib import Path

import pytest

from marketplace.adapters.city import BadCityPack, make_grid_city
from marketplace.app import open_city
from marketplace.core.settings import Settings


async def test_the_generated_city_is_drawn_once_and_kept(tmp_path: Path) -> None:
    settings = Settings(state_folder=tmp_path, city="grid")

    first = await open_city(settings)
    drawn_at = (first.folder / "meta.json").stat().st_mtime_ns
    again = await open_city(settings)

    assert first.meta.is_generated
    assert again.dataset == first.dataset
    assert (again.folder / "meta.json").stat().st_mtime_ns == drawn_at


async def test_a_pack_in_a_folder_of_its_own_is_used_as_it_is(tmp_path: Path) -> None:
    made = make_grid_city(tmp_path / "our-city", blocks=10)

    opened = await open_city(Settings(state_folder=tmp_path / "state", city=str(tmp_path / "our-city")))

    assert opened.dataset == made.dataset
    assert not (tmp_path / "state").exists()


async def test_a_folder_without_a_pack_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadCityPack):
        await open_city(Settings(state_folder=tmp_path, city=str(tmp_path / "nowhere")))


def test_a_server_does_not_load_what_only_other_processes_compute_with() -> None:
    look = "import sys, schema.serve, marketplace.app; print({'scipy', 'vroom', 'numba', 'pandas'} & {*sys.modules})"

    told = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "set()"
