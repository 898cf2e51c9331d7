"""Spans around requests, jobs and errands, where somebody collects them; otherwise they cost one comparison.

What opens a span is handed in, so that this code knows no tracing library. Spans carry names of our own and ids, never
what a caller sent.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

OpenSpan = Callable[[str], AbstractContextManager[object]]

NOTHING: AbstractContextManager[object] = nullcontext()


class _Collecting:
    open_span: OpenSpan | None = None


def span(name: str) -> AbstractContextManager[object]:
    """A span for the time of the block."""
    open_span = _Collecting.open_span
    return NOTHING if open_span is None else open_span(name)


def collect_spans(open_span: OpenSpan | None) -> None:
    """Has spans opened this way from now on, or no longer."""
    _Collecting.open_span = open_span
