"""Money under concurrency, with real commits on many connections, and under kill -9."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from marketplace.batches.states import DeliveryState
from marketplace.billing import accrue_delivery
from marketplace.core.errors import Refusal
from marketplace.core.ids import DeliveryId, DriverId, MarketId, RouteId
from marketplace.core.work import Work, Works
from marketplace.ledger import (
    DELIVERY_REVENUE,
    GATEWAY_AVAILABLE,
    Entry,
    Payee,
    balance_of,
    check_ledger,
    driver_wallet,
    hold_money,
    lock_wallets,
    settle_hold,
    shipper_prepaid,
    void_hold,
    wallet_available,
)
from marketplace.markets.models import Market
from marketplace.payments import OperationKind
from marketplace.payouts import issue_statement, request_payout, schedule_payouts, settle_payout
from marketplace.routes.models import Route
from tests.builders import make_batch, make_delivery, make_driver, make_market
from tests.contracts.stripe_scenarios.world import stand_in_world
from tests.marketplace.ledger.world import earn, pay_out, pesos, post
from tests.marketplace.payouts.world import (
    end_operation,
    make_driven_route,
    make_paid_driver,
    make_pay_world,
    open_account,
    wanted,
)

ANA = UUID(int=1)
LUZ = UUID(int=2)
SENDS_AT_MOST = 12
LOOKS_AT_MOST = 500

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"

TAKE_300 = """
INSERT INTO posting (id, market_id, journal_id, debit_id, credit_id, amount_minor, currency, state, created_at)
SELECT gen_random_uuid(), wallet.market_id, (SELECT id FROM journal LIMIT 1), wallet.id,
       (SELECT id FROM account WHERE code LIKE '%driver_pay'), 300, 'CLP', 'POSTED', now()
FROM account AS wallet WHERE is_floored
"""

THERE_AND_BACK = """
INSERT INTO posting (id, market_id, journal_id, debit_id, credit_id, amount_minor, currency, state, created_at)
SELECT gen_random_uuid(), journal.market_id, journal.id, debit_id, credit_id, 1, 'CLP', 'POSTED', now()
FROM (SELECT * FROM journal LIMIT 1) AS journal, unnest($1::uuid[], $2::uuid[]) AS side(debit_id, credit_id)
"""

Verb = Callable[[Work], Awaitable[Any]]
"""What one Work does."""


async def all_at_once(works: Works, verbs: Iterable[Verb]) -> list[Any]:
    """Runs each verb in a Work of its own, all at the same time; a refusal stands in the place of its result."""

    async def run(verb: Verb) -> Any:
        try:
            async with works.open() as work:
                return await verb(work)
        except (Refusal, asyncpg.CheckViolationError) as no:
            return no

    return await asyncio.gather(*(run(verb) for verb in verbs))


def posts(market: Market, key: str, *entries: Entry) -> Verb:
    """Posts a journal."""
    return lambda work: post(work, market, key, *entries)


def holds(market: Market, key: str, minor: int) -> Verb:
    """Holds money on Ana's wallet."""
    entry = pay_out(ANA, minor)
    return lambda work: hold_money(work, market_id=market.id, key=key, kind="HOLD", subject_id=market.id, entry=entry)


def issues(route: Route) -> Verb:
    """Issues the statement of a route."""
    return lambda work: issue_statement(work, route_id=RouteId(route.id))


def asks(driver_id: UUID) -> Verb:
    """Asks for a driver's payout."""
    return lambda work: request_payout(work, driver_id=DriverId(driver_id))


def kinds(results: list[Any]) -> Counter[str]:
    """How often each kind of result came."""
    return Counter(type(result).__name__ for result in results)


async def make_funded_market(works: Works, **minor: int) -> Market:
    async with works.open() as work:
        market = await make_market(work)
        for name, amount in minor.items():
            await post(work, market, f"earn-{name}", earn({"ana": ANA, "luz": LUZ}[name], amount))
    return market


async def is_sound(works: Works, market_id: UUID) -> bool:
    async with works.open() as work:
        return (await check_ledger(work, market_id=market_id)).is_sound


