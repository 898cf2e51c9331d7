"""Drivers leave early for ready times that are estimates, and exactly on time for those that are known."""

from tests.marketplace.matching.judge import faults
from tests.marketplace.matching.questions import NOW, Json, delivery, driver, orders, question, reply_to

ONE_ORIGIN = {"objective": "delivery_delay", "one_origin_per_route": True}
READY_S = 3_000
RIDE_S = 1_200
"""From where the drivers stand to the kitchen."""
FOR_ESTIMATES_S, FOR_UNKNOWN_S = 480, 360


def meal(name: str, dropoff: int, *, posted_s_ago: int = 0, ready_s: int = READY_S, pickup: int = 4) -> Json:
    """A meal of one kitchen, posted some time ago."""
    asked: Json = {"pickup": {"ready_at": NOW + ready_s}, "posted_at": NOW - posted_s_ago}
    return delivery(name, pickup, dropoff, **asked)


def offers(meals: list[Json], drivers: int, **options: Json) -> dict[str, int]:
    """When each meal's driver is to leave, in seconds from now; drivers stand together."""
    asked = question(
        deliveries=meals, drivers=[driver(f"d{j}", 0) for j in range(drivers)], options=ONE_ORIGIN | options
    )
    reply = reply_to(asked)
    assert faults(asked, reply) == []
    return {route["steps"][0]["delivery_id"]: route["offer_at"] - NOW for route in reply["routes"]}


def test_a_kitchen_that_always_says_the_same_gives_estimates() -> None:
    left = offers([meal("tea", 5), meal("bun", 3, posted_s_ago=60, ready_s=READY_S - 60)], drivers=2)

    assert left == {"tea": READY_S - RIDE_S - FOR_ESTIMATES_S, "bun": READY_S - 60 - RIDE_S - FOR_ESTIMATES_S}


def test_a_kitchen_that_says_different_times_knows_them() -> None:
    left = offers([meal("tea", 5), meal("bun", 3, posted_s_ago=60)], drivers=2)

    assert left == {"tea": READY_S - RIDE_S, "bun": READY_S - RIDE_S}


def test_where_nothing_tells_drivers_leave_a_little_early_only_while_they_are_plenty() -> None:
    assert offers([meal("tea", 5)], drivers=3) == {"tea": READY_S - RIDE_S - FOR_UNKNOWN_S}
    assert offers([meal("tea", 5)], drivers=2) == {"tea": READY_S - RIDE_S}


def test_nobody_leaves_before_now() -> None:
    meals = [meal("tea", 5, ready_s=RIDE_S + 60), meal("bun", 3, ready_s=RIDE_S + 60)]

    assert offers(meals, drivers=2) == {"tea": 0, "bun": 0}


def test_what_is_ready_tells_nothing_about_what_is_not() -> None:
    meals = [meal("old", 5, posted_s_ago=60, ready_s=-10), meal("tea", 5), meal("bun", 3)]

    assert offers(meals, drivers=3)["tea"] == READY_S - RIDE_S - FOR_ESTIMATES_S


def test_routes_of_several_origins_leave_when_they_are_due() -> None:
    asked = question(
        deliveries=[meal("tea", 5), meal("bun", 3)],
        drivers=[driver("ana", 0)],
        options={"objective": "delivery_delay"},
    )

    route = reply_to(asked)["routes"][0]

    assert route["offer_at"] == NOW + READY_S - RIDE_S


def test_a_driver_who_is_through_too_late_to_be_early_is_the_second_choice_for_an_estimate() -> None:
    asked = question(
        deliveries=[meal("tea", 5, ready_s=2_400), meal("bun", 3, ready_s=2_400)],
        drivers=[driver("idle", 0), driver("other", 0), driver("busy", 4, available_at=NOW + 2_390)],
        options=ONE_ORIGIN,
    )

    assert set(orders(reply_to(asked))) == {"idle", "other"}


def test_a_second_of_missing_head_start_counts_a_quarter_of_a_second() -> None:
    def sent(ready_s: int) -> set[str]:
        drivers = [driver("here", 5, capacity=[1]), driver("far", 0, capacity=[1]), driver("full", 4, capacity=[0])]
        meals = [delivery("tea", 5, 6, load=[1], posted_at=NOW, pickup={"ready_at": NOW + ready_s})]
        return set(orders(reply_to(question(deliveries=meals, drivers=drivers, options=ONE_ORIGIN))))

    far_lacks_all = sent(1_500)  # 360 s at a quarter, against 1,140 s of waiting at a tenth
    nobody_waits_long = sent(1_200)  # 360 s at a quarter and 300 s late, against 840 s of waiting at a tenth

    assert (far_lacks_all, nobody_waits_long) == ({"far"}, {"here"})
