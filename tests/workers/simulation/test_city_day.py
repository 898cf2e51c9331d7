"""A simulated day of the city: what came of everything is exact, and the same again for the same seed."""

from dataclasses import replace
from pathlib import Path

import pytest

from marketplace.arrivals import PredictionMoment
from marketplace.core.errors import NotAllowed
from marketplace.core.settings import Settings
from tests.workers.simulation.conftest import settings_for
from workers.simulation import CityDay, DatabaseInUse, play_city_day, quiet_day

ROUGH = replace(quiet_day(deliveries=24, hours=1.5), fail_rate=0.3, cancel_rate=0.2, decline_rate=0.3, expire_rate=0.6)
SMALL = CityDay(plan=ROUGH, drivers=6, hubs=2)
"""A day on which many things go another way."""


async def test_the_same_seed_plays_the_same_day_to_the_event(empty_urls: list[str], tmp_path: Path) -> None:
    first, second = [await play_city_day(settings_for(url, tmp_path), SMALL) for url in empty_urls]

    figures = first.figures
    assert (figures.posted, figures.delivered, figures.returned, figures.cancelled) == (24, 14, 7, 3)
    assert (figures.failed, figures.expired, figures.unfinished) == (0, 0, 0)
    offers = (figures.offers_sent, figures.offers_accepted, figures.offers_declined, figures.offers_expired)
    assert offers == (9, 3, 2, 3)
    assert (figures.routes_completed, figures.drivers_paid) == (6, 3)
    assert first.refusals == {"TOO_LATE_TO_CANCEL": 1}
    assert (first.ledger_sum_minor, first.ledger_findings, first.statements_held) == (0, 0, 0)
    assert figures.paid_minor == figures.earned_minor > 0
    assert second.event_hash == first.event_hash
    assert second.figures == figures
    dispatch = first.arrivals.at(PredictionMoment.DISPATCH)
    assert dispatch is not None
    assert dispatch.arrivals >= figures.delivered
    assert second.arrivals == first.arrivals


async def test_another_seed_plays_another_day(empty_urls: list[str], tmp_path: Path) -> None:
    days = [CityDay(plan=quiet_day(seed=seed, deliveries=2, hours=0.2), drivers=2, hubs=1) for seed in (1, 2)]

    hashes = [
        (await play_city_day(settings_for(url, tmp_path), day)).event_hash
        for url, day in zip(empty_urls, days, strict=True)
    ]

    assert hashes[0] != hashes[1]


async def test_hidden_traffic_makes_another_day_and_the_same_one_again(empty_urls: list[str], tmp_path: Path) -> None:
    busy = CityDay(plan=quiet_day(seed=1, deliveries=3, hours=0.25), drivers=2, hubs=1, traffic=4)

    first, second = [await play_city_day(settings_for(url, tmp_path), busy) for url in empty_urls]

    assert (first.figures.posted, first.figures.unfinished) == (3, 0)
    assert first.figures.delivered + first.figures.cancelled == 3
    assert (first.ledger_sum_minor, first.ledger_findings) == (0, 0)
    assert second.event_hash == first.event_hash


async def test_a_database_with_a_market_is_left_alone(empty_urls: list[str], tmp_path: Path) -> None:
    settings = settings_for(empty_urls[0], tmp_path)
    await play_city_day(settings, CityDay(plan=quiet_day(deliveries=1, hours=0.1), drivers=1, hubs=1))

    with pytest.raises(DatabaseInUse, match="an empty one"):
        await play_city_day(settings, SMALL)


async def test_a_simulation_is_refused_in_production(tmp_path: Path) -> None:
    settings = Settings.model_validate({"mode": "production", "state_folder": tmp_path, "city": "grid"})

    with pytest.raises(NotAllowed, match="refused in production"):
        await play_city_day(settings, SMALL)
