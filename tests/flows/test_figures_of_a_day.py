"""A day with every kind of ending: its figures are those of a slow recount over events and ledger, each exactly."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from tortoise.backends.asyncpg.client import AsyncpgDBClient

from marketplace.analytics import count_kpis
from marketplace.analytics.kpi_sums import SHARED_SUMS, SUMS
from marketplace.core.clock import ManualClock
from marketplace.core.ids import MarketId, from_wire
from marketplace.goals import Goal, Metric, experience_goals, set_experience_goal
from tests.flows.api import Caller
from tests.flows.test_post_to_pay import Story, books_balance, go_online, open_story
from tests.flows.test_second_try import take
from tests.marketplace.analytics.slow_recount import (
    Place,
    read_world,
    recount,
    recount_drivers,
    recount_experience,
)
from tests.marketplaces import Town

SANTIAGO = ZoneInfo("America/Santiago")


@pytest.fixture
async def story(
    fresh_url: str, fresh_database: AsyncpgDBClient, clock: ManualClock, tmp_path: Path, town: Town
) -> AsyncIterator[Story]:
    """The story with two shippers and two hubs."""
    async with open_story(fresh_url, fresh_database, clock, tmp_path, town, shippers=2, hubs=2) as told:
        yield told


async def drive_out(story: Story, driver: Caller, failing: set[str]) -> None:
    """Drives the driver's route to its end; nobody opens at the doors of `failing`."""
    sent = 0

    async def report(operation: str, **about: Any) -> None:
        nonlocal sent
        sent += 1
        taken = await driver(operation, clientEventId=f"{story.clock.now}-{sent}", occurredAt=story.now(), **about)
        assert "code" not in taken, taken

    await report("start_route", routeId=(await driver("my_route"))["id"])
    while (route := await driver("my_route")) is not None:
        stop = next(stop for stop in route["stops"] if stop["state"] in {"PENDING", "EN_ROUTE", "ARRIVED"})
        story.clock.advance(seconds=stop["legS"] + 45)
        where = {"stopId": stop["id"], "point": {"lat": stop["lat"], "lon": stop["lon"]}}
        await report("arrive_at_stop", **where)
        story.clock.advance(seconds=400)
        is_away = stop["kind"] == "DROPOFF" and {task["delivery"]["id"] for task in stop["tasks"]} <= failing
        if stop["kind"] == "PICKUP":
            await report("pick_up", **where)
        elif is_away:
            await report("fail_stop", **where, reason="RECIPIENT_UNAVAILABLE")
        else:
            await report("drop_off", **where)
        await story.background()


def row_of(story: Story, number: int, hub: int, hours: float, **changes: Any) -> dict[str, Any]:
    """A delivery from a hub within so many hours."""
    local = story.clock.now.astimezone(SANTIAGO).replace(tzinfo=None)
    window = {"opens": local.isoformat(), "closes": (local + timedelta(hours=hours)).isoformat()}
    return story.row(number, hubId=story.seeded.hubs[hub]["id"], dropoffWindow=window, pickupWindow=window, **changes)


async def post(story: Story, shipper: Caller, *rows: dict[str, Any]) -> list[str]:
    posted = await shipper(
        "post_batch", marketId=story.seeded.market_id, deliveries=list(rows), idempotencyKey=shipper.key()
    )
    await story.background()
    return [row["deliveryId"] for row in posted["rows"]]


