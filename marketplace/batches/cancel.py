"""A shipper calls a delivery off, which is possible until a driver has picked it up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from marketplace.batches.events import DeliveryCancelled
from marketplace.batches.settle_stock import settle_stock
from marketplace.batches.states import STEPS, CancelReason, DeliveryState
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.docks import release_slots
from marketplace.pricing import Promises, RateCard
from marketplace.shippers import rate_card_version

FIND = """
SELECT id, market_id, shipper_id, batch_id, route_id, state, sequence, service_level, rate_card_version, price_minor,
       currency, fee_minor, pickup_opens_at, attempts
FROM delivery WHERE id = $1 AND shipper_id = $2
"""
LOCK = f"{FIND} FOR UPDATE"
CANCEL = """
UPDATE delivery SET state = 'CANCELLED', failure_reason = $2, sequence = sequence + 1, changed_at = $3, fee_minor = $4,
       needs_review = false
WHERE id = $1 RETURNING sequence
"""


class TooLateToCancel(Conflict):
    """The parcel is on its way or has arrived; a return is another thing."""

    code = "TOO_LATE_TO_CANCEL"


class FeeChanged(Conflict):
    """Calling off costs more by now than the caller has agreed to."""

    code = "CANCELLATION_FEE_CHANGED"


@dataclass(frozen=True, slots=True, kw_only=True)
class CancellationQuote:
    """What calling a delivery off costs at this moment, and until when it is free; None where it is not free now."""

    fee: Money
    free_until: datetime | None
    promises: Promises

    @property
    def rule(self) -> dict[str, int]:
        """The rule in figures: free until so many seconds before pickup, then percent of the price by its state."""
        return {
            "free_s": self.promises.cancel_free_s,
            "late_percent": self.promises.cancel_late_percent,
            "taken_percent": self.promises.cancel_taken_percent,
            "at_pickup_percent": self.promises.cancel_at_pickup_percent,
        }


async def quote_cancellation(work: Work, *, shipper_id: UUID, delivery_id: UUID) -> CancellationQuote:
    """What calling off would cost now, by the rate card under which the delivery was posted."""
    row = await work.fetch_row(FIND, delivery_id, shipper_id)
    if row is None:
        raise NotFound("there is no such delivery", field="deliveryId")
    if DeliveryState.CANCELLED not in STEPS[DeliveryState(row["state"])]:
        raise TooLateToCancel(f"a delivery that is {row['state']} can no longer be cancelled", field="deliveryId")
    return await _quote(work, row)


async def cancel_delivery(
    work: Work,
    *,
    shipper_id: UUID,
    delivery_id: UUID,
    reason: CancelReason,
    fee_at_most_minor: int | None = None,
) -> asyncpg.Record:
    """Cancels a delivery before its pickup; a second call finds it cancelled and changes nothing.

    The fee is fixed here. With `fee_at_most_minor` a higher one is refused, so that nobody pays more than was shown.
    A route that it was on is mended by what follows from the event: an offered one dissolves, a driven one skips it.
    """
    # Closes the race against accept and pick-up: both change this row under its lock.
    row = await work.fetch_row(LOCK, delivery_id, shipper_id)
    if row is None:
        raise NotFound("there is no such delivery", field="deliveryId")
    state = DeliveryState(row["state"])
    if state is DeliveryState.CANCELLED:
        return row
    if DeliveryState.CANCELLED not in STEPS[state]:
        raise TooLateToCancel(f"a delivery that is {state.value} can no longer be cancelled", field="deliveryId")
    fee = (await _quote(work, row)).fee
    if fee_at_most_minor is not None and fee.minor > fee_at_most_minor:
        raise FeeChanged(f"calling this off costs {fee.minor} {fee.currency} by now; agree to that", field="feeAtMost")
    sequence = await work.fetch_value(CANCEL, delivery_id, reason.value, work.now, fee.minor)
    await settle_stock(work, [delivery_id])
    await release_slots(work, [delivery_id])
    work.emit(
        DeliveryCancelled(
            market_id=row["market_id"],
            shipper_id=row["shipper_id"],
            delivery_id=row["id"],
            batch_id=row["batch_id"],
            sequence=sequence,
            state=DeliveryState.CANCELLED,
            reason=reason.value,
        )
    )
    return row


async def _quote(work: Work, row: asyncpg.Record) -> CancellationQuote:
    promises = await promises_of(work, row)
    until_pickup_s = (row["pickup_opens_at"] - work.now).total_seconds()
    if row["attempts"]:  # the drive was made, and the price of it is owed
        return CancellationQuote(fee=Money(row["price_minor"], row["currency"]), free_until=None, promises=promises)
    minor = promises.cancellation_fee(price_minor=row["price_minor"], state=row["state"], until_pickup_s=until_pickup_s)
    free_until = row["pickup_opens_at"] - timedelta(seconds=promises.cancel_free_s)
    return CancellationQuote(
        fee=Money(minor, row["currency"]),
        free_until=free_until if minor == 0 and free_until > work.now else None,
        promises=promises,
    )


async def promises_of(work: Work, delivery: asyncpg.Record) -> Promises:
    """What the rate card promised under which a delivery was posted."""
    if delivery["rate_card_version"] is None:
        return Promises()
    card = await rate_card_version(
        work,
        shipper_id=delivery["shipper_id"],
        market_id=delivery["market_id"],
        service_level=delivery["service_level"],
        version=delivery["rate_card_version"],
    )
    return RateCard.of(dict(card)).promises if card else Promises()