async def until_waiting(works: Works, count: int) -> None:
    """Returns when that many connections to this database wait for a lock."""
    for _ in range(LOOKS_AT_MOST):
        async with works.read() as connection:
            if await connection.fetchval(WAITING) >= count:
                return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{count} connections never came to wait")


async def left(works: Works, market: Market, driver_id: UUID) -> int:
    async with works.open() as work:
        return (await wallet_available(work, market_id=market.id, driver_id=driver_id, currency="CLP")).minor


async def test_of_twenty_payouts_of_300_from_1000_exactly_three_succeed(committed_works: Works) -> None:
    market = await make_funded_market(committed_works, ana=1000)

    results = await all_at_once(committed_works, [posts(market, f"out-{n}", pay_out(ANA, 300)) for n in range(20)])

    assert kinds(results) == {"UUID": 3, "Overdrawn": 17}
    assert await left(committed_works, market, ANA) == 100
    assert await is_sound(committed_works, market.id)


async def test_of_twenty_holds_of_300_on_1000_exactly_three_succeed(committed_works: Works) -> None:
    market = await make_funded_market(committed_works, ana=1000)

    results = await all_at_once(committed_works, [holds(market, f"hold-{n}", 300) for n in range(20)])

    assert kinds(results) == {"UUID": 3, "Overdrawn": 17}
    assert await is_sound(committed_works, market.id)


async def test_the_database_alone_lets_exactly_three_through(committed_works: Works) -> None:
    market = await make_funded_market(committed_works, ana=1000)

    results = await all_at_once(committed_works, [lambda work: work.execute(TAKE_300)] * 20)

    assert kinds(results) == {"int": 3, "CheckViolationError": 17}
    assert await left(committed_works, market, ANA) == 100
    assert await is_sound(committed_works, market.id)


async def test_one_key_at_twenty_places_at_once_is_one_journal(committed_works: Works) -> None:
    market = await make_funded_market(committed_works)

    results = await all_at_once(committed_works, [posts(market, "route-1", earn(ANA, 1000), earn(LUZ, 10))] * 20)

    assert len(set(results)) == 1
    assert kinds(results) == {"UUID": 20}
    assert await left(committed_works, market, ANA) == 1000
    assert await is_sound(committed_works, market.id)


async def test_one_key_between_accounts_without_a_floor_is_one_journal_too(committed_works: Works) -> None:
    market = await make_funded_market(committed_works)
    entry = Entry(debit=GATEWAY_AVAILABLE, credit=DELIVERY_REVENUE, amount=pesos(5))

    results = await all_at_once(committed_works, [posts(market, "charge", entry)] * 20)

    assert len(set(results)) == 1
    assert kinds(results) == {"UUID": 20}
    async with committed_works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM posting") == 1


async def test_journals_that_cross_do_not_deadlock(committed_works: Works) -> None:
    market = await make_funded_market(committed_works)
    drivers = [UUID(int=n) for n in range(10)]
    async with committed_works.open() as work:
        for driver_id in drivers:
            await post(work, market, f"earn-{driver_id}", earn(driver_id, 1000))

    def ring(order: list[UUID]) -> list[Entry]:
        """Everybody gives 10 to the next, in an order of the journal's own."""
        return [
            pay_out(giver, 10, to=driver_wallet(taker))
            for giver, taker in zip(order, order[1:] + order[:1], strict=True)
        ]

    orders = [random.Random(n).sample(drivers, len(drivers)) for n in range(24)]
    results = await all_at_once(
        committed_works, [posts(market, f"ring-{n}", *ring(order)) for n, order in enumerate(orders)]
    )

    assert kinds(results) == {"UUID": 24}
    assert [await left(committed_works, market, driver_id) for driver_id in drivers] == [1000] * 10
    assert await is_sound(committed_works, market.id)


