"""Whatever shippers pay and drivers get, the ledger and the provider's own movements say the same to the cent."""

from collections.abc import AsyncIterator

import pytest

from marketplace.billing import Terms, refund_charge
from marketplace.core.clock import ManualClock
from marketplace.core.ids import MarketId
from marketplace.core.money import Money
from marketplace.core.work import Works
from marketplace.payments import Difference
from marketplace.payouts import PayoutState
from tests.marketplace.billing.world import BillingWorld
from tests.marketplace.payments.test_read_movements import compare
from tests.marketplace.payouts.test_with_the_provider import PaidThroughStripe
from tests.marketplace.payouts.world import make_pay_world
from tests.payment_worlds import PaymentWorld, open_payment_world


@pytest.fixture
async def payments(works: Works) -> AsyncIterator[PaymentWorld]:
    """A stand-in of the test's own, in which nothing has moved yet."""
    async with open_payment_world(works) as world:
        yield world


async def differences(payments: PaymentWorld, market_id: MarketId) -> list[tuple[Difference, bool, str]]:
    """What the two sides do not agree about."""
    report = await compare(payments, market_id)
    return [(one.code, one.is_connected, one.detail) for one in report.disagreements]


async def test_a_payout_is_the_same_on_both_sides_at_each_of_its_steps(works: Works, payments: PaymentWorld) -> None:
    await payments.float(100_000)
    async with works.open() as work:
        world = await make_pay_world(work, currency="USD")
    case = PaidThroughStripe(works, payments, world)
    [float_fee] = [one["fee"] for one in payments.rows("balance_transaction")]
    our_own = (Difference.FOREIGN_MOVEMENT, False, f"a charge of {100_000 - float_fee} that is not of our doing")

    driver_id = await case.driver()
    payout_id = await case.ask(driver_id)
    on_its_way = await differences(payments, world.market_id)
    assert await case.wait(driver_id, payout_id, days=3) is PayoutState.PAID

    assert on_its_way == [our_own]
    assert await differences(payments, world.market_id) == [our_own]


async def test_charges_refunds_fees_and_lost_disputes_are_the_same_on_both_sides(
    billing: BillingWorld, payments: PaymentWorld, clock: ManualClock
) -> None:
    await billing.open()
    await billing.bill(8_000, 4_500)
    await billing.bill(1_250)
    charge, _ = await billing.charges()
    async with billing.works.open() as work:
        back = Money(700, "USD")
        await refund_charge(work, market_id=billing.market.id, charge_id=charge.id, amount=back, reason="wet")
    await billing.run()
    taken = payments.rows("payment_intent")[-1]["latest_charge"]
    dispute = await payments.control("POST", f"/charges/{taken}/dispute", reason="fraudulent")
    await billing.run()
    await payments.control("POST", f"/disputes/{dispute['id']}/close", status="lost")
    await billing.run()
    await billing.pass_days(8)
    await billing.run()

    assert await differences(payments, MarketId(billing.market.id)) == []
    assert {one["type"] for one in payments.rows("balance_transaction")} == {"charge", "refund", "adjustment"}


async def test_invoices_paid_by_card_and_what_goes_back_by_hand_are_the_same_on_both_sides(
    billing: BillingWorld, payments: PaymentWorld, clock: ManualClock
) -> None:
    await billing.open(Terms.INVOICE, card=None)
    await billing.invoice_paid_by_card(8_000, 4_500)
    taken = payments.rows("payment_intent")[-1]
    await payments.v1.refunds.create_async({"payment_intent": taken["id"], "amount": 700})
    await billing.run()
    dispute = await payments.control("POST", f"/charges/{taken['latest_charge']}/dispute", amount=900)
    await billing.run()
    await payments.control("POST", f"/disputes/{dispute['id']}/close", status="lost")
    await billing.run()
    await billing.pass_days(8)
    await billing.sweep()

    assert await differences(payments, MarketId(billing.market.id)) == []
    assert {one["type"] for one in payments.rows("balance_transaction")} == {"charge", "refund", "adjustment"}


async def test_a_charge_that_the_ledger_missed_is_named(billing: BillingWorld, payments: PaymentWorld) -> None:
    await billing.open()
    await billing.bill(8_000)
    async with billing.works.open() as work:
        await work.execute("ALTER TABLE stripe_object DISABLE TRIGGER USER")
        await work.execute("UPDATE stripe_object SET subject_id = gen_random_uuid() WHERE kind = 'payment_intent'")

    told = await differences(payments, MarketId(billing.market.id))

    assert sorted(code for code, _, _ in told) == [Difference.MISSING_MOVEMENT, Difference.MISSING_POSTING]


@pytest.fixture
def billing(payments: PaymentWorld, clock: ManualClock) -> BillingWorld:
    """A billing world that is still to be opened."""
    return BillingWorld(payments, clock)
