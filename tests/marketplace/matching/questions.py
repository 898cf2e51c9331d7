"""Small planning requests as JSON, and the short way from a request to its reply."""

import copy
import random
from typing import Any

from marketplace.matching import plan
from marketplace.matching.reading import read_request, write_plan

Json = dict[str, Any]

NOW = 36_000

EXAMPLE: Json = {
    "request_id": "r-1",
    "now": 36_000,
    "durations_s": [[0, 300, 420, 240], [300, 0, 180, 360], [420, 180, 0, 480], [240, 360, 480, 0]],
    "deliveries": [
        {
            "id": "soup",
            "pickup": {"location": 0, "ready_at": 36_600, "service_s": 60},
            "dropoff": {"location": 1, "service_s": 120, "due_at": 38_400},
            "load": [1],
            "posted_at": 35_700,
        },
        {
            "id": "rice",
            "pickup": {"location": 0, "ready_at": 36_600, "service_s": 60},
            "dropoff": {"location": 2, "service_s": 120, "windows": [[37_200, 39_600]]},
            "load": [2],
            "posted_at": 35_900,
        },
        {
            "id": "fish",
            "pickup": {"location": 0},
            "dropoff": {"location": 2},
            "load": [1],
            "skills": ["fridge"],
        },
    ],
    "drivers": [
        {
            "id": "ana",
            "kind": "crowdsourced",
            "location": 3,
            "shift_end": 43_200,
            "capacity": [4],
            "max_stops": 8,
            "accept_prob": 0.6,
            "pay": {"fixed_cents": 200, "per_stop_cents": 350},
        }
    ],
    "options": {"objective": "delivery_delay", "one_origin_per_route": True, "seed": 7},
}
"""The example of the matcher's contract."""

ENOUGH_S = 0.1
"""A handful of deliveries is planned as well in this as in the second that a request gets without a limit."""


def example() -> Json:
    """A copy of the contract's example that a test may change."""
    return copy.deepcopy(EXAMPLE)


def line_town(places: int, minutes_apart: int = 5) -> list[list[int]]:
    """Travel times of a town along one street, with places the same time apart."""
    return [[60 * minutes_apart * abs(a - b) for b in range(places)] for a in range(places)]


def question(*, places: int = 10, **changes: Any) -> Json:
    """A request without deliveries and drivers in a one-street town, changed as asked."""
    asked: Json = {"request_id": "q", "now": NOW, "durations_s": line_town(places), "deliveries": [], "drivers": []}
    return asked | changes


def delivery(name: str, origin: int, target: int, **changes: Any) -> Json:
    """A delivery that can be carried at any time, changed as asked; `pickup` and `dropoff` add to its stops."""
    asked: Json = {"id": name, "pickup": {"location": origin}, "dropoff": {"location": target}}
    for stop in ("pickup", "dropoff"):
        asked[stop] |= changes.pop(stop, {})
    return asked | changes


def driver(name: str, location: int, **changes: Any) -> Json:
    """A driver on shift for the next ten hours, changed as asked."""
    return {"id": name, "location": location, "shift_end": NOW + 36_000} | changes


def reply_to(asked: Json) -> Json:
    """The reply to a request, as the door gives it but for the time it took."""
    options = {"time_limit_s": ENOUGH_S} | asked.get("options", {})
    request = read_request(copy.deepcopy(asked) | {"options": options})
    return {"request_id": asked["request_id"]} | write_plan(plan(request))


def orders(reply: Json) -> dict[str, list[str]]:
    """Each driver's steps in short: `+soup` is a pickup, `-soup` a drop-off."""
    sign = {"pickup": "+", "dropoff": "-"}
    return {
        route["driver_id"]: [sign[step["kind"]] + step["delivery_id"] for step in route["steps"]]
        for route in reply["routes"]
    }


def reasons(reply: Json) -> dict[str, str]:
    """Why each delivery that is in no route is in none."""
    return {left["delivery_id"]: left["reason"] for left in reply["unassigned"]}


def random_town(number: int, *, deliveries: int, drivers: int, **options: Any) -> Json:
    """A town of points with deliveries due within two hours and drivers on a shift of four, drawn by its number."""
    draw = random.Random(number)
    places = 2 * deliveries + drivers
    points = [[draw.uniform(-29.98, -29.90), draw.uniform(-71.30, -71.22)] for _ in range(places)]
    return {
        "request_id": f"town-{number}",
        "now": NOW,
        "points": points,
        "speed_mps": 8,
        "deliveries": [
            delivery(
                f"d{i}",
                2 * i,
                2 * i + 1,
                load=[1],
                pickup={"service_s": 60},
                dropoff={"service_s": 120, "due_at": NOW + draw.randrange(1_800, 7_200)},
            )
            for i in range(deliveries)
        ],
        "drivers": [
            driver(f"v{j}", 2 * deliveries + j, shift_end=NOW + 14_400, capacity=[6], max_stops=16)
            for j in range(drivers)
        ],
        "options": {"time_limit_s": 0.2} | options,
    }