async def test_holds_and_journals_over_wallets_and_prepaid_money_in_any_order_do_not_deadlock(
    committed_works: Works,
) -> None:
    market = await make_funded_market(committed_works, ana=100_000, luz=100_000)
    prepaid = shipper_prepaid(UUID(int=3))
    async with committed_works.open() as work:
        await post(work, market, "top-up", Entry(debit=GATEWAY_AVAILABLE, credit=prepaid, amount=pesos(100_000)))
    places = [driver_wallet(ANA), driver_wallet(LUZ), prepaid]
    orders = [random.Random(n).sample(places, 3) for n in range(12)]

    def holds_then_settles(number: int) -> Verb:
        """Holds on one floored account for another, and settles a part, with a journal over all three in between."""
        giver, taker, third = orders[number]

        async def run(work: Work) -> UUID:
            async with committed_works.open() as own:
                entry = Entry(debit=giver, credit=taker, amount=pesos(50))
                hold_id = await hold_money(
                    own, market_id=market.id, key=f"hold-{number}", kind="HOLD", subject_id=market.id, entry=entry
                )
            async with committed_works.open() as own:
                moves = [(third, giver), (taker, third), (giver, taker)]
                entries = [Entry(debit=debit, credit=credit, amount=pesos(7)) for debit, credit in moves]
                await post(own, market, f"round-{number}", *entries)
            return await settle_hold(work, hold_id=hold_id, kind="PAID", amount=pesos(20))

        return run

    results = await all_at_once(committed_works, [holds_then_settles(number) for number in range(12)])

    assert kinds(results) == {"UUID": 12}
    async with committed_works.open() as work:
        balances = [await balance_of(work, market_id=market.id, account=account, currency="CLP") for account in places]
        report = await check_ledger(work, market_id=market.id)
    assert sum(balance.minor for balance in balances) == 300_000
    assert (report.is_sound, report.open_holds) == (True, 0)


async def test_the_database_alone_locks_accounts_in_one_order(committed_works: Works) -> None:
    market = await make_funded_market(committed_works, ana=1000, luz=1000)
    both = "SELECT id FROM account WHERE is_floored ORDER BY id"
    async with committed_works.open() as work:
        first, second = [row["id"] for row in await work.fetch(both)]

    def swaps(*sides: UUID) -> Verb:
        """One statement that gives a unit there and back, without a lock of its own."""
        return lambda work: work.execute(THERE_AND_BACK, list(sides), list(reversed(sides)))

    async with committed_works.open() as work:
        # All of them stand at the lock of one wallet before the first may pass.
        await lock_wallets(work, market_id=market.id, payees=[Payee(driver_id=ANA)], currency="CLP")
        swapping = [swaps(first, second), swaps(second, first)] * 8
        racing = asyncio.create_task(all_at_once(committed_works, swapping))
        await until_waiting(committed_works, 16)
    results = await racing

    assert results == [2] * 16
    assert await is_sound(committed_works, market.id)


async def test_a_hold_that_is_settled_and_voided_at_once_is_resolved_once(committed_works: Works) -> None:
    market = await make_funded_market(committed_works, ana=1000)
    async with committed_works.open() as work:
        hold_id: UUID = await holds(market, "hold", 400)(work)

    async def settle(work: Work) -> UUID:
        return await settle_hold(work, hold_id=hold_id, kind="PAID")

    async def void(work: Work) -> UUID:
        return await void_hold(work, hold_id=hold_id, kind="FAILED")

    async with committed_works.open() as work:
        # All of them stand at the wallet's lock before the first may pass.
        await lock_wallets(work, market_id=market.id, payees=[Payee(driver_id=ANA)], currency="CLP")
        racing = asyncio.create_task(all_at_once(committed_works, [settle, void] * 8))
        await until_waiting(committed_works, 16)
    results = await racing

    assert kinds(results) == {"UUID": 8, "HoldResolved": 8}
    assert len({result for result in results if isinstance(result, UUID)}) == 1
    assert await left(committed_works, market, ANA) in {600, 1000}
    assert await is_sound(committed_works, market.id)


