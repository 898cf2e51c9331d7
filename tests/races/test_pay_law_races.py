"""Pay periods and tips under concurrency: settled once by many workers, tipped no more often than may be."""

from datetime import UTC, datetime

from marketplace.core.clock import ManualClock
from marketplace.core.ids import DeliveryId, ShipperId
from marketplace.core.money import Money
from marketplace.core.work import Work, Works
from marketplace.ledger import TIPS_CLEARING, balance_of, check_ledger
from marketplace.payouts import DriverPeriod, close_pay_periods, due_true_ups, pay_pool_shares, tip_driver, true_up_pay
from marketplace.payouts.tip_driver import TIPS_OF_A_DELIVERY
from tests.marketplace.payouts.laws import LA_WAGE, drive, make_law_world, make_worker
from tests.marketplace.payouts.test_close_pay_period import MONDAY, online
from tests.marketplace.payouts.test_true_up_pay import SETTLED, WORKED, at
from tests.marketplace.payouts.world import make_driven_route, make_pay_world, wallet_minor
from tests.races.together import Verb, at_once, codes

WORKERS = 5


async def test_a_period_that_many_workers_settle_is_made_up_once(committed_works: Works, clock: ManualClock) -> None:
    works = committed_works
    async with works.open() as work:
        world = await make_law_world(work, "california_prop_22_2025", parameters=LA_WAGE)
        driver, driver_id = await make_worker(work, world)
        await drive(work, world, driver, accepted_at=WORKED, hours=4, metres=0, paid_minor=6000)
    at(clock, SETTLED)
    async with works.open() as work:
        [period] = await due_true_ups(work, market_id=world.market_id)

    answers = await at_once(*[(works, settles(period))] * WORKERS)

    assert sum(answer is not None for answer in answers) == 1
    async with works.open() as work:
        assert await wallet_minor(work, world, driver_id) == (8054, 0)
        assert await work.fetch_value("SELECT count(*) FROM pay_statement WHERE kind = 'TRUE_UP'") == 1
        assert (await check_ledger(work, market_id=world.market_id)).is_sound


async def test_a_period_that_many_workers_close_is_shared_once(committed_works: Works, clock: ManualClock) -> None:
    works = committed_works
    async with works.open() as work:
        world = await make_law_world(work, "new_york_city_2025", zone="America/New_York")
        driver, driver_id = await make_worker(work, world)
        await online(work, world, driver, MONDAY, 3)
        await drive(work, world, driver, accepted_at=MONDAY, hours=1, metres=0, paid_minor=2144)
    at(clock, datetime(2026, 3, 10, 5, tzinfo=UTC))
    async with works.open() as work:
        [period] = await due_true_ups(work, market_id=world.market_id)
        await true_up_pay(work, period=period)

    closed = await at_once(*[(works, lambda work: close_pay_periods(work, market_id=world.market.id))] * WORKERS)
    paid = await at_once(*[(works, lambda work: pay_pool_shares(work, market_id=world.market.id))] * WORKERS)

    assert (sum(closed), sum(paid)) == (1, 1)
    async with works.open() as work:
        assert await wallet_minor(work, world, driver_id) == (3 * 2144, 0)
        assert (await check_ledger(work, market_id=world.market_id)).is_sound


async def test_tips_at_once_all_arrive_until_there_are_enough(committed_works: Works) -> None:
    works = committed_works
    async with works.open() as work:
        world = await make_pay_world(work)
        driver, driver_id = await make_worker(work, world)
        route = await make_driven_route(work, world, driver)
        found = await work.fetch_value("SELECT id FROM delivery WHERE route_id = $1 ORDER BY id LIMIT 1", route.id)
        await work.execute("UPDATE delivery SET state = 'DELIVERED' WHERE id = $1", found)

    async def tip(work: Work) -> None:
        amount, shipper_id = Money(100, "CLP"), ShipperId(world.shipper.id)
        await tip_driver(work, delivery_id=DeliveryId(found), shipper_id=shipper_id, amount=amount)

    rounds = [await at_once(*[(works, tip)] * WORKERS) for _ in range(3)]

    assert codes([answer for answers in rounds for answer in answers]) == {
        "done": TIPS_OF_A_DELIVERY,
        "TOO_MANY_TIPS": 3 * WORKERS - TIPS_OF_A_DELIVERY,
    }
    async with works.open() as work:
        assert await wallet_minor(work, world, driver_id) == (100 * TIPS_OF_A_DELIVERY, 0)
        clearing = await balance_of(work, market_id=world.market_id, account=TIPS_CLEARING, currency="CLP")
        assert clearing.minor == 0
        assert (await check_ledger(work, market_id=world.market_id)).is_sound


def settles(period: DriverPeriod) -> Verb:
    """Settles a period."""
    return lambda work: true_up_pay(work, period=period)
