"""An offer is held until the driver must leave, so that no drop-off is later and nobody waits at a counter."""

import pytest

from marketplace.matching.problem import Problem, Steps
from marketplace.matching.reading import read_request
from marketplace.matching.schedule import timed
from marketplace.matching.travel import read_travel
from tests.marketplace.matching.questions import NOW, Json, delivery, driver, question, reply_to


def route_of(asked: Json) -> Json:
    """The only route of a plan."""
    (route,) = reply_to(asked)["routes"]
    assert isinstance(route, dict)
    return route


def test_an_offer_waits_until_the_pickup_is_nearly_ready() -> None:
    tea = delivery("tea", 2, 5, pickup={"ready_at": NOW + 3_600})

    route = route_of(question(deliveries=[tea], drivers=[driver("ana", 0)]))

    assert route["offer_at"] == NOW + 3_600 - 600
    assert [step["arrival"] for step in route["steps"]] == [NOW + 3_600, NOW + 4_500]


def test_an_offer_that_is_due_is_sent_now() -> None:
    route = route_of(question(deliveries=[delivery("tea", 2, 5)], drivers=[driver("ana", 0)]))

    assert route["offer_at"] == NOW


def test_an_offer_waits_for_a_window_of_the_dropoff() -> None:
    tea = delivery("tea", 2, 5, pickup={"service_s": 60}, dropoff={"windows": [[NOW + 7_200, NOW + 9_000]]})

    route = route_of(question(deliveries=[tea], drivers=[driver("ana", 0)]))

    assert route["offer_at"] == NOW + 7_200 - 900 - 60 - 600
    assert route["steps"][1]["start"] == NOW + 7_200


def test_a_held_offer_keeps_the_window_of_the_pickup() -> None:
    tea = delivery(
        "tea",
        2,
        5,
        pickup={"windows": [[NOW, NOW + 1_000], [NOW + 6_900, NOW + 7_000]]},
        dropoff={"windows": [[NOW + 7_200, NOW + 9_000]]},
    )

    route = route_of(question(deliveries=[tea], drivers=[driver("ana", 0)]))

    assert [step["start"] for step in route["steps"]] == [NOW + 1_000, NOW + 7_200]
    assert route["offer_at"] == NOW + 400


def test_holding_makes_no_dropoff_later() -> None:
    asked = question(
        deliveries=[delivery("tea", 2, 3), delivery("bun", 4, 5, pickup={"ready_at": NOW + 7_200})],
        drivers=[driver("ana", 0)],
    )

    route = route_of(asked)

    assert route["offer_at"] == NOW
    starts = {(step["delivery_id"], step["kind"]): step["start"] for step in route["steps"]}
    assert starts["tea", "dropoff"] == NOW + 900
    assert starts["bun", "dropoff"] == NOW + 7_500


def test_every_handing_over_takes_its_own_time() -> None:
    asked = question(
        deliveries=[
            delivery(name, 2, 5, pickup={"service_s": 60}, dropoff={"service_s": 30}) for name in ("tea", "bun")
        ],
        drivers=[driver("ana", 2)],
    )

    route = route_of(asked)

    assert [step["start"] - NOW for step in route["steps"]] == [0, 60, 1_020, 1_050]
    assert [step["departure"] - NOW for step in route["steps"]] == [60, 120, 1_050, 1_080]


TEA = {"load": [2], "skills": ["fridge"]}
LOCKED = [{"delivery_id": "bun", "kind": "pickup", "location": 3}]
LATE = {"windows": [[NOW, NOW + 299]]}


@pytest.mark.parametrize(
    ("tea", "ana", "options", "steps"),
    [
        ({}, {"end_location": 0, "shift_end": NOW + 1_199}, {}, (0, 1)),
        ({}, {"shift_end": NOW + 599}, {}, (0, 1)),
        ({}, {"shift_end": NOW + 299}, {"shift_end_covers": "pickups"}, (0, 1)),
        ({}, {"capacity": [1]}, {}, (0, 1)),
        ({}, {"skills": []}, {}, (0, 1)),
        ({}, {"max_stops": 1}, {}, (0, 1)),
        ({}, {}, {}, (1, 0)),
        ({}, {}, {}, (0,)),
        ({}, {}, {}, (0, 1, 0, 1)),
        ({}, {}, {}, ()),
        ({}, {"locked": LOCKED}, {}, (0, 1, 2, 3)),
        ({}, {}, {"one_origin_per_route": True}, (0, 2, 1, 3)),
        ({"pickup": LATE}, {}, {}, (0, 1)),
    ],
)
def test_a_route_that_breaks_a_rule_has_no_clock(tea: Json, ana: Json, options: Json, steps: Steps) -> None:
    deliveries = [delivery("tea", 1, 2, **(TEA | tea)), delivery("bun", 3, 4, load=[1])]
    able = driver("ana", 0, **({"capacity": [9], "skills": ["fridge"]} | ana))
    request = read_request(question(deliveries=deliveries, drivers=[able], options=options))
    problem = Problem(request, read_travel(request), [0, 1], [0])

    assert timed(problem, 0, steps) is None


def test_a_route_that_breaks_none_has_one() -> None:
    able = driver("ana", 0, capacity=[2], skills=["fridge"], end_location=0, shift_end=NOW + 1_200, max_stops=2)
    request = read_request(question(deliveries=[delivery("tea", 1, 2, **TEA)], drivers=[able]))

    clock = timed(Problem(request, read_travel(request), [0], [0]), 0, (0, 1))

    assert clock is not None
    assert (clock.leaves_at, clock.starts, clock.travel_s) == (NOW, (NOW + 300, NOW + 600), 1_200)
