"""The proofs of bills find what is wrong with invoices, refunds by hand and exchanges; a sound ledger has none."""

from marketplace.billing import PROOFS_OF_BILLS, Terms
from marketplace.core.money import Money
from marketplace.ledger import (
    EXCHANGE,
    GATEWAY_AVAILABLE,
    GATEWAY_PENDING,
    Entry,
    check_ledger,
    post_journal,
    shipper_receivable,
)
from tests.marketplace.billing.world import BillingWorld


async def test_an_invoice_that_was_paid_twice_is_named(billing: BillingWorld) -> None:
    await billing.open(Terms.INVOICE, card=None)
    invoice = await billing.invoice_paid_by_card(6_500)
    assert await findings(billing) == []

    paid = Entry(debit=GATEWAY_PENDING, credit=shipper_receivable(billing.shipper.id), amount=Money(6_500, "USD"))
    async with billing.works.open() as work:
        await post_journal(
            work, market_id=billing.market.id, key="again", kind="INVOICE_PAID", subject_id=invoice.id, entries=[paid]
        )

    assert await findings(billing) == ["INVOICE_PAID_TOO_MUCH"]


async def test_a_refund_by_hand_that_moved_nothing_is_named(billing: BillingWorld) -> None:
    await billing.open()
    await billing.bill(6_500)
    [intent] = billing.payments.rows("payment_intent")
    await billing.payments.v1.refunds.create_async({"payment_intent": intent["id"], "amount": 700})
    await billing.run()
    assert await findings(billing) == []

    async with billing.works.open() as work:
        await work.execute("UPDATE refund SET state = 'FAILED'")

    assert await findings(billing) == ["HAND_REFUND_NOT_BOOKED"]


async def test_an_exchange_with_one_side_is_named(billing: BillingWorld) -> None:
    await billing.open()
    half = Entry(debit=EXCHANGE, credit=GATEWAY_AVAILABLE, amount=Money(1, "USD"))

    async with billing.works.open() as work:
        await post_journal(
            work, market_id=billing.market.id, key="half", kind="TEST", subject_id=work.new_id(), entries=[half]
        )

    assert await findings(billing) == ["EXCHANGE_ONE_SIDED"]


async def findings(billing: BillingWorld) -> list[str]:
    """The codes of what the check finds."""
    async with billing.works.open() as work:
        report = await check_ledger(work, market_id=billing.market.id, further=PROOFS_OF_BILLS)
    return [finding.code for finding in report.findings]
