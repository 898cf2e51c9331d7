"""What hubs have of what is wished for, and which of them reach the door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from marketplace.core.errors import Invalid
from marketplace.core.geo import Point, straight_line_m
from marketplace.core.window import Window
from marketplace.core.work import Work
from marketplace.hubs.catchment import reach_cell
from marketplace.hubs.opening import opening_of
from marketplace.hubs.skus import UnknownSku, skus_of
from marketplace.hubs.stock import Shelf

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
            raise OutOfStock("there is not so much of it at any hub" + ways_out(wish), field="items")
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


def _line_m(hub: asyncpg.Record, wish: Wish) -> float:
    return straight_line_m(Point(lat=hub["lat"], lon=hub["lon"]), wish.door) if wish.door is not None else 0.0


def ways_out(wish: Wish) -> str:
    """What else could be asked for, as the end of a refusal."""
    if wish.named:
        return "; leave the hub out to take it from wherever it is"
    return "" if wish.may_split else "; with maySplit several may send it together"
