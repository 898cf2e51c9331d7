"""Evidence is what was done on a driver's own routes; what somebody else made late is not theirs."""

from datetime import timedelta
from uuid import uuid4

import asyncpg
import orjson
import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.work import Work, Works
from marketplace.recipients import RatingReason, rate_delivery
from marketplace.standing import EvidenceKind, Excluded, compute_standing, find_evidence, standing_of
from tests.builders import make_driver
from tests.marketplace.ledger.world import refused_by_database
from tests.marketplace.standing.driven import drive, make_place

LATER = timedelta(hours=6)


async def arrivals(work: Work, driver_id: object) -> list[tuple[bool, int, str | None]]:
    rows = await work.fetch(
        "SELECT is_good, value, excluded FROM standing_evidence WHERE driver_id = $1 AND kind = 'ARRIVAL'"
        " ORDER BY occurred_at",
        driver_id,
    )
    return [(row["is_good"], row["value"], row["excluded"]) for row in rows]


@pytest.mark.parametrize(
    ("minutes", "closes_min", "found"),
    [
        # In time
        (((10, 12), (17, 19)), 20, (True, 0, None)),
        # An hour late on the way: of the 65 minutes of the leg the plan has 5, and the usual slack is a quarter of it
        (((10, 12), (77, 79)), 17, (False, 3_600 - 75, None)),
        # An hour at the hub beyond the plan
        (((10, 72), (77, 79)), 17, (False, 0, "HUB_WAIT")),
        # The route was offered 12 minutes too late: only what came on top of it is the driver's
        (((10, 12), (17, 19)), 5, (False, 0, "PLANNED_LATE")),
        (((10, 12), (77, 79)), 5, (False, 3_600 - 75, None)),
        # Five minutes late are in time, as the rules say; six are not, but traffic explains one of them and a quarter
        (((10, 12), (22, 24)), 17, (True, 0, None)),
        (((10, 12), (23, 25)), 17, (False, 285, "TRAFFIC")),
    ],
)
async def test_an_arrival_is_late_by_the_drivers_own_part_only(
    works: Works, clock: ManualClock, minutes: tuple[tuple[float, float], ...], closes_min: float,
    found: tuple[bool, int, str | None],
) -> None:  # fmt: skip
    async with works.open() as work:
        place = await make_place(work)
        driver = await make_driver(work, place[0])
        await drive(work, place, driver, minutes=minutes, closes_min=closes_min)
    clock.advance(seconds=LATER.total_seconds())

    async with works.open() as work:
        assert await find_evidence(work, market_id=place[0].id) == 3
        assert await find_evidence(work, market_id=place[0].id) == 0

        assert await arrivals(work, driver.id) == [found]


async def test_traffic_that_others_met_in_that_hour_is_nobodys_fault(works: Works, clock: ManualClock) -> None:
    slow = ((10, 12), (47, 49))
    async with works.open() as work:
        place = await make_place(work)
        for _ in range(6):
            await drive(work, place, await make_driver(work, place[0]), minutes=slow)
        driver, quick = await make_driver(work, place[0]), await make_driver(work, place[0])
        await drive(work, place, driver, minutes=slow, closes_min=17)
        await drive(work, place, quick, minutes=((10, 12), (17, 19)), closes_min=17)
    clock.advance(seconds=LATER.total_seconds())

    async with works.open() as work:
        await find_evidence(work, market_id=place[0].id)

        # Half an hour late, and all of it is the street's: others took 35 minutes for those 5 as well
        assert await arrivals(work, driver.id) == [(False, 0, "TRAFFIC")]
        assert await arrivals(work, quick.id) == [(True, 0, None)]


