"""The fleet: own drivers, partner companies' drivers and the crowd, each with a vehicle and skills.

A driver is taken in, gets shifts or none, goes online, is asked, drives, and goes offline: by a word, or when the time
is over.
"""

from marketplace.fleet.companies import (
    DispatcherExists,
    add_company,
    add_dispatcher,
    companies_of_market,
    company_drivers,
    company_of,
    company_routes,
    end_company,
    set_company_terms,
)
from marketplace.fleet.create import create_driver, plan_shift, plan_shift_of
from marketplace.fleet.expire_presence import expire_presence, next_presence_end
from marketplace.fleet.go_offline import go_offline
from marketplace.fleet.go_online import NoShift, go_online
from marketplace.fleet.message import message_driver
from marketplace.fleet.preferences import AREA_RESOLUTION, BadPreference, area_of, set_language, set_preferences
from marketplace.fleet.queries import driver_profile, live_drivers, stops_by_kind
from marketplace.fleet.states import (
    SKILLS,
    AccountState,
    CompanyState,
    ContractKind,
    DocumentKind,
    DocumentState,
    PresenceState,
    Vehicle,
    VehicleState,
)

__all__ = [
    "AREA_RESOLUTION",
    "SKILLS",
    "AccountState",
    "BadPreference",
    "CompanyState",
    "ContractKind",
    "DispatcherExists",
    "DocumentKind",
    "DocumentState",
    "NoShift",
    "PresenceState",
    "Vehicle",
    "VehicleState",
    "add_company",
    "add_dispatcher",
    "area_of",
    "companies_of_market",
    "company_drivers",
    "company_of",
    "company_routes",
    "create_driver",
    "driver_profile",
    "end_company",
    "expire_presence",
    "go_offline",
    "go_online",
    "live_drivers",
    "message_driver",
    "next_presence_end",
    "plan_shift",
    "plan_shift_of",
    "set_company_terms",
    "set_language",
    "set_preferences",
    "stops_by_kind",
]
