"""A request that is too large to solve at once is cut into zones, and nothing falls between them."""

import numpy as np
import pytest

from marketplace.matching.reading import read_request
from marketplace.matching.travel import read_travel
from marketplace.matching.zones import split_into_zones
from tests.marketplace.matching.judge import faults, legs_of
from tests.marketplace.matching.questions import Json, delivery, driver, question, random_town, reasons, reply_to


def by_matrix(asked: Json) -> Json:
    """The same town, with a matrix instead of points."""
    seconds = legs_of(asked, "seconds")
    assert seconds is not None
    places = range(len(asked["points"]))
    matrix = [[seconds(a, b) for b in places] for a in places]
    return {key: value for key, value in asked.items() if key not in {"points", "speed_mps"}} | {"durations_s": matrix}


@pytest.mark.parametrize("is_matrix", [False, True])
def test_zones_share_everything_out_and_keep_the_limit(is_matrix: bool) -> None:
    asked = random_town(1, deliveries=50, drivers=9, zone_limit=12)
    request = read_request(by_matrix(asked) if is_matrix else asked)

    zones = split_into_zones(request, read_travel(request))

    assert sorted(i for zone in zones for i in zone.deliveries) == list(range(50))
    assert sorted(j for zone in zones for j in zone.drivers) == list(range(9))
    assert max(len(zone.deliveries) for zone in zones) <= 12
    assert len(zones) == 5
    assert min(len(zone.drivers) for zone in zones) >= 1


def test_a_zone_is_a_place_and_not_a_mixture() -> None:
    asked = random_town(2, deliveries=60, drivers=10, zone_limit=30)
    request = read_request(asked)
    points = np.array(asked["points"])

    zones = split_into_zones(request, read_travel(request))

    pickups = [points[[2 * i for i in zone.deliveries]] for zone in zones]
    apart = np.abs(pickups[0].mean(axis=0) - pickups[1].mean(axis=0)).max()
    assert apart > 0.4 * np.ptp(points, axis=0).max()


def test_deliveries_from_one_hub_are_told_apart_by_where_they_go() -> None:
    asked = question(
        places=21,
        deliveries=[delivery(f"d{i}", 10, 9 - i // 2 if i % 2 else 11 + i // 2) for i in range(20)],
        drivers=[driver("ana", 10), driver("bea", 10)],
        options={"zone_limit": 10},
    )
    request = read_request(asked)

    zones = split_into_zones(request, read_travel(request))

    sides = [{request.deliveries[i].dropoff.location < 10 for i in zone.deliveries} for zone in zones]
    assert sorted(map(len, sides)) == [1, 1]


def test_committed_deliveries_go_where_their_driver_goes() -> None:
    locked = [{"delivery_id": "d0", "kind": "pickup", "location": 0}]
    asked = question(
        deliveries=[delivery(f"d{i}", i, i + 1) for i in range(8)],
        drivers=[driver("far", 9, locked=locked), driver("near", 0)],
        options={"zone_limit": 3},
    )
    request = read_request(asked)

    zones = split_into_zones(request, read_travel(request))

    assert all((0 in zone.deliveries) == (0 in zone.drivers) for zone in zones)


@pytest.mark.parametrize("objective", ["fewest_drivers", "travel_time", "delivery_delay", "expected_cost"])
def test_a_plan_of_many_zones_is_legal_and_complete(objective: str) -> None:
    asked = random_town(3, deliveries=40, drivers=12, zone_limit=10, objective=objective)

    reply = reply_to(asked)

    assert faults(asked, reply) == []
    assert reply["unassigned"] == []


def test_of_very_many_drivers_only_the_nearest_are_looked_at() -> None:
    asked = random_town(4, deliveries=3, drivers=400)
    request = read_request(asked)

    (zone,) = split_into_zones(request, read_travel(request))
    reply = reply_to(asked)

    assert (len(zone.deliveries), len(zone.drivers)) == (3, 200)
    assert faults(asked, reply) == []
    assert reply["unassigned"] == []


def test_somebody_rare_is_found_however_far_away() -> None:
    asked = random_town(4, deliveries=2, drivers=300)
    asked["deliveries"][0]["skills"] = ["fridge"]
    seconds = legs_of(asked, "seconds")
    assert seconds is not None
    farthest = max(asked["drivers"], key=lambda driver: seconds(driver["location"], 0))
    farthest["skills"] = ["fridge"]

    reply = reply_to(asked)

    assert [
        route["driver_id"] for route in reply["routes"] for step in route["steps"] if step["delivery_id"] == "d0"
    ] == [farthest["id"]] * 2


def test_a_city_in_which_everybody_is_committed_keeps_every_commitment() -> None:
    asked = random_town(5, deliveries=230, drivers=230)
    for i, committed in enumerate(asked["drivers"]):
        committed["locked"] = [{"delivery_id": f"d{i}", "kind": "pickup", "location": 2 * i}]
    request = read_request(asked)

    zones = split_into_zones(request, read_travel(request))
    reply = reply_to(asked)

    assert len(zones) == 3
    assert faults(asked, reply) == []
    assert len(reply["routes"]) == 230


def test_what_finds_no_room_in_its_zone_is_taken_across_the_border() -> None:
    asked = question(
        deliveries=[delivery(f"d{i}", i, i + 1) for i in range(9)],
        drivers=[driver("only", 0)],
        options={"zone_limit": 3, "objective": "travel_time"},
    )

    reply = reply_to(asked)

    assert len(reply["routes"][0]["steps"]) == 18
    assert reasons(reply) == {}