async def test_thousands_of_declines_and_expiries_change_nothing(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        place = await make_place(work)
        market = place[0]
        accepts, declines = await make_driver(work, market), await make_driver(work, market)
        for driver in (accepts, declines):
            for _ in range(4):
                await drive(work, place, driver, minutes=[(10, 12), *((17 + 7 * n, 19 + 7 * n) for n in range(11))])
        route_id = await work.fetch_value("SELECT id FROM route WHERE driver_id = $1 LIMIT 1", accepts.id)
        wave_id = uuid4()
        await work.execute(
            "INSERT INTO wave (id, market_id, route_id, number, contract_kind, state, raise_minor, raise_step_minor,"
            " raise_cap_minor, raise_budget_left_minor, opened_at) VALUES ($1, $2, $3, 1, 'CROWDSOURCED', 'EXHAUSTED',"
            " 0, 0, 0, 0, $4)",
            wave_id, market.id, route_id, work.now,
        )  # fmt: skip
        await work.execute(
            "INSERT INTO offer (id, market_id, route_id, route_version, wave_id, driver_id, state, pay_minor, currency,"
            " lines, approach_m, approach_s, rank, sent_at, expires_at, ended_at)"
            " SELECT gen_random_uuid(), $2, $3, 1, $1, $4, CASE n % 2 WHEN 0 THEN 'DECLINED' ELSE 'EXPIRED' END, 1,"
            " 'CLP', '[]', 0, 0, 1, $5::timestamptz, $5 + interval '1 minute', $5 + interval '1 minute'"
            " FROM generate_series(1, 4000) n",
            wave_id, market.id, route_id, declines.id, work.now,
        )  # fmt: skip
    clock.advance(seconds=LATER.total_seconds())

    async with works.open() as work:
        assert await compute_standing(work, market_id=market.id) == 2
        rows = await work.fetch(
            "SELECT driver_id, level, early_access_minutes, figures::text FROM driver_standing WHERE market_id = $1",
            market.id,
        )

    counted = {kind: {"good": 44, "total": 0, "counted": 44} for kind in ("ARRIVAL", "HAND_OVER")}
    figures = counted | {"COMPLETED": {"good": 4, "total": 44, "counted": 4}}
    found = {
        row["driver_id"]: (row["level"], row["early_access_minutes"], orjson.loads(row["figures"])) for row in rows
    }
    assert found == {driver.id: (2, 15, figures) for driver in (accepts, declines)}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("kind = 'DECLINED'", asyncpg.CheckViolationError),
        ("driver_id = '{other}'", asyncpg.ForeignKeyViolationError),
        ("route_id = gen_random_uuid()", asyncpg.ForeignKeyViolationError),
    ],
)
async def test_the_database_takes_no_other_evidence(
    work: Work, clock: ManualClock, change: str, fault: type[asyncpg.PostgresError]
) -> None:
    place = await make_place(work)
    driver, other = await make_driver(work, place[0]), await make_driver(work, place[0])
    stops = await drive(work, place, driver)
    column, _, value = change.format(other=other.id).partition(" = ")
    values = {
        "kind": "'COMPLETED'", "driver_id": f"'{driver.id}'", "route_id": f"'{stops[0].route_id}'",
    } | {column: value}  # fmt: skip

    async with refused_by_database(work, fault):
        await work.execute(
            "INSERT INTO standing_evidence (id, market_id, driver_id, route_id, kind, subject_id, is_good,"
            " value, facts, occurred_at, found_at)"
            f" VALUES (gen_random_uuid(), $1, {values['driver_id']}, {values['route_id']}, {values['kind']},"
            " gen_random_uuid(), true, 1, '{}', $2, $2)",
            place[0].id, work.now,
        )  # fmt: skip

    assert await work.fetch_value("SELECT count(*) FROM standing_evidence") == 0


@pytest.mark.parametrize(
    ("stars", "reasons", "found"),
    [
        (5, [RatingReason.FRIENDLY], (True, 5, None)),
        (2, [RatingReason.RUDE], (False, 2, None)),
        (1, [RatingReason.LATE, RatingReason.UNINFORMED], (False, 1, Excluded.NO_REASON)),
        (1, [], (False, 1, Excluded.NO_REASON)),
    ],
)
async def test_a_low_rating_counts_only_with_a_reason_that_is_the_drivers(
    works: Works, clock: ManualClock, stars: int, reasons: list[RatingReason], found: tuple[bool, int, Excluded | None]
) -> None:
    async with works.open() as work:
        place = await make_place(work)
        driver = await make_driver(work, place[0])
        await drive(work, place, driver)
        delivery_id = await work.fetch_value("SELECT id FROM delivery WHERE market_id = $1", place[0].id)
        await rate_delivery(work, delivery_id=delivery_id, stars=stars, reasons=reasons)
    clock.advance(seconds=LATER.total_seconds())

    async with works.open() as work:
        standing = await standing_of(work, driver_id=driver.id)

    [rating] = next(figure.rows for figure in standing.figures if figure.figure.kind is EvidenceKind.RATING)
    assert (rating.is_good, rating.value, rating.excluded) == found
    assert rating.counts is (found[2] is None)


async def test_a_flagged_report_speaks_against_a_hand_over(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        place = await make_place(work)
        driver = await make_driver(work, place[0])
        stops = await drive(work, place, driver)
        await work.execute(
            "INSERT INTO stop_report (id, market_id, route_id, stop_id, driver_id, verb, digest, occurred_at,"
            " effective_at, received_at, flag)"
            " VALUES (gen_random_uuid(), $1, $2, $3, $4, 'DROP_OFF', '', $5, $5, $5, 'FAR_FROM_STOP')",
            place[0].id, stops[1].route_id, stops[1].id, driver.id, work.now,
        )  # fmt: skip
    clock.advance(seconds=LATER.total_seconds())

    async with works.open() as work:
        await find_evidence(work, market_id=place[0].id)
        row = await work.fetch_row("SELECT is_good, facts::text FROM standing_evidence WHERE kind = 'HAND_OVER'")

    assert row is not None
    assert (row["is_good"], orjson.loads(row["facts"])) == (False, {"flag": "FAR_FROM_STOP"})


async def test_what_is_older_than_the_window_counts_no_more(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        place = await make_place(work)
        driver = await make_driver(work, place[0])
        for _ in range(4):
            await drive(work, place, driver, minutes=[(10, 12), *((17 + 7 * n, 19 + 7 * n) for n in range(11))])
    clock.advance(seconds=LATER.total_seconds())
    async with works.open() as work:
        assert (await standing_of(work, driver_id=driver.id)).level == 2
    clock.advance(seconds=28 * 86_400)

    async with works.open() as work:
        standing = await standing_of(work, driver_id=driver.id)

    assert (standing.level, standing.early_access_minutes) == (1, 0)
    assert [figure.rows for figure in standing.figures] == [[], [], [], []]
    assert [(one.kind, one.needed, one.now) for one in standing.missing] == [(EvidenceKind.COMPLETED, 40, 0)]
