"""Days on end in one market: what is learnt on one is known on the next; forecasts are told beside empty streets."""

from pathlib import Path

from tests.workers.simulation.conftest import settings_for
from workers.simulation import CityDay, play_city_days, quiet_day

TINY = CityDay(plan=quiet_day(seed=1, deliveries=4, hours=0.2), drivers=2, hubs=1, traffic=4)


async def test_a_market_goes_on_from_day_to_day(empty_urls: list[str], tmp_path: Path) -> None:
    played = await play_city_days(settings_for(empty_urls[0], tmp_path), TINY, days=2)

    first, second = played.days
    assert (first.day, second.day) == ("2026-03-02", "2026-03-03")
    assert (first.posted, second.posted) == (4, 4)
    assert second.routes_so_far == first.routes + second.routes == played.closed.figures.routes_completed
    assert (played.closed.ledger_sum_minor, played.closed.ledger_findings) == (0, 0)
    assert played.closed.figures.unfinished == 0
    # A forecast that has turned out belongs to one day, and empty streets say less than hidden traffic takes.
    every = played.etas["ALL"]
    assert every.forecasts == first.etas["ALL"].forecasts + second.etas["ALL"].forecasts
    assert every.forecasts == sum(row.forecasts for name, row in played.etas.items() if name != "ALL")
    assert every.free_mae_s > 0
    assert every.covered_pct + every.early_pct + every.late_pct == 100.0
    told = played.as_dict()
    assert told["total"]["etas"]["ALL"]["below_free_pct"] == every.below_free_pct
    assert told["windows"] is None
