"""The matcher as an outsider meets it: a process that answers a line of JSON with a line of JSON."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import Any, Self

from tests.benchmarks.matching.cpu import tree_cpu_s

REPOSITORY = Path(__file__).parents[3]
COMMAND = (sys.executable, "-m", "marketplace", "plan")
PATIENCE_S = 900.0
"""The longest wait for one answer: the dearest request may use 600 CPU seconds."""
FAREWELL_S = 10.0
FIRST_REQUEST = {
    "request_id": "start",
    "now": 0,
    "durations_s": [[0, 60], [60, 0]],
    "deliveries": [{"id": "first", "pickup": {"location": 0}, "dropoff": {"location": 1}}],
    "drivers": [{"id": "driver", "location": 0, "shift_end": 3600}],
}


class MatcherGone(RuntimeError):
    """The matcher's process ended, or took too long, before it had answered."""


class Matcher:
    """The process behind the door; `with` starts it and lets it plan once before anything counts."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            COMMAND, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Sends one request and waits for its reply, which may be an error."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        giving_up = Timer(PATIENCE_S, self._process.kill)
        giving_up.start()
        try:
            self._process.stdin.write(json.dumps(request, separators=(",", ":")).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = b""
        finally:
            giving_up.cancel()
        if not line:
            raise MatcherGone(f"the matcher ended with status {self._process.wait()} before it had answered")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def cpu_s(self) -> float:
        """CPU seconds that the process and all that it has started have used."""
        return tree_cpu_s(self._process.pid)

    def __enter__(self) -> Self:
        self.ask(FIRST_REQUEST)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.close()
            self._process.wait(FAREWELL_S)
        except (subprocess.TimeoutExpired, OSError):
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
