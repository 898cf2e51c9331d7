"""A hub is a place where parcels wait for a driver: a micro-fulfilment hub, or a shipper's own store.

In order of life: `create_hub`, `set_hub_opening`, `ReachHub`, `promises_for`. When it serves and how much is an
`Opening`; what lies within its reach is kept as cells, so that what it can promise to a place is one lookup.

Shippers keep goods there: `set_sku`, `receive_stock`, `count_stock`, `set_replenishment`. What a delivery wants of them
is found by a `Search`, promised by `reserve_stock`, and goes the way of the delivery by `step_promised`. Where
the next hub would save most is said by `AdviseHub`.
"""

from marketplace.hubs.advise import Advice, AdvisedSite, AdviseHub, Drives, NoDemand
from marketplace.hubs.catchment import ReachHub, reach_cell, reach_cells
from marketplace.hubs.create import create_hub
from marketplace.hubs.opening import BadOpening, DayHours, Opening, clock_time, opening_of
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
    reserve_stock,
    step_promised,
)
from marketplace.hubs.room import HeldPlace, Slot, held_places, lock_openings, places_left
from marketplace.hubs.set_opening import set_hub_opening
from marketplace.hubs.skus import BadSku, SkuFacts, UnknownSku, set_sku
from marketplace.hubs.sourcing import Search, Source, begin_search
from marketplace.hubs.states import ReservationState, StockReason
from marketplace.hubs.stock import Level
from marketplace.hubs.supply import (
    HubClosed,
    HubFull,
    HubOutOfReach,
    NoHubServes,
    OutOfStock,
    Supply,
    Wish,
    check_open,
    look_at_supply,
)
from marketplace.hubs.transfer_windows import NoTransferWindow, TransferSlot, find_transfer_slot, has_dock_for

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
    "HeldPlace",
    "HubClosed",
    "HubFull",
    "HubOutOfReach",
    "KeptOpening",
    "Level",
    "NoDemand",
    "NoHubServes",
    "NoTransferWindow",
    "Opening",
    "OutOfStock",
    "Promise",
    "ReachHub",
    "ReservationState",
    "Search",
    "Shortage",
    "SkuFacts",
    "Slot",
    "Source",
    "StockLine",
    "StockPromised",
    "StockReason",
    "Supply",
    "TransferSlot",
    "UnknownSku",
    "Wish",
    "add_transfer",
    "begin_search",
    "check_open",
    "clock_time",
    "count_stock",
    "create_hub",
    "end_transfers",
    "find_transfer_slot",
    "has_dock_for",
    "held_places",
    "hub_stock",
    "hubs_of_market",
    "hubs_open_to",
    "lock_openings",
    "lock_promised",
    "look_at_supply",
    "opening_of",
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
    "step_promised",
    "stock_figures",
]
