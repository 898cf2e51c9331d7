"""Routers: who answers the Router protocol, from our own street graph to a straight line in an emergency.

`GraphRouter` is the default: a city pack's streets in a process of its own. `OsrmRouter` asks a server.
`PlanarRouter` drives on a plane, where published instances say so.
`CachedRouter` and `FallbackRouter` wrap either; put together they read
`FallbackRouter(CachedRouter(graph), StraightLineRouter())` with `graph = GraphRouter(pack.folder)`, started beforehand
by `await graph.start()` so that the first question is not answered with an estimate while the city is being loaded.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from marketplace.adapters.routers.cached import CachedRouter
from marketplace.adapters.routers.fallback import FallbackRouter
from marketplace.adapters.routers.graph import GraphRouter
from marketplace.adapters.routers.osrm import OsrmRouter
from marketplace.adapters.routers.planar import PlanarRouter, plane_point
from marketplace.adapters.routers.segment_speeds import NoStreetNumbers, segment_speeds
from marketplace.adapters.routers.straight_line import StraightLineRouter

if TYPE_CHECKING:
    from marketplace.adapters.routers.engine import GraphEngine

__all__ = [
    "CachedRouter",
    "FallbackRouter",
    "GraphEngine",
    "GraphRouter",
    "NoStreetNumbers",
    "OsrmRouter",
    "PlanarRouter",
    "StraightLineRouter",
    "plane_point",
    "segment_speeds",
]


def __getattr__(name: str) -> object:
    """Imports the engine only when it is asked for: it brings scipy, which only the router's own process needs."""
    if name != "GraphEngine":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("marketplace.adapters.routers.engine").GraphEngine
