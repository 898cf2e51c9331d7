"""Where the provider settles in another currency than was charged, each currency still sums to nothing."""

from marketplace.billing import refund_charge
from marketplace.core.ids import MarketId
from marketplace.core.money import Money
from marketplace.ledger import (
    DISPUTES_CLEARING,
    EXCHANGE,
    GATEWAY_AVAILABLE,
    GATEWAY_FEE,
    GATEWAY_PENDING,
    LedgerAccount,
    balance_of,
    shipper_receivable,
)
from tests.marketplace.billing.test_invoice_money import is_sound
from tests.marketplace.billing.world import BillingWorld
from tests.marketplace.payments.test_read_movements import compare

RATE = 1.25


async def test_a_charge_in_another_currency_settles_by_the_exchange_account(billing: BillingWorld) -> None:
    await opened(billing)
    await billing.bill(6_500)

    await billing.make_settled()
    await billing.sweep()

    [charge] = await billing.charges()
    [movement] = billing.payments.rows("balance_transaction")
    assert (movement["amount"], movement["currency"], movement["exchange_rate"]) == (8_125, "usd", RATE)
    assert charge.settled_at is not None
    assert await balances(billing, GATEWAY_PENDING) == (0, 0)
    assert await balances(billing, GATEWAY_FEE) == (0, movement["fee"])
    assert await balances(billing, GATEWAY_AVAILABLE) == (0, movement["net"])
    assert await balances(billing, EXCHANGE) == (6_500, -8_125)
    assert await balances(billing, shipper_receivable(billing.shipper.id)) == (0, 0)
    await is_sound(billing)


async def test_refunds_and_disputes_leave_in_the_currency_that_was_settled(billing: BillingWorld) -> None:
    await opened(billing)
    await billing.bill(6_500)
    [charge] = await billing.charges()
    async with billing.works.open() as work:
        back = Money(700, "EUR")
        await refund_charge(work, market_id=billing.market.id, charge_id=charge.id, amount=back, reason="wet")
    await billing.run()
    [intent] = billing.payments.rows("payment_intent")
    await billing.payments.v1.refunds.create_async({"payment_intent": intent["id"], "amount": 300})
    await billing.run()
    dispute = await billing.payments.control("POST", f"/charges/{intent['latest_charge']}/dispute", amount=1_000)
    await billing.run()

    fee = round(1_500 * RATE)
    assert await balances(billing, GATEWAY_AVAILABLE) == (0, -round((700 + 300 + 1_000) * RATE) - fee)
    assert await balances(billing, DISPUTES_CLEARING) == (1_000, 0)
    await billing.payments.control("POST", f"/disputes/{dispute['id']}/close", status="won")
    await billing.run()
    assert await balances(billing, GATEWAY_AVAILABLE) == (0, -round((700 + 300) * RATE) - fee)
    assert await balances(billing, DISPUTES_CLEARING) == (0, 0)
    await is_sound(billing)


async def test_both_sides_say_the_same_of_what_was_exchanged(billing: BillingWorld) -> None:
    await test_refunds_and_disputes_leave_in_the_currency_that_was_settled(billing)
    await billing.pass_days(8)
    await billing.sweep()

    report = await compare(billing.payments, MarketId(billing.market.id))

    assert report.disagreements == ()


async def opened(billing: BillingWorld) -> None:
    """A shipper that pays in euros, which the provider settles in dollars."""
    await billing.open(currency="EUR")
    await billing.payments.control("POST", "/conversions", **{"from": "eur", "to": "usd", "rate": RATE})


async def balances(billing: BillingWorld, account: LedgerAccount) -> tuple[int, int]:
    """What stands on an account in euros and in dollars."""
    async with billing.works.open() as work:
        found = [
            await balance_of(work, market_id=billing.market.id, account=account, currency=currency)
            for currency in ("EUR", "USD")
        ]
    return found[0].minor, found[1].minor
