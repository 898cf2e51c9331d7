"""The router's worker process: it loads the city once and answers until its parent is gone.

scipy holds the interpreter's lock while it searches; in a process of its own that stops nobody else. Everything here
runs in the worker except the names that are handed to the pool.
"""

import os
import signal
import threading
from collections.abc import Sequence
from datetime import datetime
from importlib import import_module
from multiprocessing import connection, parent_process
from pathlib import Path
from typing import TYPE_CHECKING

from marketplace.adapters.city.pack import load_city_pack
from marketplace.core.geo import Point
from marketplace.routing import Fix, Journey, Matrix, Traffic, Traversal

if TYPE_CHECKING:
    from marketplace.adapters.routers.engine import GraphEngine

_engines: list["GraphEngine"] = []  # one, once the city is open


def settle_in() -> None:
    """Gives the worker no life beyond its parent's, and leaves Ctrl-C to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent decides when we stop
    threading.Thread(target=_leave_with_parent, name="leave-with-parent", daemon=True).start()


def open_city(folder: Path, traffic: Traffic | None) -> int:
    """Loads the city and tells the worker's process number, by which it can be ended."""
    # Late, because the parent imports this file for its names alone, and the engine brings scipy.
    engine = import_module("marketplace.adapters.routers.engine")
    _engines.append(engine.GraphEngine(load_city_pack(folder), traffic=traffic))
    return os.getpid()


def compute_matrix(sources: Sequence[Point], targets: Sequence[Point], depart_at: datetime) -> Matrix:
    """Answers a part of a matrix in the worker."""
    return _engines[0].matrix(sources, targets, depart_at=depart_at)


def compute_legs(points: Sequence[Point], depart_at: datetime) -> Journey:
    """Answers a journey in the worker."""
    return _engines[0].legs(points, depart_at=depart_at)


def take_traffic(traffic: Traffic) -> int:
    """Has the worker answer by other traffic from now on; tells its version."""
    _engines[0].take_traffic(traffic)
    return traffic.version


def match_tracks(tracks: Sequence[Sequence[Fix]]) -> list[Traversal]:
    """Matches tracks to streets in the worker."""
    return _engines[0].match(tracks)


def _leave_with_parent() -> None:
    """Watches the parent: a pool's worker outlives one that is killed, for it holds its own pipe open."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
