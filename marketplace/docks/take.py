"""What was held becomes the appointment of a delivery, in the commit that posts it; called off, it is free again."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from marketplace.core.geo import Point
from marketplace.core.window import Window
from marketplace.core.work import Work

FIND = """
SELECT a.id, a.opens_at, a.closes_at, k.lat, k.lon FROM dock_appointment a JOIN dock k ON k.id = a.dock_id
WHERE a.shipper_id = $1 AND a.market_id = $2 AND a.id = ANY($3) AND a.state = 'HELD' AND a.expires_at > $4
"""
LOCK = """
SELECT id FROM dock_appointment
WHERE shipper_id = $1 AND market_id = $2 AND id = ANY($3) AND state = 'HELD' AND expires_at > $4
ORDER BY id FOR UPDATE
"""
TAKE = """
UPDATE dock_appointment a SET state = 'BOOKED', delivery_id = taken.delivery_id, is_pickup = taken.is_pickup
FROM unnest($1::uuid[], $2::uuid[], $3::boolean[]) AS taken(id, delivery_id, is_pickup)
WHERE a.id = taken.id AND a.state = 'HELD'
"""
RELEASE = """
UPDATE dock_appointment SET state = 'RELEASED', ended_at = $2
WHERE delivery_id = ANY($1) AND state = 'BOOKED' AND ($3::boolean IS NULL OR is_pickup = $3)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSlot:
    """A place that is held: when, and where its dock is."""

    window: Window
    place: Point


async def find_slots(work: Work, *, market_id: UUID, shipper_id: UUID, ids: Collection[UUID]) -> dict[UUID, KeptSlot]:
    """Those of these appointments that the shipper holds now."""
    if not ids:
        return {}
    return {row["id"]: _kept(row) for row in await work.fetch(FIND, shipper_id, market_id, list(ids), work.now)}


async def lock_slots(work: Work, *, market_id: UUID, shipper_id: UUID, ids: Collection[UUID]) -> set[UUID]:
    """The same once more under their locks, so that two postings do not take one place."""
    if not ids:
        return set()
    return {row["id"] for row in await work.fetch(LOCK, shipper_id, market_id, sorted(ids), work.now)}


async def take_slots(work: Work, taken: Mapping[UUID, tuple[UUID, bool]]) -> None:
    """Books places whose locks are held; for each the delivery, and whether it is loaded there."""
    if taken:
        keys = sorted(taken)
        count = await work.execute(TAKE, keys, [taken[key][0] for key in keys], [taken[key][1] for key in keys])
        assert count == len(keys), "a locked place was gone"


async def release_slots(work: Work, delivery_ids: Collection[UUID], *, is_pickup: bool | None = None) -> None:
    """Gives back what is booked for deliveries, at one of their ends or at both."""
    if delivery_ids:
        await work.execute(RELEASE, list(delivery_ids), work.now, is_pickup)


def _kept(row: asyncpg.Record) -> KeptSlot:
    return KeptSlot(window=Window(row["opens_at"], row["closes_at"]), place=Point(lat=row["lat"], lon=row["lon"]))
