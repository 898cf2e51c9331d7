"""A hub is a place where parcels wait for a driver: a micro-fulfilment hub, or a shipper's own store.

In order of life: `create_hub`, `set_hub_opening`, `ReachHub`, `promises_for`. When it serves and how much is an
`Opening`; what lies within its reach is kept as cells, so that what it can promise to a place is one lookup.

Shippers keep goods there: `set_sku`, `receive_stock`, `count_stock`, `set_replenishment`. What a delivery wants of them
is found by `source_lines`, promised by `reserve_stock`, and goes the way of the delivery by `step_promised`. Where
the next hub would save most is said by `AdviseHub`.
"""

from marketplace.hubs.advise import Advice, AdvisedSite, AdviseHub, Drives, NoDemand
from marketplace.hubs.catchment import ReachHub, reach_cell, reach_cells
from marketplace.hubs.create import create_hub
from marketplace.hubs.opening import BadOpening, DayHours, Opening, clock_time
from marketplace.hubs.promises import Promise, promises_for
from marketplace.hubs.queries import KeptOpening, hub_stock, hubs_of_market, hubs_open_to, read_opening, stock_figures
from marketplace.hubs.receive import BadQuantity, StockPromised, count_stock, receive_stock
from marketplace.hubs.replenishment import (
    BadReplenishment,
    Shortage,
    set_replenishment,
    shortage_of,
    shortages,
)
from marketplace.hubs.reserve import (
    StockLine,
    add_transfer,
    end_transfers,
    lock_promised,
    pick_enough,
    reserve_stock,
    step_promised,
)
from marketplace.hubs.room import places_left
from marketplace.hubs.set_opening import set_hub_opening
from marketplace.hubs.skus import BadSku, SkuFacts, UnknownSku, set_sku
from marketplace.hubs.sourcing import NoHubServes, OutOfStock, Source, Wish, source_lines
from marketplace.hubs.states import ReservationState, StockReason
from marketplace.hubs.stock import Level

__all__ = [
    "Advice",
    "AdviseHub",
    "AdvisedSite",
    "BadOpening",
    "BadQuantity",
    "BadReplenishment",
    "BadSku",
    "DayHours",
    "Drives",
    "KeptOpening",
    "Level",
    "NoDemand",
    "NoHubServes",
    "Opening",
    "OutOfStock",
    "Promise",
    "ReachHub",
    "ReservationState",
    "Shortage",
    "SkuFacts",
    "Source",
    "StockLine",
    "StockPromised",
    "StockReason",
    "UnknownSku",
    "Wish",
    "add_transfer",
    "clock_time",
    "count_stock",
    "create_hub",
    "end_transfers",
    "hub_stock",
    "hubs_of_market",
    "hubs_open_to",
    "lock_promised",
    "pick_enough",
    "places_left",
    "promises_for",
    "reach_cell",
    "reach_cells",
    "read_opening",
    "receive_stock",
    "reserve_stock",
    "set_hub_opening",
    "set_replenishment",
    "set_sku",
    "shortage_of",
    "shortages",
    "source_lines",
    "step_promised",
    "stock_figures",
]
