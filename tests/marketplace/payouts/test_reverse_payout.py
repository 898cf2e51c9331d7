"""A transfer that is taken back, by operations or by hand at the provider, is followed to the cent in any order."""

from collections.abc import AsyncIterator
from random import Random

import pytest

from marketplace.accounts import add_operator
from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.ids import DriverId, OperatorId, PayoutId
from marketplace.core.work import Works
from marketplace.ledger import (
    GATEWAY_AVAILABLE,
    GOODWILL,
    LedgerAccount,
    balance_of,
    check_ledger,
    driver_connected,
    driver_debt,
    driver_shortfall,
)
from marketplace.payments import OperationKind
from marketplace.payouts import (
    PROOFS_OF_PAY,
    PayoutNotHeld,
    PayoutNotTransferred,
    PayoutOnItsWay,
    PayoutState,
    ReasonMissing,
    find_earnings,
    find_payout,
    hold_payout,
    release_payout,
    request_payout,
    reverse_payout,
    settle_payout,
    sweep_payouts,
)
from tests.marketplace.payments.test_read_movements import compare
from tests.marketplace.payouts.test_with_the_provider import CENTS, PaidThroughStripe
from tests.marketplace.payouts.world import make_pay_world, payout_row, wallet_minor
from tests.payment_worlds import open_payment_world


class Reversed(PaidThroughStripe):
    """What somebody does at the provider's dashboard, and what both sides then say."""

    marta: OperatorId

    async def take_back(self, amount: int | None = None, *, payout: int = 0) -> None:
        """Reverses a transfer, or a part of it, by hand."""
        transfer = self.payments.rows("transfer")[payout]["id"]
        await self.payments.v1.transfers.reversals.create_async(transfer, {"amount": amount} if amount else {})

    async def reverse(self, payout_id: PayoutId, reason: str = "left the company") -> PayoutState:
        """Operations decide."""
        async with self.works.open() as work:
            return await reverse_payout(work, payout_id=payout_id, operator_id=self.marta, reason=reason)

    async def fail_at_bank(self, driver_id: DriverId) -> None:
        """The bank sends back what was sent last."""
        await self.payments.control("POST", f"/payouts/{self.payments.rows('payout')[-1]['id']}/fail")
        await self.go_on(driver_id)

    async def money(self, driver_id: DriverId) -> dict[str, int]:
        """Wallet, debt, and what lies on our own account and on the driver's, by our books."""
        async with self.works.open() as work:
            market_id = self.world.market.id
            there = {
                name: (await balance_of(work, market_id=market_id, account=account, currency="USD")).minor
                for name, account in {
                    "debt": driver_debt(driver_id),
                    "connected": driver_connected(driver_id),
                    "ours": GATEWAY_AVAILABLE,
                }.items()
            }
            return {"wallet": (await wallet_minor(work, self.world, driver_id))[0], **there}

    async def stands(self, account: LedgerAccount) -> int:
        """What stands on an account."""
        async with self.works.open() as work:
            market_id = self.world.market.id
            return (await balance_of(work, market_id=market_id, account=account, currency="USD")).minor

    async def assert_agreed(self, driver_id: DriverId) -> None:
        """Ledger and stand-in agree by balance and by movement, and the books are sound."""
        ours = await self.money(driver_id)
        assert ours["connected"] == sum(await self.payments.balance(await self.account(driver_id)))
        moved = (row["amount_reversed"] - row["amount"] for row in self.payments.rows("transfer"))
        assert ours["ours"] == sum(moved)
        report = await compare(self.payments, self.world.market_id)
        assert [one for one in report.disagreements if one.code != "FOREIGN_MOVEMENT"] == []
        assert len(report.disagreements) == 1, "the float, and nothing else, is foreign"
        async with self.works.open() as work:
            checked = await check_ledger(work, market_id=self.world.market.id, further=PROOFS_OF_PAY)
        assert checked.is_sound


@pytest.fixture
async def case(works: Works) -> AsyncIterator[Reversed]:
    """A market in dollars, a platform with a thousand of them, and an operator."""
    async with open_payment_world(works) as payments:
        await payments.float(100_000)
        async with works.open() as work:
            world = await make_pay_world(work, currency="USD")
            marta = await add_operator(work, name="Marta", email="marta@example.com", market_id=world.market_id)
        case = Reversed(works, payments, world)
        case.marta = marta
        yield case


async def failed(case: Reversed) -> tuple[DriverId, PayoutId]:
    """A payout that the bank has sent back: its money lies on the driver's own account."""
    driver_id = await case.driver()
    payout_id = await case.ask(driver_id)
    await case.fail_at_bank(driver_id)
    assert await case.state(payout_id) is PayoutState.FAILED
    return driver_id, payout_id


