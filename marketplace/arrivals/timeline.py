"""The timeline of a route: when its driver is at each open stop, leg by leg, each leg at its own time of day.

It begins where the driver was last known to be: at a door that was left, or where a phone reported from. What is late
already is not foreseen in the past: then the driver is always a little way off.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from marketplace.arrivals.law import Law, Wait
from marketplace.core.geo import Point
from marketplace.markets import Dials
from marketplace.routes import RouteState, StopKind, StopState

OVERDUE_SHARE = 0.1
OVERDUE_LEAST_S = 30.0
"""A driver who should be there by now is this share of the leg away still, and no less than these seconds."""
STANDING_LEAST_S = 15.0
"""A driver who should have left a door by now leaves it within so many seconds."""

LegTime = Callable[[Point, "OpenStop", datetime], float]
"""How many seconds it takes from a place to a stop for who departs at that moment."""


class RouteLeg(NamedTuple):
    """The way to a stop as the router was asked for it: from where, for which quarter of an hour, and in which."""

    origin: str
    quarter: int
    seconds: int
    asked_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTask:
    """A delivery that is still to be taken or handed over at a stop."""

    delivery_id: UUID
    shipper_id: UUID
    is_aboard: bool
    pickup_opens_at: datetime
    dropoff_opens_at: datetime
    dropoff_closes_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStop:
    """A stop at which something is left to do. `planned_leg_s` is the way to it from the stop before on the plan."""

    id: UUID
    kind: StopKind
    state: StopState
    point: Point
    planned_leg_s: float
    planned_arrival: datetime
    arrived_at: datetime | None
    tasks: Sequence[OpenTask]

    @property
    def opens_at(self) -> datetime:
        """Before this moment nothing can be done here."""
        is_pickup = self.kind is StopKind.PICKUP
        return max(task.pickup_opens_at if is_pickup else task.dropoff_opens_at for task in self.tasks)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRoute:
    """A route that is not over, as it was read: its open stops in order, and where its driver was last.

    `left` is the last door that the driver has left and when; `seen` where the driver's phone was last and when.
    """

    id: UUID
    market_id: UUID
    state: RouteState
    starts_at: datetime
    accepted_at: datetime | None
    started_at: datetime | None
    approach_s: float
    stops: Sequence[OpenStop]
    left: tuple[Point, datetime] | None = None
    seen: tuple[Point, datetime] | None = None
    claim: int = 0
    legs: dict[str, RouteLeg] = field(default_factory=dict)

    @property
    def has_driver(self) -> bool:
        """Whether a driver has the route."""
        return self.state in {RouteState.ASSIGNED, RouteState.STARTED}

    def counted_from(self, now: datetime) -> datetime:
        """From when on anything can go faster or slower than foreseen: a route that starts tomorrow starts tomorrow."""
        return now if self.state is RouteState.STARTED else max(now, self.starts_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """When the driver is at a stop by travel and service times alone, and leaves it again."""

    stop: OpenStop
    arrives_at: datetime
    service_s: float
    leaves_at: datetime


def follow(route: OpenRoute, *, law: Law, dials: Dials, now: datetime, leg_s: LegTime) -> list[Foreseen]:
    """The moments of all open stops of a route, in driving order."""
    foreseen: list[Foreseen] = []
    for stop in route.stops:
        if foreseen:
            last = foreseen[-1]
            arrives_at = last.leaves_at + _seconds(leg_s(last.stop.point, stop, last.leaves_at))
        else:
            arrives_at = first_arrival(route, stop, law=law, now=now, leg_s=leg_s)
        service_s = law.service_s(stop.kind, len(stop.tasks), dials)
        leaves_at = max(arrives_at, stop.opens_at) + _seconds(service_s)
        if stop.arrived_at is not None:
            leaves_at = max(leaves_at, now + _seconds(STANDING_LEAST_S))
        foreseen.append(Foreseen(stop=stop, arrives_at=arrives_at, service_s=service_s, leaves_at=leaves_at))
    return foreseen


def first_arrival(route: OpenRoute, stop: OpenStop, *, law: Law, now: datetime, leg_s: LegTime) -> datetime:
    """When the driver is at the first open stop."""
    if stop.arrived_at is not None:
        return stop.arrived_at
    if not route.has_driver:
        # However long nobody has taken it, a route is as far from its driver as one that was offered just now.
        soonest = now + _seconds(law.wait_s(Wait.FILL) + law.wait_s(Wait.APPROACH))
        return max(stop.planned_arrival, soonest)
    if route.state is RouteState.ASSIGNED:
        departs_at = max(now, route.starts_at + _seconds(law.wait_s(Wait.SET_OFF)))
        origin = whereabouts(route)
        way_s = route.approach_s if origin is None else leg_s(origin[0], stop, departs_at)
        return departs_at + _seconds(way_s)
    return _on_the_way(route, stop, now=now, leg_s=leg_s)


def _on_the_way(route: OpenRoute, stop: OpenStop, *, now: datetime, leg_s: LegTime) -> datetime:
    origin = whereabouts(route)
    if origin is None:
        departed_at, way_s = route.started_at or now, route.approach_s
    else:
        departed_at, way_s = origin[1], leg_s(origin[0], stop, origin[1])
    overdue_at = now + _seconds(max(OVERDUE_LEAST_S, OVERDUE_SHARE * way_s))
    arrives_at = departed_at + _seconds(way_s)
    return arrives_at if arrives_at > now else overdue_at


def whereabouts(route: OpenRoute) -> tuple[Point, datetime] | None:
    """Where the driver was last known to be and when, on this route: at a door, or where the phone was since.

    Before the start it is where the phone was last, however long ago: who waits for a route waits there.
    """
    if route.left is not None and (route.seen is None or route.seen[1] <= route.left[1]):
        return route.left
    if route.seen is None:
        return None
    place, moment = route.seen
    return place, max(moment, route.started_at) if route.started_at else moment


def _seconds(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)
