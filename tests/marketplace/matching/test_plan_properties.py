"""Whatever is asked, the plan keeps every rule of the contract, and serves whom one driver could serve alone."""

from hypothesis import HealthCheck, given, settings

from tests.marketplace.matching.judge import faults
from tests.marketplace.matching.questions import Json, reasons, reply_to
from tests.marketplace.matching.random_questions import questions


@settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(asked=questions())
def test_every_plan_is_legal(asked: Json) -> None:
    assert faults(asked, reply_to(asked)) == []


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(asked=questions(deliveries=(1, 1), drivers=(1, 3), has_locked=False))
def test_a_single_delivery_waits_only_where_nobody_could_carry_it(asked: Json) -> None:
    reply = reply_to(asked)

    alone = [reply_to(asked | {"drivers": [driver]}) for driver in asked["drivers"]]

    assert bool(reply["routes"]) == any(each["routes"] for each in alone)
    assert set(reasons(reply).values()) <= {"no_capacity", "no_skill", "window", "out_of_reach"}
