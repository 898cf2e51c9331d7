"""A route pays what the driver's terms say, to the cent, and an offer costs more the likelier it is declined."""

from typing import Any

import pytest

from tests.marketplace.matching.questions import NOW, Json, delivery, driver, line_town, question, reply_to


def route_paid(pay: Json, accept_prob: float = 1, **changes: Any) -> Json:
    """The route of a driver with these terms who picks up 300 s away and drops off 600 s further on."""
    ana = driver("ana", 0, pay=pay, accept_prob=accept_prob)
    asked = question(deliveries=[delivery("tea", 1, 3, dropoff={"service_s": 120})], drivers=[ana], **changes)
    (route,) = reply_to(asked)["routes"]
    assert isinstance(route, dict)
    return route


@pytest.mark.parametrize(
    ("pay", "cents"),
    [
        ({}, 0),
        ({"fixed_cents": 200, "per_stop_cents": 350}, 550),
        ({"per_hour_cents": 1_500}, 425),  # 1,020 s
        ({"per_hour_cents": 6}, 2),  # 1.7 cents
        ({"per_km_cents": 1_000}, 3_500),
        ({"per_km_cents": 1}, 4),  # 3.5 cents, half up
        ({"per_hour_cents": 1, "per_km_cents": 1}, 4),  # 0.283 + 3.5: rounded once, together
    ],
)
def test_the_payout_is_rounded_half_up_once(pay: Json, cents: int) -> None:
    metres = [[0, 1_500, 0, 0], [0, 0, 0, 2_000], [0] * 4, [0] * 4]

    route = route_paid(pay, durations_s=line_town(4), distances_m=metres)

    assert (route["payout_cents"], route["distance_m"], route["travel_s"]) == (cents, 3_500, 900)


def test_distance_pays_nothing_where_nobody_knows_it() -> None:
    route = route_paid({"fixed_cents": 100, "per_km_cents": 1_000})

    assert (route["payout_cents"], route["distance_m"]) == (100, None)


def test_waiting_before_the_offer_is_not_paid() -> None:
    ana = driver("ana", 0, pay={"per_hour_cents": 3_600})
    tea = delivery("tea", 1, 2, pickup={"ready_at": NOW + 7_200})

    (route,) = reply_to(question(deliveries=[tea], drivers=[ana]))["routes"]

    assert route["payout_cents"] == 600


@pytest.mark.parametrize(
    ("accept_prob", "cents"),
    [
        (1, 900),
        (0.6, 900 + 250),  # 0.4 x (900 x (1 / 0.6 - 1) + 25)
        (0.5, 900 + 463),  # 462.5, half up
        (0, 900 + 17_125),  # as if one in twenty accepted
    ],
)
def test_a_decline_costs_a_wait_and_a_dearer_driver(accept_prob: float, cents: int) -> None:
    route = route_paid({"fixed_cents": 900}, accept_prob)

    assert (route["payout_cents"], route["expected_cost_cents"]) == (900, cents)
