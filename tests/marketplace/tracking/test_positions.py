"""Positions are gathered and written together; the latest believable one is where a driver is."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.geo import Point
from marketplace.core.ids import DriverId, MarketId
from marketplace.core.work import DatabaseUnavailable, Work, Works
from marketplace.fleet.models import Driver
from marketplace.tracking import (
    BadPosition,
    PositionBuffer,
    ReportedPosition,
    TooManyPositions,
    drop_old_positions,
    trail_of_driver,
)
from marketplace.tracking.positions import POINTS_IN_A_REPORT, POINTS_IN_MEMORY
from tests.builders import make_driver, make_market

BEACH = Point(lat=-29.91, lon=-71.27)
PORT = Point(lat=-29.95, lon=-71.34)


@pytest.fixture
async def driver(works: Works) -> Driver:
    async with works.open() as work:
        return await make_driver(work, await make_market(work))


def report(buffer: PositionBuffer, driver: Driver, *points: ReportedPosition) -> None:
    buffer.add(DriverId(driver.id), MarketId(driver.market_id), points)


def at(place: Point, moment: datetime, accuracy_m: float | None = 8.0) -> ReportedPosition:
    return ReportedPosition(place=place, occurred_at=moment, accuracy_m=accuracy_m)


async def presence(works: Works, driver: Driver) -> tuple[float, float, str, datetime]:
    async with works.open() as work:
        row = await work.fetch_row("SELECT lat, lon, cell, position_at FROM presence WHERE driver_id = $1", driver.id)
    assert row is not None
    return row["lat"], row["lon"], row["cell"], row["position_at"]


async def history(works: Works, driver: Driver) -> list[datetime]:
    async with works.read() as connection:
        since = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
        trail = await trail_of_driver(
            connection, market_id=MarketId(driver.market_id), driver_id=driver.id, since=since
        )
    return [place.occurred_at for place in trail]


async def test_the_latest_position_moves_the_driver_and_all_go_into_the_history(
    works: Works, clock: ManualClock, driver: Driver
) -> None:
    buffer = PositionBuffer(works)
    clock.advance(seconds=60)
    late, early = clock.now - timedelta(seconds=5), clock.now - timedelta(seconds=20)

    report(buffer, driver, at(PORT, late), at(BEACH, early))
    written = await buffer.flush()

    assert written == 2
    assert await presence(works, driver) == (PORT.lat, PORT.lon, PORT.cell, late)
    assert await history(works, driver) == [early, late]
    assert await buffer.flush() == 0


async def test_an_older_position_than_the_known_one_moves_nobody(
    works: Works, clock: ManualClock, driver: Driver
) -> None:
    buffer = PositionBuffer(works)
    known = await presence(works, driver)

    report(buffer, driver, at(PORT, clock.now - timedelta(minutes=10)))
    await buffer.flush()

    assert await presence(works, driver) == known
    assert await history(works, driver) == [clock.now - timedelta(minutes=10)]


async def test_a_time_in_the_future_counts_as_now(works: Works, clock: ManualClock, driver: Driver) -> None:
    buffer = PositionBuffer(works)
    clock.advance(seconds=60)

    report(buffer, driver, at(PORT, clock.now + timedelta(hours=3)))
    await buffer.flush()

    assert await presence(works, driver) == (PORT.lat, PORT.lon, PORT.cell, clock.now)


async def test_a_vague_position_is_kept_and_moves_nobody(works: Works, clock: ManualClock, driver: Driver) -> None:
    buffer = PositionBuffer(works)
    known = await presence(works, driver)
    clock.advance(seconds=60)

    report(buffer, driver, at(PORT, clock.now, accuracy_m=800.0))
    await buffer.flush()

    assert await presence(works, driver) == known
    assert await history(works, driver) == [clock.now]


async def test_positions_of_the_day_before_yesterday_are_left_out(
    works: Works, clock: ManualClock, driver: Driver
) -> None:
    buffer = PositionBuffer(works)

    report(buffer, driver, at(PORT, clock.now - timedelta(hours=25)))

    assert await buffer.flush() == 0
    assert await history(works, driver) == []


async def test_a_driver_cannot_be_moved_in_another_market(works: Works, clock: ManualClock, driver: Driver) -> None:
    buffer = PositionBuffer(works)
    known = await presence(works, driver)
    clock.advance(seconds=60)

    buffer.add(DriverId(driver.id), MarketId(UUID(int=9)), [at(PORT, clock.now)])
    await buffer.flush()

    assert await presence(works, driver) == known


@pytest.mark.parametrize("accuracy_m", [-1.0, float("nan"), float("inf"), 20_000.0])
async def test_an_impossible_accuracy_is_refused(
    works: Works, clock: ManualClock, driver: Driver, accuracy_m: float
) -> None:
    buffer = PositionBuffer(works)

    with pytest.raises(BadPosition) as refusal:
        report(buffer, driver, at(BEACH, clock.now), at(PORT, clock.now, accuracy_m=accuracy_m))

    assert refusal.value.field == "accuracyM"
    assert await buffer.flush() == 0


async def test_a_time_without_an_offset_is_refused(works: Works, clock: ManualClock, driver: Driver) -> None:
    with pytest.raises(BadPosition):
        report(PositionBuffer(works), driver, at(PORT, clock.now.replace(tzinfo=None)))


async def test_reports_and_memory_are_bounded(works: Works, clock: ManualClock, driver: Driver) -> None:
    buffer = PositionBuffer(works)
    full = [at(PORT, clock.now)] * POINTS_IN_A_REPORT

    with pytest.raises(BadPosition):
        report(buffer, driver, *full, at(PORT, clock.now))
    for _ in range(POINTS_IN_MEMORY // POINTS_IN_A_REPORT):
        report(buffer, driver, *full)
    with pytest.raises(TooManyPositions) as refusal:
        report(buffer, driver, at(PORT, clock.now))

    assert refusal.value.code == "TOO_MANY_POSITIONS"
    assert refusal.value.retryable
    assert await buffer.flush() == 5_000


async def test_what_was_taken_is_written_on_the_way_out(works: Works, clock: ManualClock, driver: Driver) -> None:
    async with PositionBuffer(works) as buffer:
        report(buffer, driver, at(PORT, clock.now))

    assert await history(works, driver) == [clock.now]


async def test_what_cannot_be_written_waits_for_the_database(committed_works: Works, clock: ManualClock) -> None:
    buffer = PositionBuffer(committed_works)
    buffer.add(DriverId(UUID(int=1)), MarketId(UUID(int=2)), [at(PORT, clock.now), at(PORT, clock.now)])
    pool = committed_works.database._pool
    assert pool is not None
    busy = [await pool.acquire() for _ in range(30)]

    with pytest.raises(DatabaseUnavailable):
        await buffer.flush()
    for connection in busy:
        await pool.release(connection)

    assert await buffer.flush() == 2


async def test_old_positions_are_dropped_once_traffic_was_learnt_from_them(work: Work) -> None:
    market = await make_market(work, position_kept_days=3)
    driver = await make_driver(work, market)
    kept_for = timedelta(days=3)
    for age, is_digested in (
        (kept_for + timedelta(minutes=1), True),
        (kept_for - timedelta(minutes=1), True),
        (kept_for + timedelta(minutes=1), False),
    ):
        await work.execute(
            "INSERT INTO position (market_id, driver_id, lat, lon, occurred_at, received_at, is_digested)"
            " VALUES ($1, $2, 0, 0, $3, $3, $4)",
            driver.market_id,
            driver.id,
            work.now - age,
            is_digested,
        )

    assert await drop_old_positions(work) == 1

    rows = await work.fetch("SELECT is_digested FROM position ORDER BY occurred_at")
    assert [row["is_digested"] for row in rows] == [False, True]
