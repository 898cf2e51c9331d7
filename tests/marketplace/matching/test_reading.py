"""A request that breaks a limit is refused with the path of the value, before any solver sees a number of it."""

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from marketplace.matching import (
    BadRequest,
    DriverPay,
    LockedStep,
    PlanDelivery,
    PlanDriver,
    PlanOptions,
    PlanRequest,
    PlanStop,
    plan,
)
from marketplace.matching.reading import object_of_pairs, read_request
from tests.marketplace.matching.questions import NOW, Json, delivery, driver, example, line_town, question

GONE = object()
"""Stands for a field that is left out."""

Path = tuple[str | int, ...]


def changed(asked: Json, path: Path, value: Any) -> Json:
    """A copy of a request with one value replaced, added or left out."""
    copied = copy.deepcopy(asked)
    place: Any = copied
    for name in path[:-1]:
        place = place[name]
    if value is GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return copied


def full() -> Json:
    """A request in which every field is given."""
    asked = example()
    asked["distances_m"] = [[10 * abs(a - b) for b in range(4)] for a in range(4)]
    asked["deliveries"][0]["pickup"]["windows"] = [[36_000, 40_000], [41_000, 42_000]]
    asked["deliveries"][0]["priority"] = 3
    asked["drivers"][0] |= {"end_location": 3, "available_at": 36_000, "skills": ["bike"]}
    asked["drivers"][0]["locked"] = [{"delivery_id": "soup", "kind": "pickup", "location": 0}]
    asked["drivers"][0]["pay"] |= {"per_hour_cents": 100, "per_km_cents": 10}
    asked["options"] |= {"time_limit_s": 1, "threads": 2, "zone_limit": 100, "shift_end_covers": "route"}
    return asked


def in_points() -> Json:
    """A request that gives points instead of a matrix."""
    asked = full()
    del asked["durations_s"], asked["distances_m"]
    return asked | {"points": [[-29.9, -71.2]] * 4, "speed_mps": 8, "circuity": 1.2}


NO_INTS = [3.0, 3.5, "3", True, False, None, [], math.nan, math.inf]
BAD_INTS: list[tuple[Path, str, list[Any]]] = [
    (("now",), "now", [-1, 2**32]),
    (("deliveries", 0, "pickup", "location"), "deliveries[0].pickup.location", [-1, 4]),
    (("deliveries", 1, "dropoff", "location"), "deliveries[1].dropoff.location", [-1, 4, 2**63]),
    (("deliveries", 0, "pickup", "service_s"), "deliveries[0].pickup.service_s", [-1, 10**6 + 1]),
    (("deliveries", 0, "pickup", "ready_at"), "deliveries[0].pickup.ready_at", [-1, 2**32]),
    (("deliveries", 0, "dropoff", "due_at"), "deliveries[0].dropoff.due_at", [-1, 2**62]),
    (("deliveries", 0, "priority"), "deliveries[0].priority", [-1, 101]),
    (("deliveries", 0, "posted_at"), "deliveries[0].posted_at", [-1, 2**32]),
    (("deliveries", 0, "load", 0), "deliveries[0].load[0]", [-1]),
    (("deliveries", 0, "pickup", "windows", 1, 0), "deliveries[0].pickup.windows[1]", [-1, 2**32, 42_001]),
    (("drivers", 0, "location"), "drivers[0].location", [-1, 4]),
    (("drivers", 0, "end_location"), "drivers[0].end_location", [-1, 4]),
    (("drivers", 0, "available_at"), "drivers[0].available_at", [-1, 2**32]),
    (("drivers", 0, "shift_end"), "drivers[0].shift_end", [-1, 2**32]),
    (("drivers", 0, "capacity", 0), "drivers[0].capacity[0]", [-1]),
    (("drivers", 0, "max_stops"), "drivers[0].max_stops", [0, -1, 1_001]),
    (("drivers", 0, "pay", "fixed_cents"), "drivers[0].pay.fixed_cents", [-1, 2**53]),
    (("drivers", 0, "pay", "per_km_cents"), "drivers[0].pay.per_km_cents", [-1]),
    (("drivers", 0, "locked", 0, "location"), "drivers[0].locked[0].location", [-1, 4, 1]),
    (("options", "threads"), "options.threads", [0, -1, 65]),
    (("options", "seed"), "options.seed", [-1, 2**32]),
    (("options", "zone_limit"), "options.zone_limit", [0, 1_001]),
]
NULL_IS_FINE = {"end_location", "max_stops"}


