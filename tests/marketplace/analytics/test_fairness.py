"""Fairness by kind and day, counted once more second by second from the records themselves."""

import random
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest

from marketplace.analytics import fairness, own_fairness
from marketplace.analytics.fairness import driver_days, gini
from marketplace.core.clock import ManualClock
from marketplace.core.work import Work, Works
from marketplace.fleet import ContractKind
from marketplace.fleet.models import Driver
from marketplace.markets.models import Market
from tests.builders import make_driver, make_market

DAY = date(2026, 3, 2)
BEGINS = datetime.fromisoformat("2026-03-02T03:00:00+00:00")
"""Midnight in Chile."""


async def tell(work: Work, market: Market, driver: Driver, name: str, at: datetime) -> None:
    await work.execute(
        "INSERT INTO event (id, market_id, name, payload, occurred_at, driver_id)"
        " VALUES (gen_random_uuid(), $1, $2, '{}', $3, $4)",
        market.id, name, at, driver.id,
    )  # fmt: skip


async def drove(work: Work, market: Market, driver: Driver, began: datetime, ended: datetime | None, pay: int) -> UUID:
    route_id = uuid4()
    state = "COMPLETED" if ended else "STARTED"
    await work.execute(
        "INSERT INTO route (id, market_id, state, driver_id, distance_m, duration_s, starts_at, is_degraded, currency,"
        " policy_version, guarantee_minor, accepted_at, created_at, ended_at)"
        " VALUES ($1, $2, $3, $4, 1, 1, $5, false, 'CLP', 1, 1, $5, $5, $6)",
        route_id, market.id, state, driver.id, began, ended,
    )  # fmt: skip
    if ended:
        await work.execute(
            "INSERT INTO pay_statement (id, market_id, kind, route_id, driver_id, policy_version, facts, lines,"
            " total_minor, currency, digest, state, created_at)"
            " VALUES (gen_random_uuid(), $1, 'ROUTE', $2, $3, 1, '{}', '[]', $4, 'CLP', '', 'HELD', $5)",
            market.id, route_id, driver.id, pay, ended,
        )  # fmt: skip
    return route_id


async def asked(work: Work, market: Market, driver: Driver, route_id: UUID, at: datetime) -> None:
    wave_id = uuid4()
    await work.execute(
        "INSERT INTO wave (id, market_id, route_id, number, contract_kind, state, raise_minor, raise_step_minor,"
        " raise_cap_minor, raise_budget_left_minor, opened_at)"
        " VALUES ($1, $2, $3, (SELECT count(*) FROM wave), 'CROWDSOURCED', 'EXHAUSTED', 0, 0, 0, 0, $4)",
        wave_id, market.id, route_id, at,
    )  # fmt: skip
    await work.execute(
        "INSERT INTO offer (id, market_id, route_id, route_version, wave_id, driver_id, state, pay_minor, currency,"
        " lines, approach_m, approach_s, rank, sent_at, expires_at, ended_at)"
        " VALUES (gen_random_uuid(), $1, $2, 1, $3, $4, 'DECLINED', 1, 'CLP', '[]', 0, 0, 1, $5::timestamptz,"
        " $5 + interval '1 minute', $5)",
        market.id, route_id, wave_id, driver.id, at,
    )  # fmt: skip


async def make_day(work: Work, source: random.Random) -> tuple[Market, list[Driver], list[dict[str, Any]]]:
    """Drivers who come and go, also twice on end, drive before, in and beyond the day, and are asked."""
    market = await make_market(work)
    drivers = [await make_driver(work, market, kind=kind) for kind in ContractKind for _ in range(3)]
    notes: list[dict[str, Any]] = []
    for driver in drivers:
        turns = sorted(BEGINS + timedelta(minutes=source.randrange(-600, 1_500)) for _ in range(7))
        names = [source.choice(["DriverWentOnline", "DriverWentOffline"]) for _ in turns]
        for name, at in zip(names, turns, strict=True):
            await tell(work, market, driver, name, at)
        bounds = sorted(BEGINS + timedelta(minutes=source.randrange(-300, 1_500)) for _ in range(4))
        routes = [(began, ended, source.randrange(1, 9_999)) for began, ended in list(pairwise(bounds))[::2]]
        offers = [BEGINS + timedelta(minutes=source.randrange(-60, 1_500)) for _ in range(source.randrange(9))]
        route_id = uuid4()
        for began, ended, pay in routes:
            route_id = await drove(work, market, driver, began, ended, pay)
        for at in offers:
            await asked(work, market, driver, route_id, at)
        notes.append({"turns": list(zip(names, turns, strict=True)), "routes": routes, "offers": offers})
    return market, drivers, notes


