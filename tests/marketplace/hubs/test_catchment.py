"""A hub's catchment is computed once and looked up in one step."""

from datetime import UTC, date, datetime, time

import pytest

from marketplace.adapters.routers import StraightLineRouter
from marketplace.core.errand import run_errand
from marketplace.core.errors import NotFound
from marketplace.core.geo import Point
from marketplace.core.work import Work, Works
from marketplace.hubs import Opening, ReachHub, promises_for, reach_cell, read_opening, set_hub_opening
from tests.builders import HUB_PLACE, make_hub, make_market

NEAR = Point(lat=HUB_PLACE.lat + 0.005, lon=HUB_PLACE.lon)
FAR = Point(lat=HUB_PLACE.lat + 0.5, lon=HUB_PLACE.lon)


async def test_what_is_within_reach_is_promised_and_what_is_not_is_not(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        hub = await make_hub(work, market)
        await set_hub_opening(
            work, market_id=market.id, hub_id=hub.id, opening=Opening(reach_s=600, cutoffs={"SAME_DAY": time(14)})
        )
        assert [event.name for event in work.events] == ["HubOpeningSet"]

    router = StraightLineRouter()
    count = await run_errand(works, ReachHub(router=router, hub_id=hub.id))

    async with works.open() as work:
        kept = await read_opening(work, market_id=market.id, hub_id=hub.id)
        assert (kept.cells, kept.reached_at) == (count, work.now)
        matrix = await router.matrix([HUB_PLACE], [NEAR], depart_at=work.now)
        near = await promises_for(work, market_id=market.id, shipper_id=None, place=NEAR)
        assert await promises_for(work, market_id=market.id, shipper_id=None, place=FAR) == []
    assert [(one.service_level, one.day.day) for one in near] == [
        ("STANDARD", 2), ("EXPRESS", 2), ("SAME_DAY", 2), ("NEXT_DAY", 3),
    ]  # fmt: skip
    assert near[0].window.opens_at == datetime(2026, 3, 2, 17, tzinfo=UTC)
    assert near[0].window.closes_at == datetime(2026, 3, 2, 23, tzinfo=UTC)
    # A cell is a few blocks: its middle is about as far as the door.
    assert near[0].drive_s is not None
    assert abs(near[0].drive_s - int(matrix.durations_s[0, 0])) < 60


async def test_after_the_cutoff_nothing_is_promised_for_the_same_day(work: Work) -> None:
    market = await make_market(work)
    hub = await make_hub(work, market)
    opening = Opening(cutoffs={"SAME_DAY": time(11, 59)})
    await set_hub_opening(work, market_id=market.id, hub_id=hub.id, opening=opening)

    found = await promises_for(work, market_id=market.id, shipper_id=None, place=FAR)

    assert [(one.service_level, one.day) for one in found] == [
        ("STANDARD", date(2026, 3, 2)),
        ("EXPRESS", date(2026, 3, 2)),
        ("NEXT_DAY", date(2026, 3, 3)),
    ]


async def test_a_wider_reach_replaces_the_old_cells(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        hub = await make_hub(work, market)
    counts = []
    for reach_s in (300, 600, None):
        async with works.open() as work:
            await set_hub_opening(work, market_id=market.id, hub_id=hub.id, opening=Opening(reach_s=reach_s))
        counts.append(await run_errand(works, ReachHub(router=StraightLineRouter(), hub_id=hub.id)))

    assert counts[0] is not None
    assert counts[1] is not None
    assert 0 < counts[0] < counts[1]
    assert counts[2] == 0
    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM hub_cell") == 0


async def test_a_hub_of_another_market_is_not_set(work: Work) -> None:
    market, elsewhere = await make_market(work), await make_market(work)
    hub = await make_hub(work, elsewhere)

    with pytest.raises(NotFound):
        await set_hub_opening(work, market_id=market.id, hub_id=hub.id, opening=Opening())

    assert work.events == []
    assert reach_cell(NEAR) != reach_cell(FAR)
