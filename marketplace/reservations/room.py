"""How much room there is for one shipper at hubs and in a market: pure, from bounds, reservations and what is taken.

A place has as many deliveries to give as its bound says, less those that are taken, less those that others have
reserved and neither used nor given up yet. What a shipper has reserved itself is there for it in any case. A delivery
is one of the day, and of the hours, in which its window closes; it takes a place that was reserved for its hub before
one that was reserved for the market.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from math import ceil
from uuid import UUID

from marketplace.core.window import Window, zone
from marketplace.hubs import Opening

UNBOUND = 1_000_000
A_HAIR = 1e-6
"""Shares are added up in floats: what is above a whole number by less than this is that number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A hub by its opening, or a market by how many deliveries it takes a day; None is as many as drivers take."""

    time_zone: str
    opening: Opening | None = None
    per_day: int | None = None

    def on(self, day: date) -> int | None:
        """How many deliveries it gives on a local day."""
        if self.opening is None:
            return self.per_day
        hours = self.opening.windows_on(day, time_zone=self.time_zone)
        bounds = [self.opening.places_per_day]
        if self.opening.places_per_hour is not None:
            bounds.append(sum(self.opening.places_in(one) or 0 for one in hours))
        known = [bound for bound in bounds if bound is not None]
        return min(known) if known else None

    def rests_on(self, day: date) -> bool:
        """Whether the hub is closed on that day, so that nothing is reserved."""
        return self.opening is not None and not self.opening.windows_on(day, time_zone=self.time_zone)

    def day_of(self, moment: datetime) -> date:
        """The local day of a moment; midnight ends a day, as it does for a window that closes then."""
        return (moment - timedelta(microseconds=1)).astimezone(zone(self.time_zone)).date()


@dataclass(slots=True, kw_only=True)
class Reserved:
    """Places of one reservation on one day: the instants they are for, and how many of them are used."""

    reservation_id: UUID
    shipper_id: UUID
    hub_id: UUID | None
    day: date
    span: Window
    is_of_hours: bool
    places: int
    released_at: datetime
    used: int = 0

    @property
    def unused(self) -> int:
        """Places that nobody has taken."""
        return self.places - self.used

    def fits(self, hub_id: UUID | None, closes_at: datetime) -> bool:
        """Whether a delivery from there whose window closes then can take one of the places."""
        return self.hub_id in {None, hub_id} and self.span.opens_at < closes_at <= self.span.closes_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """So many deliveries of a shipper from one hub, or from places of its own, in one window."""

    shipper_id: UUID
    hub_id: UUID | None
    window: Window
    count: int = 1


@dataclass(slots=True, kw_only=True)
class Room:
    """The room of some days, which becomes less as places are taken; the market is the place of None."""

    now: datetime
    places: Mapping[UUID | None, Place]
    reserved: Sequence[Reserved] = ()
    _of_window: defaultdict[UUID | None, Counter[Window]] = field(default_factory=lambda: defaultdict(Counter))
    _of_day: Counter[tuple[UUID | None, date]] = field(default_factory=Counter)
    _bounds: dict[tuple[UUID | None, date], int | None] = field(default_factory=dict)

    @classmethod
    def of(
        cls, now: datetime, places: Mapping[UUID | None, Place], reserved: Sequence[Reserved], taken: Iterable[Taken]
    ) -> "Room":
        """The room where so much is taken already."""
        room = cls(now=now, places=places, reserved=reserved)
        for one in taken:
            room.take(one)
        return room

    def left(self, shipper_id: UUID, hub_id: UUID | None, window: Window) -> int:
        """How many more deliveries the shipper can have from there in that window."""
        bounds = [
            bound
            for place_id in {hub_id, None}
            if (place := self.places.get(place_id)) is not None
            for bound in (
                self._left_of_day(shipper_id, place_id, hub_id, place, window),
                self._left_of_hours(shipper_id, place_id, hub_id, place, window),
            )
        ]
        return max(0, min(bounds, default=UNBOUND))

    def is_kept_for_others(self, shipper_id: UUID, hub_id: UUID | None, window: Window) -> bool:
        """Whether there would be room if nobody had reserved any."""
        free = replace(self, reserved=())
        return free.left(shipper_id, hub_id, window) > 0

    def take(self, one: Taken) -> None:
        """Takes places: those that the shipper has reserved as long as there are any, the most special first."""
        self._of_window[one.hub_id][one.window] += one.count
        for place_id in {one.hub_id, None}:
            if (place := self.places.get(place_id)) is not None:
                self._of_day[place_id, place.day_of(one.window.closes_at)] += one.count
        left = one.count
        for kept in sorted(self.reserved, key=lambda kept: (kept.hub_id is None, not kept.is_of_hours)):
            if kept.shipper_id == one.shipper_id and kept.fits(one.hub_id, one.window.closes_at):
                used = min(left, kept.unused)
                kept.used += used
                left -= used

    def copy(self) -> "Room":
        """The same room, to try something out in."""
        reserved = [replace(one) for one in self.reserved]
        of_window = defaultdict(Counter, {hub_id: each.copy() for hub_id, each in self._of_window.items()})
        return replace(self, reserved=reserved, _of_window=of_window, _of_day=self._of_day.copy())

    def short_by(self, place_id: UUID | None, day: date) -> int:
        """How many places of a day are reserved or taken that the place does not have; below nothing is room."""
        bound = self._bound(place_id, day)
        if bound is None:
            return -UNBOUND
        kept = sum(one.unused for one in self.reserved if place_id in {one.hub_id, None} and one.day == day)
        return self._of_day[place_id, day] + kept - bound

    def _left_of_day(
        self, shipper_id: UUID, place_id: UUID | None, hub_id: UUID | None, place: Place, window: Window
    ) -> int:
        day = place.day_of(window.closes_at)
        bound = self._bound(place_id, day)
        if bound is None:
            return UNBOUND
        kept = [one for one in self._kept(place_id) if one.day == day]
        own, others = _told_apart(kept, shipper_id, hub_id, window)
        mine = sum(one.unused for one in own)
        return max(bound - self._of_day[place_id, day] - sum(one.unused for one in others), mine)

    def _left_of_hours(
        self, shipper_id: UUID, place_id: UUID | None, hub_id: UUID | None, place: Place, window: Window
    ) -> int:
        bound = place.opening.places_in(window) if place.opening is not None else None
        if bound is None:
            return UNBOUND
        taken = _whole(count * _share(other, window) for other, count in self._of_window[place_id].items())
        kept = [one for one in self._kept(place_id) if one.is_of_hours]
        own, others = _told_apart(kept, shipper_id, hub_id, window)
        theirs = _whole(one.unused * _share(one.span, window) for one in others)
        return max(bound - taken - theirs, sum(one.unused for one in own))

    def _bound(self, place_id: UUID | None, day: date) -> int | None:
        key = (place_id, day)
        if key not in self._bounds:
            self._bounds[key] = self.places[place_id].on(day)
        return self._bounds[key]

    def _kept(self, place_id: UUID | None) -> Iterable[Reserved]:
        """What is reserved there and not given up yet; what is reserved at a hub is reserved in its market too."""
        return (one for one in self.reserved if place_id in {one.hub_id, None} and one.released_at > self.now)


def _told_apart(
    kept: Sequence[Reserved], shipper_id: UUID, hub_id: UUID | None, window: Window
) -> tuple[list[Reserved], list[Reserved]]:
    """Reservations that the delivery could take a place of, and those that it has to leave alone.

    A shipper leaves its own alone, too, with a delivery of other hours: they are there for those that are to come.
    """
    own, others = list[Reserved](), list[Reserved]()
    for one in kept:
        (own if one.shipper_id == shipper_id and one.fits(hub_id, window.closes_at) else others).append(one)
    return own, others


def _whole(shares: Iterable[float]) -> int:
    """As many places as the shares begin to fill."""
    return ceil(sum(shares) - A_HAIR)


def _share(of: Window, within: Window) -> float:
    """The part of a window that lies within another one; one without length lies there or not."""
    begins, ends = max(of.opens_at, within.opens_at), min(of.closes_at, within.closes_at)
    if ends < begins or (ends == begins and of.opens_at != of.closes_at):
        return 0.0
    return (ends - begins) / (of.closes_at - of.opens_at) if of.closes_at > of.opens_at else 1.0
