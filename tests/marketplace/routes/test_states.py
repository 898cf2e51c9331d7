"""The tables of steps of routes and stops."""

from marketplace.routes.states import ENDED_STOPS, ROUTE_STEPS, STOP_STEPS, RouteState, StopState


def test_every_state_has_its_steps() -> None:
    assert set(ROUTE_STEPS) == set(RouteState)
    assert set(STOP_STEPS) == set(StopState)


def test_what_has_ended_stays_so() -> None:
    assert {state for state, steps in STOP_STEPS.items() if not steps} == ENDED_STOPS
    assert {state for state, steps in ROUTE_STEPS.items() if not steps} == {"COMPLETED", "DISSOLVED", "CANCELLED"}


def test_a_route_is_dissolved_only_before_its_start() -> None:
    before_start = {"PLANNED", "OFFERING", "ASSIGNED"}

    assert {state for state, steps in ROUTE_STEPS.items() if RouteState.DISSOLVED in steps} == before_start


def test_a_stop_ends_well_or_badly_only_where_the_driver_is() -> None:
    for end in (StopState.COMPLETED, StopState.FAILED):
        assert {state for state, steps in STOP_STEPS.items() if end in steps} == {"ARRIVED"}
