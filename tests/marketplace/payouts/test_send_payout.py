"""A payout is sent under one key, looked up before it is sent again, and settled or given back exactly once."""

from datetime import timedelta

import pytest

from marketplace.adapters.gateways import GatewayFault, InMemoryGateway
from marketplace.core.errand import run_errand
from marketplace.core.ids import DriverId, PayoutId, StatementId, to_wire
from marketplace.core.money import Money
from marketplace.core.work import Works
from marketplace.ledger import GATEWAY_AVAILABLE, LedgerReport, balance_of, check_ledger
from marketplace.payouts import (
    GatewayUnavailable,
    Payment,
    PaymentRefused,
    PaymentResult,
    PayoutState,
    SendPayout,
    request_payout,
    sweep_payouts,
)
from marketplace.payouts.send_payout import Attempt
from tests.marketplace.payouts.world import (
    PayWorld,
    make_paid_driver,
    make_pay_world,
    payout_row,
    statement_row,
    wallet_minor,
)


class Reserved:
    """A reserved payout of 4140 and what has become of it."""

    def __init__(self, works: Works, world: PayWorld, driver_id: DriverId, statement_id: StatementId) -> None:
        self.works = works
        self.world = world
        self.driver_id = driver_id
        self.statement_id = statement_id
        self.gateway = InMemoryGateway(is_production=False)
        self.payout_id: PayoutId

    @property
    def key(self) -> str:
        return f"payout-{self.payout_id}"

    async def send(self) -> PayoutState | None:
        return await run_errand(self.works, SendPayout(gateway=self.gateway, payout_id=self.payout_id))

    async def end_lease(self) -> None:
        async with self.works.open() as work:
            await work.execute("UPDATE payout SET lease_until = $1", work.machine_now - timedelta(seconds=1))

    async def state(self) -> tuple[str, str, tuple[int, int]]:
        """The payout's state, the statement's, and the wallet: available and on hold."""
        async with self.works.open() as work:
            payout = await payout_row(work, self.payout_id)
            statement = await statement_row(work, self.statement_id)
            return payout["state"], statement["state"], await wallet_minor(work, self.world, self.driver_id)

    async def row(self) -> dict[str, object]:
        async with self.works.open() as work:
            return await payout_row(work, self.payout_id)

    async def events(self) -> list[str]:
        async with self.works.open() as work:
            rows = await work.fetch("SELECT name FROM event WHERE name LIKE 'Payout%' ORDER BY name")
            return [row["name"] for row in rows]

    async def check(self) -> LedgerReport:
        async with self.works.open() as work:
            return await check_ledger(work, market_id=self.world.market_id)


@pytest.fixture
async def reserved(works: Works) -> Reserved:
    """A driver with one payout that waits to be sent."""
    async with works.open() as work:
        world = await make_pay_world(work)
        driver_id, [statement_id] = await make_paid_driver(work, world)
        reserved = Reserved(works, world, driver_id, statement_id)
        reserved.payout_id = await request_payout(work, driver_id=driver_id)
    return reserved


async def test_a_sent_payout_is_paid_and_its_hold_settled(reserved: Reserved) -> None:
    assert await reserved.send() is PayoutState.PAID

    assert await reserved.state() == ("PAID", "PAID", (0, 0))
    row = await reserved.row()
    assert (row["attempts"], row["lease_until"], row["error"]) == (1, None, None)
    assert row["gateway_reference"] == f"memory-{reserved.key}"
    assert row["settled_at"] is not None
    assert await reserved.events() == ["PayoutPaid", "PayoutScheduled"]
    async with reserved.works.open() as work:
        asset = await balance_of(work, market_id=reserved.world.market_id, account=GATEWAY_AVAILABLE, currency="CLP")
    assert asset == Money(-4140, "CLP")
    report = await reserved.check()
    assert (report.is_sound, report.open_holds) == (True, 0)


async def test_the_gateway_is_asked_for_exactly_what_is_on_hold(reserved: Reserved) -> None:
    await reserved.send()

    assert list(reserved.gateway.paid.values()) == [
        Payment(
            key=reserved.key,
            driver_id=reserved.driver_id,
            amount=Money(4140, "CLP"),
            reference=to_wire("payout", reserved.payout_id),
        )
    ]


async def test_a_paid_payout_is_not_sent_again(reserved: Reserved) -> None:
    await reserved.send()
    before = await reserved.row()

    assert await reserved.send() is None

    assert await reserved.row() == before