@pytest.mark.parametrize(
    ("path", "field", "value"),
    [
        (path, field, value)
        for path, field, values in BAD_INTS
        for value in NO_INTS + values
        if not (value is None and path[-1] in NULL_IS_FINE)
    ],
)
def test_what_is_no_whole_number_in_its_limits_is_named(path: Path, field: str, value: Any) -> None:
    with pytest.raises(BadRequest) as refused:
        read_request(changed(full(), path, value))

    assert refused.value.field == field


BAD_OTHERS: list[tuple[Path, Any, str]] = [
    (("request_id",), GONE, "request_id"),
    (("request_id",), "", "request_id"),
    (("request_id",), "x" * 101, "request_id"),
    (("request_id",), 1.5, "request_id"),
    (("request_id",), True, "request_id"),
    (("now",), GONE, "now"),
    (("durations_s",), GONE, "durations_s"),
    (("durations_s",), None, "durations_s"),
    (("durations_s",), "matrix", "durations_s"),
    (("durations_s",), [[0] * 4] * 3, "durations_s[0]"),
    (("durations_s", 3), [0, 1, 2], "durations_s[3]"),
    (("durations_s", 3), 5, "durations_s[3]"),
    (("durations_s", 1, 2), -1, "durations_s[1]"),
    (("durations_s", 1, 2), 100_000_001, "durations_s[1]"),
    (("durations_s", 1, 2), 2**32, "durations_s[1]"),
    (("durations_s", 1, 2), 2**70, "durations_s[1]"),
    (("durations_s", 1, 2), 1.9, "durations_s[1]"),
    (("durations_s", 1, 2), True, "durations_s[1]"),
    (("durations_s", 1, 2), 2**31 - 1, "durations_s[1]"),
    (("durations_s", 1, 2), [60], "durations_s[1]"),
    (("durations_s", 1, 2), "", "durations_s[1]"),
    (("durations_s", 1), [0, 1.9, True, 0], "durations_s[1]"),
    (("durations_s",), [[1, 2, 3, 4, [5, 6, 7]], 8, [0] * 4, [0] * 4], "durations_s[0]"),
    (("durations_s", 1, 2), math.nan, "durations_s[1]"),
    (("durations_s", 1, 2), "60", "durations_s[1]"),
    (("durations_s", 1, 2), None, "durations_s[1]"),
    (("distances_m", 2, 2), 10**9 + 1, "distances_m[2]"),
    (("distances_m",), [[0] * 3] * 3, "distances_m"),
    (("speed_mps",), 8, "speed_mps"),
    (("circuity",), 1.3, "circuity"),
    (("points",), [[0, 0]], "points"),
    (("deliveries",), GONE, "deliveries"),
    (("deliveries",), {}, "deliveries"),
    (("deliveries", 0), "soup", "deliveries[0]"),
    (("deliveries", 0, "id"), GONE, "deliveries[0].id"),
    (("deliveries", 0, "id"), "", "deliveries[0].id"),
    (("deliveries", 0, "id"), "x" * 65, "deliveries[0].id"),
    (("deliveries", 0, "id"), 7, "deliveries[0].id"),
    (("deliveries", 1, "id"), "soup", "deliveries[1].id"),
    (("deliveries", 0, "pickup"), GONE, "deliveries[0].pickup"),
    (("deliveries", 0, "pickup", "location"), GONE, "deliveries[0].pickup.location"),
    (("deliveries", 0, "pickup", "due_at"), 40_000, "deliveries[0].pickup.due_at"),
    (("deliveries", 0, "dropoff", "ready_at"), 40_000, "deliveries[0].dropoff.ready_at"),
    (("deliveries", 0, "pickup", "windows"), {}, "deliveries[0].pickup.windows"),
    (("deliveries", 0, "pickup", "windows"), [[0, 1]] * 11, "deliveries[0].pickup.windows"),
    (("deliveries", 0, "pickup", "windows", 1), [2, 1], "deliveries[0].pickup.windows[1]"),
    (("deliveries", 0, "pickup", "windows", 1), [1], "deliveries[0].pickup.windows[1]"),
    (("deliveries", 0, "pickup", "windows", 1), [1, 2, 3], "deliveries[0].pickup.windows[1]"),
    (("deliveries", 0, "load"), [1, 1], "deliveries[0].load"),
    (("deliveries", 0, "load"), 1, "deliveries[0].load"),
    (("drivers", 0, "capacity"), [], "drivers[0].capacity"),
    (("deliveries", 0, "skills"), "fridge", "deliveries[0].skills"),
    (("deliveries", 0, "skills"), [1], "deliveries[0].skills[0]"),
    (("deliveries", 0, "colour"), "red", "deliveries[0].colour"),
    (("drivers",), GONE, "drivers"),
    (("drivers", 0, "shift_end"), GONE, "drivers[0].shift_end"),
    (("drivers", 0, "shiftend"), 1, "drivers[0].shiftend"),
    (("drivers", 0, "kind"), "employee", "drivers[0].kind"),
    (("drivers", 0, "kind"), 1, "drivers[0].kind"),
    (("drivers", 0, "accept_prob"), 1.01, "drivers[0].accept_prob"),
    (("drivers", 0, "accept_prob"), -0.1, "drivers[0].accept_prob"),
    (("drivers", 0, "accept_prob"), math.nan, "drivers[0].accept_prob"),
    (("drivers", 0, "accept_prob"), True, "drivers[0].accept_prob"),
    (("drivers", 0, "pay"), 5, "drivers[0].pay"),
    (("drivers", 0, "pay", "tip_cents"), 5, "drivers[0].pay.tip_cents"),
    (("drivers", 0, "locked", 0, "delivery_id"), "tea", "drivers[0].locked[0].delivery_id"),
    (("drivers", 0, "locked", 0, "kind"), "drop", "drivers[0].locked[0].kind"),
    (("drivers", 0, "locked", 0, "kind"), GONE, "drivers[0].locked[0].kind"),
    (("options",), [], "options"),
    (("options", "objective"), "cheapest", "options.objective"),
    (("options", "time_limit_s"), 0.009, "options.time_limit_s"),
    (("options", "time_limit_s"), 601, "options.time_limit_s"),
    (("options", "time_limit_s"), math.inf, "options.time_limit_s"),
    (("options", "time_limit_s"), 10**400, "options.time_limit_s"),
    (("options", "time_limit_s"), "1", "options.time_limit_s"),
    (("options", "one_origin_per_route"), 1, "options.one_origin_per_route"),
    (("options", "shift_end_covers"), "dropoffs", "options.shift_end_covers"),
    (("options", "exploration_level"), 9, "options.exploration_level"),
    (("vehicles",), [], "vehicles"),
]


