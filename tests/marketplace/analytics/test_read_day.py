"""What is rare on a day counts as on any other: a route that passes on, a transfer, an electric van, late money."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from marketplace.analytics import KpiGroup, KpiRow, count_kpis, kpis
from marketplace.analytics.kpi_sums import SUMS
from marketplace.billing.line import NewLine, write_line
from marketplace.billing.states import LineKind
from marketplace.claims import accept_claim, answer_claim
from marketplace.core.clock import ManualClock
from marketplace.core.ids import MarketId, RouteId
from marketplace.core.money import Money
from marketplace.core.work import Work, Works
from marketplace.fleet import ContractKind
from marketplace.fleet.models import VehicleRecord
from marketplace.hubs.models import StockTransfer
from marketplace.ledger import BLOCK_TOP_UP, PAY_TRUE_UP, Entry, driver_wallet
from marketplace.markets.models import Market
from marketplace.payouts import NewStatement, StatementKind, issue_statement, write_statement
from marketplace.pricing.lines import price_line
from marketplace.routes import drop_off
from tests.builders import make_hub
from tests.marketplace.analytics.slow_recount import Place, read_world, recount
from tests.marketplace.analytics.test_roll_up import publish
from tests.marketplace.claims.cases import make_case
from tests.marketplace.reassignments.relief import Relief, make_relief

MONDAY, THURSDAY = date(2026, 3, 2), date(2026, 3, 5)
BLOCK = """
INSERT INTO block (id, market_id, area_name, area_cells, time_zone, opens_at, closes_at, places, vehicles, skills,
    floor_per_hour_minor, currency, free_until_min, answer_s, signs_from, draw_s, seed, seed_digest, state, created_at,
    ended_at)
VALUES ($1, $2, 'Centro', '{87b2e3b6effffff}', 'America/Santiago', $3, $4, 1, '{}', '{}',
    6000, 'CLP', 60, 60, $3, 0, '', '', 'ENDED', $3, $4)
"""
SIGN_UP = """
INSERT INTO sign_up (id, market_id, block_id, driver_id, opens_at, closes_at, state, checked_in_at, attended_s,
    earned_minor, top_up_minor, statement_id, created_at, ended_at)
