"""A route gets its driver: by acceptance, by contract, or by an operator."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from marketplace.batches.events import DeliveryAssigned
from marketplace.batches.states import DeliveryState
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.work import Work
from marketplace.offers.presence import engage
from marketplace.offers.states import WithdrawReason
from marketplace.offers.withdraw import withdraw_offers_of_driver, withdraw_offers_of_route
from marketplace.routes.events import RouteAssigned

LOCK_ROUTE = "SELECT id, market_id, state, version FROM route WHERE id = $1 FOR UPDATE"
TAKE_ROUTE = """
UPDATE route SET state = 'ASSIGNED', driver_id = $2, guarantee_minor = $3, approach_m = $4, approach_s = $5,
       accepted_at = $6
WHERE id = $1 AND state IN ('PLANNED', 'OFFERING')
RETURNING market_id, currency, (SELECT count(DISTINCT t.delivery_id) FROM task t JOIN stop s ON s.id = t.stop_id
                                WHERE s.route_id = route.id) AS delivery_count
"""
TAKE_DELIVERIES = """
UPDATE delivery SET state = 'ASSIGNED', sequence = sequence + 1, changed_at = $2
WHERE route_id = $1 AND state = 'OFFERING'
RETURNING id, shipper_id, batch_id, sequence
"""
WIN_WAVE = "UPDATE wave SET state = 'WON', closed_at = $2 WHERE route_id = $1 AND state = 'OPEN'"


class RouteChanged(Conflict):
    """The route is no longer the one that was offered; it will be offered anew."""

    code = "ROUTE_CHANGED"


class DriverEngaged(Conflict):
    """The driver has a route already and finishes it first."""

    code = "DRIVER_ENGAGED"


async def assign_route(
    work: Work, *, route_id: UUID, driver_id: UUID, pay_minor: int, approach_m: int, approach_s: int
) -> None:
    """Gives a route to a driver without asking, and takes back whatever was on offer."""
    row = await work.fetch_row(LOCK_ROUTE, route_id)
    if row is None:
        raise NotFound("there is no such route", field="routeId")
    await take_route(
        work,
        route_id=route_id,
        driver_id=driver_id,
        pay_minor=pay_minor,
        approach_m=approach_m,
        approach_s=approach_s,
    )


async def take_route(
    work: Work, *, route_id: UUID, driver_id: UUID, pay_minor: int, approach_m: int, approach_s: int
) -> None:
    """Writes that a driver has a route; the caller holds the route's lock.

    The partial unique index (one active route for each driver) decides between two routes at once.
    """
    try:
        row = await work.fetch_row(TAKE_ROUTE, route_id, driver_id, pay_minor, approach_m, approach_s, work.now)
    except asyncpg.UniqueViolationError:
        raise DriverEngaged("you have a route already; finish it first") from None
    if row is None:
        raise RouteChanged("this route is no longer on offer")
    deliveries = await work.fetch(TAKE_DELIVERIES, route_id, work.now)
    if len(deliveries) != row["delivery_count"]:
        raise RouteChanged("a delivery of this route was called off; the rest will be offered anew")
    losers = await withdraw_offers_of_route(work, route_id=route_id, reason=WithdrawReason.TAKEN)
    await work.execute(WIN_WAVE, route_id, work.now)
    await withdraw_offers_of_driver(work, driver_id=driver_id, reason=WithdrawReason.ENGAGED)
    await engage(work, driver_id=driver_id, also=losers)
    work.emit(
        RouteAssigned(
            market_id=row["market_id"],
            route_id=route_id,
            driver_id=driver_id,
            pay_minor=pay_minor,
            currency=row["currency"],
        )
    )
    _tell_deliveries(work, row["market_id"], route_id, driver_id, deliveries)


def _tell_deliveries(
    work: Work, market_id: UUID, route_id: UUID, driver_id: UUID, deliveries: Sequence[asyncpg.Record]
) -> None:
    for row in deliveries:
        work.emit(
            DeliveryAssigned(
                market_id=market_id,
                shipper_id=row["shipper_id"],
                delivery_id=row["id"],
                batch_id=row["batch_id"],
                sequence=row["sequence"],
                state=DeliveryState.ASSIGNED,
                route_id=route_id,
                driver_id=driver_id,
            )
        )
