"""The drivers whom a look at a zone considers: those close to its pickups who are free, or will be within minutes.

A straight line only leaves out who is far away; of those who stay, drive times choose.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import numpy as np
import numpy.typing as npt

from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.fleet.states import ContractKind
from marketplace.markets import Dials
from marketplace.matching.queries import ABILITIES, FREE_DRIVERS, SOON_FREE_DRIVERS

DRIVERS_AT_ONCE = 80
DRIVERS_TO_PAIR = 400
"""Where routes are single trips, drivers are paired off with them at once, and many more can be considered."""
NEAREST_PER_PICKUP = 8
"""So many drivers close to each pickup are looked at, until there are `DRIVERS_AT_ONCE`."""
ONLINE_AT_ONCE = 4_000
"""Of so many drivers around the pickups the nearest are found."""
PICKUPS_AT_ONCE = 60
PLENTY = 2
"""With so many free drivers for each delivery nobody waits for a busy one: it takes longer and saves nothing."""
METRES_PER_SECOND = 8.0
"""How much further away a driver counts for each second until that driver is free."""
METRES_PER_DEGREE = 111_195.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeDriver:
    """A driver who is online and free, or will be at `available_at`, then at `place`.

    With `area_cells` the driver goes nowhere else, and no route is longer than `max_distance_m`.
    """

    id: UUID
    kind: ContractKind
    place: Point
    online_until: datetime
    capacity: tuple[int, ...]
    skills: tuple[str, ...]
    max_stops: int
    available_at: datetime | None = None
    area_cells: frozenset[str] | None = None
    max_distance_m: int | None = None


async def drivers_nearby(
    work: Work, *, dials: Dials, pickups: Collection[Point], delivery_count: int
) -> list[FreeDriver]:
    """At most `DRIVERS_AT_ONCE` drivers close to the pickups, each with no other work planned.

    Busy ones are among them where free ones are few, and always where the least delay is what counts.
    """
    is_paired = dials.matching_objective == "delivery_delay"
    most = DRIVERS_TO_PAIR if is_paired else DRIVERS_AT_ONCE
    rows = await work.fetch(FREE_DRIVERS, dials.market_id, work.now, *_edges(pickups), ONLINE_AT_ONCE)
    if dials.look_ahead_s and (is_paired or min(len(rows), most) < PLENTY * delivery_count):
        horizon = work.now + timedelta(seconds=dials.look_ahead_s)
        rows += await work.fetch(
            SOON_FREE_DRIVERS, dials.market_id, work.now, *_edges(pickups), ONLINE_AT_ONCE, horizon
        )
    near = {row["driver_id"]: row for row in _nearest(rows, pickups, work.now, most)}
    return [
        FreeDriver(
            id=row["id"],
            kind=ContractKind(row["contract_kind"]),
            place=Point(lat=near[row["id"]]["lat"], lon=near[row["id"]]["lon"]),
            online_until=row["online_until"],
            capacity=(*row["capacity"], row["pallet_places"]),
            skills=tuple(row["skills"]),
            max_stops=min(row["max_stops"], dials.route_max_stops),
            available_at=near[row["id"]]["available_at"],
            area_cells=frozenset(row["area_cells"]) if row["area_cells"] is not None else None,
            max_distance_m=row["max_distance_m"],
        )
        for row in await work.fetch(ABILITIES, list(near), work.now)
    ]


def _edges(pickups: Collection[Point]) -> tuple[float, float, float, float]:
    lats, lons = [point.lat for point in pickups], [point.lon for point in pickups]
    return min(lats), max(lats), min(lons), max(lons)


def _nearest(rows: list[asyncpg.Record], pickups: Collection[Point], now: datetime, most: int) -> list[asyncpg.Record]:
    """The rows that the pickups choose in turn, each time the nearest that is left, until there are enough."""
    if len(rows) <= most:
        return rows
    away = _away_m(rows, pickups) + METRES_PER_SECOND * np.array(
        [0.0 if row["available_at"] is None else (row["available_at"] - now).total_seconds() for row in rows]
    )
    depth = min(most, len(rows) - 1)
    nearest = np.argpartition(away, depth, axis=1)[:, :depth]
    order = np.take_along_axis(nearest, np.take_along_axis(away, nearest, axis=1).argsort(axis=1, kind="stable"), 1)
    kept: dict[int, None] = {}
    for rank in range(depth):
        kept.update(dict.fromkeys(order[:, rank].tolist()))
        if len(kept) >= most or (rank >= NEAREST_PER_PICKUP and len(kept) >= most // 2):
            break
    return [rows[number] for number in list(kept)[:most]]


def _away_m(rows: list[asyncpg.Record], pickups: Collection[Point]) -> npt.NDArray[np.float64]:
    """Straight lines on a flat map, from a sample of the pickups (rows) to every driver (columns)."""
    places = sorted({(point.lat, point.lon) for point in pickups})
    from_ = np.array(places[:: -(-len(places) // PICKUPS_AT_ONCE)])
    to = np.array([(row["lat"], row["lon"]) for row in rows])
    north = to[None, :, 0] - from_[:, None, 0]
    east = (to[None, :, 1] - from_[:, None, 1]) * np.cos(np.radians(from_[:, None, 0]))
    return np.asarray(METRES_PER_DEGREE * np.hypot(north, east), dtype=np.float64)
