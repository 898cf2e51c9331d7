"""Asks the plan which windows it could keep: the cheapest place for one more delivery in every window, all at once.

Two ways are looked at for every position of every driver: the parcel joins a trip that loads at the same place, or a
trip of its own begins where the vehicle is empty. Both must leave everything that was promised before in time, with a
margin. Pure, and made of array operations over windows × positions, so that twenty windows cost little more than one;
only positions that can be had at all are looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from marketplace.windows.states import WindowReason
from marketplace.windows.timeline import LOADS, NOWHERE, Flags, Fleet, Numbers, Positions, Timeline, Visit

ON_THE_WAY_M = 1_000
"""A detour of at most so many metres is on the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A delivery that wants a window: places of the matrix, what it loads, what it asks of a driver.

    `ready` and `gone` are when its pickup opens and closes, in seconds since the look at the market. Its hand-over
    takes `more_at_door_s` longer than others.
    """

    pickup: int
    dropoff: int
    ready: float
    gone: float
    load: tuple[int, ...]
    skills: frozenset[str] = frozenset()
    more_at_door_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How carefully a promise is made, and what driving costs in minor units.

    Arrivals are planned `margin_s` before a window closes, drives take `travel_factor` as long as the streets say, and
    a trip of its own begins `offer_s` from now at the earliest: somebody must take it first.
    """

    pickup_service_s: float
    dropoff_service_s: float
    margin_s: float
    travel_factor: float
    offer_s: float
    per_km_minor: float
    per_minute_minor: float
    per_trip_minor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The cheapest way to keep a window: what it adds, on which timeline and after which of its visits.

    `room` is how many drivers could keep it; `joins` is the position of the pickup that it shares, if it shares one.
    """

    extra_m: int
    extra_s: int
    cost_minor: int
    reason: WindowReason
    room: int
    row: int
    position: int
    joins: int | None
    route_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leg:
    """Positions where a delivery could be put: when it arrives, and the seconds and metres that it adds."""

    at: Positions
    arrives: Numbers
    on: Numbers
    drive_s: Numbers
    metres: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What each of some positions costs in each window, one row for each window; infinite where it does not fit."""

    at: Positions
    costs: Numbers
    metres: Numbers
    seconds: Numbers


