"""The law of acceptance that a market goes by now."""

from collections.abc import Mapping
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from marketplace.core.work import Work
from marketplace.fleet.states import ContractKind
from marketplace.matching.acceptance import PRIOR, PRIOR_WEIGHTS, AcceptanceModel

LATEST = "SELECT version, weights FROM acceptance_model WHERE market_id = $1 ORDER BY version DESC LIMIT 1"


async def acceptance_of(work: Work, *, market_id: UUID) -> AcceptanceModel:
    """The latest law that a market has learnt, or the prior as long as it has learnt none."""
    row = await work.fetch_row(LATEST, market_id)
    if row is None:
        return PRIOR
    # What an older version did not know of is taken from the prior.
    return AcceptanceModel(row["version"], dict(PRIOR_WEIGHTS) | orjson.loads(row["weights"]))


async def usual_chances(work: Work, *, market_id: UUID, time_zone: str) -> Mapping[ContractKind, float]:
    """How likely a usual offer is taken in a market at this hour, by contract kind: what a plan reckons with."""
    model = await acceptance_of(work, market_id=market_id)
    local = work.now.astimezone(ZoneInfo(time_zone))
    return {kind: round(model.usual(kind, local.hour + local.minute / 60), 4) for kind in ContractKind}
