"""A driver goes online at a place: the crowd for twelve hours, others within their hours, nobody without an account."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotAllowed
from marketplace.core.geo import Point
from marketplace.core.work import Work, Works
from marketplace.fleet import AccountState, ContractKind, NoShift, PresenceState, go_online
from marketplace.fleet.events import DriverWentOnline
from marketplace.fleet.models import Driver
from tests.builders import make_driver, make_market
from tests.races.together import at_once, codes

PLACE = Point(lat=-29.95, lon=-71.30)
WITH_HOURS = [ContractKind.DEDICATED, ContractKind.CONTRACTED]
HALF_AN_HOUR = timedelta(minutes=30)
SECOND = timedelta(seconds=1)

DRIVES = {AccountState.ACTIVE, AccountState.SUSPENSION_PROPOSED}
"""What is only proposed takes nothing away."""


async def presence(work: Work, driver: Driver) -> asyncpg.Record:
    row = await work.fetch_row("SELECT * FROM presence WHERE driver_id = $1", driver.id)
    assert row is not None
    return row


async def make_offline(work: Work, kind: ContractKind = ContractKind.CROWDSOURCED, **changes: Any) -> Driver:
    """A driver who has been away, without hours."""
    driver = await make_driver(work, await make_market(work), kind=kind, state=PresenceState.OFFLINE, **changes)
    await work.execute(
        "UPDATE presence SET online_until = NULL, lat = NULL, lon = NULL, cell = NULL, position_at = NULL,"
        " changed_at = $2 WHERE driver_id = $1",
        driver.id,
        work.now - timedelta(days=1),
    )
    await work.execute("DELETE FROM shift WHERE driver_id = $1", driver.id)
    return driver


async def agree_hours(work: Work, driver: Driver, begin: timedelta, end: timedelta) -> None:
    await work.execute(
        "INSERT INTO shift (id, market_id, driver_id, starts_at, ends_at) VALUES ($1, $2, $3, $4, $5)",
        work.new_id(),
        driver.market_id,
        driver.id,
        work.now + begin,
        work.now + end,
    )


async def test_a_driver_of_the_crowd_is_available_for_twelve_hours(work: Work) -> None:
    driver = await make_offline(work)

    until = await go_online(work, driver_id=driver.id, place=PLACE)

    now = await presence(work, driver)
    assert until == now["online_until"] == work.now + timedelta(hours=12)
    assert (now["state"], now["lat"], now["lon"], now["cell"]) == ("AVAILABLE", PLACE.lat, PLACE.lon, PLACE.cell)
    assert (now["position_at"], now["changed_at"]) == (work.now, work.now)
    assert work.events == [DriverWentOnline(market_id=driver.market_id, driver_id=driver.id)]


async def test_going_online_again_moves_the_driver_and_tells_nobody(work: Work) -> None:
    driver = await make_offline(work)
    await go_online(work, driver_id=driver.id, place=PLACE)
    elsewhere = Point(lat=-29.90, lon=-71.25)

    await go_online(work, driver_id=driver.id, place=elsewhere)

    now = await presence(work, driver)
    assert (now["state"], now["lat"], now["lon"], now["cell"]) == (
        "AVAILABLE",
        elsewhere.lat,
        elsewhere.lon,
        elsewhere.cell,
    )
    assert len(work.events) == 1


@pytest.mark.parametrize("state", [PresenceState.ENGAGED, PresenceState.OFFERED])
async def test_a_driver_who_drives_or_is_asked_stays_so(work: Work, state: PresenceState) -> None:
    driver = await make_driver(work, await make_market(work), state=state)

    await go_online(work, driver_id=driver.id, place=PLACE)

    now = await presence(work, driver)
    assert (now["state"], now["lat"]) == (state.value, PLACE.lat)
    assert work.events == []


async def test_a_driver_whose_time_had_run_out_is_news_again(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        driver = await make_offline(work)
        until = await go_online(work, driver_id=driver.id, place=PLACE)
    clock.now = until

    async with works.open() as work:
        await go_online(work, driver_id=driver.id, place=PLACE)

        assert (await presence(work, driver))["online_until"] == until + timedelta(hours=12)
        assert [event.name for event in work.events] == ["DriverWentOnline"]


async def test_a_driver_comes_back_from_a_pause(work: Work) -> None:
    driver = await make_driver(work, await make_market(work), state=PresenceState.PAUSED)

    await go_online(work, driver_id=driver.id, place=PLACE)

    assert (await presence(work, driver))["state"] == "AVAILABLE"
    assert [event.name for event in work.events] == ["DriverWentOnline"]


@pytest.mark.parametrize("state", [state for state in AccountState if state not in DRIVES])
async def test_an_account_that_is_not_active_does_not_drive(work: Work, state: AccountState) -> None:
    driver = await make_offline(work, account_state=state.value)
    before = await presence(work, driver)

    with pytest.raises(NotAllowed, match="cannot drive now"):
        await go_online(work, driver_id=driver.id, place=PLACE)

    assert await presence(work, driver) == before
    assert work.events == []


async def test_somebody_who_is_no_driver_hears_the_same(work: Work) -> None:
    with pytest.raises(NotAllowed, match="cannot drive now"):
        await go_online(work, driver_id=UUID(int=404), place=PLACE)


@pytest.mark.parametrize("kind", WITH_HOURS)
@pytest.mark.parametrize(
    ("begin", "end"),
    [(-timedelta(hours=1), timedelta(hours=7)), (HALF_AN_HOUR, timedelta(hours=8)), (-timedelta(hours=8), SECOND)],
)
async def test_one_with_hours_is_online_from_half_an_hour_before_until_their_end(
    work: Work, kind: ContractKind, begin: timedelta, end: timedelta
) -> None:
    driver = await make_offline(work, kind)
    await agree_hours(work, driver, begin, end)

    assert await go_online(work, driver_id=driver.id, place=PLACE) == work.now + end
    assert (await presence(work, driver))["state"] == "AVAILABLE"


@pytest.mark.parametrize("kind", WITH_HOURS)
@pytest.mark.parametrize(
    "hours",
    [
        [],
        [(-timedelta(hours=8), timedelta(0))],
        [(HALF_AN_HOUR + SECOND, timedelta(hours=8))],
        [(-timedelta(hours=8), -timedelta(hours=1)), (timedelta(hours=1), timedelta(hours=8))],
    ],
    ids=["none", "over", "not-yet", "between"],
)
async def test_one_with_hours_stays_offline_outside_them(
    work: Work, kind: ContractKind, hours: list[tuple[timedelta, timedelta]]
) -> None:
    driver = await make_offline(work, kind)
    for begin, end in hours:
        await agree_hours(work, driver, begin, end)
    before = await presence(work, driver)

    with pytest.raises(NoShift, match="30 minutes before") as refused:
        await go_online(work, driver_id=driver.id, place=PLACE)

    assert refused.value.code == "NO_SHIFT"
    assert await presence(work, driver) == before
    assert work.events == []


async def test_hours_that_follow_one_another_count_as_one(work: Work) -> None:
    driver = await make_offline(work, ContractKind.DEDICATED)
    await agree_hours(work, driver, -timedelta(hours=4), timedelta(minutes=15))
    await agree_hours(work, driver, timedelta(minutes=15), timedelta(hours=4))

    assert await go_online(work, driver_id=driver.id, place=PLACE) == work.now + timedelta(hours=4)


async def test_another_drivers_hours_do_not_count(work: Work) -> None:
    driver, other = await make_offline(work, ContractKind.DEDICATED), await make_offline(work, ContractKind.DEDICATED)
    await agree_hours(work, other, -timedelta(hours=1), timedelta(hours=7))

    with pytest.raises(NoShift):
        await go_online(work, driver_id=driver.id, place=PLACE)


async def test_two_calls_at_once_are_told_as_one(committed_works: Works) -> None:
    async with committed_works.open() as work:
        driver = await make_offline(work)

    answers = await at_once(*[(committed_works, lambda work: go_online(work, driver_id=driver.id, place=PLACE))] * 5)

    assert codes(answers) == {"done": 5}
    async with committed_works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM event") == 1
