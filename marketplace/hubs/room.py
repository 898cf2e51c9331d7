"""How much room a hub has left in its windows: places that it gives out, and docks at which vehicles load.

A place is taken in the drop-off window of a delivery, a dock in the time in which its vehicle loads: for a delivery
that the hub sends while it can be picked up, for a transfer that comes in while it is dropped off. What is on hold
counts like what is promised; one whose window is wider than the one in question takes a part of it. Deliveries of one
route are loaded by one vehicle; those not bundled yet count as a vehicle each, which is the most that they can be.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from math import ceil
from uuid import UUID

from marketplace.core.geo import Point
from marketplace.core.window import Window, local_instant, zone
from marketplace.core.work import Work
from marketplace.hubs.opening import Opening, opening_of

UNLIMITED = 1_000_000
LOADS_AHEAD = timedelta(minutes=30)
"""A vehicle loads at most so long before it is wanted at the door, however early it could."""
INSTANT = timedelta(seconds=1)
"""How long a window counts that closes when it opens."""
A_HAIR = 1e-6
"""Shares are added up in floats: what is above a whole number by less than this is that number."""

LOCK = "SELECT id, opening FROM hub WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
HELD = """
SELECT hub_id, dropoff_lat, dropoff_lon, opens_at, closes_at FROM window_hold
WHERE hub_id = ANY($1) AND state = 'HELD' AND closes_at > $3 AND shipper_id = $2 AND delivery_id IS NULL
  AND expires_at > $3
