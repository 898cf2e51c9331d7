"""From which hub, or hubs, a delivery comes: of those that have it and serve the door, the cheapest to drive from.

A `Supply` is what hubs have of what is wished for. A `Search` chooses in it, wish by wish, as often as one likes:
first with what was seen, so that a price can be told, and `under_lock` once more before anything is promised. Who has
lost the last of something to somebody else by then gets it from the next hub, if there is one.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import asyncpg

from marketplace.core.errors import Invalid
from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.hubs.opening import Opening, opening_of
from marketplace.hubs.reserve import StockLine
from marketplace.hubs.room import HeldPlace, Room, Slot, held_places, lock_openings, room_of
from marketplace.hubs.stock import Shelf, lock_shelves
from marketplace.hubs.supply import HubFull, NoHubServes, OutOfStock, Supply, Wish, ways_out

MOST_PARTS = 5
"""Hubs from which one delivery can come together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A hub and what comes from it: lines of stock, and the things one by one."""

    hub_id: UUID
    lines: Sequence[StockLine] = ()
    units: Sequence[tuple[asyncpg.Record, int]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Wishes, the hubs that each could come from and when, and the room that these have then.

    A place that the shipper holds for a door is used by what goes there, and is room for nothing else.
    """

    market_id: UUID
    shipper_id: UUID
    supply: Supply
    wishes: Mapping[int, Wish]
    slots: Mapping[tuple[int, UUID], Slot]
    room: Mapping[UUID, Room]
    held: Sequence[HeldPlace]

    async def under_lock(self, work: Work) -> "Search":
        """The same wishes with what there is now, which nobody else can take until the Work ends.

        Closes the races for the last place and the last piece. Hubs come before shelves, each in order of id.
        """
        bounded = _bounded(self.room)
        openings = await lock_openings(work, bounded)
        shelves = {
            Shelf(self.supply.skus[code]["id"], hub_id)
            for number, hub_id in self.slots
            for code in self.wishes[number].units
        }
        levels = await lock_shelves(work, market_id=self.market_id, shelves=shelves)
        free = {**self.supply.free, **{shelf: level.free for shelf, level in levels.items()}}
        room = dict(self.room) | await _rooms(work, self.supply, self.slots, openings)
        held = await held_places(work, hub_ids=bounded, shipper_id=self.shipper_id)
        return replace(self, supply=replace(self.supply, free=free), room=room, held=held)

    def choose(self, drives_s: Mapping[tuple[int, UUID], int]) -> dict[int, list[Source] | Invalid]:
        """For each wish the hubs that it comes from, mostly one, or why it comes from nowhere; earlier ones go first.

        `drives_s` has the drive from hub to door; where it has none, no street leads.
        """
        near = defaultdict[int, list[tuple[int, UUID]]](list)
        for number, hub_id in self.slots:
            if (number, hub_id) in drives_s:
                near[number].append((drives_s[number, hub_id], hub_id))
        room = {hub_id: room.copy() for hub_id, room in self.room.items()}
        left = Left(free=dict(self.supply.free), room=room, held=list(self.held))
        found: dict[int, list[Source] | Invalid] = {}
        for number in sorted(near):
            try:
                found[number] = self._serve(number, [hub_id for _, hub_id in sorted(near[number])], left)
            except Invalid as refusal:
                found[number] = refusal
        return found

    def _serve(self, number: int, near: Sequence[UUID], left: "Left") -> list[Source]:
        wish = self.wishes[number]
        able = [hub_id for hub_id in near if self._has_room(number, hub_id, left)]
        if wish.named and len(able) < len(wish.named):
            raise HubFull("this hub gives out no more in this window; choose another hub or window", field="hubId")
        chosen = list(wish.agreed) or self._cheapest(able, wish, left)
        if not chosen or not all(self._is_there(hub_id, units, left) for hub_id, units in chosen):
            if wish.agreed:
                raise OutOfStock("what was quoted is no longer there; ask for a new quote", field="items")
            if not wish.named and self._cheapest(list(self.supply.hubs), wish, left):
                raise NoHubServes("the hubs that have it do not reach there, are closed or full then", field="items")
            raise OutOfStock("there is not so much of it at any hub" + ways_out(wish), field="items")
        return [self._take(number, hub_id, units, left) for hub_id, units in chosen]

    def _has_room(self, number: int, hub_id: UUID, left: "Left") -> bool:
        slot = self.slots[number, hub_id]
        return left.held_place(hub_id, self.wishes[number].door, slot) is not None or left.room[hub_id].left(slot) > 0

    def _cheapest(self, hub_ids: Sequence[UUID], wish: Wish, left: "Left") -> list[tuple[UUID, Mapping[str, int]]]:
        """One hub that has all of it, or the fewest that have it together; hubs come nearest first."""
        if not wish.units:
            return [(hub_id, {}) for hub_id in hub_ids[:1]]
        missing, chosen = dict(wish.units), list[tuple[UUID, Mapping[str, int]]]()
        while missing and len(chosen) < (MOST_PARTS if wish.may_split else 1):
            others = [hub_id for hub_id in hub_ids if hub_id not in {taken for taken, _ in chosen}]
            parts = {hub_id: self._part(hub_id, missing, left) for hub_id in others}
            best = max(others, key=lambda hub_id: sum(parts[hub_id].values()), default=None)
            if best is None or not parts[best]:
                return []
            chosen.append((best, parts[best]))
            missing = {code: missing[code] - parts[best].get(code, 0) for code in missing}
            missing = {code: count for code, count in missing.items() if count}
        return [] if missing else chosen

    def _part(self, hub_id: UUID, missing: Mapping[str, int], left: "Left") -> dict[str, int]:
        part = {code: min(count, left.free.get(self._shelf(code, hub_id), 0)) for code, count in missing.items()}
        return {code: count for code, count in part.items() if count}

    def _is_there(self, hub_id: UUID, units: Mapping[str, int], left: "Left") -> bool:
        return self._part(hub_id, units, left) == dict(units)

    def _shelf(self, code: str, hub_id: UUID) -> Shelf:
        return Shelf(self.supply.skus[code]["id"], hub_id)

    def _take(self, number: int, hub_id: UUID, units: Mapping[str, int], left: "Left") -> Source:
        wanted = sorted(units.items())
        lines = [StockLine(shelf=self._shelf(code, hub_id), code=code, quantity=count) for code, count in wanted]
        for line in lines:
            left.free[line.shelf] -= line.quantity
        slot = self.slots[number, hub_id]
        place = left.held_place(hub_id, self.wishes[number].door, slot)
        if place is not None:
            left.held.remove(place)
        else:
            left.room[hub_id].take(slot)
        return Source(hub_id=hub_id, lines=lines, units=[(self.supply.skus[code], count) for code, count in wanted])


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is left at the hubs while wishes are served one after the other."""

    free: dict[Shelf, int]
    room: dict[UUID, Room]
    held: list[HeldPlace]

    def held_place(self, hub_id: UUID, door: Point | None, slot: Slot) -> HeldPlace | None:
        """The place that is held for such a delivery, if there is one and nothing of this posting has used it."""
        return next((place for place in self.held if place.is_for(hub_id, door, slot)), None)


async def begin_search(
    work: Work,
    *,
    market_id: UUID,
    shipper_id: UUID,
    supply: Supply,
    wishes: Mapping[int, Wish],
    slots: Mapping[tuple[int, UUID], Slot],
) -> Search:
    """Looks at the room that hubs have in the slots in which they could serve the wishes."""
    openings = {hub_id: opening_of(supply.hubs[hub_id]) for hub_id in sorted({hub_id for _, hub_id in slots})}
    room = await _rooms(work, supply, slots, openings)
    return Search(
        market_id=market_id,
        shipper_id=shipper_id,
        supply=supply,
        wishes=wishes,
        slots=slots,
        room=room,
        held=await held_places(work, hub_ids=_bounded(room), shipper_id=shipper_id),
    )


def _bounded(room: Mapping[UUID, Room]) -> set[UUID]:
    return {hub_id for hub_id, one in room.items() if not one.opening.is_without_bound}


async def _rooms(
    work: Work, supply: Supply, slots: Mapping[tuple[int, UUID], Slot], openings: Mapping[UUID, Opening]
) -> dict[UUID, Room]:
    wanted = defaultdict[UUID, set[Slot]](set)
    for (_, hub_id), slot in slots.items():
        wanted[hub_id].add(slot)
    return {
        hub_id: await room_of(
            work,
            hub_id=hub_id,
            opening=opening,
            slots=wanted[hub_id],
            time_zone=supply.hubs[hub_id]["time_zone"],
        )
        for hub_id, opening in openings.items()
    }
