"""An offer is held until the driver must leave, so that no drop-off is later and nobody waits at a counter."""

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
