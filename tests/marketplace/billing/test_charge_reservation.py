"""Reserved places that stayed unused are charged by the day, once, through the ledger and onto the bill."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from marketplace.batches.models import Delivery
from marketplace.billing import charge_reservation, sweep_billing
from marketplace.core.clock import ManualClock
from marketplace.core.ids import MarketId
from marketplace.core.work import Work, Works
from marketplace.ledger import RESERVATION_REVENUE, LedgerAccount, balance_of, check_ledger, shipper_receivable
from marketplace.reservations import Terms, end_reservation
from tests.builders import make_driver, make_route
from tests.marketplace.reservations.agreed import TOMORROW, Agreed, agree, reserve
from tests.races.together import at_once

THREE = Terms(first_day=TOMORROW, places=3, fee_minor=500)
DAY_S = 86_400
LINES = "SELECT amount_minor, reason FROM bill_line WHERE kind = 'RESERVATION' ORDER BY created_at, amount_minor"
ATTEMPT = """
INSERT INTO attempt (id, market_id, shipper_id, delivery_id, number, route_id, stop_id, driver_id, reason, next_step,
    waited_s, late_s, occurred_at)
VALUES ($1, $2, $3, $4, 1, $5, $6, $7, 'RECIPIENT_UNAVAILABLE', 'REDELIVER', 0, 0, $8)
"""
DAYS = "SELECT day, places, used, amount_minor FROM reservation_day ORDER BY day"


async def due(works: Works, world: Agreed) -> list[UUID]:
    async with works.open() as work:
        found = await sweep_billing(work, market_id=MarketId(world.market.id))
    return [one.subject_id for one in found if one.kind == "charge_reservation"]


async def settle(works: Works, reservation_id: UUID) -> int:
    async with works.open() as work:
        return await charge_reservation(work, reservation_id=reservation_id)


async def test_a_day_that_is_over_is_charged_once_for_what_was_not_used(works: Works, clock: ManualClock) -> None:
    world = await agree(works)
    async with works.open() as work:
        reservation_id = await reserve(work, world, THREE)
    await world.post(works, world.large, "a", "b")
    async with works.open() as work:
        # One is called off, one finds no driver, which is not its shipper's doing.
        await work.execute("UPDATE delivery SET state = 'CANCELLED' WHERE external_id = 'a'")
        await work.execute("UPDATE delivery SET state = 'EXPIRED' WHERE external_id = 'b'")

    clock.advance(seconds=DAY_S)
    early = await due(works, world), await settle(works, reservation_id)
    clock.advance(seconds=DAY_S)
    late = await due(works, world), await settle(works, reservation_id), await settle(works, reservation_id)

    assert early == ([], 0)
    assert late == ([reservation_id], 1, 0)
    async with works.open() as work:
        assert [tuple(row) for row in await work.fetch(DAYS)] == [(date(2026, 3, 3), 3, 1, 1_000)]
        assert [tuple(row) for row in await work.fetch(LINES)] == [
            (1_000, "2 of 3 reserved places not used on 2026-03-03")
        ]
        owed = [
            await balance(work, world, account) for account in (shipper_receivable(world.large.id), RESERVATION_REVENUE)
        ]
        assert owed == [1_000, 1_000]
        assert (await check_ledger(work, market_id=world.market.id)).findings == ()


async def balance(work: Work, world: Agreed, account: LedgerAccount) -> int:
    return (await balance_of(work, market_id=world.market.id, account=account, currency="CLP")).minor


async def test_days_without_places_cost_nothing_and_an_ended_reservation_is_over(
    works: Works, clock: ManualClock
) -> None:
    world = await agree(works)
    async with works.open() as work:
        reservation_id = await reserve(work, world, replace(THREE, weekdays=frozenset({2, 5})))
        await end_reservation(work, market_id=world.market.id, reservation_id=reservation_id, from_day=date(2026, 3, 6))

    clock.advance(seconds=6 * DAY_S)
    settled = await settle(works, reservation_id)

    assert (settled, await due(works, world)) == (5, [])
    async with works.open() as work:
        assert [row["day"].day for row in await work.fetch(DAYS)] == [3]
        assert await work.fetch_value("SELECT is_over FROM capacity_reservation")


async def test_a_failed_hand_over_has_used_the_place_of_its_day(works: Works, clock: ManualClock) -> None:
    world = await agree(works)
    async with works.open() as work:
        reservation_id = await reserve(work, world, THREE)
    await world.post(works, world.large, "a")
    clock.advance(seconds=DAY_S + 1_800)
    async with works.open() as work:
        delivery = await Delivery.get(external_id="a", using_db=work.db)
        route, [_, door] = await make_route(
            work, world.market, [delivery], driver=await make_driver(work, world.market)
        )
        values = (
            work.new_id(),
            world.market.id,
            world.large.id,
            delivery.id,
            route.id,
            door.id,
            route.planned_driver_id,
        )
        await work.execute(ATTEMPT, *values, work.now)
        # Nobody was there, and another try is for the day after.
        await work.execute(
            "UPDATE delivery SET dropoff_opens_at = $2, dropoff_closes_at = $3 WHERE id = $1",
            delivery.id,
            delivery.dropoff_opens_at + timedelta(days=1),
            delivery.dropoff_closes_at + timedelta(days=1),
        )

    clock.advance(seconds=2 * DAY_S)
    await settle(works, reservation_id)

    async with works.open() as work:
        assert [(row["day"].day, row["used"]) for row in await work.fetch(DAYS)] == [(3, 1), (4, 1)]


async def test_two_workers_charge_a_day_once(committed_works: Works, clock: ManualClock) -> None:
    works = committed_works
    world = await agree(works)
    async with works.open() as work:
        reservation_id = await reserve(work, world, THREE)
    clock.advance(seconds=2 * DAY_S)

    said = await at_once(
        *[(works, lambda work: charge_reservation(work, reservation_id=reservation_id)) for _ in range(3)]
    )

    assert sorted(said) == [0, 0, 1]
    async with works.open() as work:
        assert [row["amount_minor"] for row in await work.fetch(LINES)] == [1_500]
