"""When stock can move from one hub to another: while the one is open to load it, and the other to take it in.

Of the windows of the next two weeks the first is taken in which both have a dock left for one more vehicle.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

import asyncpg

from marketplace.core.errors import LimitReached
from marketplace.core.geo import Point, straight_line_m
from marketplace.core.window import Window, zone
from marketplace.core.work import Work
from marketplace.hubs.opening import SHORTEST_WINDOW, Opening, opening_of
from marketplace.hubs.room import Room, Slot, room_of

DAYS_AHEAD = 14
LOOKED_AT = 40
"""Pairs of windows that are looked at for a free dock."""
DETOUR = 1.35
SPEED_M_PER_S = 8.0
"""The way from hub to hub before a router is asked: the straight line, somewhat longer, at the pace of a town."""
SLACK = timedelta(hours=2)
"""How much later than straight from the one hub the vehicle may reach the other one: it has other stops, too."""


class NoTransferWindow(LimitReached):
    """In the next two weeks no dock is free at both hubs while they are open."""

    code = "NO_TRANSFER_WINDOW"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferSlot:
    """When stock is loaded at one hub, and unloaded at the other."""

    pickup: Window
    dropoff: Window

    @property
    def leaving(self) -> Slot:
        """What it takes of the hub that it leaves."""
        return Slot.of(self.pickup, self.dropoff)

    @property
    def arriving(self) -> Slot:
        """What it takes of the hub where it arrives, which is a dock alone."""
        return Slot(self.dropoff, self.dropoff)


async def find_transfer_slot(work: Work, *, origin: asyncpg.Record, target: asyncpg.Record) -> TransferSlot:
    """The first time at which both hubs can see to one more transfer; locked hubs keep it until the Work ends."""
    way_s = straight_line_m(*(Point(lat=hub["lat"], lon=hub["lon"]) for hub in (origin, target))) * DETOUR
    slots = list(
        islice(
            transfer_slots(
                opening_of(origin),
                opening_of(target),
                zones=(origin["time_zone"], target["time_zone"]),
                way=timedelta(seconds=int(way_s / SPEED_M_PER_S)),
                now=work.now,
            ),
            LOOKED_AT,
        )
    )
    leaving = await _room(work, origin, [slot.leaving for slot in slots])
    arriving = await _room(work, target, [slot.arriving for slot in slots])
    for slot in slots:
        if leaving.left(slot.leaving) > 0 and arriving.docks_left(slot.arriving) > 0:
            return slot
    raise NoTransferWindow("no dock is free at both hubs in the next two weeks; see their hours", field="toHubId")


async def has_dock_for(work: Work, *, target: asyncpg.Record, slot: TransferSlot) -> bool:
    """Whether a dock is still left where a transfer is to arrive."""
    return (await _room(work, target, [slot.arriving])).docks_left(slot.arriving) > 0


def transfer_slots(
    origin: Opening, target: Opening, *, zones: tuple[str, str], way: timedelta, now: datetime
) -> Iterator[TransferSlot]:
    """Every window of the one hub with the hours of the other that what leaves in it can reach, first one first."""
    today = now.astimezone(zone(zones[0])).date()
    for day in (today + timedelta(days=more) for more in range(DAYS_AHEAD)):
        hours = [
            span
            for later in range(-1, 3)  # the other hub's day may be another, and it may open only after one of rest
            for span in target.hours_on(day + timedelta(days=later), time_zone=zones[1])
        ]
        for window in origin.windows_on(day, time_zone=zones[0]):
            if window.closes_at - max(window.opens_at, now) < SHORTEST_WINDOW:
                continue
            pickup = Window(max(window.opens_at, now), window.closes_at)
            first, last = pickup.opens_at + way, pickup.closes_at + way
            reached = next((span for span in hours if span.closes_at >= last), None)
            if reached is not None:
                opens_at = max(reached.opens_at, first)
                yield TransferSlot(pickup=pickup, dropoff=Window(opens_at, _until(reached, max(opens_at, last))))


async def _room(work: Work, hub: asyncpg.Record, slots: Sequence[Slot]) -> Room:
    opening = opening_of(hub)
    return await room_of(work, hub_id=hub["id"], opening=opening, slots=slots, time_zone=hub["time_zone"])


def _until(reached: Window, last: datetime) -> datetime:
    return min(reached.closes_at, last + SLACK)