async def test_operations_take_back_what_the_bank_has_sent_back_and_the_next_payout_pays_it(case: Reversed) -> None:
    driver_id, payout_id = await failed(case)

    states = [await case.reverse(payout_id), await case.reverse(payout_id)]
    await case.go_on(driver_id)

    assert states == [PayoutState.ON_HOLD, PayoutState.ON_HOLD]
    assert await case.reverse(payout_id) is PayoutState.REVERSED
    assert await case.money(driver_id) == {"wallet": CENTS, "debt": 0, "connected": 0, "ours": 0}
    assert [row["amount"] for row in case.payments.rows("transfer_reversal")] == [CENTS]
    await case.assert_agreed(driver_id)
    async with case.works.open() as work:
        told = await find_payout(work.connection, payout_id=payout_id)
        earned = await find_earnings(work.connection, driver_id=driver_id)
        verbs = await work.fetch("SELECT verb, details::text AS details FROM operator_action")
    assert told is not None
    assert earned is not None
    assert (told["state"], told["entries"]) == ("REVERSED", [])
    assert [step["kind"] for step in told["steps"]].count("TAKEN_BACK") == 1
    assert (earned["available_minor"], earned["on_the_way_minor"], earned["paid_minor"]) == (CENTS, 0, 0)
    assert [row["verb"] for row in verbs] == ["reversePayout"]
    assert "left the company" in verbs[0]["details"]
    await case.bank(driver_id, "000987654321")
    async with case.works.open() as work:
        await work.execute("UPDATE payout_account SET held_until = NULL")
        again = await request_payout(work, driver_id=driver_id)
    await case.go_on(driver_id)
    assert await case.wait(driver_id, again, days=3) is PayoutState.PAID
    async with case.works.open() as work:
        row = await payout_row(work, again)
    assert (row["amount_minor"], row["entries_minor"], row["carried_minor"]) == (CENTS, CENTS, 0)
    await case.assert_agreed(driver_id)


async def test_a_transfer_taken_back_by_hand_before_the_bank_is_on_the_wallet(case: Reversed) -> None:
    driver_id, payout_id = await failed(case)

    await case.take_back()
    await case.go_on(driver_id)

    assert await case.state(payout_id) is PayoutState.REVERSED
    assert await case.money(driver_id) == {"wallet": CENTS, "debt": 0, "connected": 0, "ours": 0}
    await case.assert_agreed(driver_id)


async def test_a_part_that_is_taken_back_is_carried_to_the_next_payout_and_the_rest_is_sent(
    case: Reversed, clock: ManualClock
) -> None:
    driver_id, payout_id = await failed(case)

    await case.take_back(1_000)
    await case.go_on(driver_id)
    await case.bank(driver_id, "000987654321")
    clock.advance(seconds=4 * 86_400)
    await case.go_on(driver_id)

    assert await case.wait(driver_id, payout_id, days=3) is PayoutState.PAID
    assert [row["amount"] for row in case.payments.rows("payout")] == [CENTS, CENTS - 1_000]
    assert await case.money(driver_id) == {"wallet": 1_000, "debt": 0, "connected": 0, "ours": 1_000 - CENTS}
    await case.assert_agreed(driver_id)


async def test_what_is_taken_back_although_the_bank_has_it_is_the_drivers_debt_until_the_bank_sends_it_back(
    case: Reversed,
) -> None:
    driver_id = await case.driver()
    payout_id = await case.ask(driver_id)
    assert await case.wait(driver_id, payout_id, days=3) is PayoutState.PAID
    account = await case.account(driver_id)
    transfer = case.payments.rows("transfer")[0]["id"]
    await case.payments.v1.transfers.create_async({"amount": CENTS, "currency": "usd", "destination": account})
    await case.payments.v1.transfers.reversals.create_async(transfer, {})
    await case.go_on(driver_id)
    gone, short = await case.money(driver_id), await case.stands(driver_shortfall(driver_id))
    async with case.works.open() as work:
        before = await payout_row(work, payout_id)

    await case.fail_at_bank(driver_id)

    after = await case.money(driver_id)
    assert (short, await case.stands(driver_shortfall(driver_id)), await case.stands(GOODWILL)) == (CENTS, 0, 0)
    assert (before["state"], before["owed_minor"]) == ("REVERSED", CENTS)
    assert gone == {"wallet": CENTS, "debt": CENTS, "connected": -CENTS, "ours": 0}
    assert after == {"wallet": CENTS, "debt": 0, "connected": 0, "ours": 0}
    async with case.works.open() as work:
        checked = await check_ledger(work, market_id=case.world.market.id, further=PROOFS_OF_PAY)
    assert checked.is_sound


