"""How much faster than real time a made-up day of a thousand deliveries is played, and where its processor time goes.

Everything counts: this process, the matcher, the streets and PostgreSQL. A play waits for one of them at a time, so on
an idle machine it lasts about as long as its processor time. Once as variants are played, and once with arrivals.
"""

import sys
from pathlib import Path

import pytest

from tests.workers.simulation.conftest import settings_for
from workers.simulation import CityDay, play_city_day, quiet_day

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1_800)]

THOUSAND = quiet_day(deliveries=1_000, hours=10.0)
WANTED = 200
"""Seconds of the market for each second of a processor."""


@pytest.mark.parametrize("has_arrivals", [False, True], ids=["as_a_variant", "with_arrivals"])
async def test_a_day_of_a_thousand_deliveries(fresh_url: str, tmp_path: Path, has_arrivals: bool) -> None:
    day = CityDay(plan=THOUSAND, drivers=60, has_arrivals=has_arrivals)

    played = await play_city_day(settings_for(fresh_url, tmp_path), day)

    sys.stdout.write(
        f"\n{played.figures.delivered} of {played.figures.posted} delivered, {played.events} events:"
        f" {played.market_s:,.0f} s of the market in {played.cpu_s:.1f} CPU s and {played.machine_s:.1f} s:"
        f" {played.per_cpu_s:,.0f} x by processor time, {played.times_real_time:,.0f} x by the clock\n"
    )
    assert played.per_cpu_s > WANTED
