"""Looks at processes from outside, as tests that kill some must."""

import time
from pathlib import Path

_BUSY_TICKS = 15
_PATIENCE_S = 30


def is_running(process_id: int) -> bool:
    """Whether there is such a process that is not just waiting to be reaped."""
    fields = _stat(process_id)
    return bool(fields) and fields[0] != "Z"


def wait_until_gone(process_id: int) -> None:
    """Waits until the process is no more."""
    deadline = time.monotonic() + _PATIENCE_S
    while is_running(process_id) and time.monotonic() < deadline:
        time.sleep(0.01)


def wait_until_busy(process_id: int) -> None:
    """Waits until the process has worked a while, so that it must be in the middle of something."""
    deadline, began = time.monotonic() + _PATIENCE_S, _ticks(process_id)
    while _ticks(process_id) < began + _BUSY_TICKS and time.monotonic() < deadline:
        time.sleep(0.01)


def _ticks(process_id: int) -> int:
    return sum(map(int, _stat(process_id)[11:13]))


def _stat(process_id: int) -> list[str]:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return []
