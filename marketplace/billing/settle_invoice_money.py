"""Books what was paid for an invoice, by card or from outside the provider, and what of it went back.

The provider makes an invoice's payments itself. They are found by way of the invoice, and booked as those of charges
are: each payment with its fee and its day, its disputes, and refunds that somebody made by hand.
"""

import asyncpg

from marketplace.billing.paid import Paid, all_taken, book_taken, settle_taken
from marketplace.billing.queries import NOTE_INVOICE_MONEY
from marketplace.billing.settle_disputes import settle_disputes
from marketplace.billing.settle_hand_refunds import settle_hand_refunds
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import DELIVERY_REVENUE, OWNER_FUNDS, Entry, post_journal, shipper_receivable
from marketplace.payments import KnownObject, ObjectKind, known_objects

PAID_STATE = "paid"


async def settle_invoice_money(work: Work, invoice: asyncpg.Record) -> None:
    """Brings the ledger to what is known of the payments of an invoice, whose row is locked."""
    paid = Paid(noun="invoice", id=invoice["id"], market_id=invoice["market_id"], shipper_id=invoice["shipper_id"])
    await _book_paid_outside(work, paid, invoice)
    taken = all_taken(await known_objects(work, kind=ObjectKind.PAYMENT_INTENT, subject_id=paid.id))
    if not taken:
        return
    for one in taken:
        await book_taken(work, paid, one, shipper_receivable(paid.shipper_id))
    available_on, is_settled = await settle_taken(work, paid, taken)
    grown_minor = await settle_hand_refunds(
        work,
        paid,
        given=DELIVERY_REVENUE,
        left_minor=invoice["total_minor"] - invoice["refunded_minor"],
        intent_ids=frozenset(one.id for one in taken),
    )
    disputed_minor = await settle_disputes(work, paid)
    settled_at = (invoice["settled_at"] or work.now) if is_settled else None
    await work.execute(NOTE_INVOICE_MONEY, paid.id, grown_minor, disputed_minor, available_on, settled_at)


async def _book_paid_outside(work: Work, paid: Paid, invoice: asyncpg.Record) -> None:
    """What was paid past the provider, as by a bank transfer: the company has it, and the gateway never had."""
    for image in await known_objects(work, kind=ObjectKind.INVOICE, subject_id=paid.id):
        outside_minor = _outside_minor(image, invoice["total_minor"]) if image.state == PAID_STATE else 0
        if outside_minor > 0:
            amount = Money(outside_minor, invoice["currency"])
            await post_journal(
                work,
                market_id=paid.market_id,
                key=f"invoice:{paid.id}:paid_outside",
                kind="INVOICE_PAID_OUTSIDE",
                subject_id=paid.id,
                entries=[Entry(debit=OWNER_FUNDS, credit=shipper_receivable(paid.shipper_id), amount=amount)],
            )


def _outside_minor(image: KnownObject, total_minor: int) -> int:
    """What of a paid invoice no payment of the provider covers; nothing while its payments were not listed."""
    by_intents = image.facts.get("paid_by_intents_minor")
    if isinstance(by_intents, int):
        return total_minor - by_intents
    return 0 if image.facts.get("amount_paid") else total_minor
