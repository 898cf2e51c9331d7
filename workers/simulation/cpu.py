"""CPU time of this process and of all that it has started, servers and solvers too, where the system tells it."""

import os
import time
from collections import defaultdict
from pathlib import Path

PROCESSES = Path("/proc")


def tree_cpu_s() -> float:
    """Seconds that this process and its descendants have computed so far, those that have ended included."""
    if not (PROCESSES / "self" / "stat").exists():
        own = os.times()
        return time.process_time() + own.children_user + own.children_system
    ticks: dict[int, int] = {}
    children: defaultdict[int, list[int]] = defaultdict(list)
    for folder in PROCESSES.iterdir():
        if folder.name.isdigit() and (fields := _stat(folder)):
            ticks[int(folder.name)] = sum(map(int, fields[11:15]))
            children[int(fields[1])].append(int(folder.name))
    found, waiting = 0, [os.getpid()]
    while waiting:
        process = waiting.pop()
        found += ticks.get(process, 0)
        waiting += children[process]
    return found / os.sysconf("SC_CLK_TCK")


def _stat(folder: Path) -> list[str]:
    """The fields behind the process's name, which may hold anything; none when it has just ended."""
    try:
        return (folder / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
