"""The places of hand-over points: promised to parcels, never more than there are, free again when those are gone."""

from collections.abc import Collection, Mapping
from uuid import UUID

from marketplace.core.errors import LimitReached
from marketplace.core.work import Work

# In id order, like everywhere: two postings to the same points never wait for one another in a circle.
LOCK = """
SELECT id, CASE WHEN is_open THEN places - taken ELSE 0 END AS free FROM hand_over_point
WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE
"""
TAKE = """
UPDATE hand_over_point p SET taken = p.taken + t.parcels
FROM (SELECT point_id, count(*)::int AS parcels FROM unnest($1::uuid[]) AS point_id GROUP BY point_id) AS t
WHERE p.id = t.point_id
"""
COLUMNS = ("id", "market_id", "shipper_id", "delivery_id", "point_id", "state", "promised_at")
# The row says that a place was freed, so that it is never counted twice.
FREE = """
WITH freed AS (
    UPDATE collection SET freed_at = $2 WHERE id = $1 AND freed_at IS NULL RETURNING point_id
)
UPDATE hand_over_point p SET taken = p.taken - 1 FROM freed WHERE p.id = freed.point_id
"""


class PointFull(LimitReached):
    """Every place of a hand-over point is taken or promised."""

    code = "POINT_FULL"


async def lock_places(work: Work, point_ids: Collection[UUID]) -> dict[UUID, int]:
    """How many places are free at these points, until the Work ends: who wants the last one waits here."""
    rows = await work.fetch(LOCK, sorted(point_ids)) if point_ids else []
    return {row["id"]: row["free"] for row in rows}


async def promise_places(
    work: Work, *, market_id: UUID, shipper_id: UUID, point_of: Mapping[UUID, UUID]
) -> dict[UUID, UUID]:
    """Gives each delivery a place at its point, which `lock_places` has found free; returns the collections."""
    if not point_of:
        return {}
    made = {delivery_id: work.new_id() for delivery_id in point_of}
    rows = [
        (made[delivery_id], market_id, shipper_id, delivery_id, point_id, "PROMISED", work.now)
        for delivery_id, point_id in point_of.items()
    ]
    await work.execute(TAKE, list(point_of.values()))
    await work.insert_many("collection", COLUMNS, rows)
    return made


async def free_place(work: Work, collection_id: UUID) -> None:
    """Frees the place of a parcel that is gone, or never comes; said again it changes nothing."""
    await work.execute(FREE, collection_id, work.now)
