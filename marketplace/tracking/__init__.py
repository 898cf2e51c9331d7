"""Where things are and what is streamed, in order of life: drivers report positions, readers follow streams.

Positions are gathered in the process that takes them and written together; how full the streets are is learnt from
them before they are dropped. Streams hand the published events of a market to subscribers, from a cursor or from now
on, with no gap and nothing twice.
"""

from marketplace.tracking.follow_traffic import TrafficFollower
from marketplace.tracking.learn_traffic import LearnTraffic
from marketplace.tracking.live import live_routes, waiting_deliveries
from marketplace.tracking.positions import PositionBuffer, ReportedPosition, drop_old_positions
from marketplace.tracking.queries import (
    Place,
    StreamedEvent,
    StreamFilter,
    head_cursor,
    trail_of_driver,
)
from marketplace.tracking.refusals import (
    BadPosition,
    CursorExpired,
    StreamEnded,
    SubscriberTooSlow,
    TooManyPositions,
)
from marketplace.tracking.streams import EventStreams

__all__ = [
    "BadPosition",
    "CursorExpired",
    "EventStreams",
    "LearnTraffic",
    "Place",
    "PositionBuffer",
    "ReportedPosition",
    "StreamEnded",
    "StreamFilter",
    "StreamedEvent",
    "SubscriberTooSlow",
    "TooManyPositions",
    "TrafficFollower",
    "drop_old_positions",
    "head_cursor",
    "live_routes",
    "trail_of_driver",
    "waiting_deliveries",
]
