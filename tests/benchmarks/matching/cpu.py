"""CPU seconds of a process and of everything it has started, as Linux tells them."""

import os
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def tree_cpu_s(root: int) -> float:
    """CPU seconds so far of a process that leads a session, of its session, and of all who descend from these.

    Children that have ended and were waited for are counted with their parents.
    """
    fields = {int(entry.name): found for entry in Path("/proc").glob("[0-9]*") if (found := _fields(entry))}
    counted = {number for number, (_, session, _) in fields.items() if session == root} | {root}
    while heirs := {number for number, (parent, _, _) in fields.items() if parent in counted} - counted:
        counted |= heirs
    return sum(fields[number][2] for number in counted if number in fields) / _TICKS_PER_S


def _fields(entry: Path) -> tuple[int, int, int] | None:
    """Parent, session and ticks of one process; nothing when it has just ended."""
    try:
        # The name stands in brackets and may hold anything, brackets and spaces too.
        words = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return int(words[1]), int(words[3]), sum(int(word) for word in words[11:15])
