"""Positions are gathered and reported many at a time; without network they wait."""

from datetime import UTC, datetime, timedelta

from marketplace.core.geo import Point
from tests.workers.simulator.small_api import PROBLEM, SmallApi
from workers.simulator.client import ApiClient
from workers.simulator.positions import Positions
from workers.simulator.tally import Tally

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def drive(positions: Positions, count: int) -> None:
    """So many positions, a quarter of a minute apart."""
    for i in range(count):
        positions.add(NOON + timedelta(seconds=15 * i), Point(lat=-29.9 + i / 1_000, lon=-71.25))


async def test_positions_are_reported_together_and_then_not_for_a_while(api: SmallApi, driver: ApiClient) -> None:
    positions = Positions(driver, tally := Tally())
    drive(positions, 3)

    await positions.report()
    drive(positions, 2)
    await positions.report()

    (asked,) = api.requests_for("reportPositions")
    assert [position["occurredAt"][11:19] for position in asked.variables["positions"]] == [
        "12:00:00",
        "12:00:15",
        "12:00:30",
    ]
    assert tally.positions_sent == 3


async def test_positions_wait_for_the_network_and_go_in_bounded_calls(api: SmallApi, driver: ApiClient) -> None:
    positions = Positions(driver, Tally())
    driver.network.lose()
    drive(positions, 130)
    is_reached_without = await positions.report()

    driver.network.restore()
    positions._reported_at_s = 0.0
    is_reached = await positions.report()

    assert (is_reached_without, is_reached) == (False, True)
    assert [len(asked.variables["positions"]) for asked in api.asked] == [100]


async def test_positions_that_are_refused_are_dropped(api: SmallApi, driver: ApiClient) -> None:
    api.answers["reportPositions"] = lambda _: PROBLEM | {"code": "BAD_POSITION"}
    positions = Positions(driver, tally := Tally())
    drive(positions, 3)

    assert await positions.report() is True

    assert (list(positions._waiting), tally.positions_sent) == ([], 0)