@pytest.mark.parametrize(("path", "value", "field"), BAD_OTHERS)
def test_the_path_of_a_bad_value_is_named(path: Path, value: Any, field: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_request(changed(full(), path, value))

    assert refused.value.field == field
    assert refused.value.code == "BAD_PLAN_REQUEST"


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("speed_mps",), GONE, "speed_mps"),
        (("speed_mps",), 0.09, "speed_mps"),
        (("speed_mps",), 101, "speed_mps"),
        (("speed_mps",), math.nan, "speed_mps"),
        (("circuity",), 0.9, "circuity"),
        (("circuity",), 5.1, "circuity"),
        (("points", 2), [91, 0], "points[2]"),
        (("points", 2), [0, 181], "points[2]"),
        (("points", 2), [0, math.nan], "points[2]"),
        (("points", 2), [0, math.inf], "points[2]"),
        (("points", 2), ["0", 0], "points[2]"),
        (("points", 2), [0], "points[2]"),
        (("points", 2), 3, "points[2]"),
        (("distances_m",), [[0]], "distances_m"),
        (("durations_s",), [[0] * 4] * 4, "points"),
    ],
)
def test_points_have_limits_too(path: Path, value: Any, field: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_request(changed(in_points(), path, value))

    assert refused.value.field == field


def test_the_sentence_names_the_value_and_its_limits() -> None:
    with pytest.raises(BadRequest) as refused:
        read_request(changed(example(), ("options", "threads"), 0))

    assert refused.value.message == "threads must be between 1 and 64"


@pytest.mark.parametrize("asked", [None, 5, "plan", [], [example()]])
def test_what_is_no_object_is_refused_as_a_whole(asked: object) -> None:
    with pytest.raises(BadRequest) as refused:
        read_request(asked)

    assert refused.value.field == ""


def test_a_field_that_is_given_twice_is_refused() -> None:
    twice = object_of_pairs([("id", "ana"), ("location", 1), ("location", 2), ("shift_end", NOW)])

    with pytest.raises(BadRequest) as refused:
        read_request(question(drivers=[twice]))

    assert refused.value.field == "drivers[0].location"


def test_more_deliveries_than_the_limit_are_refused() -> None:
    with pytest.raises(BadRequest) as refused:
        read_request(question(deliveries=[delivery(f"d{i}", 0, 1) for i in range(20_001)]))

    assert refused.value.field == "deliveries"


@pytest.mark.parametrize(
    ("steps", "field"),
    [
        ([("soup", "pickup"), ("soup", "pickup")], "drivers[0].locked[1]"),
        ([("soup", "dropoff"), ("soup", "pickup")], "drivers[0].locked[1]"),
    ],
)
def test_committed_steps_that_nobody_could_drive_are_refused(steps: list[tuple[str, str]], field: str) -> None:
    places = {"pickup": 0, "dropoff": 1}
    asked = example()
    asked["drivers"][0]["locked"] = [
        {"delivery_id": name, "kind": kind, "location": places[kind]} for name, kind in steps
    ]

    with pytest.raises(BadRequest) as refused:
        read_request(asked)

    assert refused.value.field == field


def test_two_drivers_cannot_be_committed_to_one_delivery() -> None:
    locked = {"locked": [{"delivery_id": "tea", "kind": "pickup", "location": 1}]}
    asked = question(
        deliveries=[delivery("tea", 1, 2)], drivers=[driver("ana", 0, **locked), driver("bea", 0, **locked)]
    )

    with pytest.raises(BadRequest) as refused:
        read_request(asked)

    assert refused.value.field == "drivers[1].locked[0].delivery_id"


def test_the_full_request_is_read_as_it_is_written() -> None:
    request = read_request(full())

    assert request.request_id == "r-1"
    assert np.array_equal(np.asarray(request.durations_s), example()["durations_s"])
    assert list(map(list, request.deliveries[0].pickup.windows)) == [[36_000, 40_000], [41_000, 42_000]]
    assert request.drivers[0].pay == DriverPay(fixed_cents=200, per_stop_cents=350, per_hour_cents=100, per_km_cents=10)
    assert request.drivers[0].locked == (LockedStep(delivery_id="soup", kind="pickup", location=0),)
    assert request.options.zone_limit == 100


ROAD = PlanStop(location=0)
TEA = PlanDelivery(id="tea", pickup=ROAD, dropoff=PlanStop(location=1), load=(1,))
ANA = PlanDriver(id="ana", location=0, shift_end=NOW, capacity=(1,))


def typed(**changes: Any) -> PlanRequest:
    """A request built in Python, changed as asked."""
    fields: dict[str, Any] = {"now": NOW, "durations_s": line_town(2), "deliveries": (TEA,), "drivers": (ANA,)}
    return PlanRequest(**(fields | changes))


BUILT_BADLY: list[tuple[Callable[[], PlanRequest], str]] = [
    (lambda: typed(now=1.5), "now"),
    (lambda: typed(durations_s=np.zeros((2, 2))), "durations_s"),
    (lambda: typed(durations_s=np.array([[0, 2**40], [1, 0]])), "durations_s[0]"),
    (lambda: typed(durations_s=np.zeros((2, 3), dtype=np.int64)), "durations_s"),
    (lambda: typed(durations_s=None), "durations_s"),
    (lambda: typed(durations_s=None, points=np.full((2, 2), math.nan), speed_mps=8), "points[0]"),
    (lambda: typed(deliveries=(TEA, TEA)), "deliveries[1].id"),
    (lambda: typed(deliveries=({"id": "tea"},)), "deliveries[0]"),
    (lambda: typed(deliveries=5), "deliveries"),
    (lambda: typed(drivers=(PlanDriver(id="ana", location=2, shift_end=NOW, capacity=(1,)),)), "drivers[0].location"),
    (
        lambda: typed(drivers=(PlanDriver(id="ana", location=0, shift_end=2**40, capacity=(1,)),)),
        "drivers[0].shift_end",
    ),
    (
        lambda: typed(drivers=(PlanDriver(id="ana", location=0, shift_end=NOW, capacity=(-1,)),)),
        "drivers[0].capacity[0]",
    ),
    (
        lambda: typed(
            deliveries=(PlanDelivery(id="tea", pickup=PlanStop(location=0, due_at=5), dropoff=ROAD, load=(1,)),)
        ),
        "deliveries[0].pickup.due_at",
    ),
    (lambda: typed(options=PlanOptions(threads=0)), "options.threads"),
    (lambda: typed(options=PlanOptions(objective="best")), "options.objective"),
    (lambda: typed(request_id=True), "request_id"),
]


@pytest.mark.parametrize(("build", "field"), BUILT_BADLY)
def test_a_request_built_in_python_is_refused_in_the_same_words(build: Callable[[], PlanRequest], field: str) -> None:
    with pytest.raises(BadRequest) as refused:
        plan(build())

    assert refused.value.field == field
