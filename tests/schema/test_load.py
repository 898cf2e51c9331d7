"""A full process says so at once, and keeps a reserve for what has to go on."""

import asyncio
from contextlib import ExitStack
from typing import Any

import pytest

from marketplace.accounts import Tokens
from marketplace.core.settings import Settings
from marketplace.core.work import Works
from schema.asgi import build_app
from schema.load import PRIORITY, Load
from schema.refusals import Overloaded
from schema.results import engine_schema
from schema.schema import schema
from tests.schema import sample
from tests.schema.conftest import SCHEMA, Api, Caller, TestMarketplace
from tests.waiting import until

WAIT = "query($gate: String!){wait(gate: $gate)}"
URGENT = 'mutation{goOffline(name:"a",idempotencyKey:"k"){__typename}}'


@pytest.fixture
def settings() -> Settings:
    """A process that takes two requests at a time."""
    return Settings(requests_in_flight=2)


async def fill(api: Api, count: int) -> list[asyncio.Task[Any]]:
    """Holds that many requests inside their resolvers."""
    tasks = [asyncio.create_task(api.send(WAIT, {"gate": "full"})) for _ in range(count)]

    async def is_full() -> bool:
        return "full" in sample.GATES and sample.GATES["full"].inside == count

    await until(is_full)
    return tasks


async def release(tasks: list[asyncio.Task[Any]]) -> list[int]:
    sample.GATES["full"].open.set()
    return [response.status_code for response in await asyncio.gather(*tasks)]


async def test_the_request_past_the_bound_is_refused_at_once(api: Api) -> None:
    tasks = await fill(api, 2)

    response = await api.send("{__typename}")

    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert response.json()["errors"][0]["extensions"] == {"code": "OVERLOADED", "retryable": True}
    assert await release(tasks) == [200, 200]
    assert (await api.send("{__typename}")).status_code == 200


async def test_what_has_to_go_on_uses_the_reserve(api: Api, driver: Caller) -> None:
    assert (await api.send(URGENT, caller=driver)).status_code == 200
    tasks = await fill(api, 2)

    assert (await api.send(URGENT, caller=driver)).status_code == 200
    assert (await api.send("{__typename}", caller=driver)).status_code == 503

    await release(tasks)


async def test_an_unknown_document_has_no_claim_to_the_reserve(api: Api, driver: Caller) -> None:
    tasks = await fill(api, 2)

    assert (await api.send(URGENT, caller=driver)).status_code == 503

    await release(tasks)


async def test_a_name_gives_no_claim_to_the_reserve(api: Api, driver: Caller) -> None:
    disguised = f"query goOffline{{goOffline:__typename}} {URGENT.replace('mutation', 'mutation acceptOffer')}"
    for name in ("goOffline", "acceptOffer"):
        assert (await api.send(disguised, caller=driver, operationName=name)).status_code == 200
    tasks = await fill(api, 2)

    assert (await api.send(disguised, caller=driver, operationName="goOffline")).status_code == 503
    assert (await api.send(disguised, caller=driver, operationName="acceptOffer")).status_code == 200

    await release(tasks)


async def test_a_large_body_is_not_looked_into_under_pressure(api: Api, driver: Caller) -> None:
    await api.send(URGENT, caller=driver)
    tasks = await fill(api, 2)

    assert (await api.send(URGENT, {"padding": "x" * 70_000}, driver)).status_code == 503

    await release(tasks)


async def test_health_answers_however_full_the_process_is(api: Api) -> None:
    tasks = await fill(api, 2)

    assert (await api.http.get("/health")).json() == {"status": "ok"}
    assert (await api.http.get("/ready")).json() == {"status": "ready"}

    await release(tasks)


async def test_a_ready_made_document_is_known_from_the_start(works: Works, settings: Settings, tokens: Tokens) -> None:
    api = Api(build_app(TestMarketplace(settings=settings, works=works), schema=SCHEMA))
    documents = api.app.state.edge.documents
    documents._ready_made[URGENT] = None

    assert documents.known(URGENT) is not None


def test_the_reserve_has_an_end_too() -> None:
    load = Load(2)
    with load.admit(is_priority=True), load.admit(is_priority=True), load.admit(is_priority=True):
        assert (load.has_room, load.has_reserve) == (False, True)
        with pytest.raises(Overloaded), load.admit(is_priority=False):
            pass
        with load.admit(is_priority=True):
            assert not load.has_reserve
            with pytest.raises(Overloaded), load.admit(is_priority=True):
                pass

    assert (load.in_flight, load.refused) == (0, 2)


def test_large_bodies_are_taken_in_a_few_at_a_time() -> None:
    load = Load(2)
    with ExitStack() as stack:
        for size in [None, 65_537] * 16:
            stack.enter_context(load.reading(size))
        with pytest.raises(Overloaded), load.reading(None):
            pass
        with load.reading(65_536):
            assert load.large_bodies == 32

    assert load.large_bodies == 0


def test_a_full_process_reads_only_what_may_use_the_reserve() -> None:
    load = Load(1)
    with load.admit(is_priority=False):
        with load.reading(1_000):
            pass
        with pytest.raises(Overloaded), load.reading(70_000):
            pass
        with load.admit(is_priority=True), pytest.raises(Overloaded), load.reading(1_000):
            pass


def test_every_priority_field_exists() -> None:
    mutation = engine_schema(schema).mutation_type
    assert mutation is not None

    assert PRIORITY - set(mutation.fields) == set()
