"""A delivery that is in no route says truthfully why."""

from typing import Any

import pytest

from tests.marketplace.matching.questions import NOW, Json, delivery, driver, line_town, question, reasons, reply_to

OBJECTIVES = ("fewest_drivers", "travel_time", "delivery_delay", "expected_cost")
ISLAND = [[0, 60, 100_000_000], [60, 0, 100_000_000], [100_000_000, 100_000_000, 0]]


def why(tea: Json, *drivers: Json, **changes: Any) -> str:
    """The reason for one delivery that these drivers do not carry."""
    reply = reply_to(question(deliveries=[tea], drivers=list(drivers), **changes))
    assert reply["routes"] == []
    return reasons(reply)["tea"]


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize(
    ("tea", "ana", "reason"),
    [
        (delivery("tea", 1, 2, skills=["fridge", "bike"]), driver("ana", 0, skills=["bike"]), "no_skill"),
        (delivery("tea", 1, 2, load=[2, 0]), driver("ana", 0, capacity=[1, 9]), "no_capacity"),
        (delivery("tea", 1, 2, load=[10**30]), driver("ana", 0, capacity=[10**29]), "no_capacity"),
        (delivery("tea", 1, 2), driver("ana", 0, max_stops=1), "no_capacity"),
        (delivery("tea", 1, 2, pickup={"windows": [[NOW, NOW + 299]]}), driver("ana", 0), "window"),
        (delivery("tea", 1, 2, dropoff={"windows": [[0, NOW - 1]]}), driver("ana", 0), "window"),
        (delivery("tea", 1, 2, pickup={"ready_at": NOW + 36_000}), driver("ana", 0), "window"),
        (delivery("tea", 1, 2), driver("ana", 0, shift_end=NOW - 1), "window"),
    ],
)
def test_the_need_that_nobody_meets_is_named(objective: str, tea: Json, ana: Json, reason: str) -> None:
    assert why(tea, ana, options={"objective": objective}) == reason


@pytest.mark.parametrize(("origin", "target"), [(0, 2), (2, 0)])
def test_an_island_is_out_of_reach(origin: int, target: int) -> None:
    assert why(delivery("tea", origin, target), driver("ana", 0), durations_s=ISLAND) == "out_of_reach"


def test_an_end_without_a_way_is_out_of_reach() -> None:
    assert why(delivery("tea", 0, 1), driver("ana", 0, end_location=2), durations_s=ISLAND) == "out_of_reach"


def test_needs_are_asked_of_one_driver_together() -> None:
    skilled = driver("ana", 0, skills=["fridge"], capacity=[1])
    strong = driver("bea", 0, capacity=[5])

    assert why(delivery("tea", 1, 2, skills=["fridge"], load=[2]), skilled, strong) == "no_capacity"


def test_without_drivers_there_is_no_capacity() -> None:
    assert why(delivery("tea", 1, 2, skills=["fridge"])) == "no_capacity"


def test_where_the_only_driver_has_time_for_one_there_is_no_capacity_for_the_other() -> None:
    asked = question(
        deliveries=[delivery("tea", 1, 2), delivery("bun", 9, 8, priority=5)],
        drivers=[driver("ana", 5, shift_end=NOW + 1_800)],
    )

    assert reasons(reply_to(asked)) == {"tea": "no_capacity"}


def test_a_delivery_waits_where_the_only_driver_goes_to_another_origin() -> None:
    asked = question(
        deliveries=[delivery("tea", 1, 2), delivery("bun", 5, 6)],
        drivers=[driver("ana", 1)],
        options={"one_origin_per_route": True},
    )

    reply = reply_to(asked)

    assert reasons(reply) == {"bun": "held"}


def test_a_far_place_is_not_out_of_reach_just_because_it_is_slow() -> None:
    town = line_town(3, minutes_apart=800_000)

    assert why(delivery("tea", 1, 2), driver("ana", 0), durations_s=town) == "window"
