"""Dates a new version of how a market's drivers are paid."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.markets.models import PayPolicyRecord
from marketplace.markets.pay_floors import PayFloors
from marketplace.markets.pay_policy import BadPayPolicy, PayPolicy
from marketplace.markets.queries import find_pay_policy

LOCK = "SELECT id FROM market WHERE id = $1 FOR NO KEY UPDATE"
NEXT_VERSION = "SELECT coalesce(max(version), 0) + 1 FROM pay_policy WHERE market_id = $1"


async def set_pay_policy(
    work: Work,
    *,
    market_id: UUID,
    rates: Mapping[str, int],
    floors: PayFloors | None = None,
    keeps_floors: bool = True,
    effective_from: datetime | None = None,
) -> int:
    """Dates a new version of the market's pay policy, from now on or from later; earlier ones stay for what they paid.

    Without `floors` it keeps those that would be in force at that moment, unless it is told not to: a law is not lost
    by changing a rate. Rates that nobody could be paid by are refused here, and not when a route is planned.
    """
    # Two at once queue at the market, so that each gets a version of its own.
    if await work.fetch_value(LOCK, market_id) is None:
        raise NotFound("there is no such market")
    begins_at = effective_from or work.now
    if begins_at < work.now:
        raise BadPayPolicy("a pay policy begins now or later; offers are paid as made", field="effectiveFrom")
    version: int = await work.fetch_value(NEXT_VERSION, market_id)
    if floors is None and keeps_floors:
        before = await find_pay_policy(work, market_id=market_id, moment=begins_at)
        floors = before.floors if before else None
    kept = floors.as_json() if floors else None
    await PayPolicyRecord.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=market_id,
        version=version,
        effective_from=begins_at,
        rates=PayPolicy.of(version, rates, kept).rates(),
        floors=kept,
    )
    return version
