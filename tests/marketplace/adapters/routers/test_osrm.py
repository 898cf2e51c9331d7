"""The OSRM router: tables in allowed sizes, no way where it says null, a refusal when it is silent."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from random import Random

import numpy as np
import pytest

from marketplace.adapters.city import CityPack, PlaceSampler, make_grid_city
from marketplace.adapters.routers import GraphEngine, OsrmRouter
from marketplace.core.geo import Point
from marketplace.routing import NO_WAY, RouterUnavailable, Unreachable
from tests.contracts.osrm_double import OsrmDouble, serving
from tests.marketplace.adapters.small_cities import MONDAY_NOON, at


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> CityPack:
    return make_grid_city(tmp_path_factory.mktemp("cities") / "grid", blocks=10)


@pytest.fixture(scope="module")
def engine(city: CityPack) -> GraphEngine:
    return GraphEngine(city)


@pytest.fixture(scope="module")
def places(city: CityPack) -> list[Point]:
    return [place.point for place in PlaceSampler(city).draw_places(Random(6), 130)]


@pytest.fixture
def double(engine: GraphEngine, places: list[Point]) -> Iterator[OsrmDouble]:
    server = OsrmDouble(engine, island=places[-1:])
    with serving(server):
        yield server


@asynccontextmanager
async def talking_to(url: str, *, table_locations: int = 100, timeout_s: float = 10.0) -> AsyncIterator[OsrmRouter]:
    router = OsrmRouter(url, table_locations=table_locations, timeout_s=timeout_s)
    try:
        yield router
    finally:
        await router.aclose()


async def test_large_matrices_are_asked_in_tables_of_the_allowed_size(
    double: OsrmDouble, engine: GraphEngine, places: list[Point]
) -> None:
    async with talking_to(double.url) as router:
        matrix = await router.matrix(places[:120], depart_at=MONDAY_NOON)
        column = await router.matrix(places[:120], places[:1], depart_at=MONDAY_NOON)

    expected = engine.matrix(places[:120], depart_at=MONDAY_NOON)
    assert np.abs(matrix.durations_s - expected.durations_s).max() <= 1  # the wire carries six decimals
    assert np.array_equal(column.durations_s[:, 0], matrix.durations_s[:, 0])
    assert len(double.paths) == 9 + 2  # 3 x 3 tables of 50 by 50, then 99 and 21 sources to one target


async def test_null_means_no_way(double: OsrmDouble, places: list[Point]) -> None:
    island = places[-1]

    async with talking_to(double.url) as router:
        matrix = await router.matrix([places[0], island], depart_at=MONDAY_NOON)
        with pytest.raises(Unreachable):
            await router.legs([places[0], island], depart_at=MONDAY_NOON)

    assert matrix.is_reachable.tolist() == [[True, False], [False, True]]
    assert matrix.durations_s.tolist() == [[0, NO_WAY], [NO_WAY, 0]]


async def test_a_journey_may_turn_at_its_stops_as_its_table_may(double: OsrmDouble, places: list[Point]) -> None:
    async with talking_to(double.url) as router:
        await router.legs(places[:3], depart_at=MONDAY_NOON)

    assert "continue_straight=false" in double.paths[-1]


async def test_a_server_that_refuses_is_unavailable(double: OsrmDouble, places: list[Point]) -> None:
    async with talking_to(double.url, table_locations=120) as greedy:
        with pytest.raises(RouterUnavailable, match="TooBig"):
            await greedy.matrix(places[:120], places[:1], depart_at=MONDAY_NOON)
    async with talking_to(double.url + "/elsewhere") as lost:
        with pytest.raises(RouterUnavailable):
            await lost.matrix(places[:2], depart_at=MONDAY_NOON)


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    async with talking_to("http://127.0.0.1:9") as router:
        with pytest.raises(RouterUnavailable, match="ConnectError"):
            await router.matrix([at(0, 0)], depart_at=MONDAY_NOON)


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 5\r\n\r\nsorry", None])
async def test_silence_and_nonsense_are_unavailable(reply: bytes | None) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if reply is None:
            await reader.read()  # until the client gives up
        else:
            writer.write(reply)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, talking_to(f"http://127.0.0.1:{port}", timeout_s=0.3) as router:
        with pytest.raises(RouterUnavailable):
            await router.legs([at(0, 0), at(10, 0)], depart_at=MONDAY_NOON)
