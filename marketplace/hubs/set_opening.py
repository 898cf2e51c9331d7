"""An operator says when a hub serves, how much it gives out and how far it reaches."""

from uuid import UUID

import orjson

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.hubs.events import HubOpeningSet
from marketplace.hubs.opening import Opening

SET = "UPDATE hub SET opening = $3::jsonb, reach_s = $4 WHERE id = $1 AND market_id = $2"


async def set_hub_opening(work: Work, *, market_id: UUID, hub_id: UUID, opening: Opening) -> None:
    """Replaces the terms of a hub; what was promised before stands, and its catchment is computed anew."""
    kept = orjson.dumps(opening.as_json()).decode()
    if not await work.execute(SET, hub_id, market_id, kept, opening.reach_s):
        raise NotFound("there is no such hub", field="hubId")
    work.emit(HubOpeningSet(market_id=market_id, hub_id=hub_id))
