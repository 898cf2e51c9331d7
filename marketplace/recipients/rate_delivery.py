"""A recipient rates a delivery, once. A rating moves nobody's pay or offers.

Standing reads it by published rules: a low one counts only with a reason that is the driver's own.
"""

from collections.abc import Iterable
from uuid import UUID

from marketplace.batches import DeliveryState
from marketplace.core.errors import Conflict, Invalid, NotFound
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Work
from marketplace.recipients.events import DeliveryRated
from marketplace.recipients.states import RatingReason

STARS = range(1, 6)
FIND = """
SELECT d.market_id, d.shipper_id, d.state, r.driver_id FROM delivery d LEFT JOIN route r ON r.id = d.route_id
WHERE d.id = $1
"""
# Of two ratings at once the unique delivery keeps the first.
KEEP = """
INSERT INTO rating (id, market_id, delivery_id, driver_id, stars, reasons, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (delivery_id) DO NOTHING RETURNING id
"""


class BadRating(Invalid):
    """Not 1 to 5 stars."""

    code = "BAD_RATING"


class NotDeliveredYet(Conflict):
    """There is nothing to rate yet."""

    code = "NOT_DELIVERED_YET"


class AlreadyRated(Conflict):
    """The delivery was rated before."""

    code = "ALREADY_RATED"


async def rate_delivery(
    work: Work, *, delivery_id: DeliveryId, stars: int, reasons: Iterable[RatingReason] = ()
) -> UUID:
    """Keeps what the recipient thought of a delivery that has arrived."""
    if stars not in STARS:
        raise BadRating("a rating has 1 to 5 stars", field="stars")
    delivery = await work.fetch_row(FIND, delivery_id)
    if delivery is None:
        raise NotFound("there is no such delivery")
    if delivery["state"] != DeliveryState.DELIVERED or delivery["driver_id"] is None:
        raise NotDeliveredYet("rate the delivery once it has arrived")
    words = sorted({reason.value for reason in reasons})
    whose = (delivery["market_id"], delivery_id, delivery["driver_id"])
    rating_id: UUID | None = await work.fetch_value(KEEP, work.new_id(), *whose, stars, words, work.now)
    if rating_id is None:
        raise AlreadyRated("this delivery was rated before; a rating stays")
    work.emit(
        DeliveryRated(
            market_id=delivery["market_id"],
            shipper_id=delivery["shipper_id"],
            delivery_id=delivery_id,
            driver_id=delivery["driver_id"],
            stars=stars,
        )
    )
    return rating_id
