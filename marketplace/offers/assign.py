"""A route gets its driver: by acceptance, by contract, or by an operator."""

from collections.abc import Sequence
from operator import itemgetter
from uuid import UUID

import asyncpg

from marketplace.batches.events import DeliveryAssigned
from marketplace.batches.states import DeliveryState
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.work import Work
from marketplace.offers.events import OfferWithdrawn
from marketplace.offers.presence import engage
from marketplace.offers.states import WithdrawReason
from marketplace.offers.withdraw import withdraw_offers_of_driver
from marketplace.routes.events import RouteAssigned

LOCK_ROUTE = "SELECT id, market_id, state, version FROM route WHERE id = $1 FOR UPDATE"
# One statement, since every round trip would hold the route's lock longer. The route's lock is held since a statement
# before, so this one sees all that its last holder did. Offers are ended before the wave, in the order in which a
# decline and an expiry lock them: that is what the count is for.
TAKE_ROUTE = """
WITH taken AS (
    UPDATE route SET state = 'ASSIGNED', driver_id = $2,
           company_id = (SELECT company_id FROM driver WHERE id = $2), guarantee_minor = $3, approach_m = $4,
           approach_s = $5, accepted_at = $6
    WHERE id = $1 AND state IN ('PLANNED', 'OFFERING') RETURNING id, market_id, currency
), given AS (
    UPDATE delivery SET state = 'ASSIGNED', sequence = delivery.sequence + 1, changed_at = $6 FROM taken
    WHERE delivery.route_id = taken.id AND delivery.state = 'OFFERING'
    RETURNING delivery.id, delivery.shipper_id, delivery.batch_id, delivery.sequence
), lost AS (
    UPDATE offer SET state = 'WITHDRAWN', ended_at = $6, end_reason = 'TAKEN' FROM taken
    WHERE offer.route_id = taken.id AND offer.state IN ('SENT', 'VIEWED') RETURNING offer.id, offer.driver_id
), won AS (
    UPDATE wave SET state = 'WON', closed_at = $6 FROM taken
    WHERE wave.route_id = taken.id AND wave.state = 'OPEN' AND (SELECT count(*) FROM lost) >= 0
)
SELECT taken.market_id, taken.currency, given.*, ARRAY(SELECT id FROM lost) AS lost_offer_ids,
       ARRAY(SELECT driver_id FROM lost) AS lost_driver_ids,
       (SELECT count(DISTINCT task.delivery_id) FROM task JOIN stop ON stop.id = task.stop_id
        WHERE stop.route_id = $1) AS delivery_count
FROM taken LEFT JOIN given ON true
"""


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
        rows = await work.fetch(TAKE_ROUTE, route_id, driver_id, pay_minor, approach_m, approach_s, work.now)
    except asyncpg.UniqueViolationError:
        raise DriverEngaged("you have a route already; finish it first") from None
    if not rows:
        raise RouteChanged("this route is no longer on offer")
    route = rows[0]
    if sum(row["id"] is not None for row in rows) != route["delivery_count"]:
        raise RouteChanged("a delivery of this route was called off; the rest will be offered anew")
    _tell_losers(work, route_id, route)
    await withdraw_offers_of_driver(work, driver_id=driver_id, reason=WithdrawReason.ENGAGED)
    await engage(work, driver_id=driver_id, also=route["lost_driver_ids"])
    work.emit(
        RouteAssigned(
            market_id=route["market_id"],
            route_id=route_id,
            driver_id=driver_id,
            pay_minor=pay_minor,
            currency=route["currency"],
        )
    )
    _tell_deliveries(work, route["market_id"], route_id, driver_id, rows)


def _tell_losers(work: Work, route_id: UUID, route: asyncpg.Record) -> None:
    for offer_id, loser_id in sorted(zip(route["lost_offer_ids"], route["lost_driver_ids"], strict=True)):
        work.emit(
            OfferWithdrawn(
                market_id=route["market_id"],
                offer_id=offer_id,
                route_id=route_id,
                driver_id=loser_id,
                reason=WithdrawReason.TAKEN.value,
            )
        )


def _tell_deliveries(
    work: Work, market_id: UUID, route_id: UUID, driver_id: UUID, deliveries: Sequence[asyncpg.Record]
) -> None:
    for row in sorted(deliveries, key=itemgetter("id")):
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
