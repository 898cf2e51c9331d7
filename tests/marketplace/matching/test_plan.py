"""Deliveries are planned onto drivers within every hard rule, and for the least of what was asked."""

import numpy as np
import numpy.typing as npt
import pytest

from marketplace.matching import Plan, PlanDelivery, PlanDriver, PlanOptions, PlanRequest, PlanStop, plan
from tests.marketplace.matching.judge import faults
from tests.marketplace.matching.questions import (
    NOW,
    delivery,
    driver,
    example,
    line_town,
    orders,
    question,
    reasons,
    reply_to,
)

OBJECTIVES = ("fewest_drivers", "travel_time", "delivery_delay", "expected_cost")
WITHOUT_SHORTCUT = 100_000_000


def test_the_example_of_the_contract_gets_exactly_its_reply() -> None:
    reply = reply_to(example())

    def step(name: str, kind: str, location: int, arrival: int, start: int, departure: int) -> dict[str, object]:
        moments = {"arrival": arrival, "start": start, "departure": departure}
        return {"delivery_id": name, "kind": kind, "location": location} | moments

    assert reply == {
        "request_id": "r-1",
        "routes": [
            {
                "driver_id": "ana",
                "offer_at": 36_360,
                "payout_cents": 900,
                "expected_cost_cents": 1160,
                "travel_s": 720,
                "distance_m": None,
                "steps": [
                    step("soup", "pickup", 0, 36_600, 36_600, 36_660),
                    step("rice", "pickup", 0, 36_660, 36_660, 36_720),
                    step("soup", "dropoff", 1, 37_020, 37_020, 37_140),
                    step("rice", "dropoff", 2, 37_320, 37_320, 37_440),
                ],
            }
        ],
        "unassigned": [{"delivery_id": "fish", "reason": "no_skill"}],
    }
    assert faults(example(), reply) == []


def test_a_request_built_in_python_gets_a_typed_plan() -> None:
    request = PlanRequest(
        now=NOW,
        durations_s=line_town(3),
        deliveries=[PlanDelivery(id="tea", pickup=PlanStop(location=1), dropoff=PlanStop(location=2))],
        drivers=[PlanDriver(id="ana", location=0, shift_end=NOW + 3_600)],
    )

    answer = plan(request)

    assert isinstance(answer, Plan)
    assert [(step.delivery_id, step.kind, step.start) for step in answer.routes[0].steps] == [
        ("tea", "pickup", NOW + 300),
        ("tea", "dropoff", NOW + 600),
    ]
    assert answer.unassigned == ()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_nothing_to_carry_and_nobody_to_carry_are_planned_too(objective: str) -> None:
    options = {"objective": objective}
    idle = reply_to(question(drivers=[driver("ana", 0)], options=options))
    alone = reply_to(question(deliveries=[delivery("tea", 1, 2)], options=options))
    empty = reply_to(question(durations_s=[], options=options))

    assert (idle["routes"], idle["unassigned"]) == ([], [])
    assert (alone["routes"], reasons(alone)) == ([], {"tea": "no_capacity"})
    assert (empty["routes"], empty["unassigned"]) == ([], [])


def test_fewest_drivers_share_one_route_where_one_is_enough() -> None:
    asked = question(
        deliveries=[delivery(f"d{i}", i, i + 1) for i in (1, 3, 5)],
        drivers=[driver("ana", 0), driver("bea", 3), driver("cem", 5)],
        options={"objective": "fewest_drivers"},
    )

    reply = reply_to(asked)

    assert len(reply["routes"]) == 1
    assert reply["unassigned"] == []
    assert faults(asked, reply) == []


def test_least_travel_takes_whoever_is_nearest() -> None:
    asked = question(
        deliveries=[delivery("east", 8, 9), delivery("west", 1, 0)],
        drivers=[driver("ana", 8), driver("bea", 1), driver("cem", 4)],
        options={"objective": "travel_time"},
    )

    reply = reply_to(asked)

    assert orders(reply) == {"ana": ["+east", "-east"], "bea": ["+west", "-west"]}
    assert sum(route["travel_s"] for route in reply["routes"]) == 600


def test_least_delay_sends_two_drivers_where_one_would_be_slower() -> None:
    asked = question(
        deliveries=[delivery("tea", 1, 2), delivery("bun", 8, 7)],
        drivers=[driver("ana", 1), driver("bea", 9)],
    )

    reply = reply_to(asked)

    assert orders(reply) == {"ana": ["+tea", "-tea"], "bea": ["+bun", "-bun"]}


def test_least_expected_cost_takes_the_cheaper_driver_who_is_likelier_to_accept() -> None:
    pay = {"fixed_cents": 500}
    asked = question(
        deliveries=[delivery("tea", 1, 2)],
        drivers=[
            driver("dear", 1, pay={"fixed_cents": 900}),
            driver("picky", 1, pay=pay, accept_prob=0.3),
            driver("sure", 1, pay=pay, accept_prob=0.9),
        ],
        options={"objective": "expected_cost"},
    )

    reply = reply_to(asked)

    assert [route["driver_id"] for route in reply["routes"]] == ["sure"]
    assert reply["routes"][0]["payout_cents"] == 500