ORDER BY expires_at, id
"""
TAKEN = """
WITH wanted AS (
    SELECT * FROM unnest($2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
        WITH ORDINALITY AS w(opens_at, closes_at, loads_from, loads_to, number)
), taken AS (
    SELECT dropoff_opens_at AS opens_at, dropoff_closes_at AS closes_at, coalesce(route_id, id) AS vehicle,
        CASE WHEN pickup_closes_at <= dropoff_opens_at - $10::interval THEN pickup_opens_at
             ELSE greatest(pickup_opens_at, least(dropoff_opens_at, pickup_closes_at) - $10::interval)
        END AS loads_from,
        greatest(least(dropoff_closes_at, pickup_closes_at), pickup_opens_at + interval '1 second') AS loads_to,
        true AS is_sent
    FROM delivery
    WHERE hub_id = $1 AND state NOT IN ('CANCELLED', 'EXPIRED', 'FAILED') AND return_of IS NULL
      AND dropoff_closes_at > $6 AND least(dropoff_opens_at, pickup_opens_at) < $7 AND id IS DISTINCT FROM $8
    UNION ALL
    SELECT opens_at, closes_at, coalesce(route_id, id), opens_at - $10::interval, closes_at, true FROM window_hold
    WHERE hub_id = $1 AND state = 'HELD' AND expires_at > $9 AND closes_at > $6 AND opens_at < $7
      AND (delivery_id IS NULL OR delivery_id IS DISTINCT FROM $8)
    UNION ALL
    SELECT d.dropoff_opens_at, d.dropoff_closes_at, coalesce(d.route_id, d.id), d.dropoff_opens_at,
        d.dropoff_closes_at, false
    FROM stock_transfer t JOIN delivery d ON d.id = t.delivery_id
    WHERE t.to_hub_id = $1 AND t.ended_at IS NULL AND d.dropoff_closes_at > $6 AND d.dropoff_opens_at < $7
), places AS (
    SELECT w.number,
        sum(extract(epoch FROM least(t.closes_at, w.closes_at) - greatest(t.opens_at, w.opens_at))
            / extract(epoch FROM greatest(t.closes_at - t.opens_at, interval '1 second'))) AS taken
    FROM wanted w JOIN taken t ON t.is_sent AND t.opens_at < w.closes_at AND t.closes_at > w.opens_at
    GROUP BY w.number
), vehicles AS (
    SELECT w.number, t.vehicle,
        max(extract(epoch FROM least(t.loads_to, w.loads_to) - greatest(t.loads_from, w.loads_from))
            / extract(epoch FROM greatest(t.loads_to - t.loads_from, interval '1 second'))) AS calls
    FROM wanted w JOIN taken t ON t.loads_from < w.loads_to AND t.loads_to > w.loads_from
    GROUP BY w.number, t.vehicle
)
SELECT coalesce((SELECT p.taken FROM places p WHERE p.number = w.number), 0)::float AS taken,
       coalesce((SELECT sum(v.calls) FROM vehicles v WHERE v.number = w.number), 0)::float AS calls,
       (SELECT count(*) FROM taken WHERE is_sent AND closes_at > $6 AND closes_at <= $7)::int AS taken_that_day
FROM wanted w ORDER BY w.number
"""


@dataclass(frozen=True, slots=True)
class Slot:
    """When a delivery is handed over, and when its vehicle loads at the hub: as the statement above reckons it."""

    dropoff: Window
    loading: Window

    @classmethod
    def of(cls, pickup: Window, dropoff: Window) -> "Slot":
        """The slot of a delivery with these windows; the vehicle loads when it is nearly time, or when it must."""
        loads_to = max(min(dropoff.closes_at, pickup.closes_at), pickup.opens_at + INSTANT)
        if pickup.closes_at <= dropoff.opens_at - LOADS_AHEAD:
            return cls(dropoff, Window(pickup.opens_at, loads_to))
        loads_from = max(pickup.opens_at, min(dropoff.opens_at, pickup.closes_at) - LOADS_AHEAD)
        return cls(dropoff, Window(loads_from, loads_to))


@dataclass(slots=True)
class Tally:
    """What is taken of one slot."""

    places: float = 0.0
    calls: float = 0.0


@dataclass(slots=True, kw_only=True)
class Room:
    """What is left of a hub in the slots that were asked about; what is taken while it is looked at counts at once."""

    opening: Opening
    time_zone: str
    tallies: dict[Slot, Tally] = field(default_factory=dict)
    days: dict[datetime, int] = field(default_factory=lambda: defaultdict(int))

    def left(self, slot: Slot) -> int:
        """How many more deliveries the hub sends in a slot."""
        if self.opening.is_without_bound:
            return UNLIMITED
        return max(
            0,
            min(
                _left(self.opening.places_in(slot.dropoff), self.tallies[slot].places),
                _left(self.opening.places_per_day, self.days[self._day(slot)]),
                self.docks_left(slot),
            ),
        )

    def docks_left(self, slot: Slot) -> int:
        """How many more vehicles find a dock in a slot."""
        if self.opening.docks is None:
            return UNLIMITED
        return max(0, _left(self.opening.vehicles_in(slot.loading), self.tallies[slot].calls))

    def take(self, slot: Slot) -> None:
        """Counts one more delivery, in a vehicle of its own, in all slots that it touches."""
        if self.opening.is_without_bound:
            return
        for other, tally in self.tallies.items():
            tally.places += _share(slot.dropoff, other.dropoff)
            tally.calls += _share(slot.loading, other.loading)
        self.days[self._day(slot)] += 1

    def copy(self) -> "Room":
        """The same room, to try something out in."""
        tallies = {slot: Tally(tally.places, tally.calls) for slot, tally in self.tallies.items()}
        days = defaultdict(int, self.days)
        return Room(opening=self.opening, time_zone=self.time_zone, tallies=tallies, days=days)

    def _day(self, slot: Slot) -> datetime:
        return day_of(slot.dropoff.opens_at, self.time_zone)[0]


async def room_of(
    work: Work,
    *,
    hub_id: UUID | None,
    opening: Opening,
    slots: Collection[Slot],
    time_zone: str,
    leave_out: UUID | None = None,
) -> Room:
    """The room of a hub in some slots; without a hub, or where nobody has set a bound, there always is some.

    The delivery that asks, `leave_out`, counts for none.
    """
    room = Room(opening=opening, time_zone=time_zone)
    if hub_id is None or opening.is_without_bound:
        room.opening = Opening()
        return room
    days = defaultdict[tuple[datetime, datetime], list[Slot]](list)
    for slot in dict.fromkeys(slots):
        days[day_of(slot.dropoff.opens_at, time_zone)].append(slot)
    for (begins, ends), some in days.items():
        rows = await work.fetch(
            TAKEN,
            hub_id,
            [slot.dropoff.opens_at for slot in some],
            [slot.dropoff.closes_at for slot in some],
            [slot.loading.opens_at for slot in some],
            [slot.loading.closes_at for slot in some],
            begins,
            max(ends, *(slot.dropoff.closes_at for slot in some)),
            leave_out,
            work.now,
            LOADS_AHEAD,
        )
        for slot, row in zip(some, rows, strict=True):
            room.tallies[slot] = Tally(row["taken"], row["calls"])
            room.days[begins] = row["taken_that_day"]
    return room


async def places_left(
    work: Work,
    *,
    hub_id: UUID | None,
    opening: Opening,
    slots: Sequence[Slot],
    time_zone: str,
    leave_out: UUID | None = None,
) -> list[int]:
    """For each slot how many more deliveries the hub sends; the one that asks counts for none."""
    room = await room_of(work, hub_id=hub_id, opening=opening, slots=slots, time_zone=time_zone, leave_out=leave_out)
    return [room.left(slot) for slot in slots]


async def lock_openings(work: Work, hub_ids: Collection[UUID]) -> Mapping[UUID, Opening]:
    """What hubs give out, which nobody changes or takes of until the Work ends.

    Closes the race for the last place. Hubs are locked in order of id, and before any shelf.
    """
    if not hub_ids:
        return {}
    rows = await work.fetch(LOCK, list(hub_ids))
    return {row["id"]: opening_of(row) for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPlace:
    """A place that a shipper holds at a hub for a door, before it has posted what is to go there."""

    hub_id: UUID
    door: Point
    window: Window

    def is_for(self, hub_id: UUID, door: Point | None, slot: Slot) -> bool:
        """Whether it was held for a delivery like this."""
        overlaps = self.window.opens_at < slot.dropoff.closes_at and slot.dropoff.opens_at < self.window.closes_at
        return self.hub_id == hub_id and self.door == door and overlaps


async def held_places(work: Work, *, hub_ids: Collection[UUID], shipper_id: UUID) -> list[HeldPlace]:
    """The places at hubs that are given out to a shipper already: what it posts for them takes no others."""
    if not hub_ids:
        return []
    return [
        HeldPlace(
            hub_id=row["hub_id"],
            door=Point(lat=row["dropoff_lat"], lon=row["dropoff_lon"]),
            window=Window(row["opens_at"], row["closes_at"]),
        )
        for row in await work.fetch(HELD, list(hub_ids), shipper_id, work.now)
    ]


def day_of(moment: datetime, time_zone: str) -> tuple[datetime, datetime]:
    """When the local day of a moment begins and ends."""
    midnight = datetime.combine(moment.astimezone(zone(time_zone)).date(), time())
    return local_instant(midnight, time_zone), local_instant(midnight + timedelta(days=1), time_zone)


def _share(taken: Window, wanted: Window) -> float:
    """The part of one window that lies in another."""
    overlap = min(taken.closes_at, wanted.closes_at) - max(taken.opens_at, wanted.opens_at)
    return max(0.0, overlap / max(taken.closes_at - taken.opens_at, INSTANT))


def _left(places: int | None, taken: float) -> int:
    return UNLIMITED if places is None else places - ceil(taken - A_HAIR)
