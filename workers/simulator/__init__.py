"""The simulator: driver apps and shippers that live a day of the market through its public API, and nothing else.

`SimulatedDay` runs the day of a `DayPlan` for a seeded world and returns a `DaySummary`. A driver is a `DriverApp` with
a `Mind`; a shipper is a `ShipperApp`. Both speak through an `ApiClient` and an `EventSocket`, which lose nothing and
double nothing when the API, the network or the power goes; `MarketClock` tells them what time it is in the market.
"""

from workers.simulator.client import ApiClient, Refused, SignedOut
from workers.simulator.clock import MarketClock
from workers.simulator.day import DaySummary, SimulatedDay
from workers.simulator.driver_app import DriverApp
from workers.simulator.event_socket import EventSocket, Stream
from workers.simulator.network import Network, Unreachable
from workers.simulator.personality import Mind, Personality
from workers.simulator.plan import DayPlan
from workers.simulator.recipients import Recipients
from workers.simulator.shipper_app import ShipperApp
from workers.simulator.tally import Tally

__all__ = [
    "ApiClient",
    "DayPlan",
    "DaySummary",
    "DriverApp",
    "EventSocket",
    "MarketClock",
    "Mind",
    "Network",
    "Personality",
    "Recipients",
    "Refused",
    "ShipperApp",
    "SignedOut",
    "SimulatedDay",
    "Stream",
    "Tally",
    "Unreachable",
]