async def test_a_route_that_is_completed_twenty_times_at_once_is_paid_once(committed_works: Works) -> None:
    async with committed_works.open() as work:
        world = await make_pay_world(work)
        driver = await make_driver(work, world.market)
        route = await make_driven_route(work, world, driver)

    results = await all_at_once(committed_works, [issues(route)] * 20)

    assert len(set(results)) == 1
    assert await left(committed_works, world.market, driver.id) == 4140
    async with committed_works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM event WHERE name = 'PayStatementIssued'") == 1


async def test_a_delivery_that_is_accrued_twenty_times_at_once_is_owed_once(committed_works: Works) -> None:
    async with committed_works.open() as work:
        world = await make_pay_world(work)
        batch = await make_batch(work, world.market, world.shipper)
        state = DeliveryState.DELIVERED.value
        delivery = await make_delivery(work, world.market, world.shipper, world.hub, batch, state=state)

    results = await all_at_once(
        committed_works, [lambda work: accrue_delivery(work, delivery_id=DeliveryId(delivery.id))] * 20
    )

    assert len(set(results)) == 1
    async with committed_works.open() as work:
        earned = await balance_of(work, market_id=world.market_id, account=DELIVERY_REVENUE, currency="CLP")
    assert earned == pesos(4200)


async def test_a_driver_who_asks_twenty_times_at_once_gets_one_payout(committed_works: Works) -> None:
    async with committed_works.open() as work:
        world = await make_pay_world(work)
        driver_id, _ = await make_paid_driver(work, world, routes=2)

    results = await all_at_once(committed_works, [asks(driver_id)] * 20)

    assert kinds(results) == {"UUID": 1, "PayoutUnderWay": 19}
    assert await is_sound(committed_works, world.market_id)


async def test_runs_requests_and_new_statements_at_once_take_each_statement_once(committed_works: Works) -> None:
    async with committed_works.open() as work:
        world = await make_pay_world(work)
        drivers = [await make_driver(work, world.market) for _ in range(6)]
        for driver in drivers:
            await open_account(work, world, driver.id)
        routes = [await make_driven_route(work, world, driver) for driver in drivers for _ in range(3)]
        for route in routes[::3]:
            await issue_statement(work, route_id=RouteId(route.id))

    runs: list[Verb] = [lambda work: schedule_payouts(work, market_id=world.market_id)] * 3
    requests = [asks(driver.id) for driver in drivers]

    results = await all_at_once(committed_works, [*runs, *requests, *(issues(route) for route in routes)])

    assert kinds(results).keys() <= {"list", "UUID", "PayoutUnderWay", "NothingToPay"}
    async with committed_works.open() as work:
        statements = await work.fetch("SELECT payout_id, total_minor FROM pay_statement")
        payouts = await work.fetch("SELECT id, amount_minor FROM payout")
    assert len(statements) == 18
    assert len(payouts) == 6
    taken: Counter[UUID] = Counter()
    for statement in statements:
        if statement["payout_id"] is not None:
            taken[statement["payout_id"]] += statement["total_minor"]
    assert taken == {payout["id"]: payout["amount_minor"] for payout in payouts}
    assert await is_sound(committed_works, world.market_id)


async def test_ten_workers_that_settle_one_payout_take_each_step_once(committed_works: Works) -> None:
    async with committed_works.open() as work:
        world = await make_pay_world(work)
        driver_id, _ = await make_paid_driver(work, world)
        payout_id = await request_payout(work, driver_id=driver_id)

    steps = ((OperationKind.TRANSFER, "created"), (OperationKind.PAYOUT, "paid"), (OperationKind.PAYOUT, "failed"))
    states = []
    for kind, object_state in steps:
        async with committed_works.open() as work:
            await end_operation(work, kind, payout_id, object_state=object_state)
        states += await all_at_once(committed_works, [lambda work: settle_payout(work, payout_id=payout_id)] * 10)

    assert Counter(states) == {"SCHEDULED": 10, "PAID": 10, "FAILED": 10}
    async with committed_works.open() as work:
        assert await wanted(work, payout_id) == [("TRANSFER", 1, "DONE"), ("PAYOUT", 1, "DONE")]
        journals = await work.fetch("SELECT kind FROM journal WHERE subject_id = $1", payout_id)
        told = await work.fetch(
            "SELECT name FROM event WHERE name IN ('PayoutTransferred', 'PayoutPaid', 'PayoutFailed')"
        )
    assert Counter(row["kind"] for row in journals) == {
        "PAYOUT_HOLD": 1,
        "PAYOUT_TRANSFERRED": 1,
        "PAYOUT_RECEIVED": 1,
        "PAYOUT_SENT": 1,
        "PAYOUT_RETURNED": 1,
    }
    assert len(told) == 3
    assert await is_sound(committed_works, world.market_id)


