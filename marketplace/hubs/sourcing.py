"""From which hub, or hubs, goods come: of those that have them and can serve the door, the cheapest to drive from.

Nothing is promised here. What is chosen is promised by `reserve_stock` in the Work that writes the deliveries, which
looks again under a lock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg
import orjson

from marketplace.core.errors import Invalid
from marketplace.core.geo import Point, straight_line_m
from marketplace.core.window import Window, local_window
from marketplace.core.work import Work
from marketplace.hubs.catchment import reach_cell
from marketplace.hubs.opening import Opening
from marketplace.hubs.reserve import StockLine
from marketplace.hubs.room import places_left
from marketplace.hubs.skus import UnknownSku, skus_of
from marketplace.hubs.stock import Shelf

MOST_PARTS = 5
"""Hubs from which one delivery can come together."""
HUBS_AT_MOST = 200
DETOUR = 1.35
SPEED_M_PER_S = 8.0
"""What stands for streets where a hub has no catchment: the straight line, somewhat longer, at the pace of a town."""

# Hubs that have something of what is wanted; one with a set reach serves the cells of its catchment only.
STOCKED = """
SELECT s.sku_id, s.on_hand - s.reserved AS free, h.id, h.name, h.address, h.time_zone, h.lat, h.lon, h.opening,
       h.reach_s
