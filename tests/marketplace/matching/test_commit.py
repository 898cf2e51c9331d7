"""A plan is written as far as it still holds: a route whose deliveries have changed is dropped, the others are kept."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from marketplace.adapters.routers import StraightLineRouter
from marketplace.batches.models import Delivery
from marketplace.core.clock import ManualClock
from marketplace.core.geo import Point
from marketplace.core.work import Work, Works
from marketplace.fleet.models import Driver
from marketplace.matching import PlannedRoute, PlannedStep, Reason, StepKind
from marketplace.matching.commit import REASONS, CommittedPlan, commit_plan
from marketplace.matching.snapshot import Snapshot, take_snapshot
from tests.builders import HUB_PLACE
from tests.marketplace.matching.worlds import World, delivery_row, home_place, make_world
from tests.races.together import Verb, at_once, codes

POINTS = [HUB_PLACE, *map(home_place, (1, 2, 3))]
PAUSE = timedelta(seconds=120)


def route_of(driver: Driver, *deliveries: Delivery, now: datetime) -> PlannedRoute:
    """All pickups at the hub, then each delivery at the next home."""
    second, steps = int(now.timestamp()), []
    for kind in (StepKind.PICKUP, StepKind.DROPOFF):
        for number, delivery in enumerate(deliveries, start=1):
            second += 60
            location = 0 if kind is StepKind.PICKUP else number
            steps.append(
                PlannedStep(
                    delivery_id=str(delivery.id),
                    kind=kind,
                    location=location,
                    arrival=second,
                    start=second,
                    departure=second + 30,
                )
            )
    return PlannedRoute(
        driver_id=str(driver.id),
        steps=steps,
        offer_at=int(now.timestamp()),
        payout_cents=0,
        expected_cost_cents=0,
        travel_s=0,
        distance_m=0,
    )


async def commit(
    work: Work,
    snapshot: Snapshot,
    *routes: PlannedRoute,
    unassigned: dict[str, Reason] | None = None,
    held_until: dict[str, datetime] | None = None,
    points: Sequence[Point] = POINTS,
) -> CommittedPlan:
    matrix = await StraightLineRouter().matrix(points, depart_at=work.now)
    return await commit_plan(
        work,
        snapshot=snapshot,
        points=points,
        matrix=matrix,
        routes=routes,
        unassigned=unassigned or {},
        held_until=held_until or {},
    )


async def look(work: Work, world: World) -> Snapshot:
    snapshot = await take_snapshot(work, market_id=world.market.id)
    assert snapshot is not None
    return snapshot


@pytest.mark.parametrize(
    "change",
    [
        "sequence = sequence + 1",
        "state = 'CANCELLED'",
        "state = 'EXPIRED'",
        "state = 'CREATED'",
    ],
)
async def test_a_change_of_one_delivery_drops_its_route_and_no_other(work: Work, change: str) -> None:
    world = await make_world(work)
    ana, bruno = await world.driver(work), await world.driver(work)
    one, two, three = [await world.delivery(work, number) for number in (1, 2, 3)]
    snapshot = await look(work, world)
    routes = [route_of(ana, one, two, now=work.now), route_of(bruno, three, now=work.now)]
    await work.execute(f"UPDATE delivery SET {change} WHERE id = $1", two.id)
    before = [await delivery_row(work, delivery.id) for delivery in (one, two)]

    plan = await commit(work, snapshot, *routes)

    (route_id,) = plan.route_ids
    assert (await delivery_row(work, three.id))["route_id"] == route_id
    assert [await delivery_row(work, delivery.id) for delivery in (one, two)] == before
    assert [event.name for event in work.events] == ["RoutePlanned", "DeliveryOffered"]
    assert await work.fetch_value("SELECT count(*) FROM stop") == 2


async def test_a_new_moment_to_look_is_no_change(work: Work) -> None:
    world = await make_world(work)
    driver, delivery = await world.driver(work), await world.delivery(work)
    snapshot = await look(work, world)
    await work.execute("UPDATE delivery SET plan_after = plan_after + interval '1 minute', unassigned_reason = 'HELD'")

    plan = await commit(work, snapshot, route_of(driver, delivery, now=work.now))

    assert len(plan.route_ids) == 1


async def test_a_route_keeps_its_plan_to_the_second_and_the_metre(work: Work) -> None:
    world = await make_world(work)
    driver = await world.driver(work)
    one, two = [await world.delivery(work, number) for number in (1, 2)]
    matrix = await StraightLineRouter().matrix(POINTS, depart_at=work.now)
    planned = route_of(driver, one, two, now=work.now)

    (route_id,) = (await commit(work, await look(work, world), planned)).route_ids

    stops = await work.fetch("SELECT * FROM stop WHERE route_id = $1 ORDER BY place", route_id)
    legs = [
        (0, 0),
        (matrix.distances_m[0, 1], matrix.durations_s[0, 1]),
        (matrix.distances_m[1, 2], matrix.durations_s[1, 2]),
    ]
    assert [(row["leg_m"], row["leg_s"]) for row in stops] == legs
    visits = [planned.steps[:2], planned.steps[2:3], planned.steps[3:]]
    assert [(row["planned_arrival"], row["planned_departure"]) for row in stops] == [
        (moment(visit[0].arrival), moment(visit[-1].departure)) for visit in visits
    ]
    assert [(row["lat"], row["lon"]) for row in stops] == [(POINTS[i].lat, POINTS[i].lon) for i in (0, 1, 2)]
    route = await work.fetch_row("SELECT distance_m, duration_s FROM route")
    assert route is not None
    assert tuple(route) == (sum(leg_m for leg_m, _ in legs), planned.steps[-1].departure - planned.steps[0].arrival)


async def test_a_delivery_that_waits_is_told_why_without_counting_it_as_a_change(work: Work) -> None:
    world = await make_world(work)
    await world.driver(work)
    waiting = [await world.delivery(work) for _ in Reason]
    because = {str(delivery.id): reason for delivery, reason in zip(waiting, Reason, strict=True)}

    plan = await commit(work, await look(work, world), unassigned=because)

    assert (plan.route_ids, plan.waiting) == ([], len(waiting))
    for delivery, reason in zip(waiting, Reason, strict=True):
        row = await delivery_row(work, delivery.id)
        assert (row["unassigned_reason"], row["plan_after"]) == (REASONS[reason].value, work.now + PAUSE)
        assert (row["sequence"], row["changed_at"]) == (delivery.sequence, delivery.changed_at)
    assert work.events == []


@pytest.mark.parametrize(
    ("held_for", "looked_at_after"),
    [(timedelta(seconds=30), timedelta(seconds=30)), (PAUSE * 2, PAUSE), (-PAUSE, timedelta(0))],
)
async def test_a_held_delivery_is_looked_at_when_it_is_due_and_at_least_after_the_pause(
    work: Work, held_for: timedelta, looked_at_after: timedelta
) -> None:
    world = await make_world(work)
    await world.driver(work)
    delivery = await world.delivery(work)

    await commit(work, await look(work, world), held_until={str(delivery.id): work.now + held_for})

    row = await delivery_row(work, delivery.id)
    assert (row["unassigned_reason"], row["plan_after"]) == ("HELD", work.now + looked_at_after)


async def test_an_old_look_does_not_end_the_rest_of_what_nobody_accepted(works: Works, clock: ManualClock) -> None:
    async with works.open() as work:
        world = await make_world(work)
        await world.driver(work)
        delivery = await world.delivery(work)
        snapshot = await look(work, world)
        await work.execute(
            "UPDATE delivery SET sequence = sequence + 2, unassigned_reason = 'NOBODY_ACCEPTED', plan_after = $1",
            work.now + 3 * PAUSE,
        )

    async with works.open() as work:
        plan = await commit(work, snapshot, unassigned={str(delivery.id): Reason.WINDOW})

        row = await delivery_row(work, delivery.id)
    assert plan.waiting == 0
    assert (row["unassigned_reason"], row["plan_after"]) == ("NOBODY_ACCEPTED", clock.now + 3 * PAUSE)


async def test_two_looks_that_want_what_the_other_leaves_do_not_wait_in_a_circle(committed_works: Works) -> None:
    async with committed_works.open() as work:
        world = await make_world(work)
        first, second = await world.driver(work), await world.driver(work)
        one, two = [await world.delivery(work, number) for number in (1, 2)]
        snapshot, now = await look(work, world), work.now

    def wants(delivery: Delivery, other: Delivery, driver: Driver) -> Verb:
        route, because = route_of(driver, delivery, now=now), {str(other.id): Reason.NO_CAPACITY}
        return lambda work: commit(work, snapshot, route, unassigned=because)

    plans = await at_once((committed_works, wants(one, two, first)), (committed_works, wants(two, one, second)))

    assert codes(plans) == {"done": 2}
    async with committed_works.open() as work:
        rows = [await delivery_row(work, delivery.id) for delivery in (one, two)]
    assert [(row["state"], row["route_id"]) for row in rows] == [("OFFERING", plan.route_ids[0]) for plan in plans]


def moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, tz=UTC)
