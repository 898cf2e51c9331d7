"""A dock is where vehicles load or unload one at a time, by appointment: a consignee's, or that of a shipper's own hub.

In order of life: `set_dock` says when it serves and how many at once, `dock_slots` what is free, `hold_slot` keeps a
place for somebody who is about to post, `take_slots` makes appointments of holds, and `release_slots` gives them back.
"""

from marketplace.docks.hold import HOLDS_FOR, NotASlot, SlotFull, held_slot, hold_slot
from marketplace.docks.models import DockAppointment
from marketplace.docks.set_dock import BadDock, DockFacts, set_dock
from marketplace.docks.slots import FreeSlot, UnknownDock, dock_slots, slots_on
from marketplace.docks.states import AppointmentState
from marketplace.docks.take import KeptSlot, find_slots, lock_slots, release_slots, take_slots

__all__ = [
    "HOLDS_FOR",
    "AppointmentState",
    "BadDock",
    "DockAppointment",
    "DockFacts",
    "FreeSlot",
    "KeptSlot",
    "NotASlot",
    "SlotFull",
    "UnknownDock",
    "dock_slots",
    "find_slots",
    "held_slot",
    "hold_slot",
    "lock_slots",
    "release_slots",
    "set_dock",
    "slots_on",
    "take_slots",
]