FROM hub_stock s JOIN hub h ON h.id = s.hub_id
WHERE s.market_id = $1 AND s.sku_id = ANY($2) AND s.on_hand > s.reserved AND (h.shipper_id IS NULL OR h.shipper_id = $3)
ORDER BY h.id LIMIT $4
"""
DRIVES = "SELECT hub_id, cell, drive_s FROM hub_cell WHERE market_id = $1 AND cell = ANY($2) AND hub_id = ANY($3)"


class OutOfStock(Invalid):
    """No hub has so many of it, and no hubs together where that is allowed."""

    code = "OUT_OF_STOCK"


class NoHubServes(Invalid):
    """Hubs that have it do not reach this door, or are closed or full in this window."""

    code = "NO_HUB_SERVES"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to come from stock, by code, where to and when by the hub's clock; with a hub it comes from there."""

    units: Mapping[str, int]
    door: Point
    pickup: tuple[datetime, datetime]
    dropoff: tuple[datetime, datetime]
    hub_id: UUID | None = None
    may_split: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A hub and what comes from it: lines of stock, and the things one by one."""

    hub: asyncpg.Record
    lines: Sequence[StockLine]
    units: Sequence[tuple[asyncpg.Record, int]]


async def source_lines(
    work: Work, *, market_id: UUID, shipper_id: UUID, wishes: Mapping[int, Wish]
) -> dict[int, list[Source] | Invalid]:
    """For each wish the hubs that it comes from, mostly one, or why it comes from nowhere; earlier wishes go first."""
    if not wishes:
        return {}
    codes = {code for wish in wishes.values() for code in wish.units}
    skus = await skus_of(work, market_id=market_id, shipper_id=shipper_id, codes=codes)
    search = await _look(work, market_id, shipper_id, skus, wishes)
    found: dict[int, list[Source] | Invalid] = {}
    for number, wish in sorted(wishes.items()):
        try:
            found[number] = await search.serve(work, wish)
        except Invalid as refusal:
            found[number] = refusal
    return found


@dataclass(slots=True, kw_only=True)
class Search:
    """What is left at each hub while wishes are served one after the other."""

    skus: Mapping[str, asyncpg.Record]
    hubs: Mapping[UUID, asyncpg.Record]
    free: dict[Shelf, int]
    drives: Mapping[tuple[UUID, str], int]
    room: dict[tuple[UUID, Window], int]

    async def serve(self, work: Work, wish: Wish) -> list[Source]:
        """Takes what is wished for from where it costs least, whole if one hub has all of it."""
        if unknown := wish.units.keys() - self.skus.keys():
            raise UnknownSku(f"you keep nothing of the code {min(unknown)} in this market", field="items")
        nearest = self._by_drive(wish)
        able = [hub_id for hub_id in nearest if await self._has_room(work, hub_id, wish)]
        chosen = self._choose(able, wish)
        if not chosen:
            if wish.hub_id is None and self._choose([*self.hubs], wish):
                raise NoHubServes("the hubs that have it do not reach there, are closed or full then", field="items")
            raise OutOfStock("there is not so much of it at any hub" + _alone(wish), field="items")
        return [self._take(hub_id, units, wish) for hub_id, units in chosen]

    def _by_drive(self, wish: Wish) -> list[UUID]:
        if wish.hub_id is not None:  # whoever names a hub has chosen it, near or far
            return [wish.hub_id] if wish.hub_id in self.hubs else []
        cell, ranked = reach_cell(wish.door), []
        for hub_id, hub in self.hubs.items():
            drive_s = self.drives.get((hub_id, cell))
            if drive_s is None and hub["reach_s"] is not None:
                continue
            if drive_s is None:
                line_m = straight_line_m(Point(lat=hub["lat"], lon=hub["lon"]), wish.door)
                drive_s = int(line_m * DETOUR / SPEED_M_PER_S)
            ranked.append((drive_s, hub_id))
        return [hub_id for _, hub_id in sorted(ranked)]

    async def _has_room(self, work: Work, hub_id: UUID, wish: Wish) -> bool:
        hub = self.hubs[hub_id]
        if hub["opening"] is None or wish.hub_id is not None:
            return True
        opening, zone = Opening.of(orjson.loads(hub["opening"])), hub["time_zone"]
        if not opening.is_open_in(local_window(*wish.pickup, zone), time_zone=zone):
            return False
        window = local_window(*wish.dropoff, zone)
        if (hub_id, window) not in self.room:
            [left] = await places_left(work, hub_id=hub_id, opening=opening, windows=[window], time_zone=zone)
            self.room[hub_id, window] = left
        return self.room[hub_id, window] > 0

    def _choose(self, hub_ids: Sequence[UUID], wish: Wish) -> list[tuple[UUID, dict[str, int]]]:
        """One hub that has all of it, or the fewest that have it together; hubs come nearest first."""
        missing, chosen = dict(wish.units), list[tuple[UUID, dict[str, int]]]()
        while missing and len(chosen) < (MOST_PARTS if wish.may_split else 1):
            left = [hub_id for hub_id in hub_ids if hub_id not in {taken for taken, _ in chosen}]
            offers = {hub_id: self._part(hub_id, missing) for hub_id in left}
            best = max(left, key=lambda hub_id: sum(offers[hub_id].values()), default=None)
            if best is None or not offers[best]:
                return []
            chosen.append((best, offers[best]))
            missing = {code: missing[code] - offers[best].get(code, 0) for code in missing}
            missing = {code: count for code, count in missing.items() if count}
        return [] if missing else chosen

    def _part(self, hub_id: UUID, missing: Mapping[str, int]) -> dict[str, int]:
        part = {
            code: min(count, self.free.get(Shelf(self.skus[code]["id"], hub_id), 0)) for code, count in missing.items()
        }
        return {code: count for code, count in part.items() if count}

    def _take(self, hub_id: UUID, units: Mapping[str, int], wish: Wish) -> Source:
        lines = [
            StockLine(shelf=Shelf(self.skus[code]["id"], hub_id), quantity=count)
            for code, count in sorted(units.items())
        ]
        for line in lines:
            self.free[line.shelf] -= line.quantity
        window = local_window(*wish.dropoff, self.hubs[hub_id]["time_zone"])
        if (hub_id, window) in self.room:
            self.room[hub_id, window] -= 1
        return Source(
            hub=self.hubs[hub_id],
            lines=lines,
            units=[(self.skus[code], count) for code, count in sorted(units.items())],
        )


async def _look(
    work: Work,
    market_id: UUID,
    shipper_id: UUID,
    skus: Mapping[str, asyncpg.Record],
    wishes: Mapping[int, Wish],
) -> Search:
    sku_ids = [row["id"] for row in skus.values()]
    shelves = await work.fetch(STOCKED, market_id, sku_ids, shipper_id, HUBS_AT_MOST * max(1, len(sku_ids)))
    cells = {reach_cell(wish.door) for wish in wishes.values()}
    hubs = {row["id"]: row for row in shelves}
    drives = await work.fetch(DRIVES, market_id, sorted(cells), list(hubs))
    return Search(
        skus=skus,
        hubs=hubs,
        free={Shelf(row["sku_id"], row["id"]): row["free"] for row in shelves},
        drives={(row["hub_id"], row["cell"]): row["drive_s"] for row in drives},
        room={},
    )


def _alone(wish: Wish) -> str:
    if wish.hub_id is not None:
        return "; leave the hub out to take it from wherever it is"
    return "" if wish.may_split else "; with maySplit several may send it together"
