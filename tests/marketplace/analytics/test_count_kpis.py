"""A day is read once, and again when something of it changes later; reading it twice changes nothing."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from marketplace.analytics import KpiGroup, KpiRow, count_kpis, kpis
from marketplace.analytics.count_kpis import mark_days
from marketplace.analytics.kpis import BadDays
from marketplace.billing.events import RefundChanged
from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.ids import MarketId
from marketplace.core.work import Work, Works
from marketplace.fleet import ContractKind
from marketplace.fleet.events import DriverWentOnline
from tests.builders import make_driver, make_market
from tests.marketplace.analytics.test_roll_up import publish
from tests.marketplace.routes.drives import Drive, make_drive

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
REFUND = """
WITH paid AS (
    INSERT INTO charge (id, market_id, shipper_id, means, amount_minor, currency, state, captured_minor,
        refunded_minor, intent_id, created_at, paid_at)
    VALUES ($1, $2, $3, 'CARD', 900, 'CLP', 'PAID', 900, 900, 'pi_1', $4, $4))
INSERT INTO refund (id, market_id, shipper_id, charge_id, amount_minor, currency, reason, state, created_at, ended_at)
VALUES ($1, $2, $3, $1, 900, 'CLP', 'broken', 'PAID', $4, $4)
"""
STATEMENT = """
INSERT INTO pay_statement (id, market_id, kind, route_id, driver_id, policy_version, facts, lines, total_minor,
    currency, digest, state, created_at) VALUES ($1, $2, 'ROUTE', $3, $4, 1, '{}', '[]', 5001, 'CLP', '', 'HELD', $5)
"""


async def delivered(works: Works, clock: ManualClock) -> Drive:
    """A market whose only route was driven on Monday, with two hand-overs."""
    drive = await make_drive(works, clock)
    await drive.drive_to_first_door()
    await drive.drop_off(1)
    clock.advance(seconds=600)
    await drive.arrive(2)
    await drive.drop_off(2)
    return drive


async def count(drive: Drive) -> int:
    await publish(drive.works, drive.market)
    return await count_kpis(drive.works, market_id=MarketId(drive.market.id))


async def days(drive: Drive, group: KpiGroup = KpiGroup.DAY) -> list[KpiRow]:
    async with drive.works.open() as work:
        return await kpis(work, market_id=drive.market.id, first=MONDAY, last=TUESDAY, group_by=group)


async def test_a_day_read_again_is_the_same_day(works: Works, clock: ManualClock) -> None:
    drive = await delivered(works, clock)
    read = [await count(drive)]
    first = await days(drive)

    read.append(await count(drive))

    assert read == [1, 1]
    assert [(row.day, row.delivered, row.stops) for row in first] == [(MONDAY, 2, 3)]
    assert await days(drive) == first


async def test_what_comes_later_is_counted_on_the_day_that_it_belongs_to(works: Works, clock: ManualClock) -> None:
    drive = await delivered(works, clock)
    driven_at = clock.now
    await count(drive)
    clock.advance(seconds=86_400 * 3)
    await count(drive)
    async with works.open() as work:
        refund_id: UUID = work.new_id()
        await work.execute(REFUND, refund_id, drive.market.id, drive.shipper.id, driven_at)
        told: dict[str, Any] = {"market_id": drive.market.id, "shipper_id": drive.shipper.id, "charge_id": None}
        work.emit(RefundChanged(**told, refund_id=refund_id, state="PAID", amount_minor=900, currency="CLP"))
    [before] = await days(drive)
    await count(drive)
    [refunded] = await days(drive)
    async with works.open() as work:
        await work.execute("UPDATE refund SET state = 'FAILED' WHERE id = $1", refund_id)
        work.emit(RefundChanged(**told, refund_id=refund_id, state="FAILED", amount_minor=900, currency="CLP"))
        await work.execute(STATEMENT, work.new_id(), drive.market.id, drive.route.id, drive.driver.id, work.now)
        await work.execute(
            "INSERT INTO event (id, market_id, name, payload, occurred_at, route_id)"
            " VALUES ($1, $2, 'PayStatementIssued', '{}', $3, $4)",
            work.new_id(), drive.market.id, work.now, drive.route.id,
        )  # fmt: skip
    await count(drive)

    [paid] = await days(drive)
    assert [(row.refunded_minor, row.driver_minor) for row in (before, refunded, paid)] == [(0, 0), (900, 0), (0, 5001)]
    assert (refunded.margin_minor, paid.margin_minor) == (-900, -5001)


async def test_a_day_on_which_drivers_only_waited_has_figures(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        market = await make_market(work)
        driver = await make_driver(work, market)
        work.emit(DriverWentOnline(market_id=market.id, driver_id=driver.id))
    await publish(works, market)
    clock.advance(seconds=3_600)
    await count_kpis(works, market_id=MarketId(market.id))

    async with works.open() as work:
        [row] = await kpis(work, market_id=market.id, first=MONDAY, last=TUESDAY, group_by=KpiGroup.DAY)

    assert (row.day, row.posted, row.utilisation_percent, row.cost_per_stop_minor) == (MONDAY, 0, 0.0, None)
    assert [(one.contract_kind, one.driver_days, one.idle_minutes) for one in row.fairness] == [
        (None, 1, 60.0),
        (ContractKind.CROWDSOURCED, 1, 60.0),
    ]


async def test_a_run_that_breaks_off_leaves_its_days_due(works: Works, clock: ManualClock) -> None:
    drive = await delivered(works, clock)
    await publish(works, drive.market)
    with pytest.raises(ZeroDivisionError):
        async with works.open() as work:
            await mark_days(work, market_id=MarketId(drive.market.id))
            _ = 1 / 0

    assert await count(drive) == 1
    assert [row.delivered for row in await days(drive)] == [2]


async def test_a_share_of_a_route_is_whole_units_that_add_up(works: Works, clock: ManualClock) -> None:
    drive = await delivered(works, clock)
    async with works.open() as work:
        await work.execute("UPDATE delivery SET hub_id = NULL WHERE id = $1", drive.deliveries[0].id)
        await work.execute(STATEMENT, work.new_id(), drive.market.id, drive.route.id, drive.driver.id, work.now)
    await count(drive)

    by_hub, [whole] = await days(drive, KpiGroup.HUB), await days(drive, KpiGroup.MARKET)

    assert [(row.hub_id is None, row.name, row.distance_m) for row in by_hub] == [
        (False, "Centro", 2000),
        (True, None, 2000),
    ]
    assert sorted(row.driver_minor or 0 for row in by_hub) == [2500, 2501]
    assert (whole.driver_minor, whole.stops, whole.cost_per_stop_minor) == (5001, 3, 1667.0)


async def test_an_unknown_market_has_no_figures(work: Work) -> None:
    with pytest.raises(NotFound):
        await kpis(work, market_id=work.new_id(), first=MONDAY, last=MONDAY, group_by=KpiGroup.DAY)


@pytest.mark.parametrize("last", [MONDAY - timedelta(days=1), MONDAY + timedelta(days=366)])
async def test_days_are_in_order_and_at_most_a_year(work: Work, last: date) -> None:
    with pytest.raises(BadDays):
        await kpis(work, market_id=work.new_id(), first=MONDAY, last=last, group_by=KpiGroup.DAY)