async def test_an_entry_is_in_at_most_one_payout_and_a_payout_equals_its_entries(committed_works: Works) -> None:
    async with committed_works.open() as work:
        world = await make_pay_world(work)
        payouts = [await request_payout(work, driver_id=(await make_paid_driver(work, world))[0]) for _ in range(2)]

    with pytest.raises(asyncpg.UniqueViolationError, match="payout_entry_pkey"):
        async with committed_works.open() as work:
            await work.execute(
                "INSERT INTO payout_entry SELECT posting_id, market_id, $2, kind, amount_minor FROM payout_entry"
                " WHERE payout_id = $1",
                *payouts,
            )
    for wrong in (
        "DELETE FROM payout_entry WHERE payout_id = $1",
        "UPDATE payout_entry SET amount_minor = amount_minor - 1 WHERE payout_id = $1",
        "UPDATE payout SET entries_minor = entries_minor + 1, carried_minor = carried_minor - 1 WHERE id = $1",
    ):
        with pytest.raises(asyncpg.CheckViolationError, match="a payout equals its entries"):
            async with committed_works.open() as work:
                await work.execute(wrong, payouts[0])


async def start_sender(url: str, stripe_url: str, market_id: MarketId, failpoint: str | None) -> int:
    """Runs the sending process to its end or its death and returns its exit code."""
    environment = {name: value for name, value in os.environ.items() if name != "DOORSTEP_FAILPOINT"}
    if failpoint:
        environment["DOORSTEP_FAILPOINT"] = failpoint
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.races.send_payouts", url, stripe_url, str(market_id), env=environment
    )
    return await process.wait()


@pytest.mark.parametrize(
    "failpoint", ["operation_after_call:2", "operation_before_record:2", "commit_before_publish:3"]
)
async def test_a_worker_that_is_killed_again_and_again_pays_each_driver_once(
    committed_works: Works, fresh_url: str, failpoint: str
) -> None:
    kills = 0
    async with stand_in_world() as stripe:
        assert stripe.stand_in is not None
        await stripe.float(100_000)
        async with committed_works.open() as work:
            world = await make_pay_world(work, currency="USD")
            payouts = []
            for _ in range(2):
                driver_id, _ = await make_paid_driver(work, world)
                account = await stripe.driver()
                await work.execute("UPDATE payout_account SET account = $2 WHERE driver_id = $1", driver_id, account)
                payouts.append(await request_payout(work, driver_id=driver_id))
        for _ in range(SENDS_AT_MOST):
            code = await start_sender(fresh_url, stripe.stand_in.url, world.market_id, failpoint)
            async with committed_works.open() as work:
                await work.execute("UPDATE stripe_operation SET lease_until = NULL, not_before = NULL")
            if code == 0:
                break
            assert code == -signal.SIGKILL
            kills += 1

        transfers = (await stripe.v1.transfers.list_async({"limit": 100})).data
        sums = await stripe.control("GET", "/sums")
    async with committed_works.open() as work:
        states = {row["id"]: row["state"] for row in await work.fetch("SELECT id, state FROM payout")}
        asset = await balance_of(work, market_id=world.market_id, account=GATEWAY_AVAILABLE, currency="USD")
        report = await check_ledger(work, market_id=world.market_id)
    assert kills >= 2
    assert states == dict.fromkeys(payouts, "IN_TRANSIT")
    assert sums["objects"]["payout"] == len(transfers) == len(payouts)
    assert asset.minor == -sum(transfer.amount for transfer in transfers) == -2 * 4140
    assert (report.is_sound, report.open_holds) == (True, 0)
