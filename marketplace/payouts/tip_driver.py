"""Gives a driver a tip: whole, on a statement of its own, never counted to a floor and never taken for debt."""

from uuid import UUID

import asyncpg

from marketplace.batches.states import DeliveryState
from marketplace.billing import bill_tip
from marketplace.core.errors import Conflict, Invalid, LimitReached, NotFound
from marketplace.core.ids import DeliveryId, ShipperId, StatementId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import TIPS_CLEARING, Entry, LedgerAccount, driver_wallet, shipper_receivable
from marketplace.payouts.events import DriverTipped
from marketplace.payouts.post_to_wallet import NewStatement, write_statement
from marketplace.payouts.states import StatementKind
from marketplace.pricing import tip_digest, tip_line

TIPS_OF_A_DELIVERY = 10

# Two tips at once queue at the delivery, so that no more are given than may be.
LOCK_DELIVERY = """
SELECT id, market_id, shipper_id, route_id, state, currency FROM delivery
WHERE id = $1 AND ($2::uuid IS NULL OR shipper_id = $2) FOR NO KEY UPDATE
"""
WHO_DROVE = "SELECT driver_id FROM route WHERE id = $1"
JOURNAL = "SELECT journal_id FROM pay_statement WHERE id = $1"
TIPS_GIVEN = "SELECT count(*) FROM pay_statement WHERE delivery_id = $1"


class TooEarlyToTip(Conflict):
    """The delivery has not arrived yet, so nobody knows who brings it."""

    code = "TOO_EARLY_TO_TIP"


class BadTip(Invalid):
    """A tip that is nothing, or in another currency than the delivery."""

    code = "BAD_TIP"


class TooManyTips(LimitReached):
    """A delivery has been tipped as often as it may be."""

    code = "TOO_MANY_TIPS"


async def tip_driver(work: Work, *, delivery_id: DeliveryId, shipper_id: ShipperId, amount: Money) -> StatementId:
    """Tips the driver who brought a shipper's delivery; the shipper owes it like the delivery itself."""
    delivery = await work.fetch_row(LOCK_DELIVERY, delivery_id, shipper_id)
    statement_id = await _give(work, delivery, amount, shipper_receivable(shipper_id))
    await bill_tip(
        work, delivery_id=delivery_id, amount=amount, journal_id=await work.fetch_value(JOURNAL, statement_id)
    )
    return statement_id


async def book_tip(work: Work, *, delivery_id: DeliveryId, amount: Money, debit: LedgerAccount) -> StatementId:
    """Books a tip that somebody else has paid: `debit` is where that money stands. No count refuses what is paid."""
    delivery = await work.fetch_row(LOCK_DELIVERY, delivery_id, None)
    return await _give(work, delivery, amount, debit, is_paid=True)


async def _give(
    work: Work, delivery: asyncpg.Record | None, amount: Money, debit: LedgerAccount, *, is_paid: bool = False
) -> StatementId:
    if delivery is None:
        raise NotFound("there is no such delivery")
    if delivery["state"] != DeliveryState.DELIVERED:
        raise TooEarlyToTip("a tip is for the driver who brought the delivery; give it once it is delivered")
    if amount.minor <= 0 or amount.currency != delivery["currency"]:
        raise BadTip(f"a tip is more than nothing, in {delivery['currency']}", field="amountMinor")
    driver_id: UUID = await work.fetch_value(WHO_DROVE, delivery["route_id"])
    given = await work.fetch_value(TIPS_GIVEN, delivery["id"])
    if given >= TIPS_OF_A_DELIVERY and not is_paid:
        raise TooManyTips(f"a delivery is tipped {TIPS_OF_A_DELIVERY} times at most")
    line = tip_line(amount.minor)
    new = NewStatement(
        kind=StatementKind.TIP,
        market_id=delivery["market_id"],
        driver_id=driver_id,
        currency=amount.currency,
        key=f"tip:{delivery['id']}:{given}",
        facts={"amount_minor": amount.minor},
        lines=[line],
        digest=tip_digest(delivery["id"], line),
        more={"delivery_id": delivery["id"]},
    )
    # One commit through the clearing account, which is therefore empty at any moment.
    entries = [Entry(debit=TIPS_CLEARING, credit=driver_wallet(driver_id), amount=amount)]
    if debit != TIPS_CLEARING:
        entries.insert(0, Entry(debit=debit, credit=TIPS_CLEARING, amount=amount))
    statement_id = await write_statement(work, new, entries)
    work.emit(
        DriverTipped(
            market_id=delivery["market_id"],
            statement_id=statement_id,
            delivery_id=delivery["id"],
            driver_id=driver_id,
            shipper_id=delivery["shipper_id"],
            total_minor=amount.minor,
            currency=amount.currency,
        )
    )
    return statement_id
