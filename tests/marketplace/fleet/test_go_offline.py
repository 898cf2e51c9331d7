"""A driver goes offline without being asked why; a route is finished first."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from marketplace.core.errors import NotFound
from marketplace.core.work import Work, Works
from marketplace.fleet import PresenceState, go_offline
from marketplace.fleet.events import DriverWentOffline
from marketplace.fleet.models import Driver
from tests.builders import make_driver, make_market
from tests.races.together import at_once, codes


async def presence(work: Work, driver: Driver) -> tuple[Any, ...]:
    row = await work.fetch_row("SELECT state, online_until FROM presence WHERE driver_id = $1", driver.id)
    assert row is not None
    return tuple(row)


@pytest.mark.parametrize("state", [PresenceState.AVAILABLE, PresenceState.OFFERED, PresenceState.PAUSED])
async def test_a_driver_without_a_route_is_offline_at_once_and_it_is_told(work: Work, state: PresenceState) -> None:
    driver = await make_driver(work, await make_market(work), state=state)
    other = await make_driver(work, await make_market(work))

    assert await go_offline(work, driver_id=driver.id) is PresenceState.OFFLINE

    assert await presence(work, driver) == ("OFFLINE", None)
    assert work.events == [DriverWentOffline(market_id=driver.market_id, driver_id=driver.id)]
    assert await presence(work, other) == ("AVAILABLE", work.now + timedelta(hours=8))


async def test_going_offline_again_is_no_news(work: Work) -> None:
    driver = await make_driver(work, await make_market(work))
    await go_offline(work, driver_id=driver.id)

    assert await go_offline(work, driver_id=driver.id) is PresenceState.OFFLINE

    assert len(work.events) == 1


async def test_a_driver_on_a_route_finishes_it_and_is_not_asked_after_it(work: Work) -> None:
    driver = await make_driver(work, await make_market(work), state=PresenceState.ENGAGED)

    assert await go_offline(work, driver_id=driver.id) is PresenceState.ENGAGED

    assert await presence(work, driver) == ("ENGAGED", work.now)
    assert work.events == []


async def test_somebody_who_is_no_driver_is_not_found(work: Work) -> None:
    with pytest.raises(NotFound, match="no such driver"):
        await go_offline(work, driver_id=UUID(int=404))


async def test_two_calls_at_once_are_told_as_one(committed_works: Works) -> None:
    async with committed_works.open() as work:
        driver = await make_driver(work, await make_market(work))

    answers = await at_once(*[(committed_works, lambda work: go_offline(work, driver_id=driver.id))] * 5)

    assert codes(answers) == {"done": 5}
    async with committed_works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM event") == 1
