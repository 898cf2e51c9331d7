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
from marketplace.core.geo import Point, straight_line_m
from marketplace.core.window import Window
from marketplace.core.work import Work
from marketplace.hubs.catchment import reach_cell
from marketplace.hubs.opening import Opening, opening_of
from marketplace.hubs.reserve import StockLine
from marketplace.hubs.room import Room, Slot, lock_openings, room_of
from marketplace.hubs.skus import UnknownSku, skus_of
from marketplace.hubs.stock import Shelf, lock_shelves

MOST_PARTS = 5
"""Hubs from which one delivery can come together."""
HUBS_TRIED = 12
"""Hubs among which a delivery's are chosen: the nearest by the straight line. How far they are is asked of streets."""
HUBS_AT_MOST = 200

STOCKED = """
SELECT s.sku_id, s.hub_id, s.on_hand - s.reserved AS free FROM hub_stock s JOIN hub h ON h.id = s.hub_id
WHERE s.market_id = $1 AND s.sku_id = ANY($2) AND s.on_hand > s.reserved AND (h.shipper_id IS NULL OR h.shipper_id = $3)
ORDER BY h.id LIMIT $4
"""
HUBS = """
SELECT id, name, address, time_zone, lat, lon, opening, reach_s FROM hub
WHERE market_id = $1 AND id = ANY($2) AND (shipper_id IS NULL OR shipper_id = $3) ORDER BY id
"""
REACHED = "SELECT hub_id, cell FROM hub_cell WHERE market_id = $1 AND cell = ANY($2) AND hub_id = ANY($3)"


class OutOfStock(Invalid):
    """No hub has so many of it, and no hubs together where that is allowed."""

    code = "OUT_OF_STOCK"


class NoHubServes(Invalid):
    """Hubs that have it do not reach this door, or are closed or full in this window."""

    code = "NO_HUB_SERVES"


class HubClosed(Invalid):
    """The hub that was named has no hour of service in the pickup window."""

    code = "HUB_CLOSED"


class HubOutOfReach(Invalid):
    """The door lies outside the catchment of the hub that was named."""

    code = "HUB_OUT_OF_REACH"


