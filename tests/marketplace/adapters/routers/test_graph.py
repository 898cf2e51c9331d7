"""The router's own process: answers as the engine does, and is replaced when it dies, hangs or loses its parent."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from marketplace.adapters.city import BadCityPack, CityPack, make_grid_city
from marketplace.adapters.city.grid import place_of
from marketplace.adapters.routers import GraphEngine, GraphRouter
from marketplace.adapters.routers.graph import PART_SIZE
from marketplace.core.geo import Point
from marketplace.routing import Fix, RouterUnavailable
from tests.marketplace.adapters.small_cities import MONDAY_NOON
from tests.marketplace.adapters.traffic import traffic_of_slots


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> CityPack:
    return make_grid_city(tmp_path_factory.mktemp("cities") / "grid", blocks=10)


@pytest.fixture(scope="module")
def places() -> list[Point]:
    corners = [place_of((row, column)) for row in range(10) for column in range(10)]
    return [Point(lat=lat + 0.0003, lon=lon) for lat, lon in corners]


@pytest.fixture(scope="module")
async def router(city: CityPack) -> AsyncIterator[GraphRouter]:
    graph_router = GraphRouter(city.folder, timeout_s=20.0)
    yield graph_router
    await graph_router.aclose()


def is_running(process_id: int) -> bool:
    status = Path(f"/proc/{process_id}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def comes_to_an_end(process_id: int) -> bool:
    for _ in range(400):
        if not is_running(process_id):
            return True
        time.sleep(0.05)
    return False


async def test_answers_put_together_from_parts_are_the_engines_own(
    router: GraphRouter, city: CityPack, places: list[Point]
) -> None:
    assert len(places) > PART_SIZE
    expected = GraphEngine(city).matrix(places, depart_at=MONDAY_NOON)

    square = await router.matrix(places, depart_at=MONDAY_NOON)
    tall = await router.matrix(places, places[: PART_SIZE + 5], depart_at=MONDAY_NOON)

    assert np.array_equal(square.durations_s, expected.durations_s)
    assert np.array_equal(square.source_snap_m, expected.source_snap_m)
    assert np.array_equal(tall.distances_m, expected.distances_m[:, : PART_SIZE + 5])
    assert np.array_equal(tall.target_snap_m, expected.target_snap_m[: PART_SIZE + 5])
    assert square.dataset == city.dataset


async def test_a_worker_that_dies_is_replaced_and_every_caller_answered(
    router: GraphRouter, places: list[Point]
) -> None:
    first = await router.start()

    os.kill(first, signal.SIGKILL)
    answers = await asyncio.gather(*(router.matrix(places[:5], depart_at=MONDAY_NOON) for _ in range(4)))

    second = await router.start()
    assert second != first
    assert all(answer.is_reachable.all() for answer in answers)


async def test_a_worker_that_replaces_another_knows_the_same_traffic(city: CityPack, places: list[Point]) -> None:
    router = GraphRouter(city.folder)
    first = await router.start()
    free = await router.matrix(places[:5], depart_at=MONDAY_NOON)
    await router.take_traffic(traffic_of_slots({MONDAY_NOON: 2.0}, version=4))

    os.kill(first, signal.SIGKILL)
    busy = await router.matrix(places[:5], depart_at=MONDAY_NOON)

    assert (free.traffic_version, busy.traffic_version) == (0, 4)
    assert busy.durations_s.sum() > 1.5 * free.durations_s.sum()
    await router.aclose()


async def test_tracks_are_matched_in_the_worker(router: GraphRouter, city: CityPack, places: list[Point]) -> None:
    line = (await router.legs(places[:2], depart_at=MONDAY_NOON)).geometry[0]
    track = [Fix(MONDAY_NOON + timedelta(seconds=15 * n), lat, lon, 5.0) for n, (lat, lon) in enumerate(line)]

    told = await router.match([track] * 20)

    assert told == GraphEngine(city).match([track] * 20)
    assert len(told) > 20


@pytest.fixture
async def hanging(city: CityPack) -> AsyncIterator[tuple[GraphRouter, int]]:
    hurried = GraphRouter(city.folder, timeout_s=0.5)
    process_id = await hurried.start()
    os.kill(process_id, signal.SIGSTOP)
    yield hurried, process_id
    with suppress(ProcessLookupError):
        os.kill(process_id, signal.SIGKILL)
    await hurried.aclose()


async def test_a_worker_that_hangs_is_ended_and_one_that_is_closed_leaves(
    hanging: tuple[GraphRouter, int], places: list[Point]
) -> None:
    router, first = hanging

    with pytest.raises(RouterUnavailable, match=r"no answer within 0\.5 s"):
        await router.matrix(places[:5], depart_at=MONDAY_NOON)

    assert comes_to_an_end(first)
    second = await router.start()
    assert second != first

    await router.aclose()
    assert comes_to_an_end(second)
    with pytest.raises(RouterUnavailable, match="closed"):
        await router.legs(places[:2], depart_at=MONDAY_NOON)


async def test_a_caller_that_gives_up_leaves_the_worker_to_the_others(router: GraphRouter, places: list[Point]) -> None:
    hurried = asyncio.create_task(router.matrix(places, depart_at=MONDAY_NOON))
    patient = asyncio.create_task(router.matrix(places[:5], depart_at=MONDAY_NOON))
    await asyncio.sleep(0)

    hurried.cancel()

    assert (await patient).is_reachable.all()
    with pytest.raises(asyncio.CancelledError):
        await hurried


async def test_a_folder_without_a_city_is_refused(tmp_path: Path) -> None:
    router = GraphRouter(tmp_path / "nowhere")

    with pytest.raises(BadCityPack, match="no city pack can be read"):
        await router.start()
    await router.aclose()


PARENT = """
import asyncio, sys
from contextlib import suppress
from pathlib import Path
from marketplace.adapters.routers import GraphRouter

async def main():
    print(await GraphRouter(Path(sys.argv[1])).start(), flush=True)
    await asyncio.sleep(60)

if __name__ == "__main__":
    asyncio.run(main())
"""


async def test_the_worker_of_a_killed_parent_leaves_too(city: CityPack, tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    parent = await asyncio.create_subprocess_exec(
        sys.executable, str(script), str(city.folder), stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    assert parent.stdout is not None
    worker = int(await parent.stdout.readline())
    assert is_running(worker)

    parent.kill()
    await parent.wait()

    assert comes_to_an_end(worker)