def test_pay_by_the_stop_counts_although_vroom_does_not_know_it() -> None:
    asked = question(
        deliveries=[delivery("tea", 1, 2)],
        drivers=[
            driver("near", 1, pay={"fixed_cents": 100, "per_stop_cents": 400}),
            driver("far", 4, pay={"fixed_cents": 300}),
        ],
        options={"objective": "expected_cost"},
    )

    reply = reply_to(asked)

    assert [(route["driver_id"], route["payout_cents"]) for route in reply["routes"]] == [("far", 300)]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_load_that_would_not_fit_is_split_in_time(objective: str) -> None:
    asked = question(
        deliveries=[delivery("tea", 1, 3, load=[2, 1]), delivery("bun", 1, 3, load=[2, 1])],
        drivers=[driver("ana", 1, capacity=[3, 9])],
        options={"objective": objective},
    )

    reply = reply_to(asked)

    assert faults(asked, reply) == []
    assert reply["unassigned"] == []
    assert orders(reply)["ana"] in (["+tea", "-tea", "+bun", "-bun"], ["+bun", "-bun", "+tea", "-tea"])


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_windows_decide_the_order(objective: str) -> None:
    asked = question(
        deliveries=[
            delivery("late", 1, 2, dropoff={"windows": [[NOW + 7_200, NOW + 7_500]]}),
            delivery("early", 1, 9, dropoff={"windows": [[NOW, NOW + 2_700]]}),
        ],
        drivers=[driver("ana", 1)],
        options={"objective": objective},
    )

    reply = reply_to(asked)

    assert faults(asked, reply) == []
    dropped = [step["delivery_id"] for step in reply["routes"][0]["steps"] if step["kind"] == "dropoff"]
    assert dropped == ["early", "late"]


def test_of_several_windows_the_next_one_is_waited_for() -> None:
    windows = [[NOW - 600, NOW + 100], [NOW + 5_000, NOW + 5_100], [NOW + 1_000, NOW + 1_200]]
    asked = question(deliveries=[delivery("tea", 1, 2, pickup={"windows": windows})], drivers=[driver("ana", 0)])

    reply = reply_to(asked)

    assert [step["start"] for step in reply["routes"][0]["steps"]] == [NOW + 1_000, NOW + 1_300]
    assert faults(asked, reply) == []


def test_a_shift_covers_the_way_home() -> None:
    carried = delivery("tea", 1, 2)
    home_in_time = question(deliveries=[carried], drivers=[driver("ana", 1, end_location=1, shift_end=NOW + 600)])
    too_far = question(deliveries=[carried], drivers=[driver("ana", 1, end_location=1, shift_end=NOW + 599)])

    assert orders(reply_to(home_in_time)) == {"ana": ["+tea", "-tea"]}
    assert reasons(reply_to(too_far)) == {"tea": "window"}


def test_a_shift_may_cover_the_pickups_alone() -> None:
    options = {"shift_end_covers": "pickups"}
    asked = question(
        deliveries=[delivery("tea", 1, 9)], drivers=[driver("ana", 0, shift_end=NOW + 300)], options=options
    )
    over = question(
        deliveries=[delivery("tea", 1, 9)], drivers=[driver("ana", 0, shift_end=NOW + 299)], options=options
    )

    assert reply_to(asked)["routes"][0]["steps"][1]["start"] == NOW + 2_700
    assert reasons(reply_to(over)) == {"tea": "window"}


def test_a_driver_who_is_busy_until_later_leaves_no_earlier() -> None:
    asked = question(deliveries=[delivery("tea", 1, 2)], drivers=[driver("ana", 0, available_at=NOW + 900)])

    reply = reply_to(asked)

    assert reply["routes"][0]["offer_at"] == NOW + 900
    assert [step["start"] for step in reply["routes"][0]["steps"]] == [NOW + 1_200, NOW + 1_500]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_most_important_delivery_is_served_where_one_must_wait(objective: str) -> None:
    asked = question(
        deliveries=[delivery("plain", 1, 2), delivery("vital", 5, 6, priority=90), delivery("some", 1, 2, priority=10)],
        drivers=[driver("ana", 1, max_stops=2)],
        options={"objective": objective},
    )

    reply = reply_to(asked)

    assert orders(reply) == {"ana": ["+vital", "-vital"]}
    assert reasons(reply) == {"plain": "no_capacity", "some": "no_capacity"}


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_two_deliveries_outweigh_one_that_is_more_important(objective: str) -> None:
    asked = question(
        deliveries=[
            delivery("vital", 1, 9, priority=100),
            delivery("tea", 1, 2, dropoff={"windows": [[NOW, NOW + 400]]}),
            delivery("bun", 2, 3, dropoff={"windows": [[NOW, NOW + 800]]}),
        ],
        drivers=[driver("ana", 1, shift_end=NOW + 2_400, max_stops=4)],
        options={"objective": objective},
    )

    reply = reply_to(asked)

    assert sum(len(steps) for steps in orders(reply).values()) == 4
    assert faults(asked, reply) == []


def test_where_there_is_no_way_another_driver_is_sent() -> None:
    town = line_town(4)
    town[0][1] = WITHOUT_SHORTCUT
    asked = question(durations_s=town, deliveries=[delivery("tea", 1, 2)], drivers=[driver("ana", 0), driver("bea", 3)])

    assert orders(reply_to(asked)) == {"bea": ["+tea", "-tea"]}


def test_a_matrix_view_with_strides_means_what_it_says() -> None:
    wide = np_town(8)
    request = PlanRequest(
        now=NOW,
        durations_s=wide[::2, ::2].T,
        deliveries=[PlanDelivery(id="tea", pickup=PlanStop(location=1), dropoff=PlanStop(location=2))],
        drivers=[PlanDriver(id="ana", location=0, shift_end=NOW + 36_000)],
        options=PlanOptions(objective="travel_time"),
    )

    assert plan(request).routes[0].travel_s == int(wide[2, 0] + wide[4, 2])


def np_town(places: int) -> npt.NDArray[np.int64]:
    """Travel times of which no two are equal, so that a matrix read the wrong way shows."""
    return np.arange(places * places, dtype=np.int64).reshape(places, places) * 7 % 1_009 + 60
