"""What may be out of the cold only for so long is planned so, whatever else the plan makes least."""

import pytest

from tests.marketplace.matching.judge import faults
from tests.marketplace.matching.questions import (
    NOW,
    Json,
    delivery,
    driver,
    orders,
    question,
    random_town,
    reasons,
    reply_to,
)


def rides(asked: Json, reply: Json) -> dict[str, int]:
    """How long each limited delivery is out of the cold: of drivers who cannot keep it."""
    keeping = {one["id"] for one in asked["drivers"] if one.get("keeps_cold")}
    limited = {one["id"] for one in asked["deliveries"] if "out_of_cold_s" in one}
    left: dict[tuple[str, str], int] = {}
    for route in reply["routes"]:
        for step in route["steps"]:
            if route["driver_id"] not in keeping and step["delivery_id"] in limited:
                left[step["delivery_id"], step["kind"]] = step["departure"]
    return {name: left[name, "dropoff"] - left[name, "pickup"] for name, kind in left if kind == "pickup"}


@pytest.mark.parametrize("objective", ["fewest_drivers", "travel_time", "delivery_delay", "expected_cost"])
def test_milk_is_brought_before_bread_where_only_that_keeps_it_cold(objective: str) -> None:
    asked = question(
        deliveries=[
            delivery("bread", 0, 1, dropoff={"service_s": 120}),
            delivery("milk", 0, 2, out_of_cold_s=700),
        ],
        drivers=[driver("ana", 0)],
        options={"objective": objective},
    )

    reply = reply_to(asked)

    assert faults(asked, reply) == []
    assert rides(asked, reply) == {"milk": 600}
    assert reasons(reply) == {}


def test_nothing_is_carried_longer_than_it_keeps_unless_the_vehicle_keeps_it() -> None:
    milk = delivery("milk", 0, 3, out_of_cold_s=800)

    warm = question(deliveries=[milk], drivers=[driver("ana", 0)])
    cold = question(deliveries=[milk], drivers=[driver("ana", 0, keeps_cold=True)])

    assert orders(reply_to(warm)) == {}
    assert list(reasons(reply_to(warm))) == ["milk"]
    assert orders(reply_to(cold)) == {"ana": ["+milk", "-milk"]}


def test_it_stays_in_the_cold_until_its_door_can_open() -> None:
    asked = question(
        deliveries=[delivery("milk", 0, 1, out_of_cold_s=300, dropoff={"windows": [[NOW + 5_000, NOW + 6_000]]})],
        drivers=[driver("ana", 0)],
    )

    reply = reply_to(asked)

    assert rides(asked, reply) == {"milk": 300}
    assert reply["routes"][0]["steps"][0]["departure"] == NOW + 4_700


@pytest.mark.parametrize("objective", ["travel_time", "delivery_delay"])
def test_every_plan_of_a_town_keeps_every_limit(objective: str) -> None:
    asked = random_town(1, deliveries=18, drivers=4, objective=objective)
    for limited in asked["deliveries"][::2]:
        limited["out_of_cold_s"] = 1_800
    asked["drivers"][0]["keeps_cold"] = True

    reply = reply_to(asked)

    assert faults(asked, reply) == []
    assert all(aboard <= 1_800 for aboard in rides(asked, reply).values())
    assert len(reasons(reply)) <= 2, "the limit leaves room for nearly all"
