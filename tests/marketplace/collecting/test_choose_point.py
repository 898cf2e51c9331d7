"""A recipient chooses a point instead of the door: before the pickup, or after a try that failed."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from marketplace.batches import NoPlaceLeft, NoSuchPoint, NotForAPoint, PointClosed, TooLateToChange
from marketplace.batches.models import Delivery
from marketplace.collecting import choose_hand_over_point
from marketplace.core.errors import Refusal
from marketplace.core.geo import Point
from marketplace.core.work import Works
from marketplace.matching import PlannedRoute, PlannedStep, StepKind
from marketplace.matching.snapshot import take_snapshot
from marketplace.points import points_near_door
from marketplace.routes.states import RouteState
from tests.builders import HUB_PLACE, make_batch, make_delivery, make_driver, make_route
from tests.marketplace.collecting.world import STORE, PointWorld, facts, make_store, make_world
from tests.marketplace.matching.test_commit import commit

FAR = Point(lat=STORE.lat + 0.2, lon=STORE.lon)


async def delivery_to_door(world: PointWorld, **changes: Any) -> UUID:
    async with world.works.open() as work:
        batch = await make_batch(work, world.market, world.shipper)
        return (await make_delivery(work, world.market, world.shipper, world.hub, batch, **changes)).id


async def choose(world: PointWorld, delivery_id: UUID, point_id: UUID | None = None) -> str:
    async with world.works.open() as work:
        return await choose_hand_over_point(work, delivery_id=delivery_id, point_id=point_id or world.point_id)


async def test_a_chosen_point_takes_the_place_of_the_door_and_another_that_of_the_first(works: Works) -> None:
    world = await make_world(works)
    delivery_id = await delivery_to_door(world, safe_place="PORCH")
    async with works.open() as work:
        second = await make_store(work, world.market, name="Botillería")

    states = [await choose(world, delivery_id) for _ in range(2)]
    first = await world.collection(delivery_id)
    states.append(await choose(world, delivery_id, second))

    assert states == ["SCHEDULED"] * 3
    assert (first["state"], first["taken"]) == ("PROMISED", 1)
    async with works.open() as work:
        row = await work.fetch_row("SELECT * FROM delivery WHERE id = $1", delivery_id)
        taken = await work.fetch("SELECT id, taken FROM hand_over_point")
        told = await work.fetch_value("SELECT count(*) FROM event WHERE name = 'HandOverPointChosen'")
    assert row is not None
    assert (row["point_id"], row["dropoff_lat"], row["safe_place"]) == (second, STORE.lat, None)
    assert (row["requirements"], row["price_minor"]) == (["PHOTO_AT_DROPOFF"], 4200)
    assert ({one["id"]: one["taken"] for one in taken}, told) == ({world.point_id: 0, second: 1}, 2)


async def test_what_is_on_a_route_leaves_it_and_is_planned_again(works: Works) -> None:
    world = await make_world(works)
    delivery_id = await delivery_to_door(world)
    async with works.open() as work:
        delivery = await Delivery.get(id=delivery_id, using_db=work.db)
        driver = await make_driver(work, world.market)
        route, _ = await make_route(work, world.market, [delivery], driver=driver, state=RouteState.ASSIGNED)

    assert await choose(world, delivery_id) == "SCHEDULED"

    async with works.open() as work:
        left = await work.fetch_value("SELECT payload ->> 'route_id' FROM event WHERE name = 'HandOverPointChosen'")
        assert await work.fetch_value("SELECT route_id FROM delivery WHERE id = $1", delivery_id) is None
    assert left == str(route.id)


@pytest.mark.parametrize(
    ("store", "delivery", "refusal"),
    [
        ({"place": FAR}, {}, NoSuchPoint),
        ({"is_open": False}, {}, NoSuchPoint),
        ({}, {"requirements": ["AGE_CHECK"]}, NotForAPoint),
        ({}, {"state": "EXPIRED"}, TooLateToChange),
        ({"opening": facts().opening.__class__(hours=facts().opening.hours[1:])}, {}, PointClosed),
    ],
)
async def test_what_cannot_be_chosen_changes_nothing(
    works: Works, store: dict[str, Any], delivery: dict[str, Any], refusal: type[Refusal]
) -> None:
    world = await make_world(works, **store)
    delivery_id = await delivery_to_door(world, **delivery)

    with pytest.raises(refusal):
        await choose(world, delivery_id)

    async with works.open() as work:
        assert await work.fetch_value("SELECT count(*) FROM collection") == 0
        assert await work.fetch_value("SELECT sum(taken) FROM hand_over_point") == 0
        assert await work.fetch_value("SELECT point_id FROM delivery WHERE id = $1", delivery_id) is None


async def test_a_full_point_cannot_be_chosen(works: Works) -> None:
    world = await make_world(works, places=1)
    await world.post("a")

    with pytest.raises(NoPlaceLeft):
        await choose(world, await delivery_to_door(world))


async def test_after_a_failed_try_the_point_is_tried_on_the_next_day_on_which_it_is_open(works: Works) -> None:
    world = await make_world(works)
    async with works.open() as work:
        due = work.now + timedelta(hours=20)
    delivery_id = await delivery_to_door(
        world, state="ATTEMPTED", attempts=1, failure_reason="RECIPIENT_UNAVAILABLE", failure_policy="REDELIVER",
        answer_due_at=due, brought_back_at=due - timedelta(hours=20), way_back_m=4_000,
    )  # fmt: skip

    assert await choose(world, delivery_id) == "SCHEDULED"

    async with works.open() as work:
        row = await work.fetch_row("SELECT * FROM delivery WHERE id = $1", delivery_id)
    assert row is not None
    # Tuesday, ten to seven in Santiago.
    opens, closes = datetime(2026, 3, 3, 13, tzinfo=UTC), datetime(2026, 3, 3, 22, tzinfo=UTC)
    assert (row["dropoff_opens_at"], row["dropoff_closes_at"]) == (opens, closes)
    assert (row["point_id"], (await world.collection(delivery_id))["state"]) == (world.point_id, "PROMISED")


async def test_a_recipient_is_shown_the_points_near_the_door_nearest_first(works: Works) -> None:
    world = await make_world(works)
    delivery_id = await delivery_to_door(world)
    async with works.open() as work:
        await make_store(work, world.market, place=FAR)
        await make_store(work, world.market, is_open=False)
        nearer = await make_store(work, world.market, place=Point(lat=STORE.lat - 0.005, lon=STORE.lon))
        found = await points_near_door(work.connection, delivery_id=delivery_id)

    assert [(one["id"], one["distance_m"]) for one in found] == [(nearer, 556), (world.point_id, 1_112)]


async def test_parcels_for_one_point_are_dropped_in_one_stop(works: Works) -> None:
    world = await make_world(works)
    await world.post("a", "b")
    door = await delivery_to_door(world, dropoff_lat=STORE.lat, dropoff_lon=STORE.lon)
    async with works.open() as work:
        driver = await make_driver(work, world.market)
        snapshot = await take_snapshot(work, market_id=world.market.id)
        assert snapshot is not None
        now = int(work.now.timestamp())
        ids = sorted((str(one.id) for one in snapshot.deliveries), key=lambda one: one == str(door))
        steps = [
            PlannedStep(
                delivery_id=one, kind=kind, location=place, arrival=now + 60, start=now + 60, departure=now + 90
            )
            for kind, place in ((StepKind.PICKUP, 0), (StepKind.DROPOFF, 1))
            for one in ids
        ]
        route = PlannedRoute(
            driver_id=str(driver.id), steps=steps, offer_at=now, payout_cents=0, expected_cost_cents=0, travel_s=0,
            distance_m=0,
        )  # fmt: skip
        await commit(work, snapshot, route, points=[HUB_PLACE, STORE])
        stops = await work.fetch(
            "SELECT s.kind, count(*) AS parcels FROM stop s JOIN task t ON t.stop_id = s.id"
            " GROUP BY s.id ORDER BY place"
        )

    assert [tuple(one) for one in stops] == [("PICKUP", 3), ("DROPOFF", 2), ("DROPOFF", 1)]
