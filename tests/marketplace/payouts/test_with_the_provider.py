"""Payouts from the wallet to the bank, through our own adapter and the stand-in, and what goes wrong there."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.ids import DriverId, PayoutId
from marketplace.core.work import Works
from marketplace.ledger import GATEWAY_AVAILABLE, balance_of, check_ledger, driver_connected
from marketplace.payouts import (
    PayoutMethod,
    PayoutState,
    find_payout,
    money_attention,
    open_payout_account,
    quote_payout,
    request_payout,
    settle_account,
    settle_payout,
    sweep_payouts,
)
from tests.marketplace.payouts.world import PayWorld, make_paid_driver, make_pay_world, payout_row, wallet_minor
from tests.payment_worlds import PaymentWorld, open_payment_world

CENTS = 4140


class PaidThroughStripe:
    """A market in dollars, the stand-in, and what the workers and the inbox would do."""

    def __init__(self, works: Works, payments: PaymentWorld, world: PayWorld) -> None:
        self.works, self.payments, self.world = works, payments, world

    async def driver(self, *, is_verified: bool = True) -> DriverId:
        """A driver with 41.40 dollars to be paid, and an account of their own."""
        async with self.works.open() as work:
            driver_id, _ = await make_paid_driver(work, self.world, has_account=False)
            await open_payout_account(work, driver_id=driver_id)
        await self.go_on(driver_id)
        if is_verified:
            await self.payments.control("POST", f"/accounts/{await self.account(driver_id)}/verify")
            await self.bank(driver_id, "000123456789")
        return driver_id

    async def account(self, driver_id: UUID) -> str:
        """The name of the driver's account."""
        async with self.works.open() as work:
            name: str = await work.fetch_value("SELECT account FROM payout_account WHERE driver_id = $1", driver_id)
        return name

    async def bank(self, driver_id: UUID, number: str | None = None, token: str | None = None) -> None:
        """The driver names a bank account or card, and we hear of it."""
        wishes = {"token": token} if token else {"account_number": number}
        await self.payments.control("POST", f"/accounts/{await self.account(driver_id)}/bank", **wishes)
        await self.go_on(driver_id)

    async def hear(self) -> None:
        """The provider tells what has happened there, and we look."""
        await self.payments.hear()
        await self.payments.apply_all()

    async def go_on(self, driver_id: UUID) -> None:
        """Sends and settles until nothing is left to do."""
        for _ in range(20):
            sent = await self.payments.send_all()
            await self.hear()
            async with self.works.open() as work:
                await settle_account(work, payee_id=driver_id)
                due = await sweep_payouts(work, market_id=self.world.market_id)
                for payout_id in due:
                    await settle_payout(work, payout_id=payout_id)
            if not sent and not due:
                return
        raise AssertionError("it does not come to an end")

    async def ask(self, driver_id: DriverId, method: PayoutMethod = PayoutMethod.STANDARD) -> PayoutId:
        """The driver asks for a payout, and everything that follows at once follows."""
        async with self.works.open() as work:
            quote = await quote_payout(work, driver_id=driver_id, method=method)
            payout_id = await request_payout(work, driver_id=driver_id, method=method, quote_id=quote.id)
        await self.go_on(driver_id)
        return payout_id

    async def wait(self, driver_id: UUID, payout_id: PayoutId, **time: int) -> PayoutState:
        """Lets time pass at the provider, hears of it, and goes on."""
        await self.payments.pass_time(int(timedelta(**time).total_seconds()))
        await self.go_on(driver_id)
        return await self.state(payout_id)

    async def state(self, payout_id: PayoutId) -> PayoutState:
        """Where the payout is."""
        async with self.works.open() as work:
            return PayoutState((await payout_row(work, payout_id))["state"])

    async def assert_same_books(self, driver_id: DriverId) -> None:
        """Our books say what the stand-in says, to the cent."""
        async with self.works.open() as work:
            theirs = await self.payments.balance(await self.account(driver_id))
            ours = await balance_of(
                work, market_id=self.world.market.id, account=driver_connected(driver_id), currency="USD"
            )
            sent = await balance_of(work, market_id=self.world.market.id, account=GATEWAY_AVAILABLE, currency="USD")
            report = await check_ledger(work, market_id=self.world.market.id)
        assert ours.minor == sum(theirs)
        assert -sent.minor == sum(row["amount"] for row in self.payments.rows("transfer"))
        assert report.is_sound


@pytest.fixture
async def case(works: Works) -> AsyncIterator[PaidThroughStripe]:
    """A market in dollars and a platform with a thousand of them."""
    async with open_payment_world(works) as payments:
        await payments.float(100_000)
        async with works.open() as work:
            world = await make_pay_world(work, currency="USD")
        yield PaidThroughStripe(works, payments, world)


async def test_a_driver_is_paid_from_wallet_to_bank(case: PaidThroughStripe) -> None:
    driver_id = await case.driver()
    payout_id = await case.ask(driver_id)
    assert await case.state(payout_id) is PayoutState.IN_TRANSIT
    await case.assert_same_books(driver_id)

    assert await case.wait(driver_id, payout_id, days=3) is PayoutState.PAID

    [transfer], [payout] = case.payments.rows("transfer"), case.payments.rows("payout")
    assert (transfer["amount"], payout["amount"], payout["status"]) == (CENTS, CENTS, "paid")
    await case.assert_same_books(driver_id)
    async with case.works.open() as work:
        told = await find_payout(work.connection, payout_id=payout_id, driver_id=driver_id)
    assert told is not None
    assert sorted(step["kind"] for step in told["steps"]) == ["PAID", "RESERVED", "SENT_TO_BANK", "TRANSFERRED"]
    assert told["entries"] == [{"kind": "DRIVER_PAY", "amount_minor": CENTS}]


