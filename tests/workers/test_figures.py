"""The figures that a worker shows are what stands in the tables, in the market's time where it is the market's."""

from datetime import timedelta

import pytest

from marketplace.core import metrics
from marketplace.core.clock import ManualClock
from marketplace.core.ids import MarketId
from marketplace.core.jobs import WantedJob, claim_job, fail_job, make_jobs
from marketplace.core.work import Works
from tests.builders import make_market
from tests.marketplace.offers.worlds import make_world, send_wave
from workers.figures import read_figures
from workers.relay import publish_market


def figure(name: str, **labels: str) -> float:
    value = metrics.REGISTRY.get_sample_value(name, labels)
    assert value is not None, name
    return value


async def test_jobs_are_counted_by_what_they_do(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        market = await make_market(work)
        wanted = [WantedJob(market_id=market.id, kind="plan_market", subject=str(number)) for number in range(4)]
        later = WantedJob(market_id=market.id, kind="plan_market", subject="later", delay_s=3600)
        first, second, *_ = await make_jobs(work, [*wanted, later])
        await claim_job(work, first.id, lease_s=10)
        claimed = await claim_job(work, second.id, lease_s=10)
        assert claimed is not None
        await fail_job(work, claimed, error="poison", retry_after_s=None)

    await read_figures(works)

    counted = {standing: figure("doorstep_jobs", standing=standing) for standing in ("running", "dead")}
    assert counted == {"running": 1, "dead": 1}
    assert figure("doorstep_jobs", standing="due") + figure("doorstep_jobs", standing="later") == 3


async def test_the_outbox_is_as_late_as_its_oldest_event(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=2)
    [route_id] = world.route_ids
    await send_wave(works, route_id)
    async with works.open() as work:
        unpublished = await work.fetch_value("SELECT count(*) FROM event WHERE position IS NULL")
    clock.advance(seconds=7)

    await read_figures(works)

    assert figure("doorstep_outbox_events") == unpublished > 0
    assert figure("doorstep_outbox_lag_seconds") == 7
    assert figure("doorstep_open_offers") == 2

    before = metrics.REGISTRY.get_sample_value("doorstep_events_total", {"name": "OfferSent"}) or 0
    await publish_market(works, MarketId(world.market.id))
    await read_figures(works)

    assert (figure("doorstep_outbox_events"), figure("doorstep_outbox_lag_seconds")) == (0, 0)
    assert before + 2 == (metrics.REGISTRY.get_sample_value("doorstep_events_total", {"name": "OfferSent"}) or 0)


@pytest.mark.parametrize("late_s", [0, 5])
async def test_a_deadline_that_has_not_taken_effect_is_late(works: Works, clock: ManualClock, late_s: int) -> None:
    async with works.open() as work:
        world = await make_world(work, drivers=1)
    [route_id] = world.route_ids
    await send_wave(works, route_id)
    async with works.open() as work:
        ends = await work.fetch_value("SELECT min(expires_at) FROM offer WHERE state = 'SENT'")
        left: timedelta = ends - work.now
    clock.advance(seconds=left.total_seconds() + late_s)

    await read_figures(works)

    assert figure("doorstep_deadline_lateness_seconds", deadline="offer expires") == late_s
