"""Answers and operations are counted under names of our own, never under what a caller writes."""

from collections.abc import AsyncIterator

import pytest

from marketplace.core import metrics
from schema.asgi import build_app
from schema.documents import load_document
from tests.schema.conftest import Api, Caller, TestMarketplace


@pytest.fixture
async def api(marketplace: TestMarketplace) -> AsyncIterator[Api]:
    """A client of the application with the market's own schema."""
    api = Api(build_app(marketplace))
    async with api.http:
        yield api


def answers(route: str, status: int) -> float:
    return (
        metrics.REGISTRY.get_sample_value("doorstep_http_answers_total", {"route": route, "status": str(status)}) or 0
    )


def operations(name: str) -> float:
    return metrics.REGISTRY.get_sample_value("doorstep_operation_seconds_count", {"operation": name}) or 0


async def test_a_ready_made_document_is_counted_by_its_name(api: Api, driver: Caller) -> None:
    before = operations("MyOffers"), answers("graphql", 200)

    await api.send(load_document("driver", "my_offers"), {}, driver)

    assert (operations("MyOffers"), answers("graphql", 200)) == (before[0] + 1, before[1] + 1)


async def test_a_document_of_a_callers_own_is_counted_as_one_of_the_others(api: Api, driver: Caller) -> None:
    before = operations(metrics.OTHER)

    await api.send("query MyOffers { myOffers { id } }", {}, driver)
    await api.send("query Anything { myOffers { id } }", {}, driver)

    assert operations(metrics.OTHER) == before + 2
    assert operations("Anything") == 0


@pytest.mark.parametrize("path", ["/uploads/secret-token", "/no/such/page", "/graphql/../x"])
async def test_a_path_is_counted_by_its_door(api: Api, path: str) -> None:
    await api.http.get(path)

    shown = {
        labels["route"]
        for family in metrics.REGISTRY.collect()
        if family.name == "doorstep_http_answers"
        for labels in (sample.labels for sample in family.samples)
    }
    assert shown <= {"graphql", "uploads", "proofs", "documents", "figures", "webhooks", "health", "ready", "pages"}


async def test_a_process_that_leaves_says_so_and_still_answers(api: Api, driver: Caller) -> None:
    api.app.state.health.is_leaving = True

    ready, health = await api.http.get("/ready"), await api.http.get("/health")
    answer = await api.send(load_document("driver", "my_offers"), {}, driver)

    assert (ready.status_code, ready.json()) == (503, {"status": "leaving"})
    assert health.status_code == 200
    assert answer.status_code == 200
