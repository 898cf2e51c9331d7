"""Spans are collected where somebody asks for them, hold nothing private, and cost nothing otherwise."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from marketplace.adapters.tracing import spans_of, traced
from marketplace.core.errand import run_errand
from marketplace.core.errors import CannotStart
from marketplace.core.settings import Settings
from marketplace.core.tracing import NOTHING, collect_spans, span
from marketplace.core.work import Work, Works


class AskTheTime:
    """An errand that needs nothing."""

    async def read(self, work: Work) -> int | None:
        return work.now.year

    async def call(self, found: int) -> int:
        return found + 1

    async def record(self, work: Work, found: int, answer: int) -> int:
        return work.now.year - found + answer


@pytest.fixture
def collected() -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    collect_spans(spans_of(provider.get_tracer("test")))
    yield exporter
    collect_spans(None)


async def test_an_errand_is_a_span_with_its_call_inside(works: Works, collected: InMemorySpanExporter) -> None:
    assert await run_errand(works, AskTheTime()) == 2027

    call, errand = collected.get_finished_spans()
    assert (call.name, errand.name) == ("call", "errand AskTheTime")
    assert call.parent is not None
    assert errand.context is not None
    assert call.parent.span_id == errand.context.span_id


def test_a_failure_is_told_by_its_kind_and_not_by_its_words(collected: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="Luz"), span("job any"):
        raise ValueError("Luz Pizarro, +56911111111")

    [failed] = collected.get_finished_spans()
    assert failed.status.description == "ValueError"
    assert "Luz" not in failed.to_json()


def test_without_a_collector_there_is_no_span_and_no_library() -> None:
    code = (
        "import sys, marketplace.app, schema.asgi, workers.service\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    )

    assert span("any") is NOTHING
    with traced(Settings(), service="test"):
        assert span("any") is NOTHING
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_collector_without_the_extra_is_refused_with_the_way_out() -> None:
    with (
        pytest.raises(CannotStart, match="doorstep\\[otel\\]"),
        traced(Settings(traces_url="http://x/"), service="test"),
    ):
        pytest.fail("the exporter is not installed here")
