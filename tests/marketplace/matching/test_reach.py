"""Whom a zone plans for: the nearest by straight line are looked at, the first by drive time are chosen."""

from datetime import datetime
from typing import Any

import numpy as np

from marketplace.adapters.routers import StraightLineRouter
from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.matching.nearby import DRIVERS_AT_ONCE, DRIVERS_TO_PAIR
from marketplace.matching.reach import CANDIDATES, choose_candidates
from marketplace.matching.snapshot import Snapshot, take_snapshot
from marketplace.routing import Matrix
from tests.builders import HUB_PLACE
from tests.marketplace.matching.cities import City, make_city
from tests.marketplace.matching.worlds import World, make_world


class Detour(StraightLineRouter):
    """Whoever is south of the hub needs an hour more to get anywhere."""

    async def matrix(self, sources: Any, targets: Any = None, *, depart_at: datetime) -> Matrix:
        """The same, with the hour added."""
        cells = await super().matrix(sources, targets, depart_at=depart_at)
        cells.durations_s[np.array([point.lat < HUB_PLACE.lat for point in sources])] += 3_600
        return cells


class Counting(StraightLineRouter):
    """Tells how often it was asked."""

    asked = 0

    async def matrix(self, sources: Any, targets: Any = None, *, depart_at: datetime) -> Matrix:
        """The same, counted."""
        self.asked += 1
        return await super().matrix(sources, targets, depart_at=depart_at)


async def snapshot_of(work: Work, market_id: Any) -> Snapshot:
    found = await take_snapshot(work, market_id=market_id)
    assert found is not None
    return found


async def crowd(work: Work, world: World, count: int, *, north: float, **changes: Any) -> set[object]:
    """Drivers who wait so many degrees north of the hub, or a bit more."""
    places = [Point(lat=HUB_PLACE.lat + north + 1e-5 * number, lon=HUB_PLACE.lon) for number in range(count)]
    return {(await world.driver(work, place=place, **changes)).id for place in places}


async def test_who_is_close_by_street_is_chosen(work: Work) -> None:
    world = await make_world(work)
    await world.delivery(work)
    north = await crowd(work, world, CANDIDATES, north=0.02)
    await crowd(work, world, 20, north=-0.01)

    chosen = await choose_candidates(Detour(), await snapshot_of(work, world.market.id))

    assert {driver.id for driver in chosen.drivers} == north


async def test_who_has_the_skill_is_chosen_however_many_others_are_closer(work: Work) -> None:
    world = await make_world(work)
    await world.delivery(work)
    await world.delivery(work, requirements=["PHARMACY"])
    await crowd(work, world, CANDIDATES + 10, north=0.001)
    (able,) = await crowd(work, world, 1, north=0.05, skills=["PHARMACY"])

    chosen = await choose_candidates(StraightLineRouter(), await snapshot_of(work, world.market.id))

    assert len(chosen.drivers) == CANDIDATES
    assert able in {driver.id for driver in chosen.drivers}


async def test_few_drivers_are_all_candidates_without_asking_the_router(work: Work) -> None:
    world = await make_world(work)
    await world.delivery(work)
    await crowd(work, world, CANDIDATES, north=0.01)
    found = await snapshot_of(work, world.market.id)

    router = Counting()
    assert await choose_candidates(router, found) is found
    assert router.asked == 0


async def big(work: Work, **dials: object) -> City:
    city = await make_city(work, shops=20, radius_km=10, **dials)
    await city.post(work, 100)
    await city.bring_online(work, 1_000)
    return city


async def test_of_a_thousand_drivers_each_pickup_keeps_those_next_to_it(work: Work) -> None:
    city = await big(work)

    found = await snapshot_of(work, city.market.id)

    seen = {driver.place for driver in found.drivers}
    assert DRIVERS_AT_ONCE // 2 <= len(seen) <= DRIVERS_AT_ONCE
    everybody = [Point(lat=row["lat"], lon=row["lon"]) for row in await work.fetch("SELECT lat, lon FROM presence")]
    for pickup in {delivery.pickup for delivery in found.deliveries}:
        cells = await StraightLineRouter().matrix([pickup], everybody, depart_at=work.now)
        assert everybody[int(cells.distances_m[0].argmin())] in seen


async def test_single_trips_may_be_paired_with_many_more(work: Work) -> None:
    city = await big(work, matching_objective="delivery_delay")

    found = await snapshot_of(work, city.market.id)

    assert DRIVERS_AT_ONCE < len(found.drivers) <= DRIVERS_TO_PAIR
    assert await choose_candidates(StraightLineRouter(), found) is found
