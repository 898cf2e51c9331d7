"""An app's idea of market time keeps step with the market's, at whatever speed that runs."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.workers.simulator.small_api import SmallApi
from workers.simulator.client import ApiClient
from workers.simulator.clock import Look, MarketClock, StandingStill, factor_of

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def look(*, market_s: float, machine_s: float) -> Look:
    """A look at the clocks some seconds after noon."""
    return Look(
        market_time=NOON + timedelta(seconds=market_s),
        machine_time=NOON + timedelta(seconds=machine_s),
        taken_at_s=0.0,
        took_s=0.0,
    )


def test_the_speed_is_found_by_two_looks_at_both_clocks() -> None:
    assert factor_of(look(market_s=0, machine_s=0), look(market_s=45, machine_s=0.75)) == 60.0


def test_market_time_goes_on_from_the_look_at_its_own_speed() -> None:
    now_s = 100.0
    clock = MarketClock(market_time=NOON, taken_at_s=90.0, factor=60.0, ticks=lambda: now_s)

    assert clock.now == NOON + timedelta(minutes=10)
    assert clock.machine_s(3_600) == 60.0


def test_a_market_whose_time_stands_still_is_refused() -> None:
    with pytest.raises(StandingStill):
        MarketClock(market_time=NOON, taken_at_s=0.0, factor=0.0)


async def test_the_clock_is_asked_of_the_api(api: SmallApi, driver: ApiClient) -> None:
    def clock(_: object) -> dict[str, str]:
        passed = timedelta(seconds=len(api.asked))
        return {
            "marketTime": (NOON + 30 * passed).isoformat().replace("+00:00", "Z"),
            "machineTime": (NOON + passed).isoformat().replace("+00:00", "Z"),
        }

    api.answers["clock"] = clock

    read = await MarketClock.read(driver)

    assert read.factor == 30.0


async def test_a_moment_that_is_past_is_not_waited_for() -> None:
    clock = MarketClock(market_time=NOON, taken_at_s=0.0, factor=1.0, ticks=lambda: 0.0)

    await clock.sleep_until(NOON - timedelta(days=1))

    assert clock.now == NOON
