"""Whatever happens, in whatever order: what the ledger says a shipper owes is what its bill says, and nothing hangs."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from marketplace.billing import (
    PROOFS_OF_BILLS,
    NotRefundable,
    RefundTooLarge,
    Terms,
    accrue_delivery,
    grant_goodwill,
    refund_charge,
)
from marketplace.billing.models import Charge
from marketplace.core.ids import DeliveryId, MarketId
from marketplace.core.money import Money
from marketplace.core.work import Works
from marketplace.ledger import DISPUTES_CLEARING, SUSPENSE, check_ledger, shipper_prepaid, shipper_receivable
from tests.builders import make_batch, make_delivery, make_hub, make_market, make_shipper
from tests.marketplace.billing.world import BillingWorld
from tests.marketplace.payments.test_read_movements import compare

STEPS = 14
OPEN_ON_THE_BILL = """
SELECT (SELECT coalesce(sum(amount_minor), 0) FROM bill_line WHERE charge_id IS NULL AND invoice_line_id IS NULL)
     + (SELECT coalesce(sum(amount_minor), 0) FROM charge WHERE means = 'CARD' AND state <> 'PAID')
     + (SELECT coalesce(sum(total_minor), 0) FROM invoice WHERE state <> 'PAID')
     - (SELECT coalesce(sum(refund.amount_minor), 0) FROM refund JOIN charge ON charge.id = charge_id
        WHERE refund.state = 'SENDING')