async def live_a_day(story: Story) -> None:
    """Hand-overs in time and late, a return, another try, a cancellation, an expiry, a declined offer, goodwill."""
    luz, otra = story.shipper, Caller(story.http, "portal", story.seeded.shippers[1]["api_key"])
    await go_online(story)
    first = await post(
        story, luz, row_of(story, 0, 0, 3), row_of(story, 1, 0, 2), row_of(story, 2, 0, 6, failurePolicy="REDELIVER"),
        row_of(story, 3, 0, 0.75), row_of(story, 7, 0, 5),
    )  # fmt: skip
    [cancelled, back, *_] = await post(
        story, otra, row_of(story, 4, 1, 3), row_of(story, 5, 1, 5, failurePolicy="RETURN_TO_SENDER")
    )
    called_off = {"deliveryId": cancelled, "reason": "SHIPPER_REQUESTED", "idempotencyKey": otra.key()}
    assert "delivery" in await otra("cancel_delivery", **called_off)
    await story.background()
    ana = story.drivers[0]
    [offer, *_] = await ana("my_offers")
    await ana("decline_offer", offerId=offer["id"], idempotencyKey=ana.key())
    await story.background()
    for _ in range(4):
        if not any([await driver("my_offers") for driver in story.drivers]):
            break
        driver, _ = await take(story)
        await drive_out(story, driver, {first[2], back})
    about = {"deliveryId": first[2], "idempotencyKey": luz.key()}
    local = story.clock.now.astimezone(SANTIAGO).replace(tzinfo=None)
    window = {"opens": local.isoformat(), "closes": (local + timedelta(hours=2)).isoformat()}
    assert await luz("reschedule_delivery", **about, window=window) == {"state": "SCHEDULED"}
    await go_online(story)
    driver, _ = await take(story)
    await drive_out(story, driver, set())
    for one in story.drivers:
        await one("go_offline", idempotencyKey=one.key())
    await post(story, otra, row_of(story, 6, 1, 1))
    story.clock.advance(seconds=3_700)
    await story.background()
    gift = {"amountMinor": 700, "currency": "CLP", "reason": "late"}
    shipper = story.seeded.shippers[0]["id"]
    market = {"marketId": story.seeded.market_id, "idempotencyKey": story.operator.key()}
    assert "creditId" in await story.operator("grant_goodwill", **market, shipperId=shipper, **gift)
    await story.background()


async def figures(story: Story, market_id: UUID) -> dict[Place, dict[str, int]]:
    """The figures of the day that are not zero."""
    async with story.marketplace.works.open() as work:
        rows = await work.fetch("SELECT * FROM kpi_day WHERE market_id = $1", market_id)
    return {(row["shipper_id"], row["hub_id"]): {name: row[name] for name in SUMS if row[name]} for row in rows}


async def experienced(story: Story, market_id: UUID) -> dict[tuple[UUID, str], tuple[float | None, int]]:
    """What the recipients of each shipper experienced on the day, as a goal for it is measured tomorrow."""
    async with story.marketplace.works.open() as work:
        for shipper in story.seeded.shippers:
            for metric in Metric:
                goal = Goal(metric=metric, target=1, period_days=1, min_sample=1)
                shipper_id = from_wire("shipper", shipper["id"])
                await set_experience_goal(work, shipper_id=shipper_id, market_id=market_id, goal=goal)
        today = story.clock.now.astimezone(SANTIAGO).date()
        goals = await experience_goals(work, market_id=market_id, last_day=today)
    return {(one.shipper_id, one.goal.metric): (one.measured.actual, one.measured.sample) for one in goals}


async def test_every_figure_of_a_day_is_that_of_a_slow_recount(story: Story) -> None:
    market_id = MarketId(from_wire("market", story.seeded.market_id))
    await live_a_day(story)
    async with story.marketplace.works.open() as work:
        # One driver has the market's own van
        await work.execute(
            "UPDATE driver SET contract_kind = 'DEDICATED', vehicle = 'VAN' WHERE id = $1",
            from_wire("driver", story.seeded.drivers[1]["id"]),
        )
    await count_kpis(story.marketplace.works, market_id=market_id)

    counted = await figures(story, market_id)

    async with story.marketplace.works.open() as work:
        day = story.clock.now.astimezone(SANTIAGO).date()
        world = await read_world(work, market_id=market_id, day=day, time_zone="America/Santiago")
    slow = {place: dict(each) for place, each in recount(world).items()}
    assert counted == slow
    plain = recount_experience(world)
    assert await experienced(story, market_id) == plain
    assert {metric for (_, metric), (_, sample) in plain.items() if sample} == set(Metric)
    async with story.marketplace.works.open() as work:
        rows = await work.fetch("SELECT * FROM fairness_day WHERE market_id = $1", market_id)
    shared = {row["contract_kind"]: {name: row[name] for name in SHARED_SUMS if row[name]} for row in rows}
    assert shared == {
        kind: {name: amount for name, amount in each.items() if amount} for kind, each in recount_drivers(world).items()
    }
    # The day has everything in it but what has a test of its own: what is paid back, passes on, or is electric
    shown = {name for each in counted.values() for name in each}
    assert {name for name in set(SUMS) - shown if not name.startswith(("bicycle", "motorcycle", "electric"))} == {
        "refunded_minor", "penalty_minor", "claim_minor", "transfers", "transfer_minor",
    }  # fmt: skip
    await books_balance(story)