async def test_a_payout_that_comes_back_after_it_was_paid_goes_to_the_new_bank_72_hours_after_it_was_named(
    case: PaidThroughStripe, clock: ManualClock
) -> None:
    driver_id = await case.driver()
    payout_id = await case.ask(driver_id)
    assert await case.wait(driver_id, payout_id, days=3) is PayoutState.PAID
    await case.payments.control("POST", f"/payouts/{case.payments.rows('payout')[0]['id']}/fail")
    assert await case.wait(driver_id, payout_id, days=0) is PayoutState.FAILED
    clock.advance(seconds=2 * 86_400)
    await case.go_on(driver_id)
    assert await case.state(payout_id) is PayoutState.FAILED
    async with case.works.open() as work:
        [matter] = await money_attention(work.connection, market_id=case.world.market.id)
        assert (matter.kind, matter.amount_minor, matter.reason) == ("PAYOUT_FAILED", CENTS, "account_closed")

    await case.bank(driver_id, "000987654321")
    await case.go_on(driver_id)
    assert await case.state(payout_id) is PayoutState.ON_HOLD
    assert len(case.payments.rows("payout")) == 1
    clock.advance(seconds=72 * 3600)
    await case.go_on(driver_id)
    assert await case.wait(driver_id, payout_id, days=3) is PayoutState.PAID

    assert [row["status"] for row in case.payments.rows("payout")] == ["failed", "paid"]
    assert len(case.payments.rows("transfer")) == 1
    await case.assert_same_books(driver_id)


async def test_an_account_that_is_stopped_midway_is_paid_when_it_is_told_enough(case: PaidThroughStripe) -> None:
    driver_id = await case.driver()
    account = await case.account(driver_id)
    async with case.works.open() as work:
        payout_id = await request_payout(work, driver_id=driver_id)
    await case.payments.send_all()
    await case.payments.control("POST", f"/accounts/{account}/reject")
    async with case.works.open() as work:
        await settle_payout(work, payout_id=payout_id)
    await case.go_on(driver_id)

    assert await case.state(payout_id) is PayoutState.ON_HOLD
    async with case.works.open() as work:
        assert (await payout_row(work, payout_id))["reason"] == "ACCOUNT"
        assert await wallet_minor(work, case.world, driver_id) == (0, 0)
    await case.assert_same_books(driver_id)


async def test_a_platform_that_is_short_pays_when_balance_comes_and_shows_what_waits(case: PaidThroughStripe) -> None:
    first, second = await case.driver(), await case.driver()
    there, _ = await case.payments.balance()
    elsewhere = await case.payments.driver()
    await case.payments.v1.transfers.create_async(
        {"amount": there - CENTS, "currency": "usd", "destination": elsewhere}
    )
    paid, waits = await case.ask(first), await case.ask(second)

    assert [await case.state(paid), await case.state(waits)] == [PayoutState.IN_TRANSIT, PayoutState.SCHEDULED]
    async with case.works.open() as work:
        told = await find_payout(work.connection, payout_id=waits)
        [matter] = await money_attention(work.connection, market_id=case.world.market.id)
        assert told is not None
        assert (told["waits_for"], matter.kind, matter.amount_minor) == ("BALANCE", "WAITS_FOR_BALANCE", CENTS)
        assert await wallet_minor(work, case.world, second) == (0, CENTS)
    await case.payments.float(10_000)
    await case.payments.stop_waiting()
    await case.go_on(second)

    assert await case.state(waits) is PayoutState.IN_TRANSIT
    assert [row["amount"] for row in case.payments.rows("transfer")][1:] == [CENTS, CENTS]


async def test_while_the_provider_is_down_requests_are_taken_and_what_is_open_is_seen(case: PaidThroughStripe) -> None:
    driver_id = await case.driver()
    await case.payments.control("POST", "/faults", fault="timeout_before", match="*", times=1_000)

    payout_id = await case.ask(driver_id)

    assert await case.state(payout_id) is PayoutState.SCHEDULED
    async with case.works.open() as work:
        [matter] = await money_attention(work.connection, market_id=case.world.market.id)
        assert (matter.kind, matter.amount_minor, matter.reason) == ("OPERATION_UNKNOWN", CENTS, "TRANSFER: unknown")
    await case.payments.control("DELETE", "/faults")
    await case.payments.stop_waiting()
    await case.go_on(driver_id)
    assert await case.state(payout_id) is PayoutState.IN_TRANSIT
    assert len(case.payments.rows("transfer")) == 1


async def test_an_instant_payout_costs_its_fee_where_there_is_a_card(
    case: PaidThroughStripe, clock: ManualClock
) -> None:
    driver_id = await case.driver()
    await case.bank(driver_id, token="tok_visa_debit_us_transferSuccess")
    clock.advance(seconds=72 * 3600)

    payout_id = await case.ask(driver_id, PayoutMethod.INSTANT)

    [payout] = case.payments.rows("payout")
    assert (payout["method"], payout["amount"]) == ("instant", CENTS - 41)
    assert await case.wait(driver_id, payout_id, minutes=31) is PayoutState.PAID
    await case.assert_same_books(driver_id)


async def test_nothing_goes_to_a_driver_whom_the_provider_does_not_know_yet(case: PaidThroughStripe) -> None:
    driver_id = await case.driver(is_verified=False)

    async with case.works.open() as work:
        [matter] = await money_attention(work.connection, market_id=case.world.market.id)
        assert (matter.kind, matter.driver_id, matter.amount_minor) == ("ACCOUNT_NOT_READY", driver_id, CENTS)
        assert await wallet_minor(work, case.world, driver_id) == (CENTS, 0)
