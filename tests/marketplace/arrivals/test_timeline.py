"""A route's timeline begins where the driver was last known to be and never foresees anything in the past."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from marketplace.arrivals.law import Law, Wait
from marketplace.arrivals.timeline import OpenRoute, OpenStop, OpenTask, follow
from marketplace.core.geo import Point
from marketplace.markets import Dials
from marketplace.routes import RouteState, StopKind, StopState

DIALS = Dials(market_id=UUID(int=1), time_zone="UTC", currency="CLP", pickup_service_s=60, dropoff_service_s=120)
HUB, FIRST, SECOND = (Point(lat=-29.9, lon=-71.2 + 0.01 * number) for number in range(3))
LEG_S = 300.0


def at(minutes: float) -> datetime:
    return datetime(2026, 3, 2, 14, 0, tzinfo=UTC) + timedelta(minutes=minutes)


def stop(number: int, kind: StopKind, point: Point, **changes: Any) -> OpenStop:
    task = OpenTask(
        delivery_id=UUID(int=1),
        shipper_id=UUID(int=2),
        is_aboard=False,
        pickup_opens_at=at(-60),
        dropoff_opens_at=at(-60),
        dropoff_closes_at=at(120),
    )
    values: dict[str, Any] = {
        "id": UUID(int=10 + number),
        "kind": kind,
        "state": StopState.PENDING,
        "point": point,
        "planned_leg_s": LEG_S,
        "planned_arrival": at(30),
        "arrived_at": None,
        "tasks": [task],
    }
    return OpenStop(**values | changes)


def route(state: RouteState, *stops: OpenStop, **changes: Any) -> OpenRoute:
    values: dict[str, Any] = {
        "id": UUID(int=5),
        "market_id": UUID(int=1),
        "state": state,
        "starts_at": at(0),
        "accepted_at": at(0),
        "started_at": at(0) if state is RouteState.STARTED else None,
        "approach_s": 240.0,
        "stops": stops,
    }
    return OpenRoute(**values | changes)


def arrivals(route: OpenRoute, now: float = 0) -> list[float]:
    """Minutes at which the driver is at each stop; every leg takes five."""
    foreseen = follow(route, law=Law(), dials=DIALS, now=at(now), leg_s=lambda *_: LEG_S)
    return [round((one.arrives_at - at(0)).total_seconds() / 60, 2) for one in foreseen]


DOOR, NEXT_DOOR = stop(1, StopKind.DROPOFF, FIRST), stop(2, StopKind.DROPOFF, SECOND)
LOADING = stop(0, StopKind.PICKUP, HUB)


def test_stops_follow_one_another_by_legs_and_service_times() -> None:
    started = route(RouteState.STARTED, LOADING, DOOR, NEXT_DOOR, seen=(HUB, at(0)))

    assert arrivals(started) == [5.0, 11.0, 18.0]


def test_a_driver_on_the_way_is_where_the_phone_reported_from() -> None:
    moving = route(RouteState.STARTED, DOOR, left=(HUB, at(0)), seen=(FIRST, at(3)))

    assert arrivals(moving, now=4) == [8.0]


def test_a_report_from_before_the_last_door_was_left_says_nothing() -> None:
    moving = route(RouteState.STARTED, DOOR, left=(HUB, at(2)), seen=(SECOND, at(1)))

    assert arrivals(moving, now=4) == [7.0]


def test_a_driver_who_should_be_there_by_now_is_half_a_minute_away() -> None:
    late = route(RouteState.STARTED, DOOR, left=(HUB, at(0)))

    assert arrivals(late, now=9) == [9.5]


def test_a_driver_at_a_door_leaves_it_soon() -> None:
    here = replace(DOOR, state=StopState.ARRIVED, arrived_at=at(1))

    assert arrivals(route(RouteState.STARTED, here, NEXT_DOOR), now=2) == [1.0, 8.0]
    assert arrivals(route(RouteState.STARTED, here, NEXT_DOOR), now=20) == [1.0, 25.25]


def test_a_parcel_that_is_not_ready_is_waited_for() -> None:
    unready = replace(LOADING, tasks=[replace(LOADING.tasks[0], pickup_opens_at=at(40))])

    assert arrivals(route(RouteState.STARTED, unready, DOOR, seen=(HUB, at(0)))) == [5.0, 46.0]


def test_an_assigned_route_begins_when_it_is_to_start() -> None:
    waiting = route(RouteState.ASSIGNED, DOOR, starts_at=at(10), seen=(HUB, at(-30)))

    assert arrivals(waiting) == [15.5]
    assert arrivals(waiting, now=12) == [17.0]


def test_a_driver_who_has_never_been_seen_comes_as_was_offered() -> None:
    assert arrivals(route(RouteState.ASSIGNED, DOOR)) == [4.5]


def test_a_route_that_nobody_has_is_as_planned_and_no_sooner_than_somebody_can_come() -> None:
    law = Law()
    soonest = (law.wait_s(Wait.FILL) + law.wait_s(Wait.APPROACH)) / 60

    assert arrivals(route(RouteState.OFFERING, DOOR)) == [30.0]
    assert arrivals(route(RouteState.OFFERING, DOOR), now=40) == [40.0 + soonest]
