"""Keeps the zones of a market: which there are, whose turn it is, and when one is cut or joined with its neighbour.

A market that is small has one zone and needs no setting. A zone that holds too much is cut by its own next look, one
that holds too little is joined by it; the others keep their rows, and with them their plans.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import asyncpg
import numpy as np

from marketplace.core.work import Work
from marketplace.markets import Dials
from marketplace.matching.cutting import EVERYWHERE, Area, Places, cut, joined
from marketplace.matching.events import PlanningDue
from marketplace.matching.queries import (
    COUNT_ZONES,
    FIND_FAMILY,
    FIND_ZONE,
    FIND_ZONES,
    HOLD_TURN,
    INSERT_ZONE,
    LOCK_ZONES,
    PLACES_TO_PLAN,
    REMOVE_ZONES,
    TAKE_TURN,
    ZONES_NEAR_DRIVER,
)

FEWEST = 0.25
"""A zone with less than this part of what it may hold is joined with its neighbour: few deliveries bundle badly.

Well below a half, so that a delivery more or less never cuts and joins the same zone again and again.
"""
JOINED_AT_ONCE = 2
"""Zones that hold more together than so many full ones are not cut anew for the sake of a small one."""
CUT_AT_ONCE = 20_000
"""Deliveries by which a zone is cut at most; what is beyond is cut by the next looks."""
ZONES_AT_MOST = 5_000
FAMILY_AT_MOST = 500
"""So many zones are joined at once at most."""
ZONES_OF_A_DRIVER = 3
"""So many zones close to a driver who is free again are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A zone of a market, and which look at it this is; `turn` 0 is a look that another may overtake."""

    id: UUID
    market_id: UUID
    area: Area
    turn: int = 0

    @property
    def is_whole_market(self) -> bool:
        """Whether the market has not been cut."""
        return not self.area.path


async def zones_of(work: Work, *, market_id: UUID) -> list[Zone]:
    """The zones of a market in order of their paths; none where the market was never looked at."""
    return [_zone(row) for row in await work.fetch(FIND_ZONES, market_id, ZONES_AT_MOST)]


async def whole_market(work: Work, *, market_id: UUID) -> Zone | None:
    """The zone of a market that is small; None where there are several. One that was never looked at gets it now."""
    rows = await work.fetch(FIND_ZONES, market_id, 2)
    if not rows:
        await _insert(work, market_id, [EVERYWHERE])
        rows = await work.fetch(FIND_ZONES, market_id, 2)
    return _zone(rows[0]) if len(rows) == 1 else None


async def find_zone(work: Work, *, zone_id: UUID) -> Zone | None:
    """A zone, if it has not been cut or joined meanwhile."""
    row = await work.fetch_row(FIND_ZONE, zone_id)
    return _zone(row) if row is not None else None


async def count_zones(work: Work, *, market_id: UUID) -> int:
    """How many zones a market has."""
    count: int = await work.fetch_value(COUNT_ZONES, market_id, EVERYWHERE.path)
    return count


async def take_turn(work: Work, zone: Zone) -> Zone | None:
    """Makes this the latest look at the zone, so that the plan of an earlier one is dropped; None if the zone is gone.

    A process that was thought dead and goes on after all has lost its turn: what it planned from is old.
    """
    turn = await work.fetch_value(TAKE_TURN, zone.id)
    return replace(zone, turn=turn) if turn is not None else None


async def holds_turn(work: Work, zone: Zone) -> bool:
    """Whether no later look has begun and the zone is still there; until the commit nobody else takes a turn."""
    return bool(await work.fetch_value(HOLD_TURN, zone.id) == zone.turn)


async def arrange(work: Work, zone: Zone, *, dials: Dials, open_count: int) -> bool:
    """Cuts a zone that holds too much or joins one that holds too little; True when it is gone, and others are due."""
    if open_count > dials.zone_limit:
        return await _replace(work, dials, [zone], await _places(work, dials.market_id, zone.area, CUT_AT_ONCE))
    if open_count < FEWEST * dials.zone_limit and not zone.is_whole_market:
        return await _join(work, dials, zone)
    return False


async def wake_near_driver(work: Work, *, driver_id: UUID) -> int:
    """Has the zones looked at in which a driver who is free could be of use; none where the market is one zone."""
    rows = await work.fetch(ZONES_NEAR_DRIVER, driver_id, ZONES_OF_A_DRIVER)
    for row in rows:
        work.emit(PlanningDue(market_id=row["market_id"], delivery_count=0, zone_id=row["id"]))
    return len(rows)


async def _join(work: Work, dials: Dials, zone: Zone) -> bool:
    """Cuts a small zone anew together with what it was once cut from, as far back as there is little in it."""
    most, better = JOINED_AT_ONCE * dials.zone_limit, None
    for depth in range(len(zone.area.path) - 1, -1, -1):
        rows = await work.fetch(FIND_FAMILY, dials.market_id, zone.area.path[:depth], FAMILY_AT_MOST + 1)
        family = [_zone(row) for row in rows]
        if len(family) > FAMILY_AT_MOST:
            break
        places = await _places(work, dials.market_id, joined([one.area for one in family]), most + 1)
        if len(places) > most:
            break
        better = (family, places) if _parts(dials, family, places) else better
    if better is None:
        return False
    family, places = better
    locked = await work.fetch(LOCK_ZONES, [one.id for one in family])
    # Where one is missing somebody writes a plan of it, or cuts it: then a later look joins them.
    return len(locked) == len(family) and await _replace(work, dials, family, places)


async def _replace(work: Work, dials: Dials, zones: Sequence[Zone], places: Places) -> bool:
    """Puts the parts of what these zones cover together in their stead, unless that is no better."""
    parts = _parts(dials, zones, places)
    if not parts:
        return False
    if await work.execute(REMOVE_ZONES, [zone.id for zone in zones]) == len(zones):
        ids = await _insert(work, dials.market_id, parts)
        for zone_id, part in zip(ids, parts, strict=True):
            if size := int(part.holds(places).sum()):
                zone = zone_id if part.path else None
                work.emit(PlanningDue(market_id=dials.market_id, delivery_count=size, zone_id=zone))
    return True


def _parts(dials: Dials, zones: Sequence[Zone], places: Places) -> list[Area]:
    """What to have in the stead of these zones; nothing where that would be the same, or too small again."""
    whole = zones[0].area if len(zones) == 1 else joined([zone.area for zone in zones])
    parts = cut(whole, places, dials.zone_limit)
    is_same = len(zones) == 1 == len(parts)
    is_too_small = len(parts) > 1 and min(part.holds(places).sum() for part in parts) < FEWEST * dials.zone_limit
    return [] if is_same or (is_too_small and len(zones) > 1) else parts


async def _insert(work: Work, market_id: UUID, areas: Sequence[Area]) -> list[UUID]:
    ids = [work.new_id() for _ in areas]
    for zone_id, area in zip(ids, areas, strict=True):
        await work.execute(INSERT_ZONE, zone_id, market_id, area.path, *area.low, *area.high, work.now)
    return ids


async def _places(work: Work, market_id: UUID, area: Area, limit: int) -> Places:
    rows = await work.fetch(PLACES_TO_PLAN, market_id, work.now, *area.low, *area.high, limit)
    return np.array([tuple(row) for row in rows], dtype=np.float64).reshape(len(rows), 4)


def _zone(row: asyncpg.Record) -> Zone:
    low = (row["south"], row["west"], row["drop_south"], row["drop_west"])
    high = (row["north"], row["east"], row["drop_north"], row["drop_east"])
    return Zone(id=row["id"], market_id=row["market_id"], area=Area(row["path"], low, high))