async def test_a_payout_that_is_being_sent_belongs_to_that_attempt(reserved: Reserved) -> None:
    errand = SendPayout(gateway=reserved.gateway, payout_id=reserved.payout_id)
    async with reserved.works.open() as work:
        first = await errand.read(work)
    async with reserved.works.open() as work:
        second = await errand.read(work)

    assert first is not None
    assert (first.number, second) == (1, None)
    assert (await reserved.state())[0] == "IN_TRANSIT"


async def test_a_refused_payout_gives_the_money_back(reserved: Reserved) -> None:
    reserved.gateway.faults.add(GatewayFault.REFUSE)

    assert await reserved.send() is PayoutState.FAILED

    assert await reserved.state() == ("FAILED", "PAYABLE", (4140, 0))
    assert (await reserved.row())["error"] == "ACCOUNT_CLOSED"
    assert await reserved.events() == ["PayoutFailed", "PayoutScheduled"]
    assert reserved.gateway.paid == {}
    report = await reserved.check()
    assert (report.is_sound, report.open_holds) == (True, 0)


async def test_after_a_refusal_the_next_payout_has_a_key_of_its_own(reserved: Reserved) -> None:
    reserved.gateway.faults.add(GatewayFault.REFUSE)
    await reserved.send()
    refused_key = reserved.key

    async with reserved.works.open() as work:
        reserved.payout_id = await request_payout(work, driver_id=reserved.driver_id)
    assert await reserved.send() is PayoutState.PAID

    assert (list(reserved.gateway.refused), list(reserved.gateway.paid)) == ([refused_key], [reserved.key])
    assert await reserved.state() == ("PAID", "PAID", (0, 0))
    assert (await reserved.check()).is_sound


@pytest.mark.parametrize("fault", [GatewayFault.UNAVAILABLE_BEFORE, GatewayFault.UNAVAILABLE_AFTER_PAYING])
async def test_without_an_answer_the_money_stays_on_hold(reserved: Reserved, fault: GatewayFault) -> None:
    reserved.gateway.faults.add(fault)

    assert await reserved.send() is PayoutState.IN_TRANSIT

    assert await reserved.state() == ("IN_TRANSIT", "PAYABLE", (0, 4140))
    row = await reserved.row()
    assert row["attempts"] == 1
    assert row["error"] is not None
    assert await reserved.events() == ["PayoutScheduled"]
    assert await reserved.send() is None, "the sweep comes back later, not at once"


@pytest.mark.parametrize("fault", [GatewayFault.UNAVAILABLE_BEFORE, GatewayFault.UNAVAILABLE_AFTER_PAYING])
async def test_an_unknown_outcome_ends_as_one_payment(reserved: Reserved, fault: GatewayFault) -> None:
    reserved.gateway.faults.add(fault)
    await reserved.send()
    await reserved.end_lease()

    assert await reserved.send() is PayoutState.PAID

    assert await reserved.state() == ("PAID", "PAID", (0, 0))
    row = await reserved.row()
    assert (row["attempts"], row["error"]) == (2, None)
    assert list(reserved.gateway.paid) == [reserved.key]
    assert (await reserved.check()).is_sound


async def test_a_payment_that_was_made_is_found_and_not_sent_again(reserved: Reserved) -> None:
    reserved.gateway.faults.add(GatewayFault.UNAVAILABLE_AFTER_PAYING)
    await reserved.send()
    await reserved.end_lease()
    # Any further call of `pay` would be refused: only a lookup can find the payment.
    reserved.gateway.faults.add(*[GatewayFault.UNAVAILABLE_BEFORE] * 9)

    assert await reserved.send() is PayoutState.PAID


async def test_each_wait_is_longer_up_to_an_hour(reserved: Reserved) -> None:
    reserved.gateway.faults.add(*[GatewayFault.UNAVAILABLE_BEFORE] * 13)
    waits = []
    for _ in range(13):
        async with reserved.works.open() as work:
            machine_now = work.machine_now
        await reserved.send()
        lease_until = (await reserved.row())["lease_until"]
        waits.append(round((lease_until - machine_now).total_seconds()))  # type: ignore[operator]
        await reserved.end_lease()

    assert waits == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600, 3600]


async def record(
    reserved: Reserved, found: Attempt, answer: PaymentResult | PaymentRefused | GatewayUnavailable
) -> PayoutState:
    async with reserved.works.open() as work:
        return await SendPayout(gateway=reserved.gateway, payout_id=reserved.payout_id).record(work, found, answer)


