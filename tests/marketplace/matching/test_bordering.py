"""No border of a zone costs anything that routes on both of its sides could save together."""

from marketplace.matching.bordering import smooth_borders
from marketplace.matching.drawing import drawn_from
from marketplace.matching.effort import Effort
from marketplace.matching.problem import Problem
from marketplace.matching.reading import read_request
from marketplace.matching.travel import read_travel
from tests.marketplace.matching.judge import faults
from tests.marketplace.matching.questions import delivery, driver, question, random_town, reply_to


def test_routes_of_two_zones_become_one() -> None:
    asked = question(
        deliveries=[delivery(f"d{i}", 2 * i, 2 * i + 1) for i in range(4)],
        drivers=[driver("ana", 0), driver("bea", 4)],
        options={"objective": "fewest_drivers", "zone_limit": 4},
    )
    request = read_request(asked)
    travel = read_travel(request)
    west, east = Problem(request, travel, [0, 1], [0]), Problem(request, travel, [2, 3], [1])
    drawn = drawn_from(west, {0: (0, 1, 2, 3)}) | drawn_from(east, {0: (0, 1, 2, 3)})

    better = smooth_borders(request, travel, drawn, Effort(0.2))

    assert {number: route.steps_in_request for number, route in better.items()} == {0: (0, 1, 2, 3, 4, 5, 6, 7)}


def test_without_effort_every_route_stays_as_it_is() -> None:
    request = read_request(random_town(1, deliveries=4, drivers=2, objective="travel_time", zone_limit=2))
    travel = read_travel(request)
    drawn = drawn_from(Problem(request, travel, range(4), [0, 1]), {0: (0, 1, 2, 3), 1: (4, 5, 6, 7)})

    assert smooth_borders(request, travel, drawn, Effort(-1)) == drawn


def test_cities_of_many_zones_cost_hardly_more_than_those_of_one() -> None:
    whole_s = cut_s = 0
    for number in (12, 13, 14):
        town = random_town(number, deliveries=60, drivers=20, objective="travel_time", time_limit_s=0.6)
        for committed, own in ((3, 0), (7, 11)):
            step = {"delivery_id": f"d{own}", "kind": "pickup", "location": 2 * own}
            town["drivers"][committed]["locked"] = [step]

        whole, cut = reply_to(town), reply_to(town | {"options": town["options"] | {"zone_limit": 20}})

        assert faults(town, cut) == []
        assert cut["unassigned"] == []
        whole_s += sum(route["travel_s"] for route in whole["routes"])
        cut_s += sum(route["travel_s"] for route in cut["routes"])

    assert cut_s < 1.12 * whole_s
