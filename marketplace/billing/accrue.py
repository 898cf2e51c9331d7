"""Books what a shipper owes for a delivery, once the delivery has earned it."""

from uuid import UUID

from marketplace.batches.states import DeliveryState
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.ids import DeliveryId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import DELIVERY_REVENUE, Entry, JournalId, post_journal, shipper_receivable

EARNED_STATES = frozenset({DeliveryState.DELIVERED, DeliveryState.RETURNED})
"""Both are final, so a delivery that is read in one of them stays there."""

FIND_DELIVERY = "SELECT market_id, shipper_id, state, price_minor, currency FROM delivery WHERE id = $1"


class NotEarned(Conflict):
    """A delivery is not at its end yet, or ended without being owed."""

    code = "DELIVERY_NOT_EARNED"


async def accrue_delivery(work: Work, *, delivery_id: DeliveryId) -> JournalId | None:
    """Moves the delivery's price to what its shipper owes, once; None where the price is nothing.

    A delivery that came back is owed as one that arrived: the drive was made. Its return is a delivery of its own.
    """
    row = await work.fetch_row(FIND_DELIVERY, delivery_id)
    if row is None:
        raise NotFound("there is no such delivery")
    if row["state"] not in EARNED_STATES:
        raise NotEarned(f"a delivery that is {row['state']} is not charged; wait until it is delivered or returned")
    if row["price_minor"] == 0:
        return None
    return await post_journal(
        work,
        market_id=row["market_id"],
        key=charge_key(delivery_id),
        kind="DELIVERY_CHARGE",
        subject_id=delivery_id,
        entries=[
            Entry(
                debit=shipper_receivable(row["shipper_id"]),
                credit=DELIVERY_REVENUE,
                amount=Money(row["price_minor"], row["currency"]),
            )
        ],
    )


def charge_key(delivery_id: UUID) -> str:
    """The journal key under which a delivery is charged at most once."""
    return f"delivery:{delivery_id}:charge"
