"""A hub is a place where parcels wait for a driver: a micro-fulfilment hub, or a shipper's own store.

In order of life: `create_hub`, `set_hub_opening`, `ReachHub`, `promises_for`. When it serves and how much is an
`Opening`; what lies within its reach is kept as cells, so that what it can promise to a place is one lookup.
"""

from marketplace.hubs.catchment import ReachHub, reach_cell, reach_cells
from marketplace.hubs.create import create_hub
from marketplace.hubs.opening import BadOpening, DayHours, Opening, clock_time
from marketplace.hubs.promises import Promise, promises_for
from marketplace.hubs.queries import KeptOpening, hubs_of_market, hubs_open_to, read_opening
from marketplace.hubs.set_opening import set_hub_opening

__all__ = [
    "BadOpening",
    "DayHours",
    "KeptOpening",
    "Opening",
    "Promise",
    "ReachHub",
    "clock_time",
    "create_hub",
    "hubs_of_market",
    "hubs_open_to",
    "promises_for",
    "reach_cell",
    "reach_cells",
    "read_opening",
    "set_hub_opening",
]
