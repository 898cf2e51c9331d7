"""Puts a tip that a shipper gave on its bill; the journal that brought it to the driver has booked it already."""

from marketplace.billing.accrue import collect_of
from marketplace.billing.queries import LOCK_DELIVERY, WRITE_LINE
from marketplace.billing.states import LineKind
from marketplace.core.errors import NotFound
from marketplace.core.ids import DeliveryId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import JournalId


async def bill_tip(work: Work, *, delivery_id: DeliveryId, amount: Money, journal_id: JournalId) -> None:
    """Writes the line, and collects it where the shipper pays by card or ahead."""
    row = await work.fetch_row(LOCK_DELIVERY, delivery_id)
    if row is None:
        raise NotFound("there is no such delivery")
    await work.execute(
        WRITE_LINE,
        work.new_id(),
        row["market_id"],
        row["shipper_id"],
        row["id"],
        row["batch_id"],
        LineKind.TIP.value,
        row["service_level"],
        amount.minor,
        amount.currency,
        None,
        journal_id,
        work.now,
    )
    await collect_of(work, row)
