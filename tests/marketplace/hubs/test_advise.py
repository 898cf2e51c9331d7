"""Advice about hubs is the best of all choices of sites, and counts what went from hubs and nothing else."""

from datetime import date, timedelta
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from marketplace.adapters.routers import StraightLineRouter
from marketplace.core.clock import ManualClock
from marketplace.core.errand import run_errand
from marketplace.core.errors import Invalid
from marketplace.core.geo import Point, cell_centre
from marketplace.core.work import Works
from marketplace.hubs import AdviseHub, NoDemand
from marketplace.hubs.facility import place_sites
from tests.builders import make_batch, make_delivery, make_hub, make_market, make_shipper

DAY = date(2026, 3, 2)
SOUTH = Point(lat=-29.9600, lon=-71.3350)
EAST = Point(lat=-29.9100, lon=-71.2300)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("most", [1, 2])
def test_the_chosen_sites_are_the_best_of_all_choices(seed: int, most: int) -> None:
    numbers = np.random.default_rng(seed)
    savings = np.where(numbers.random((7, 25)) < 0.5, numbers.random((7, 25)) * 100, 0)
    worth = 250.0

    placing = place_sites(savings, most=most, worth=worth)

    def value(sites: tuple[int, ...]) -> float:
        return float(savings[list(sites)].max(axis=0).sum()) - worth * len(sites) if sites else 0.0

    every = [sites for count in range(most + 1) for sites in combinations(range(7), count)]
    assert value(placing.sites) == pytest.approx(max(value(sites) for sites in every))
    assert placing.optimality_gap == pytest.approx(0.0, abs=1e-6)
    served = [savings[site, group] for group, site in enumerate(placing.served_by) if site >= 0]
    assert sum(served) - worth * len(placing.sites) == pytest.approx(value(placing.sites))


def test_where_nothing_is_saved_nothing_is_opened() -> None:
    placing = place_sites(np.zeros((3, 4)), most=2, worth=0.0)

    assert (placing.sites, placing.served_by, placing.optimality_gap) == ((), (-1,) * 4, 0.0)


async def test_the_next_hub_goes_where_most_drives_end(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        batch = await make_batch(work, market, shipper)
        for place, count in ((SOUTH, 6), (EAST, 2)):
            for _ in range(count):
                await make_delivery(work, market, shipper, hub, batch, dropoff_lat=place.lat, dropoff_lon=place.lon)
        await make_delivery(work, market, shipper, hub, batch, hub_id=None, dropoff_lat=-29.80, dropoff_lon=-71.20)
    clock.advance(seconds=60)
    router = StraightLineRouter()
    asked = AdviseHub(
        router=router, market_id=market.id, first_day=DAY - timedelta(days=1), last_day=DAY, candidates=10, within_s=300
    )

    advice = await run_errand(works, asked)

    assert advice is not None
    assert (advice.days, advice.deliveries, advice.candidates) == (2, 8, 2)
    [site] = advice.sites
    assert site.cell == SOUTH.cell
    assert site.deliveries_per_day == 3.0
    matrix = await router.matrix([Point(lat=hub.lat, lon=hub.lon)], [cell_centre(SOUTH.cell)], depart_at=clock.now)
    assert site.saved_hours_per_day == pytest.approx(3 * matrix.durations_s[0, 0] / 3_600)
    assert site.saved_km_per_day == pytest.approx(3 * matrix.distances_m[0, 0] / 1_000)
    assert advice.before.hours_per_day - advice.after.hours_per_day == pytest.approx(site.saved_hours_per_day)
    assert (advice.before.share_within, advice.after.share_within) == (0.25, 1.0)


async def test_without_anything_delivered_there_is_no_advice(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
    asked: dict[str, Any] = {"router": StraightLineRouter(), "market_id": market.id}

    with pytest.raises(NoDemand):
        await run_errand(works, AdviseHub(**asked, first_day=DAY, last_day=DAY))
    with pytest.raises(Invalid):
        AdviseHub(**asked, first_day=DAY, last_day=DAY - timedelta(days=1))