async def take(reserved: Reserved) -> Attempt:
    """Begins an attempt whose worker then stands still until its lease is over."""
    async with reserved.works.open() as work:
        found = await SendPayout(gateway=reserved.gateway, payout_id=reserved.payout_id).read(work)
    assert found is not None
    await reserved.end_lease()
    return found


async def test_a_slow_attempt_that_paid_changes_nothing_after_its_successor(reserved: Reserved) -> None:
    slow = await take(reserved)
    await reserved.send()
    before = (await reserved.row(), await reserved.events())

    result = await reserved.gateway.pay(slow.payment)
    assert await record(reserved, slow, result) is PayoutState.PAID

    assert (await reserved.row(), await reserved.events()) == before
    assert list(reserved.gateway.paid) == [reserved.key]


async def test_a_slow_attempt_that_was_refused_leaves_the_payout_to_its_successor(reserved: Reserved) -> None:
    slow = await take(reserved)
    await take(reserved)

    assert await record(reserved, slow, PaymentRefused("ACCOUNT_CLOSED")) is PayoutState.IN_TRANSIT

    assert await reserved.state() == ("IN_TRANSIT", "PAYABLE", (0, 4140))


async def test_a_slow_attempt_without_answer_does_not_shorten_its_successors_lease(reserved: Reserved) -> None:
    slow = await take(reserved)
    async with reserved.works.open() as work:
        await SendPayout(gateway=reserved.gateway, payout_id=reserved.payout_id).read(work)
    before = await reserved.row()

    await record(reserved, slow, GatewayUnavailable("no answer"))

    assert await reserved.row() == before


async def test_money_that_left_after_its_payout_was_given_back_stands_in_suspense(reserved: Reserved) -> None:
    slow = await take(reserved)
    reserved.gateway.faults.add(GatewayFault.REFUSE)
    await reserved.send()
    result = PaymentResult(key=slow.payment.key, amount=slow.payment.amount, reference="late")

    assert await record(reserved, slow, result) is PayoutState.FAILED
    await record(reserved, slow, result)

    report = await reserved.check()
    assert [finding.code for finding in report.findings] == ["SUSPENSE"]
    assert report.findings[0].detail.endswith("holds 4140")
    assert await reserved.state() == ("FAILED", "PAYABLE", (4140, 0))


async def test_a_payment_of_another_amount_is_never_taken_for_ours(reserved: Reserved) -> None:
    found = await take(reserved)
    strange = PaymentResult(key=found.payment.key, amount=Money(4141, "CLP"), reference="strange")

    assert await record(reserved, found, strange) is PayoutState.IN_TRANSIT

    assert await reserved.state() == ("IN_TRANSIT", "PAYABLE", (0, 4140))
    assert (await reserved.row())["error"] == "the gateway knows this key with another amount"


async def test_a_storm_of_faults_pays_each_payout_once(works: Works) -> None:
    async with works.open() as work:
        world = await make_pay_world(work)
        drivers = [(await make_paid_driver(work, world))[0] for _ in range(20)]
        payouts = [await request_payout(work, driver_id=driver_id) for driver_id in drivers]
        faults: list[GatewayFault | None] = [work.random.choice([None, *GatewayFault]) for _ in range(60)]
    gateway = InMemoryGateway(is_production=False, faults=faults)

    for _ in range(12):
        async with works.open() as work:
            await work.execute("UPDATE payout SET lease_until = $1 WHERE lease_until IS NOT NULL", work.machine_now)
            due = await sweep_payouts(work, market_id=world.market_id)
        for payout_id in due:
            await run_errand(works, SendPayout(gateway=gateway, payout_id=payout_id))

    async with works.open() as work:
        rows = [await payout_row(work, payout_id) for payout_id in payouts]
        paid = {f"payout-{row['id']}" for row in rows if row["state"] == "PAID"}
        failed = {f"payout-{row['id']}" for row in rows if row["state"] == "FAILED"}
        wallets = [(await wallet_minor(work, world, driver_id))[0] for driver_id in drivers]
        asset = await balance_of(work, market_id=world.market_id, account=GATEWAY_AVAILABLE, currency="CLP")
        report = await check_ledger(work, market_id=world.market_id)
    assert (paid, failed) == (set(gateway.paid), set(gateway.refused))
    assert len(paid) + len(failed) == 20
    assert min(len(paid), len(failed)) > 0
    assert asset.minor == -sum(payment.amount.minor for payment in gateway.paid.values())
    assert sum(wallets) == 4140 * len(failed)
    assert (report.is_sound, report.open_holds) == (True, 0)
