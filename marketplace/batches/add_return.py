"""The return of a parcel is a delivery of its own: turned round, priced by the same card, billed when it is there."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from marketplace.batches.states import DeliveryState
from marketplace.core.work import Work
from marketplace.pricing import RateCard, price_delivery, total_minor
from marketplace.shippers import rate_card_row

RETURN_WITHIN = timedelta(hours=24)
"""A parcel that is back within this time is back in time."""
LONGEST_EXTERNAL_ID = 100

PRICED_BY = """
SELECT shipper_id, market_id, service_level, created_at, price_minor, external_id FROM delivery WHERE id = $1
"""
# Turned round inside the database: names, phones and addresses do not leave it. A hub stands for the pickup where the
# parcel goes to one instead.
INSERT_RETURN = """
INSERT INTO delivery (id, market_id, shipper_id, batch_id, external_id, digest, state, sequence, service_level,
    return_of, route_id, pickup_lat, pickup_lon, pickup_address, pickup_name, pickup_phone, pickup_opens_at,
    pickup_closes_at, dropoff_lat, dropoff_lon, dropoff_address, recipient_name, recipient_phone, instructions,
    dropoff_opens_at, dropoff_closes_at, time_zone, load, pallet_places, requirements, price_minor, currency, priority,
    plan_after, created_at, changed_at)
SELECT $2, d.market_id, d.shipper_id, d.batch_id, $3, $4, $9, 1, d.service_level,
    d.id, d.route_id, d.dropoff_lat, d.dropoff_lon, d.dropoff_address, d.recipient_name, d.recipient_phone, $6,
    $6, coalesce(h.lat, d.pickup_lat), coalesce(h.lon, d.pickup_lon), coalesce(h.address, d.pickup_address),
    coalesce(h.name, d.pickup_name), CASE WHEN h.id IS NULL THEN d.pickup_phone ELSE '' END, '',
    $6, $7, d.time_zone, d.load, d.pallet_places, '{}', $5, d.currency, d.priority, $6,
    $6, $6
FROM delivery d LEFT JOIN hub h ON h.id = $8 WHERE d.id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedReturn:
    """The return that was written."""

    id: UUID
    dropoff_closes_at: datetime


async def add_return(
    work: Work,
    *,
    delivery_id: UUID,
    distance_m: int,
    state: DeliveryState = DeliveryState.PICKED_UP,
    hub_id: UUID | None = None,
) -> AddedReturn:
    """Writes the return of a delivery whose row is locked; without a hub it goes to where it was picked up."""
    original = await work.fetch_row(PRICED_BY, delivery_id)
    assert original is not None, "the original is locked"
    return_id, closes_at = work.new_id(), work.now + RETURN_WITHIN
    card = await rate_card_row(
        work,
        shipper_id=original["shipper_id"],
        market_id=original["market_id"],
        service_level=original["service_level"],
        moment=original["created_at"],
    )
    # By the card under which the delivery was posted; without one the way back costs what the way there did.
    # What was moved for nothing goes back for nothing.
    price_minor = original["price_minor"]
    if card is not None and price_minor:
        price_minor = total_minor(price_delivery(RateCard.of(dict(card)), distance_m=distance_m))
    external_id = await _external_id(work, original["shipper_id"], original["external_id"], return_id)
    digest = sha256(return_id.bytes).digest()
    values = (external_id, digest, price_minor, work.now, closes_at, hub_id, state.value)
    await work.execute(INSERT_RETURN, delivery_id, return_id, *values)
    return AddedReturn(id=return_id, dropoff_closes_at=closes_at)


async def _external_id(work: Work, shipper_id: UUID, external_id: str, return_id: UUID) -> str:
    """The shipper's reference with `-return` behind it, made unique where that is too long or taken."""
    plain = f"{external_id}-return"
    is_taken = await work.fetch_value(
        "SELECT true FROM delivery WHERE shipper_id = $1 AND external_id = $2", shipper_id, plain
    )
    if is_taken or len(plain) > LONGEST_EXTERNAL_ID:
        return f"{external_id[:80]}-{return_id.hex[-12:]}-return"
    return plain
