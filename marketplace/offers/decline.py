"""A driver says no, with or without a reason, and nothing is held against the driver."""

from uuid import UUID

from marketplace.core.errors import NotFound
from marketplace.core.work import Work
from marketplace.offers.accept import LOOK, refusal_of
from marketplace.offers.events import OfferDeclined
from marketplace.offers.exhaust import exhaust_waves
from marketplace.offers.presence import settle_presence
from marketplace.offers.states import DeclineReason, OfferState

DECLINE = """
UPDATE offer SET state = 'DECLINED', ended_at = $3, end_reason = $4
WHERE id = $1 AND driver_id = $2 AND state IN ('SENT', 'VIEWED') AND expires_at > $3
RETURNING id, market_id, route_id, wave_id
"""
OWN = "SELECT state FROM offer WHERE id = $1 AND driver_id = $2"


async def decline_offer(work: Work, *, offer_id: UUID, driver_id: UUID, reason: DeclineReason | None = None) -> None:
    """Ends an open offer by the driver's no; the last no of a wave sends the route on at once."""
    offer = await work.fetch_row(DECLINE, offer_id, driver_id, work.now, reason.value if reason else None)
    if offer is None:
        state = await work.fetch_value(OWN, offer_id, driver_id)
        if state is None:
            raise NotFound("there is no such offer", field="offerId")
        if state == OfferState.DECLINED.value:
            return
        row = await work.fetch_row(LOOK, offer_id, work.now)
        assert row is not None, "the offer was found a moment ago"
        raise refusal_of(row, work)
    work.emit(
        OfferDeclined(
            market_id=offer["market_id"],
            offer_id=offer["id"],
            route_id=offer["route_id"],
            driver_id=driver_id,
            reason=reason.value if reason else None,
        )
    )
    await exhaust_waves(work, [offer["wave_id"]])
    await settle_presence(work, [driver_id])
