"""How long a parcel that must stay cold has been out of it: counted from hand to hand, and told when it was too long.

The clock runs from the hub's cold to the door. It stands while the parcel is in a vehicle that keeps cold, and runs
again from that vehicle's arrival at the door until somebody has taken the parcel.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from marketplace.core.work import Work
from marketplace.routes.events import ColdChainBroken
from marketplace.routes.in_hand import RouteInHand, StopInHand

KEEPS_COLD = """
SELECT 'COLD' = ANY(skills_at(skills, skills_until, $2)) FROM driver WHERE id = $1
"""
LAST_LINKS = """
SELECT DISTINCT ON (delivery_id) delivery_id, keeps_cold, out_of_cold_s, occurred_at FROM custody
WHERE delivery_id = ANY($1) ORDER BY delivery_id, number DESC
"""
# A parcel is broken once: what is too warm does not get colder.
INSERT_BREACH = """
INSERT INTO cold_breach (delivery_id, market_id, shipper_id, route_id, driver_id, out_of_cold_s, limit_s, occurred_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (delivery_id) DO NOTHING RETURNING true
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coldness:
    """What a link of the chain says of the cold: whether it is kept from here on, and for how long it was not."""

    keeps_cold: bool | None
    out_of_cold_s: int


async def count_out_of_cold(
    work: Work, route: RouteInHand, stop: StopInHand, taken: Mapping[UUID, bool], moment: datetime
) -> dict[UUID, Coldness]:
    """For each parcel with a limit that changes hands now; `taken` says whether it goes into this driver's vehicle.

    A parcel that was too long out of the cold is told of once.
    """
    limited = sorted(key for key in taken if route.deliveries[key].out_of_cold_limit_s is not None)
    if not limited:
        return {}
    keeps_cold = bool(await work.fetch_value(KEEPS_COLD, route.driver_id, moment))
    before = {row["delivery_id"]: row for row in await work.fetch(LAST_LINKS, limited)}
    found = {}
    for key in limited:
        last = before.get(key)
        out_s = 0
        if last is not None and last["out_of_cold_s"] is not None:
            since = (stop.arrived_at or moment) if last["keeps_cold"] else last["occurred_at"]
            # What was brought back lies in the hub's cold until it is picked up again.
            is_out = last["keeps_cold"] is not None
            out_s = last["out_of_cold_s"] + (max(0, int((moment - since).total_seconds())) if is_out else 0)
        found[key] = Coldness(keeps_cold=keeps_cold if taken[key] else None, out_of_cold_s=out_s)
    await _tell_breaches(work, route, stop, found, limited, moment)
    return found


async def _tell_breaches(
    work: Work,
    route: RouteInHand,
    stop: StopInHand,
    found: Mapping[UUID, Coldness],
    limited: Collection[UUID],
    moment: datetime,
) -> None:
    for key in limited:
        delivery, out_s = route.deliveries[key], found[key].out_of_cold_s
        limit_s = delivery.out_of_cold_limit_s
        assert limit_s is not None, "only parcels with a limit are counted"
        if out_s <= limit_s:
            continue
        head: Sequence[UUID] = (key, route.market_id, delivery.shipper_id, route.id, route.driver_id)
        if await work.fetch_value(INSERT_BREACH, *head, out_s, limit_s, moment):
            work.emit(
                ColdChainBroken(
                    market_id=route.market_id,
                    shipper_id=delivery.shipper_id,
                    delivery_id=key,
                    batch_id=delivery.batch_id,
                    route_id=route.id,
                    driver_id=route.driver_id,
                    stop_id=stop.id,
                    out_of_cold_s=out_s,
                    limit_s=limit_s,
                    occurred_at=moment,
                )
            )