def slow_day(note: dict[str, Any]) -> tuple[int, int, int, int]:
    """Online and engaged minutes one by one, offers and pay, as anybody would count them on paper."""
    online = engaged = 0
    ends = BEGINS + timedelta(days=1)
    for minute in range(1_440):
        at = BEGINS + timedelta(minutes=minute)
        drives = any(began <= at < ended for began, ended, _ in note["routes"])
        said = [name for name, when in note["turns"] if when <= at]
        engaged += drives
        online += drives or (bool(said) and said[-1] == "DriverWentOnline")
    offers = sum(BEGINS <= at < ends for at in note["offers"])
    return online * 60, engaged * 60, offers, sum(pay for _, ended, pay in note["routes"] if BEGINS <= ended < ends)


@pytest.mark.parametrize("seed", range(3))
async def test_the_figures_are_those_of_a_slow_count(works: Works, clock: ManualClock, seed: int) -> None:
    async with works.open() as work:
        market, drivers, notes = await make_day(work, random.Random(seed))
    clock.advance(seconds=2 * 86_400)

    async with works.open() as work:
        told, days = await driver_days(work, market_id=market.id, day=DAY)
        shown = await fairness(work, market_id=market.id, day=DAY)

    slow = {driver.id: slow_day(note) for driver, note in zip(drivers, notes, strict=True)}
    found = {one.driver_id: (one.online_s, one.engaged_s, one.offers, one.pay_minor) for one in days}
    assert found == {driver_id: counted for driver_id, counted in slow.items() if any(counted)}
    assert (told.day, shown.currency) == (DAY, "CLP")
    for figures in shown.figures:
        own = [
            slow[one.id] for one in drivers if figures.contract_kind in {None, one.contract_kind} and any(slow[one.id])
        ]
        online, engaged, offers, pay = (sum(column) for column in zip(*own, strict=True))
        assert figures.drivers == len(own)
        assert figures.idle_minutes == (online - engaged) / 60
        assert (figures.offers, figures.pay_minor) == (offers, pay)
        assert figures.pay_per_engaged_hour_minor == pay * 3_600 // engaged
        assert figures.pay_per_online_hour_minor == pay * 3_600 // online
        rates = [each[2] * 3_600 / each[0] for each in own if each[0]]
        slow_gini = sum(abs(one - other) for one in rates for other in rates) / (2 * len(rates) * sum(rates))
        assert figures.gini == pytest.approx(slow_gini)


@pytest.mark.parametrize(
    ("values", "expected"), [([], 0.0), ([0, 0], 0.0), ([3, 3, 3], 0.0), ([0, 0, 0, 4], 0.75), ([1, 3], 0.25)]
)
def test_gini_of_known_shares(values: list[float], expected: float) -> None:
    assert gini(values) == pytest.approx(expected)


async def test_a_driver_sees_the_own_day_beside_the_median_of_at_least_five(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        market = await make_market(work)
        drivers = [await make_driver(work, market) for _ in range(5)]
        for hours, driver in enumerate(drivers, start=1):
            await tell(work, market, driver, "DriverWentOnline", BEGINS)
            await tell(work, market, driver, "DriverWentOffline", BEGINS + timedelta(hours=hours))
            await drove(work, market, driver, BEGINS, BEGINS + timedelta(minutes=30), 1_000 * hours)
        alone = await make_driver(work, market, kind=ContractKind.DEDICATED)
        await tell(work, market, alone, "DriverWentOnline", BEGINS)
    clock.advance(seconds=86_400)

    async with works.open() as work:
        told = await own_fairness(work, driver_id=drivers[0].id, day=DAY)
        few = await own_fairness(work, driver_id=alone.id, day=DAY)

    assert (told.own.idle_minutes, told.own.pay_per_engaged_hour_minor) == (30, 2_000)
    assert told.median is not None
    assert (told.median.idle_minutes, told.median.pay_per_engaged_hour_minor) == (150, 6_000)
    assert few.median is None
