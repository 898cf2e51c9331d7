"""Bundles from one origin are paired with drivers together: nobody is sent to what another reaches sooner."""

from tests.marketplace.matching.judge import faults
from tests.marketplace.matching.questions import NOW, delivery, driver, orders, question, reasons, reply_to

ONE_ORIGIN = {"objective": "delivery_delay", "one_origin_per_route": True}


def test_drivers_are_paired_off_together_and_not_first_come_first_served() -> None:
    asked = question(
        deliveries=[delivery("tea", 4, 5), delivery("bun", 6, 7)],
        drivers=[driver("ana", 5), driver("bea", 0)],
        options=ONE_ORIGIN,
    )

    reply = reply_to(asked)

    assert orders(reply) == {"ana": ["+bun", "-bun"], "bea": ["+tea", "-tea"]}


def test_a_driver_who_is_free_soon_is_waited_for() -> None:
    asked = question(
        deliveries=[delivery("tea", 4, 5)],
        drivers=[driver("far", 0), driver("near", 4, available_at=NOW + 600)],
        options=ONE_ORIGIN,
    )

    reply = reply_to(asked)

    assert orders(reply) == {"near": ["+tea", "-tea"]}
    assert reply["routes"][0]["offer_at"] == NOW + 600


def test_one_driver_takes_a_bundle_where_drivers_are_short() -> None:
    asked = question(
        deliveries=[delivery("tea", 2, 5), delivery("bun", 2, 4), delivery("pie", 2, 3)],
        drivers=[driver("ana", 0)],
        options=ONE_ORIGIN,
    )

    reply = reply_to(asked)

    assert orders(reply)["ana"][3:] == ["-pie", "-bun", "-tea"]
    assert faults(asked, reply) == []


def test_drivers_are_not_bundled_where_there_are_enough() -> None:
    asked = question(
        deliveries=[delivery("tea", 2, 0), delivery("bun", 2, 4)],
        drivers=[driver("ana", 2), driver("bea", 2)],
        options=ONE_ORIGIN,
    )

    assert sorted(len(steps) for steps in orders(reply_to(asked)).values()) == [2, 2]


def test_no_route_has_two_origins() -> None:
    asked = question(
        deliveries=[delivery(f"d{i}", i % 3, 3 + i % 4) for i in range(9)],
        drivers=[driver("ana", 0), driver("bea", 1)],
        options=ONE_ORIGIN,
    )

    reply = reply_to(asked)

    assert faults(asked, reply) == []
    assert set(reasons(reply).values()) == {"held"}
    assert len(reply["unassigned"]) == 3


def test_a_bundle_is_no_larger_than_the_driver_can_carry() -> None:
    asked = question(
        deliveries=[delivery(f"d{i}", 2, 3 + i, load=[1]) for i in range(4)],
        drivers=[driver("ana", 2, capacity=[3]), driver("bea", 2, capacity=[1])],
        options=ONE_ORIGIN,
    )

    reply = reply_to(asked)

    assert faults(asked, reply) == []
    assert reply["unassigned"] == []


def test_between_equals_whoever_would_wait_longest_stays_free() -> None:
    asked = question(
        deliveries=[delivery("tea", 5, 6, pickup={"ready_at": NOW + 1_500})],
        drivers=[driver("near", 4), driver("far", 1)],
        options=ONE_ORIGIN,
    )

    reply = reply_to(asked)

    assert orders(reply) == {"far": ["+tea", "-tea"]}
    assert reply["routes"][0]["offer_at"] == NOW + 300


def test_ten_seconds_of_a_drivers_waiting_count_as_one_of_delay() -> None:
    def sent(through_in_s: int) -> set[str]:
        asked = question(
            deliveries=[delivery("tea", 5, 6, pickup={"ready_at": NOW + 1_500})],
            drivers=[driver("idle", 5), driver("busy", 0, available_at=NOW + through_in_s)],
            options=ONE_ORIGIN,
        )
        return set(orders(reply_to(asked)))

    assert (sent(140), sent(160)) == ({"busy"}, {"idle"})


def test_what_is_ready_goes_first_unless_that_takes_twenty_minutes_longer() -> None:
    def first(target_of_what_is_ready: int) -> list[list[str]]:
        asked = question(
            deliveries=[
                delivery("ready", 0, target_of_what_is_ready),
                delivery("soon", 4, 5, pickup={"ready_at": NOW + 60}),
            ],
            drivers=[driver("ana", 4)],
            options=ONE_ORIGIN,
        )
        return list(orders(reply_to(asked)).values())

    assert first(1) == [["+ready", "-ready"]]
    assert first(2) == [["+soon", "-soon"]]