"""
HISTORIES = [*((Terms.CARD, seed) for seed in (1, 2)), (Terms.PREPAID, 3), (Terms.PREPAID, 5)]
HISTORIES += [(Terms.INVOICE, seed) for seed in (4, 6, 7)]


@pytest.mark.parametrize(("terms", "seed"), HISTORIES)
async def test_the_bill_and_the_ledger_say_the_same_after_any_history(
    billing: BillingWorld, terms: Terms, seed: int
) -> None:
    chance = random.Random(seed)
    await billing.open(terms)
    story = [chance.choice(list(DEEDS.values())) for _ in range(STEPS)]

    for deed in story:
        try:
            await deed(billing, chance)
        except (NotRefundable, RefundTooLarge):
            continue
        await billing.run()

    async with billing.works.open() as work:
        open_minor = await work.fetch_value(OPEN_ON_THE_BILL)
        uncollected = await work.fetch_value(
            "SELECT count(*) FROM charge WHERE means <> 'TOP_UP' AND amount_minor <>"
            " (SELECT sum(amount_minor) FROM bill_line WHERE charge_id = charge.id)"
        )
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == open_minor
    assert await billing.balance(shipper_prepaid(billing.shipper.id)) >= 0
    assert await billing.balance(SUSPENSE) == 0
    assert uncollected == 0
    async with billing.works.open() as work:
        report = await check_ledger(work, market_id=billing.market.id, further=PROOFS_OF_BILLS)
    assert report.is_sound
    await billing.pass_days(8)
    await billing.sweep()
    assert (await compare(billing.payments, MarketId(billing.market.id))).disagreements == ()


async def bill_some(billing: BillingWorld, chance: random.Random) -> None:
    await billing.bill(*(chance.randrange(500, 9_000) for _ in range(chance.randrange(1, 4))))


async def give_back(billing: BillingWorld, chance: random.Random) -> None:
    paid = [charge for charge in await billing.charges() if charge.state == "PAID"]
    if not paid:
        return
    charge = chance.choice(paid)
    amount = Money(chance.randrange(1, charge.amount_minor + 1), "USD")
    async with billing.works.open() as work:
        await refund_charge(work, market_id=billing.market.id, charge_id=charge.id, amount=amount, reason="a test")


async def be_kind(billing: BillingWorld, chance: random.Random) -> None:
    amount = Money(chance.randrange(1, 3_000), "USD")
    async with billing.works.open() as work:
        await grant_goodwill(
            work, market_id=billing.market.id, shipper_id=billing.shipper.id, amount=amount, reason="a test"
        )


async def pay_in(billing: BillingWorld, chance: random.Random) -> None:
    await billing.pay_in(chance.randrange(1_000, 20_000))


async def change_card(billing: BillingWorld, chance: random.Random) -> None:
    await billing.give_card(chance.choice(["pm_card_visa", "pm_card_chargeCustomerFail"]))


async def dispute(billing: BillingWorld, chance: random.Random) -> None:
    intents = [one for one in billing.payments.rows("payment_intent") if one["status"] == "succeeded"]
    charges = {row["id"]: row for row in billing.payments.rows("charge")}
    free = [one for one in intents if not charges[one["latest_charge"]]["disputed"]]
    free = [one for one in free if not charges[one["latest_charge"]]["amount_refunded"]]
    if free:
        taken = chance.choice(free)["latest_charge"]
        opened = await billing.payments.control("POST", f"/charges/{taken}/dispute", reason="fraudulent")
        await billing.run()
        verdict = chance.choice(["won", "lost"])
        await billing.payments.control("POST", f"/disputes/{opened['id']}/close", status=verdict)
        await billing.run()
        assert await billing.balance(DISPUTES_CLEARING) == 0


async def give_back_by_hand(billing: BillingWorld, chance: random.Random) -> None:
    charges = [one for one in billing.payments.rows("charge") if one["captured"] and not one["disputed"]]
    free = [one for one in charges if one["amount"] > one["amount_refunded"]]
    if free:
        charge = chance.choice(free)
        asked = {"charge": charge["id"], "amount": chance.randint(1, charge["amount"] - charge["amount_refunded"])}
        refund = await billing.payments.v1.refunds.create_async(asked)
        await billing.run()
        if refund.status == "succeeded" and chance.random() < 0.3:
            await billing.payments.control("POST", f"/refunds/{refund.id}/fail")


async def pay_invoice(billing: BillingWorld, chance: random.Random) -> None:
    for shown in billing.payments.rows("invoice"):
        if shown["status"] == "open" and chance.random() < 0.7:
            card = await billing.payments.v1.payment_methods.attach_async(
                "pm_card_visa", {"customer": shown["customer"]}
            )
            how = chance.choice([{"paid_out_of_band": True}, {"payment_method": card.id}, {"payment_method": card.id}])
            await billing.payments.v1.invoices.pay_async(shown["id"], how)


async def wait(billing: BillingWorld, chance: random.Random) -> None:
    await billing.pass_days(chance.choice([0.5, 1, 3, 31]))
    await billing.sweep()


Deed = Callable[[BillingWorld, random.Random], Awaitable[None]]
DEEDS: dict[str, Deed] = {
    "bill": bill_some,
    "bill again": bill_some,
    "refund": give_back,
    "goodwill": be_kind,
    "top up": pay_in,
    "card": change_card,
    "dispute": dispute,
    "refund by hand": give_back_by_hand,
    "pay an invoice": pay_invoice,
    "wait": wait,
}


async def test_a_charge_that_its_lines_do_not_add_up_to_is_refused_when_it_is_committed(
    committed_works: Works,
) -> None:
    async with committed_works.open() as work:
        market = await make_market(work)
        shipper = await make_shipper(work, market)

    with pytest.raises(asyncpg.CheckViolationError, match="and its lines are"):
        async with committed_works.open() as work:
            await Charge.create(
                using_db=work.db,
                id=work.new_id(),
                market_id=market.id,
                shipper_id=shipper.id,
                means="CARD",
                amount_minor=1_000,
                currency="CLP",
                state="OPEN",
                created_at=work.now,
            )


async def test_a_batch_whose_last_deliveries_end_at_once_is_charged_once(committed_works: Works) -> None:
    async with committed_works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        await work.execute("UPDATE billing_profile SET terms = 'CARD', customer_id = 'cus_1', card_id = 'pm_1'")
        batch = await make_batch(work, market, shipper)
        ended = {"state": "DELIVERED", "price_minor": 300}
        deliveries = [await make_delivery(work, market, shipper, hub, batch, **ended) for _ in range(8)]

    async def bill(delivery_id: DeliveryId) -> None:
        async with committed_works.open() as work:
            await accrue_delivery(work, delivery_id=delivery_id)

    ids = [DeliveryId(delivery.id) for delivery in deliveries]
    await asyncio.gather(*(bill(one) for one in [*ids, *ids]))

    async with committed_works.open() as work:
        charges = await work.fetch("SELECT amount_minor, state FROM charge")
        wanted = await work.fetch_value("SELECT count(*) FROM stripe_operation")
    assert [tuple(row) for row in charges] == [(2_400, "OPEN")]
    assert wanted == 1
