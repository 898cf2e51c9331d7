"""Traces for OpenTelemetry, where a collector is named; the packages of the extra `otel` are loaded only then."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from marketplace.core.errors import CannotStart
from marketplace.core.settings import Settings
from marketplace.core.tracing import OpenSpan, collect_spans


@contextmanager
def traced(settings: Settings, *, service: str) -> Iterator[None]:
    """Sends the spans of this process to the collector of the settings for as long as the block lasts."""
    if settings.traces_url is None:
        yield
        return
    provider = _provider(settings.traces_url, service)
    collect_spans(spans_of(provider.get_tracer("doorstep")))
    try:
        yield
    finally:
        collect_spans(None)
        provider.shutdown()


def spans_of(tracer: Any) -> OpenSpan:
    """Opens spans of a tracer. A failure is told by its kind alone: its words may hold what is private."""
    status = import_module("opentelemetry.trace.status")

    @contextmanager
    def opened(name: str) -> Iterator[None]:
        with tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False) as span:
            try:
                yield
            except Exception as failure:
                span.set_status(status.Status(status.StatusCode.ERROR, type(failure).__name__))
                raise

    return opened


def _provider(url: str, service: str) -> Any:
    try:
        sdk = import_module("opentelemetry.sdk.trace")
        export = import_module("opentelemetry.sdk.trace.export")
        resources = import_module("opentelemetry.sdk.resources")
        otlp = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    except ImportError as failure:
        raise CannotStart("DOORSTEP_TRACES_URL needs the extra otel: pip install 'doorstep[otel]'") from failure
    provider = sdk.TracerProvider(resource=resources.Resource.create({"service.name": service}))
    provider.add_span_processor(export.BatchSpanProcessor(otlp.OTLPSpanExporter(endpoint=url)))
    return provider