VALUES ($1, $2, $1, $3, $4, $5, 'KEPT', $4, 7200, 4140, 7860, $6, $4, $7)
"""


async def counted(works: Works, market: Market) -> int:
    """Publishes what happened and reads the days that it concerns; returns how many those were."""
    await publish(works, market)
    return await count_kpis(works, market_id=MarketId(market.id))


async def figures(works: Works, market: Market, day: date) -> dict[Place, dict[str, int]]:
    """The sums of a day that are not zero."""
    async with works.open() as work:
        rows = await work.fetch("SELECT * FROM kpi_day WHERE market_id = $1 AND day = $2", market.id, day)
    return {(row["shipper_id"], row["hub_id"]): {name: row[name] for name in SUMS if row[name]} for row in rows}


async def slow(works: Works, market: Market, day: date) -> dict[Place, dict[str, int]]:
    """The same, counted slowly."""
    async with works.open() as work:
        world = await read_world(work, market_id=market.id, day=day, time_zone=market.time_zone)
    return {place: dict(each) for place, each in recount(world).items()}


async def row_of_day(works: Works, market: Market, day: date) -> KpiRow:
    """A day as operations see it."""
    async with works.open() as work:
        [row] = await kpis(work, market_id=market.id, first=day, last=day, group_by=KpiGroup.DAY)
    return row


async def pass_on(works: Works, clock: ManualClock) -> tuple[Relief, UUID]:
    """Three parcels are picked up; the first driver delivers one, the second one two, of which one is a transfer."""
    relief = await make_relief(works, clock)
    drive = relief.drive
    await drive.start()
    await drive.pick_up(0)
    clock.advance(seconds=600)
    await drive.drop_off(1)
    next_route_id = await relief.hand_over(1, 2)
    async with works.open() as work:
        north = await make_hub(work, drive.market, name="Norte")
        await StockTransfer.create(
            using_db=work.db,
            id=work.new_id(),
            market_id=drive.market.id,
            delivery_id=drive.deliveries[2].id,
            from_hub_id=drive.deliveries[2].hub_id,
            to_hub_id=north.id,
            created_at=work.now,
        )
        await make_electric(work, relief)
        stops = await work.fetch("SELECT id FROM stop WHERE route_id = $1 ORDER BY place", next_route_id)
    for stop in stops:
        clock.advance(seconds=300)
        async with works.open() as work:
            said: dict[str, Any] = {"driver_id": relief.second.id, "client_event_id": stop["id"].hex}
            await drop_off(work, stop_id=stop["id"], occurred_at=work.now, **said)
    async with works.open() as work:
        for route_id in (drive.route.id, next_route_id):
            await issue_statement(work, route_id=RouteId(route_id))
    return relief, north.id


async def make_electric(work: Work, relief: Relief) -> None:
    """The second driver's van is the market's own, and its check has found what it runs on."""
    van = await VehicleRecord.create(
        using_db=work.db,
        id=work.new_id(),
        market_id=relief.drive.market.id,
        driver_id=relief.second.id,
        kind="VAN",
        label="e",
        capacity=[80, 800_000, 4_000],
        equipment=["ELECTRIC_DRIVE"],
        state="WAITING",
        created_at=work.now,
    )
    await work.execute(
        "UPDATE driver SET vehicle_id = $2, vehicle = 'VAN', contract_kind = $3 WHERE id = $1",
        relief.second.id, van.id, ContractKind.DEDICATED.value,
    )  # fmt: skip


async def test_a_route_that_passed_on_is_two_routes_each_with_its_own_driver_way_time_and_pay(
    works: Works, clock: ManualClock
) -> None:
    relief, north_id = await pass_on(works, clock)
    market, shipper = relief.drive.market, relief.drive.shipper

    await counted(works, market)

    assert await figures(works, market, MONDAY) == await slow(works, market, MONDAY)
    day = await row_of_day(works, market, MONDAY)
    [reassignment] = await relief.rows("SELECT * FROM reassignment")
    first_m = 2_000 + reassignment["way_m"]
    second_m = reassignment["approach_m"] + reassignment["first_leg_m"] + 2_000
    assert [(one.vehicle.value, one.is_electric, one.distance_m, one.delivered) for one in day.vehicles] == [
        ("CAR", False, first_m, 1),
        ("VAN", True, second_m, 1),
    ]
    # What is aboard at the corner makes no way empty but the second driver's to it
    assert (day.empty_m, day.routes, day.stops) == (reassignment["approach_m"], 2.0, 4)
    assert day.vehicles[1].co2_g == round(second_m * 0.2 * 0.436)
    pays = await relief.rows("SELECT driver_id, total_minor FROM pay_statement")
    paid = {row["driver_id"]: row["total_minor"] for row in pays}
    first_minor, second_minor = paid[relief.drive.driver.id], paid[relief.second.id]
    assert (day.driver_minor or 0) + (day.transfer_minor or 0) == first_minor + second_minor
    # Stock for another hub is the last of the first driver's three parcels, and of the second one's two
    assert day.transfer_minor == first_minor - first_minor * 2 // 3 + second_minor - second_minor // 2
    # The first parcel and the second go to their doors; stock is no delivery
    assert (day.posted, day.delivered, day.transfers) == (0, 2, 1)
    async with works.open() as work:
        hubs = await kpis(work, market_id=market.id, first=MONDAY, last=MONDAY, group_by=KpiGroup.HUB)
    assert {(hub.name, hub.hub_out, hub.hub_in, hub.transfers) for hub in hubs} == {
        ("Centro", 3, 0, 1),
        ("Norte", 0, 1, 0),
    }
    assert (shipper.id, north_id) in await figures(works, market, MONDAY)


async def write_pay(work: Work, market: Market, driver_id: UUID, kind: StatementKind, minor: int, **more: Any) -> UUID:
    """A statement that is of no route, with its money on the wallet."""
    account = BLOCK_TOP_UP if kind is StatementKind.BLOCK else PAY_TRUE_UP
    lines = [price_line(code="floor", quantity=1, unit="day", rate_minor=minor, rule="x")]
    return await write_statement(
        work,
        NewStatement(
            kind=kind,
            market_id=market.id,
            driver_id=driver_id,
            currency="CLP",
            key=f"{kind}:{driver_id}",
            facts={},
            lines=lines,
            digest=b"",
            more=more,
        ),
        [Entry(debit=account, credit=driver_wallet(driver_id), amount=Money(minor, "CLP"))],
    )


async def keep_block(work: Work, market: Market, driver_id: UUID, began: datetime) -> None:
    """Settles a block that began then."""
    block_id, closes_at = work.new_id(), began + timedelta(hours=2)
    statement_id = await write_pay(work, market, driver_id, StatementKind.BLOCK, 7_860)
    await work.execute(BLOCK, block_id, market.id, began, closes_at)
    await work.execute(SIGN_UP, block_id, market.id, driver_id, began, closes_at, statement_id, work.now)


async def test_what_is_settled_days_later_makes_the_days_that_it_concerns_anew(
    works: Works, clock: ManualClock
) -> None:
    case = await make_case(works, clock)
    market, driver, driven_at = case.drive.market, case.drive.driver, clock.now
    await counted(works, market)
    claim_id = await case.open()
    clock.advance(seconds=3 * 86_400)
    await counted(works, market)
    before = await row_of_day(works, market, MONDAY)

    run: Callable[..., Awaitable[Any]] = case.run
    await run(answer_claim, by=case.driver, claim_id=claim_id, text="it was whole")
    await run(accept_claim, by=case.operator, claim_id=claim_id, accepted_minor=7_000, reason="seen")
    penalty = NewLine(
        key="late",
        kind=LineKind.SLA_CREDIT,
        market_id=market.id,
        shipper_id=case.drive.shipper.id,
        amount=Money(1_200, "CLP"),
        subject_id=case.delivery_id,
        delivery_id=case.delivery_id,
    )
    await run(write_line, line=penalty)
    async with works.open() as work:
        await keep_block(work, market, driver.id, driven_at)
        period = {"jurisdiction": "x", "period_starts_at": driven_at, "period_ends_at": work.now}
        more = {"policy_version": 1, "number": 0} | period
        await write_pay(work, market, driver.id, StatementKind.TRUE_UP, 300, **more)
    days_read = await counted(works, market)

    monday, thursday = [await row_of_day(works, market, day) for day in (MONDAY, THURSDAY)]
    # Monday for its block, Thursday for what was booked on it
    assert days_read == 2
    assert ((monday.driver_minor or 0) - (before.driver_minor or 0), monday.penalty_minor) == (7_860, 0)
    assert (thursday.penalty_minor, thursday.claim_minor, thursday.driver_minor) == (1_200, 7_000, 300)
    assert thursday.margin_minor == -8_500
    for day in (MONDAY, THURSDAY):
        assert await figures(works, market, day) == await slow(works, market, day)
    async with works.open() as work:
        by_hub = await kpis(work, market_id=market.id, first=THURSDAY, last=THURSDAY, group_by=KpiGroup.HUB)
    # The claim is of no delivery on the bill, and still belongs to the hub of what was damaged
    assert [(row.name, row.claim_minor) for row in by_hub] == [("Centro", 7_000)]