class Probe:
    """A market's timelines and travel times, ready to be asked."""

    def __init__(self, timelines: Sequence[Timeline], durations_s: Numbers, distances_m: Numbers, terms: Terms) -> None:
        self.terms, self.distances_m = terms, distances_m
        self.travel_s = durations_s * terms.travel_factor
        self.fleet = Fleet(timelines, self.travel_s, margin_s=terms.margin_s)
        self.skilled: dict[frozenset[str], Flags] = {}

    def settle(self, wish: Wish, opens: float, closes: float) -> bool:
        """Puts a delivery that waits for a route where the matcher would likely put it; False where it fits nowhere."""
        [place] = self.windows(wish, [(opens, closes)], margin_s=0.0)
        if place is None:
            return False
        visits = self.fleet.timelines[place.row].visits
        drop = self._visit(wish.dropoff, False, opens, closes, wish)
        if place.joins is None:
            pick = self._visit(wish.pickup, True, wish.ready, wish.gone, wish)
            visits[place.position : place.position] = [pick, drop]
        else:
            shared = visits[place.joins - 1]
            load = tuple(a + b for a, b in zip(shared.load, wish.load, strict=True))
            visits[place.joins - 1] = Visit(
                place=shared.place,
                is_pickup=True,
                opens=max(shared.opens, wish.ready),
                closes=min(shared.closes, wish.gone),
                service_s=shared.service_s + self.terms.pickup_service_s,
                load=load,
                route_id=shared.route_id,
            )
            visits.insert(place.position, drop)
        self.fleet.refresh(place.row)
        return True

    def windows(
        self, wish: Wish, windows: Sequence[tuple[float, float]], *, margin_s: float | None = None
    ) -> list[Place | None]:
        """For each window the cheapest way to keep it, or None where nobody could."""
        if not self.fleet.timelines or not windows:
            return [None] * len(windows)
        margin = self.terms.margin_s if margin_s is None else margin_s
        opens, closes = (np.array(ends)[:, None] for ends in zip(*windows, strict=True))
        ways = [self._join(wish, opens, closes - margin), self._own_trip(wish, opens, closes - margin)]
        return [self._cheapest(ways, number) for number in range(len(windows))]

    def _join(self, wish: Wish, opens: Numbers, closes: Numbers) -> "Ways":
        """Every position in a trip that loads where the parcel is; loading takes longer for all that follow."""
        fleet, terms = self.fleet, self.terms
        at = np.flatnonzero(fleet.is_open & (fleet.origin == wish.pickup) & self._skilled(wish)[:, None])
        rows = fleet.row_of[at]
        loaded_at = fleet.departs[rows, fleet.trip_at.ravel()[at]]
        fits = (
            (fleet.trip_stops.ravel()[at] + 1 <= fleet.max_stops[rows])
            & (fleet.trip_slack.ravel()[at] >= terms.pickup_service_s)
            & (loaded_at >= wish.ready)
            & (fleet.trip_peak.reshape(-1, LOADS)[at] + wish.load <= fleet.capacity[rows]).all(axis=1)
        )
        at = at[fits]
        to, on, instead, metres = self._legs(at, wish.dropoff, wish.dropoff)
        arrives = fleet.departs.ravel()[at] + terms.pickup_service_s + to
        # Nobody else on the trip waits long for a window to open.
        leg = _Leg(at=at, arrives=arrives, on=on, drive_s=to + on - instead, metres=metres)
        at_door_s = self._at_door_s(wish)
        return self._priced(leg, opens, closes, fixed=0.0, idle_s=terms.margin_s, at_door_s=at_door_s)

    def _own_trip(self, wish: Wish, opens: Numbers, closes: Numbers) -> "Ways":
        """Every position at which a vehicle is empty: to the pickup, to the door, and on with what was planned."""
        fleet, terms = self.fleet, self.terms
        able = (fleet.capacity >= wish.load).all(axis=1) & self._skilled(wish) & (fleet.max_stops >= 2)
        at = np.flatnonzero(fleet.is_open & fleet.is_empty & able[:, None])
        to, on, instead, metres = self._legs(at, wish.pickup, wish.dropoff)
        way = float(self.travel_s[wish.pickup, wish.dropoff])
        at_pickup = np.maximum(np.maximum(fleet.departs.ravel()[at], terms.offer_s) + to, wish.ready)
        arrives = np.where(at_pickup <= wish.gone, at_pickup + terms.pickup_service_s + way, np.inf)
        metres = metres + float(self.distances_m[wish.pickup, wish.dropoff])
        leg = _Leg(at=at, arrives=arrives, on=on, drive_s=to + way + on - instead, metres=metres)
        at_door_s = self._at_door_s(wish)
        return self._priced(leg, opens, closes, fixed=terms.per_trip_minor, idle_s=np.inf, at_door_s=at_door_s)

    def _legs(self, at: Positions, first: int, last: int) -> tuple[Numbers, Numbers, Numbers, Numbers]:
        """For each position: seconds to the first new place, from the last on, and of the leg saved; metres more."""
        here, onward = self.fleet.here.ravel()[at], self.fleet.next.ravel()[at]
        goes_on = onward != NOWHERE
        to, on = self.travel_s[here, first], np.where(goes_on, self.travel_s[last, onward], 0.0)
        instead = np.where(goes_on, self.travel_s[here, onward], 0.0)
        metres = self.distances_m[here, first] + np.where(goes_on, self.distances_m[last, onward], 0.0)
        return to, on, instead, metres - np.where(goes_on, self.distances_m[here, onward], 0.0)

    def _at_door_s(self, wish: Wish) -> float:
        return self.terms.dropoff_service_s + wish.more_at_door_s

    def _priced(
        self, leg: "_Leg", opens: Numbers, closes: Numbers, *, fixed: float, idle_s: float, at_door_s: float
    ) -> "Ways":
        """What each position costs in each window, infinite where it does not fit, with its metres and seconds."""
        terms, arrives = self.terms, leg.arrives[None, :]
        leaves = np.maximum(arrives, opens) + at_door_s
        # A vehicle that waits for a window to open costs time too, up to when it would rather set out later.
        idle = np.maximum(opens - arrives, 0.0)
        keeps = (arrives <= closes) & (leaves + leg.on[None, :] <= self.fleet.latest.ravel()[leg.at]) & (idle <= idle_s)
        seconds = leg.drive_s[None, :] / terms.travel_factor + np.minimum(idle, terms.margin_s)
        cost = fixed + terms.per_km_minor * leg.metres[None, :] / 1000 + terms.per_minute_minor * seconds / 60
        return Ways(at=leg.at, costs=np.where(keeps, cost, np.inf), metres=leg.metres, seconds=seconds)

    def _skilled(self, wish: Wish) -> Flags:
        known = self.skilled.get(wish.skills)
        if known is None:
            known = np.array([wish.skills <= one.skills for one in self.fleet.timelines], dtype=np.bool_)
            self.skilled[wish.skills] = known
        return known

    def _cheapest(self, ways: Sequence["Ways"], number: int) -> Place | None:
        """The cheapest of all ways to keep one of the windows; of equals one that joins a trip."""
        costs = [float(one.costs[number].min(initial=np.inf)) for one in ways]
        is_own = costs[1] < costs[0]
        way, cost = ways[is_own], costs[is_own]
        if not np.isfinite(cost):
            return None
        best = int(way.costs[number].argmin())
        row, position = divmod(int(way.at[best]), self.fleet.width)
        able = [self.fleet.row_of[one.at[np.isfinite(one.costs[number])]] for one in ways]
        extra_m = round(float(way.metres[best]))
        joins = None if is_own else int(self.fleet.trip_at[row, position])
        reason = WindowReason.OWN_TRIP
        if joins is not None:
            reason = WindowReason.ON_THE_WAY if extra_m <= ON_THE_WAY_M else WindowReason.SHARED_TRIP
        return Place(
            extra_m=max(0, extra_m),
            extra_s=max(0, round(float(way.seconds[number, best]))),
            cost_minor=round(cost),
            reason=reason,
            room=len(np.unique(np.concatenate(able))),
            row=row,
            position=position,
            joins=joins,
            route_id=self.fleet.timelines[row].visits[joins - 1].route_id if joins is not None else None,
        )

    def _visit(self, place: int, is_pickup: bool, opens: float, closes: float, wish: Wish) -> Visit:
        service_s = self.terms.pickup_service_s if is_pickup else self._at_door_s(wish)
        return Visit(place=place, is_pickup=is_pickup, opens=opens, closes=closes, service_s=service_s, load=wish.load)
