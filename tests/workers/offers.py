"""Open offers with deadlines of the test's choice, as rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from marketplace.core.work import Work
from tests.builders import (
    make_batch,
    make_delivery,
    make_driver,
    make_hub,
    make_market,
    make_route,
    make_shipper,
)

INSERT_OFFERS = """
INSERT INTO offer (id, market_id, route_id, route_version, wave_id, driver_id, state, pay_minor, currency, lines,
                   approach_m, approach_s, rank, sent_at, expires_at)
SELECT id, $1, $2, 1, $3, driver_id, 'SENT', 5000, 'CLP', '[]', 0, 0, 1, $4, expires_at
FROM unnest($5::uuid[], $6::uuid[], $7::timestamptz[]) AS t(id, driver_id, expires_at)
"""


@dataclass(frozen=True, slots=True)
class Offered:
    """A route that is offered in one wave, and the drivers who are asked."""

    market_id: UUID
    route_id: UUID
    wave_id: UUID
    driver_ids: Sequence[UUID]


async def make_offers(work: Work, expire_after_s: Sequence[float]) -> list[UUID]:
    """One route offered in one wave to as many drivers as there are deadlines; returns the offers."""
    return await send_offers(work, await make_offered_route(work, len(expire_after_s)), expire_after_s)


async def make_offered_route(work: Work, drivers: int) -> Offered:
    """What offers need: a route with a wave, and drivers."""
    market = await make_market(work)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    delivery = await make_delivery(work, market, shipper, hub, await make_batch(work, market, shipper))
    route, _ = await make_route(work, market, [delivery])
    await work.execute("UPDATE route SET state = 'OFFERING' WHERE id = $1", route.id)
    wave_id = work.new_id()
    await work.execute(
        "INSERT INTO wave (id, market_id, route_id, number, contract_kind, state, raise_minor, raise_step_minor,"
        " raise_cap_minor, raise_budget_left_minor, opened_at)"
        " VALUES ($1, $2, $3, 1, 'CROWDSOURCED', 'OPEN', 0, 0, 0, 0, $4)",
        wave_id,
        market.id,
        route.id,
        work.now,
    )
    driver_ids = [(await make_driver(work, market)).id for _ in range(drivers)]
    return Offered(market.id, route.id, wave_id, driver_ids)


async def send_offers(work: Work, offered: Offered, expire_after_s: Sequence[float]) -> list[UUID]:
    """One offer for each driver, with these deadlines from now on."""
    offers = [work.new_id() for _ in expire_after_s]
    await work.execute(
        INSERT_OFFERS,
        offered.market_id,
        offered.route_id,
        offered.wave_id,
        work.now,
        offers,
        offered.driver_ids,
        [work.now + timedelta(seconds=seconds) for seconds in expire_after_s],
    )
    return offers
