"""What a driver is committed to comes first, in its order, and stays with that driver."""

import pytest

from tests.marketplace.matching.judge import faults
from tests.marketplace.matching.questions import NOW, Json, delivery, driver, orders, question, reasons, reply_to

OBJECTIVES = ("fewest_drivers", "travel_time", "delivery_delay", "expected_cost")


def locked(*steps: tuple[str, str, int]) -> list[Json]:
    """Committed steps as the request states them."""
    return [{"delivery_id": name, "kind": kind, "location": location} for name, kind, location in steps]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_locked_steps_come_first_even_where_another_order_is_shorter(objective: str) -> None:
    asked = question(
        deliveries=[delivery("far", 8, 9), delivery("near", 1, 2)],
        drivers=[driver("ana", 0, locked=locked(("far", "pickup", 8)))],
        options={"objective": objective},
    )

    reply = reply_to(asked)

    assert orders(reply)["ana"][0] == "+far"
    assert reply["unassigned"] == []
    assert faults(asked, reply) == []


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_what_is_on_board_is_dropped_by_the_same_driver(objective: str) -> None:
    asked = question(
        deliveries=[delivery("tea", 1, 5, load=[1]), delivery("bun", 4, 6, load=[1])],
        drivers=[
            driver("ana", 3, capacity=[2], locked=locked(("tea", "dropoff", 5))),
            driver("bea", 5, capacity=[2]),
        ],
        options={"objective": objective},
    )

    reply = reply_to(asked)

    assert orders(reply)["ana"][0] == "-tea"
    assert faults(asked, reply) == []
    assert reply["unassigned"] == []


def test_a_locked_pickup_brings_its_dropoff_with_it() -> None:
    asked = question(
        deliveries=[delivery("tea", 1, 5), delivery("bun", 2, 3)],
        drivers=[driver("ana", 0, locked=locked(("tea", "pickup", 1))), driver("bea", 2)],
    )

    reply = reply_to(asked)

    assert orders(reply) == {"ana": ["+tea", "-tea"], "bea": ["+bun", "-bun"]}


def test_room_on_the_way_is_used_after_the_locked_steps() -> None:
    asked = question(
        deliveries=[delivery("tea", 1, 5, load=[1]), delivery("bun", 2, 4, load=[1])],
        drivers=[driver("ana", 0, capacity=[2], locked=locked(("tea", "pickup", 1)))],
        options={"objective": "travel_time"},
    )

    reply = reply_to(asked)

    assert orders(reply) == {"ana": ["+tea", "+bun", "-bun", "-tea"]}


def test_a_committed_driver_needs_no_offer_to_go_on() -> None:
    asked = question(
        deliveries=[delivery("tea", 1, 5, pickup={"ready_at": NOW + 7_200})],
        drivers=[driver("ana", 0, locked=locked(("tea", "pickup", 1)))],
    )

    reply = reply_to(asked)

    assert reply["routes"][0]["offer_at"] == NOW
    assert reply["routes"][0]["steps"][0]["arrival"] == NOW + 300
    assert reply["routes"][0]["steps"][0]["start"] == NOW + 7_200


def test_locked_steps_count_as_stops() -> None:
    asked = question(
        deliveries=[delivery("tea", 1, 5), delivery("bun", 1, 5)],
        drivers=[driver("ana", 0, max_stops=3, locked=locked(("tea", "pickup", 1)))],
    )

    reply = reply_to(asked)

    assert orders(reply) == {"ana": ["+tea", "-tea"]}
    assert reasons(reply) == {"bun": "no_capacity"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"shift_end": NOW + 299}, "window"),
        ({"capacity": [0]}, "no_capacity"),
        ({"max_stops": 1}, "no_capacity"),
        ({"needs": ["fridge"]}, "no_skill"),
    ],
)
def test_a_commitment_that_cannot_be_kept_says_why_and_goes_to_nobody_else(changes: Json, reason: str) -> None:
    tea = delivery("tea", 1, 1, load=[1], skills=changes.pop("needs", []))
    ana = driver("ana", 0, capacity=[1], locked=locked(("tea", "pickup", 1), ("tea", "dropoff", 1))) | changes
    asked = question(deliveries=[tea], drivers=[ana, driver("bea", 1, capacity=[5], skills=["fridge"])])

    reply = reply_to(asked)

    assert (reply["routes"], reasons(reply)) == ([], {"tea": reason})


def test_a_commitment_without_a_way_is_out_of_reach() -> None:
    asked = question(
        durations_s=[[0, 100_000_000], [60, 0]],
        deliveries=[delivery("tea", 1, 1)],
        drivers=[driver("ana", 0, locked=locked(("tea", "pickup", 1), ("tea", "dropoff", 1)))],
    )

    assert reasons(reply_to(asked)) == {"tea": "out_of_reach"}
