"""A market learns from each thing that happened once: service times, waits, and how far off predictions were."""

from datetime import timedelta

import orjson
import pytest

from marketplace.arrivals import learn_all_arrivals, learn_arrivals, retime_route
from marketplace.arrivals.law import Law, Wait
from marketplace.arrivals.reading import read_law
from marketplace.core.clock import ManualClock
from marketplace.core.ids import MarketId
from marketplace.core.outbox import publish_events
from marketplace.core.work import Works
from tests.marketplace.adapters.routers.stand_ins import ScriptedRouter
from tests.marketplace.routes.drives import Drive, make_drive


async def publish(drive: Drive) -> None:
    async with drive.works.open() as work:
        while await publish_events(work, MarketId(drive.market.id)):
            pass


async def law_of(drive: Drive) -> Law:
    async with drive.works.open() as work:
        return await read_law(work, market_id=drive.market.id)


async def drive_through(drive: Drive, clock: ManualClock) -> None:
    """Sets off after 20 s, is 90 s at the pickup, and 200 s at the door after a drive of 400 s."""
    await retime_route(drive.works, router=ScriptedRouter(), route_id=drive.route.id)
    clock.advance(seconds=20)
    await drive.start()
    clock.advance(seconds=100)
    await drive.arrive(0)
    clock.advance(seconds=90)
    await drive.pick_up(0)
    clock.advance(seconds=400)
    await drive.arrive(1)
    clock.advance(seconds=200)
    await drive.drop_off(1)
    await publish(drive)


async def test_a_drive_teaches_service_times_waits_and_how_far_off_it_was(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive_through(drive, clock)

    learnt = await learn_all_arrivals(works, market_id=MarketId(drive.market.id))

    law = await law_of(drive)
    assert learnt > 0
    assert law.services == {"PICKUP": [1, 1, 1, 90, 90], "DROPOFF": [1, 1, 1, 200, 200]}
    assert law.waits == {"set_off": [1, 20]}
    # One prediction, at dispatch, and it has turned out.
    assert sum(sum(counts) for counts in law.spreads.values()) == 1


async def test_nothing_is_learnt_twice(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    await drive_through(drive, clock)
    market_id = MarketId(drive.market.id)
    await learn_all_arrivals(works, market_id=market_id)
    before = (await law_of(drive)).as_json()

    async with works.open() as work:
        assert await learn_arrivals(work, market_id=market_id) == 0

    assert (await law_of(drive)).as_json() == before


async def test_an_arrival_reported_from_before_its_prediction_teaches_nothing(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    clock.advance(seconds=600)
    await retime_route(works, router=ScriptedRouter(), route_id=drive.route.id)
    earlier = {"occurred_at": drive.accepted_at}
    await drive.start(**earlier)
    await drive.arrive(0, **earlier)
    await drive.pick_up(0, **earlier)
    await drive.arrive(1, **earlier)
    await publish(drive)

    await learn_all_arrivals(works, market_id=MarketId(drive.market.id))

    assert (await law_of(drive)).spreads == {}


async def test_waiting_for_a_parcel_that_is_not_ready_is_no_service(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    async with works.open() as work:
        await work.execute(
            "UPDATE delivery SET pickup_opens_at = $2 WHERE route_id = $1",
            drive.route.id,
            work.now + timedelta(minutes=10),
        )
    await drive.start()
    await drive.arrive(0)
    clock.advance(seconds=660)
    await drive.pick_up(0)
    await publish(drive)

    await learn_all_arrivals(works, market_id=MarketId(drive.market.id))

    assert (await law_of(drive)).services["PICKUP"][3] == pytest.approx(60.0)


async def test_another_market_learns_nothing_from_it(works: Works, clock: ManualClock) -> None:
    drive, other = await make_drive(works, clock, count=1), await make_drive(works, clock, count=1)
    await drive_through(drive, clock)

    await learn_all_arrivals(works, market_id=MarketId(other.market.id))

    assert await law_of(other) == Law()


async def test_what_was_learnt_is_used(works: Works, clock: ManualClock) -> None:
    drive = await make_drive(works, clock, count=1)
    law = Law()
    for _ in range(200):
        law.learn_wait(Wait.SET_OFF, 900.0)
    await retime_route(works, router=ScriptedRouter(), route_id=drive.route.id)
    async with works.open() as work:
        before = await work.fetch_value("SELECT p50 FROM arrival WHERE route_id = $1", drive.route.id)
        await work.execute(
            "INSERT INTO arrival_law (market_id, position, law, learnt_at) VALUES ($1, 0, $2::jsonb, $3)",
            drive.market.id,
            orjson.dumps(law.as_json()).decode(),
            work.now,
        )

    await retime_route(works, router=ScriptedRouter(), route_id=drive.route.id)

    async with works.open() as work:
        after = await work.fetch_value("SELECT p50 FROM arrival WHERE route_id = $1", drive.route.id)
    assert 700 < (after - before).total_seconds() < 1_100
