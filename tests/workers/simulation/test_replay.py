"""A recorded day is played again with its own demand, drivers' hours and stops' times, and with nobody's name."""

import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from marketplace.analytics import RecordedDay
from marketplace.core.database import connect
from marketplace.core.settings import Settings
from tests.workers.simulation.conftest import settings_for
from workers.simulation import (
    CityDay,
    ReplayedDay,
    play_city_day,
    play_replay,
    quiet_day,
    read_recorded_day,
)

PLAYED = CityDay(
    plan=replace(quiet_day(deliveries=14, hours=0.7), cancel_rate=0.2, fail_rate=0.5),
    drivers=5,
    hubs=2,
    dials={"match_time_limit_ms": 100, "payout_every_s": 7_200, "unavailable_after_s": 240},
)
"""Nobody is there at some doors, which the market believes of a driver who has waited for four minutes."""
DAY = date(2026, 3, 2)
DEMAND = """
SELECT e.occurred_at, d.pickup_lat, d.pickup_lon, d.dropoff_lat, d.dropoff_lon, d.pickup_opens_at, d.pickup_closes_at,
       d.dropoff_opens_at, d.dropoff_closes_at, d.requirements, d.service_level, d.priority, d.load, d.price_minor,
       d.hub_id IS NULL AS has_no_hub, d.failure_policy, b.quote_id IS NOT NULL AS is_quoted
FROM delivery d JOIN event e ON e.delivery_id = d.id AND e.name = 'DeliveryPosted' JOIN batch b ON b.id = d.batch_id
WHERE d.return_of IS NULL
"""
TOLD_BY_NAME = """
SELECT string_agg(concat_ws('|', recipient_name, recipient_phone, dropoff_address, pickup_address, pickup_name,
                            pickup_phone, instructions, external_id), '#') AS deliveries,
       (SELECT string_agg(name || phone, '#') FROM driver) AS drivers,
       (SELECT string_agg(name, '#') FROM shipper) AS shippers
FROM delivery WHERE return_of IS NULL
"""


async def rows(url: str, sql: str) -> list[Any]:
    connection = await connect(url)
    try:
        return [tuple(map(str, row)) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


@pytest.fixture
async def recorded(empty_urls: list[str], tmp_path: Path) -> Settings:
    """The settings of a database in which a small day was played and recorded."""
    settings = settings_for(empty_urls[0], tmp_path)
    await play_city_day(settings, PLAYED)
    return settings


async def test_a_replay_has_the_demand_hours_and_stops_of_the_record_and_no_names(
    recorded: Settings, empty_urls: list[str], tmp_path: Path
) -> None:
    day = await read_recorded_day(recorded, market="la-serena", day=DAY)

    played = await play_replay(settings_for(empty_urls[1], tmp_path), ReplayedDay(recorded=day, seed=3))

    before, after = [Counter(await rows(url, DEMAND)) for url in empty_urls]
    assert after == before
    assert (played.figures.posted, played.figures.unfinished, played.ledger_findings) == (14, 0, 0)
    ((said, drivers, shippers),) = await rows(empty_urls[1], TOLD_BY_NAME)
    assert set(re.split(r"[|#]", said)) <= {"", "Pickup", "Door", "Hub 1", "Hub 2"} | {
        f"replay-{batch}-{number}" for batch in range(14) for number in range(14)
    }
    assert re.fullmatch(r"(Driver \d\+\d+#?)*", drivers)
    assert re.fullmatch(r"(Shipper \d#?)*", shippers)
    _has_hours_and_stops(day)


def _has_hours_and_stops(day: RecordedDay) -> None:
    """Drivers are there when they were there, and stops take as long."""
    assert len(day.drivers) == 5
    begins = [driver.online[0][0] for driver in day.drivers]
    assert all(timedelta(0) <= moment - PLAYED.starts_at <= timedelta(minutes=3) for moment in begins)
    called_off = [one for one in day.deliveries if one.cancelled_after_s is not None]
    turned_back = [one for one in day.deliveries if one.failure is not None]
    assert (len(called_off) > 0, len(turned_back) > 0) == (True, True)
    took = [one.hand_over_s for one in day.deliveries if one.hand_over_s is not None]
    assert len(took) >= 14 - len(called_off) - len(turned_back)
    assert all(20.0 < seconds < 300.0 for seconds in took)