async def test_what_has_left_for_the_bank_or_was_never_transferred_is_not_taken_back(case: Reversed) -> None:
    driver_id = await case.driver()
    async with case.works.open() as work:
        payout_id = await request_payout(work, driver_id=driver_id)
    with pytest.raises(PayoutNotTransferred):
        await case.reverse(payout_id)
    await case.go_on(driver_id)

    with pytest.raises(PayoutOnItsWay):
        await case.reverse(payout_id)
    with pytest.raises(ReasonMissing):
        await case.reverse(payout_id, " ")
    async with case.works.open() as work:
        elsewhere = await make_pay_world(work, currency="USD")
        otto = await add_operator(work, name="Otto", email="otto@example.com", market_id=elsewhere.market_id)
        with pytest.raises(NotFound):
            await reverse_payout(work, payout_id=payout_id, operator_id=otto, reason="odd")

    async with case.works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM operator_action") == 0
        assert await work.fetch_value("SELECT count(*) FROM stripe_operation WHERE kind = 'REVERSE_TRANSFER'") == 0


async def test_a_payout_that_is_being_taken_back_is_neither_sent_nor_let_go(case: Reversed) -> None:
    driver_id, payout_id = await failed(case)
    await case.reverse(payout_id)

    async with case.works.open() as work:
        with pytest.raises(PayoutNotHeld):
            await release_payout(work, payout_id=payout_id, operator_id=case.marta)
        held = await hold_payout(work, payout_id=payout_id, operator_id=case.marta, reason="odd")
        state = await settle_payout(work, payout_id=payout_id)

    assert (held, state) == (PayoutState.ON_HOLD, PayoutState.ON_HOLD)
    async with case.works.open() as work:
        assert (await payout_row(work, payout_id))["reason"] == "REVERSING"
    await case.go_on(driver_id)
    assert await case.state(payout_id) is PayoutState.REVERSED


async def test_a_reversal_that_the_provider_refuses_leaves_the_decision_to_a_person(case: Reversed) -> None:
    driver_id, payout_id = await failed(case)
    account = await case.account(driver_id)
    await case.bank(driver_id, "000987654321")
    await case.payments.v1.payouts.create_async({"amount": CENTS - 1, "currency": "usd"}, {"stripe_account": account})

    await case.reverse(payout_id)
    await case.go_on(driver_id)

    async with case.works.open() as work:
        row = await payout_row(work, payout_id)
        assert (row["state"], row["reason"], row["reversed_minor"]) == ("ON_HOLD", "OPERATOR", 0)
        assert await sweep_payouts(work, market_id=case.world.market_id) == []
    await case.payments.control("POST", f"/payouts/{case.payments.rows('payout')[-1]['id']}/fail")
    await case.reverse(payout_id)
    await case.go_on(driver_id)
    assert await case.state(payout_id) is PayoutState.REVERSED


@pytest.mark.parametrize("seed", range(6))
async def test_in_whatever_order_the_news_comes_the_end_is_the_same(case: Reversed, seed: int) -> None:
    random = Random(seed)
    driver_id = await case.driver()
    async with case.works.open() as work:
        payout_id = await request_payout(work, driver_id=driver_id)
    for _ in range(3):
        await case.payments.send_all()
        async with case.works.open() as work:
            await settle_payout(work, payout_id=payout_id)
    await case.payments.control("POST", f"/payouts/{case.payments.rows('payout')[0]['id']}/fail")
    await case.take_back(1_000)
    await case.take_back()
    news = case.payments.take_events()
    news = random.sample(news * 2, len(news) * 2)

    for event in news:
        await case.payments.hear([event])
        if random.random() < 0.5:
            await case.payments.apply_all()
        async with case.works.open() as work:
            await settle_payout(work, payout_id=payout_id)
    await case.go_on(driver_id)

    assert await case.state(payout_id) is PayoutState.REVERSED
    assert await case.money(driver_id) == {"wallet": CENTS, "debt": 0, "connected": 0, "ours": 0}
    async with case.works.open() as work:
        row = await payout_row(work, payout_id)
        events = await work.fetch_value("SELECT count(*) FROM event WHERE name = 'PayoutReversed'")
        kinds = await work.fetch("SELECT kind FROM stripe_operation WHERE subject_id = $1 ORDER BY kind", payout_id)
    assert (row["reversed_minor"], row["owed_minor"], events) == (CENTS, 0, 1)
    assert [row["kind"] for row in kinds] == [OperationKind.PAYOUT.value, OperationKind.TRANSFER.value]
    await case.assert_agreed(driver_id)
