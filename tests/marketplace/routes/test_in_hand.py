"""A route in hand: steps in memory, each with its event."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from marketplace.batches.states import DeliveryState
from marketplace.core.geo import Point
from marketplace.core.states import IllegalStep
from marketplace.routes.in_hand import DeliveryInHand, RouteInHand, StopInHand
from marketplace.routes.states import RouteState, StopKind, StopState

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def delivery(state: DeliveryState = DeliveryState.ASSIGNED) -> DeliveryInHand:
    return DeliveryInHand(
        id=UUID(int=30), shipper_id=UUID(int=4), batch_id=UUID(int=5), state=state, sequence=7, route_id=UUID(int=1),
        return_of=None, dropoff_closes_at=NOW, requirements=frozenset(), pin=None, pin_attempts=0,
    )  # fmt: skip


def stop(place: int, kind: StopKind, state: StopState = StopState.PENDING) -> StopInHand:
    return StopInHand(
        id=UUID(int=10 + place), place=place, kind=kind, state=state, point=Point(lat=0, lon=0), leg_m=0, leg_s=0,
        planned_departure=NOW, arrived_at=None, ended_at=None, failure_reason=None, delivery_ids=[UUID(int=30)],
    )  # fmt: skip


def route(parcel: DeliveryInHand, *stops: StopInHand) -> RouteInHand:
    return RouteInHand(
        id=UUID(int=1), market_id=UUID(int=2), driver_id=UUID(int=3), state=RouteState.STARTED, version=1,
        is_degraded=False, is_flagged=False, accepted_at=NOW, started_at=NOW, ended_at=None, stops=list(stops),
        deliveries={parcel.id: parcel},
    )  # fmt: skip


def test_a_walk_leaves_no_state_out() -> None:
    parcel = delivery()
    held = route(parcel, stop(0, StopKind.PICKUP))

    held.walk(parcel, DeliveryState.PICKED_UP, NOW)

    told = [(event.payload()["state"], event.payload()["sequence"]) for event in held.events]
    assert told == [("EN_ROUTE_TO_PICKUP", 8), ("ARRIVED_AT_PICKUP", 9), ("PICKED_UP", 10)]
    assert held.touched == {parcel.id}


@pytest.mark.parametrize("state", [DeliveryState.PICKED_UP, DeliveryState.CANCELLED, DeliveryState.ATTEMPTED])
def test_what_is_past_a_goal_or_off_the_road_does_not_walk(state: DeliveryState) -> None:
    parcel = delivery(state)
    held = route(parcel, stop(0, StopKind.PICKUP))

    held.walk(parcel, DeliveryState.ARRIVED_AT_PICKUP, NOW)

    assert (parcel.state, parcel.sequence, held.events) == (state, 7, [])


def test_a_step_that_is_not_in_the_table_is_not_taken() -> None:
    parcel = delivery()
    pickup = stop(0, StopKind.PICKUP)
    held = route(parcel, pickup)

    with pytest.raises(IllegalStep):
        held.step_stop(pickup, StopState.COMPLETED, NOW)
    with pytest.raises(IllegalStep):
        held.become(RouteState.ASSIGNED)

    assert (pickup.state, held.events, held.touched) == ("PENDING", [], set())


def test_a_parcel_that_was_never_picked_up_does_not_become_so_at_a_door() -> None:
    parcel = delivery(DeliveryState.EN_ROUTE_TO_PICKUP)
    door = stop(1, StopKind.DROPOFF, StopState.EN_ROUTE)
    held = route(parcel, stop(0, StopKind.PICKUP, StopState.CANCELLED), door)

    held.arrive(door, NOW)

    assert (parcel.state, held.ready_at(door)) == ("EN_ROUTE_TO_PICKUP", [])


@pytest.mark.parametrize(
    ("state", "is_done"),
    [
        (DeliveryState.DELIVERED, True),
        (DeliveryState.RETURNED, True),
        (DeliveryState.FAILED, True),
        (DeliveryState.CANCELLED, True),
        (DeliveryState.ATTEMPTED, False),
        (DeliveryState.PICKED_UP, False),
        (DeliveryState.ASSIGNED, False),
    ],
)
def test_a_route_is_done_when_nothing_is_left_in_the_vehicle(state: DeliveryState, is_done: bool) -> None:
    held = route(delivery(state), stop(0, StopKind.PICKUP, StopState.COMPLETED))

    assert held.is_done is is_done


def test_skipped_stops_tell_nothing_about_the_driver() -> None:
    seen = stop(0, StopKind.PICKUP, StopState.COMPLETED)
    seen.ended_at = NOW + timedelta(minutes=5)
    skipped = stop(1, StopKind.DROPOFF, StopState.SKIPPED)
    skipped.ended_at = NOW + timedelta(hours=5)

    assert route(delivery(), seen, skipped).last_moment == NOW + timedelta(minutes=5)
