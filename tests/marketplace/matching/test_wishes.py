"""The planner gives drivers nothing outside their areas and nothing longer than they drive; no wish changes nothing."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from marketplace.core.geo import Point
from marketplace.core.work import Work
from marketplace.fleet import ContractKind, add_company, end_company
from marketplace.fleet.preferences import area_of
from marketplace.matching.nearby import FreeDriver
from marketplace.matching.snapshot import take_snapshot
from marketplace.matching.wishes import Trip, wishes_as_skills
from tests.marketplace.matching.worlds import make_world

HERE = Point(lat=-29.95, lon=-71.33)
NEAR = Point(lat=-29.951, lon=-71.331)
FAR = Point(lat=-29.80, lon=-71.20)
DRIVER = FreeDriver(
    id=uuid4(),
    kind=ContractKind.CROWDSOURCED,
    place=HERE,
    online_until=datetime(2026, 3, 2, tzinfo=UTC),
    capacity=(10, 10_000, 100),
    skills=("COLD",),
    max_stops=10,
)


def may_take(trip: Trip, *drivers: FreeDriver) -> list[bool]:
    """Who of the drivers agrees to a trip that stands beside a near one."""
    (needs, _), asked = wishes_as_skills([trip, (HERE, NEAR)], drivers)
    return [set(needs) <= set(driver.skills) for driver in asked]


def test_where_nobody_wants_anything_nothing_is_added() -> None:
    assert wishes_as_skills([(HERE, FAR)], [DRIVER]) == ([()], [DRIVER])


def test_a_driver_with_areas_takes_what_begins_and_ends_in_them() -> None:
    local = replace(DRIVER, area_cells=frozenset({area_of(HERE), area_of(NEAR)}))

    assert may_take((HERE, NEAR), local, DRIVER) == [True, True]
    assert may_take((HERE, FAR), local, DRIVER) == [False, True]
    assert may_take((FAR, HERE), local, DRIVER) == [False, True]


def test_a_delivery_longer_than_the_longest_route_is_for_others() -> None:
    short, longer = replace(DRIVER, max_distance_m=1_000), replace(DRIVER, max_distance_m=50_000)

    assert may_take((HERE, NEAR), short, longer, DRIVER) == [True, True, True]
    assert may_take((HERE, FAR), short, longer, DRIVER) == [False, True, True]


async def test_the_snapshot_reads_what_drivers_want(work: Work) -> None:
    world = await make_world(work)
    await world.delivery(work)
    await world.driver(work, area_cells=[area_of(FAR)])

    seen = await take_snapshot(work, market_id=world.market.id)

    assert seen is not None
    assert not set(seen.deliveries[0].skills) <= set(seen.drivers[0].skills)


async def test_drivers_of_a_company_that_has_ended_are_not_planned_with(work: Work) -> None:
    world = await make_world(work)
    await world.delivery(work)
    company_id = await add_company(work, market_id=world.market.id, name="alfa")
    await world.driver(work, kind=ContractKind.CONTRACTED, company_id=company_id)
    before = await take_snapshot(work, market_id=world.market.id)

    await end_company(work, company_id=company_id, market_id=world.market.id)

    after = await take_snapshot(work, market_id=world.market.id)
    assert before is not None
    assert after is not None
    assert (len(before.drivers), len(after.drivers)) == (1, 0)
