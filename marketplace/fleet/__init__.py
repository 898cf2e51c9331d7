"""The fleet: own drivers, partner companies' drivers and the crowd, each with a vehicle and skills.

A driver is taken in, gets shifts or none, goes online, is asked, drives, and goes offline: by a word, or when the time
is over.
"""

from marketplace.fleet.create import create_driver, plan_shift
from marketplace.fleet.expire_presence import expire_presence, next_presence_end
from marketplace.fleet.go_offline import go_offline
from marketplace.fleet.go_online import NoShift, go_online
from marketplace.fleet.queries import driver_profile, live_drivers
from marketplace.fleet.states import AccountState, ContractKind, PresenceState, Vehicle

__all__ = [
    "AccountState",
    "ContractKind",
    "NoShift",
    "PresenceState",
    "Vehicle",
    "create_driver",
    "driver_profile",
    "expire_presence",
    "go_offline",
    "go_online",
    "live_drivers",
    "next_presence_end",
    "plan_shift",
]