class HubFull(Invalid):
    """The hub that was named gives out no more in this window, or on this day."""

    code = "HUB_FULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to come from hubs, by code, and where to; without units it only leaves from the hub that it names.

    `agreed` is what a quote has promised: so many from these hubs, or nothing. A transfer goes to a hub, which no
    catchment stands against.
    """

    units: Mapping[str, int]
    door: Point | None
    hub_id: UUID | None = None
    may_split: bool = False
    is_transfer: bool = False
    agreed: Sequence[tuple[UUID, Mapping[str, int]]] = ()

    @property
    def named(self) -> Sequence[UUID]:
        """The hubs that it has to come from; none where it may come from any."""
        if self.agreed:
            return [hub_id for hub_id, _ in self.agreed]
        return [self.hub_id] if self.hub_id is not None else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A hub and what comes from it: lines of stock, and the things one by one."""

    hub_id: UUID
    lines: Sequence[StockLine] = ()
    units: Sequence[tuple[asyncpg.Record, int]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """What hubs have of what is wished for, and which cells of doors they reach."""

    skus: Mapping[str, asyncpg.Record]
    hubs: Mapping[UUID, asyncpg.Record]
    free: Mapping[Shelf, int]
    reached: frozenset[tuple[UUID, str]]

    def candidates(self, wish: Wish) -> list[asyncpg.Record]:
        """The hubs that it could come from, or why there are none; when they serve is not looked at here."""
        if unknown := wish.units.keys() - self.skus.keys():
            raise UnknownSku(f"you keep nothing of the code {min(unknown)} in this market", field="items")
        if wish.named:
            hubs = [self.hubs[hub_id] for hub_id in wish.named]
            if not all(self._reaches(hub, wish) for hub in hubs):
                raise HubOutOfReach("this hub does not deliver there; choose another", field="hubId")
            return hubs
        able = [hub for hub in self.hubs.values() if self._has(hub["id"], wish)]
        near = [(_line_m(hub, wish), hub["id"]) for hub in able if self._reaches(hub, wish)]
        if not able:
            raise OutOfStock("there is not so much of it at any hub" + _advice(wish), field="items")
        if not near:
            raise NoHubServes("the hubs that have it do not reach there", field="items")
        return [self.hubs[hub_id] for _, hub_id in sorted(near)[:HUBS_TRIED]]

    def _has(self, hub_id: UUID, wish: Wish) -> bool:
        kept = [self.free.get(Shelf(self.skus[code]["id"], hub_id), 0) for code in wish.units]
        enough = [free >= count for free, count in zip(kept, wish.units.values(), strict=True)]
        return all(enough) or (wish.may_split and any(kept))

    def _reaches(self, hub: asyncpg.Record, wish: Wish) -> bool:
        if hub["reach_s"] is None or wish.door is None or wish.is_transfer:
            return True
        return (hub["id"], reach_cell(wish.door)) in self.reached


async def look_at_supply(work: Work, *, market_id: UUID, shipper_id: UUID, wishes: Mapping[int, Wish]) -> Supply:
    """What there is for these wishes now; a hub that is not open to the shipper is absent."""
    codes = {code for wish in wishes.values() for code in wish.units}
    skus = await skus_of(work, market_id=market_id, shipper_id=shipper_id, codes=codes)
    sku_ids = [row["id"] for row in skus.values()]
    shelves = await work.fetch(STOCKED, market_id, sku_ids, shipper_id, HUBS_AT_MOST * len(sku_ids)) if sku_ids else []
    wanted = {row["hub_id"] for row in shelves} | {hub_id for wish in wishes.values() for hub_id in wish.named}
    hubs = await work.fetch(HUBS, market_id, sorted(wanted), shipper_id) if wanted else []
    with_reach = [hub["id"] for hub in hubs if hub["reach_s"] is not None]
    cells = {reach_cell(wish.door) for wish in wishes.values() if wish.door is not None} if with_reach else set()
    reached = await work.fetch(REACHED, market_id, sorted(cells), with_reach) if cells else []
    return Supply(
        skus=skus,
        hubs={hub["id"]: hub for hub in hubs},
        free={Shelf(row["sku_id"], row["hub_id"]): row["free"] for row in shelves},
        reached=frozenset((row["hub_id"], row["cell"]) for row in reached),
    )


def check_open(hub: asyncpg.Record, pickup: Window) -> None:
    """Refuses a hub whose terms give it no hour of service in the pickup window."""
    if hub["opening"] is None:
        return
    if not opening_of(hub).is_open_in(pickup, time_zone=hub["time_zone"]):
        raise HubClosed("this hub is closed in the pickup window; choose another hub or window", field="pickupWindow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Wishes, the hubs that each could come from and when, and the room that these have then."""

    market_id: UUID
    supply: Supply
    wishes: Mapping[int, Wish]
    slots: Mapping[tuple[int, UUID], Slot]
    room: Mapping[UUID, Room]

    async def under_lock(self, work: Work) -> "Search":
        """The same wishes with what there is now, which nobody else can take until the Work ends.

        Closes the races for the last place and the last piece. Hubs come before shelves, each in order of id.
        """
        bounded = {hub_id for hub_id, room in self.room.items() if not room.opening.is_without_bound}
        openings = await lock_openings(work, bounded)
        shelves = {
            Shelf(self.supply.skus[code]["id"], hub_id)
            for number, hub_id in self.slots
            for code in self.wishes[number].units
        }
        levels = await lock_shelves(work, market_id=self.market_id, shelves=shelves)
        free = {**self.supply.free, **{shelf: level.free for shelf, level in levels.items()}}
        room = dict(self.room) | await _rooms(work, self.supply, self.slots, openings)
        return replace(self, supply=replace(self.supply, free=free), room=room)

    def choose(self, drives_s: Mapping[tuple[int, UUID], int]) -> dict[int, list[Source] | Invalid]:
        """For each wish the hubs that it comes from, mostly one, or why it comes from nowhere; earlier ones go first.

        `drives_s` has the drive from hub to door; where it has none, no street leads.
        """
        near = defaultdict[int, list[tuple[int, UUID]]](list)
        for number, hub_id in self.slots:
            if (number, hub_id) in drives_s:
                near[number].append((drives_s[number, hub_id], hub_id))
        left = Left(free=dict(self.supply.free), room={hub_id: room.copy() for hub_id, room in self.room.items()})
        found: dict[int, list[Source] | Invalid] = {}
        for number in sorted(near):
            try:
                found[number] = self._serve(number, [hub_id for _, hub_id in sorted(near[number])], left)
            except Invalid as refusal:
                found[number] = refusal
        return found

    def _serve(self, number: int, near: Sequence[UUID], left: "Left") -> list[Source]:
        wish = self.wishes[number]
        able = [hub_id for hub_id in near if left.room[hub_id].left(self.slots[number, hub_id]) > 0]
        if wish.named and len(able) < len(wish.named):
            raise HubFull("this hub gives out no more in this window; choose another hub or window", field="hubId")
        chosen = list(wish.agreed) or self._cheapest(able, wish, left)
        if not chosen or not all(self._is_there(hub_id, units, left) for hub_id, units in chosen):
            if wish.agreed:
                raise OutOfStock("what was quoted is no longer there; ask for a new quote", field="items")
            if not wish.named and self._cheapest(list(self.supply.hubs), wish, left):
                raise NoHubServes("the hubs that have it do not reach there, are closed or full then", field="items")
            raise OutOfStock("there is not so much of it at any hub" + _advice(wish), field="items")
        return [self._take(number, hub_id, units, left) for hub_id, units in chosen]

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
        left.room[hub_id].take(self.slots[number, hub_id])
        return Source(hub_id=hub_id, lines=lines, units=[(self.supply.skus[code], count) for code, count in wanted])


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What is left at the hubs while wishes are served one after the other."""

    free: dict[Shelf, int]
    room: dict[UUID, Room]


async def begin_search(
    work: Work,
    *,
    market_id: UUID,
    supply: Supply,
    wishes: Mapping[int, Wish],
    slots: Mapping[tuple[int, UUID], Slot],
) -> Search:
    """Looks at the room that hubs have in the slots in which they could serve the wishes."""
    openings = {hub_id: opening_of(supply.hubs[hub_id]) for hub_id in sorted({hub_id for _, hub_id in slots})}
    room = await _rooms(work, supply, slots, openings)
    return Search(market_id=market_id, supply=supply, wishes=wishes, slots=slots, room=room)


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


def _line_m(hub: asyncpg.Record, wish: Wish) -> float:
    return straight_line_m(Point(lat=hub["lat"], lon=hub["lon"]), wish.door) if wish.door is not None else 0.0


def _advice(wish: Wish) -> str:
    if wish.named:
        return "; leave the hub out to take it from wherever it is"
    return "" if wish.may_split else "; with maySplit several may send it together"
