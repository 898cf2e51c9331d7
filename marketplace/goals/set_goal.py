"""Dates a new version of what a shipper's recipients are to experience in a market."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.goals.goal import BadGoal, Goal
from marketplace.goals.models import ExperienceGoal

LOCK = "SELECT id FROM shipper WHERE id = $1 FOR NO KEY UPDATE"
MARKET = "SELECT id FROM market WHERE id = $1"
NEXT_VERSION = """
SELECT coalesce(max(version), 0) + 1 FROM experience_goal WHERE shipper_id = $1 AND market_id = $2 AND metric = $3
"""


async def set_experience_goal(
    work: Work, *, shipper_id: UUID, market_id: UUID, goal: Goal, effective_from: datetime | None = None
) -> int:
    """Adds the next version of a goal, in force from now or a later moment until that of the version after it."""
    # Two at once queue at the shipper, so that each gets a version of its own.
    if await work.fetch_value(LOCK, shipper_id) is None:
        raise NotFound("there is no such shipper", field="shipperId")
    if await work.fetch_value(MARKET, market_id) is None:
        raise NotFound("there is no such market", field="marketId")
    if effective_from is not None and effective_from < work.now:
        raise BadGoal("a goal begins now or later", field="effectiveFrom")
    version: int = await work.fetch_value(NEXT_VERSION, shipper_id, market_id, goal.metric.value)
    await ExperienceGoal.create(
        using_db=work.db,
        **asdict(goal)
        | {
            "id": work.new_id(),
            "shipper_id": shipper_id,
            "market_id": market_id,
            "version": version,
            "effective_from": effective_from or work.now,
        },
    )
    return version
