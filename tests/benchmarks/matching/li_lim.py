"""Pickup-and-delivery instances of Li and Lim: reading their files, and asking the matcher for their plans."""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PARTS = 1000
"""Whole numbers are sent: so many of them make one unit of an instance."""

Stops = Sequence[int]
"""One vehicle's places in the order it visits them, the depot left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One line of an instance: a place, what changes in the vehicle there, and when it may be served."""

    x: float
    y: float
    load: float
    opens: float
    closes: float
    service: float

    def distance_to(self, other: "Site") -> float:
        """As the crow flies; an instance has no other roads, and one unit of way takes one unit of time."""
        return math.hypot(self.x - other.x, self.y - other.y)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One problem: the depot is site 0, and every pair names a pickup and its drop-off."""

    name: str
    vehicles: int
    capacity: int
    sites: Sequence[Site]
    pairs: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class BestKnown:
    """The best plan anybody has published."""

    vehicles: int
    distance: float


class UnreadableInstance(ValueError):
    """A file is no instance of Li and Lim; the message says which."""


def read_instance(file: Path) -> Instance:
    """Reads one file: vehicles and capacity, then one line for every site, its partner among the last two numbers."""
    try:
        (vehicles, capacity, *_), *lines = [words for line in file.read_text().splitlines() if (words := line.split())]
        rows = [[float(word) for word in line] for line in lines]
        return Instance(
            name=file.stem,
            vehicles=int(vehicles),
            capacity=int(capacity),
            sites=[
                Site(x=x, y=y, load=load, opens=opens, closes=closes, service=service)
                for _, x, y, load, opens, closes, service, _, _ in rows
            ],
            pairs=[(number, int(row[8])) for number, row in enumerate(rows) if row[8] > 0],
        )
    except ValueError as fault:
        raise UnreadableInstance(f"{file.name} is not an instance of Li and Lim: {fault}") from fault


def read_best_known(file: Path) -> Mapping[str, BestKnown]:
    """The best known plan of every instance by its name, from a table or from the JSON it was first published as."""
    try:
        if file.suffix == ".json":
            published = json.loads(file.read_text())
            return {
                name: BestKnown(int(plan["solved_with_vehicles"]), float(plan["best_known_cost"]))
                for name, plan in published.items()
            }
        rows = csv.DictReader(file.read_text().splitlines())
        return {row["instance"]: BestKnown(int(row["vehicles"]), float(row["distance"])) for row in rows}
    except (KeyError, TypeError, ValueError) as fault:
        raise UnreadableInstance(f"{file.name} holds no best known plans: {fault!r}") from fault


def whole_durations(instance: Instance) -> list[list[int]]:
    """Travel times in parts, rounded up: no plan can be late only because it was planned in whole numbers."""
    return [
        [math.ceil(round(here.distance_to(there) * PARTS, 6)) for there in instance.sites] for here in instance.sites
    ]


def ask_for_plan(instance: Instance, *, time_limit_s: float) -> dict[str, Any]:
    """The instance as a planning request: fewest drivers, each from the depot and back to it."""
    depot = instance.sites[0]
    shift = {"available_at": _parts(depot.opens), "shift_end": _parts(depot.closes)}
    return {
        "request_id": instance.name,
        "now": _parts(depot.opens),
        "durations_s": whole_durations(instance),
        "deliveries": [
            {
                "id": f"d{pickup}",
                "pickup": _stop(instance, pickup),
                "dropoff": _stop(instance, dropoff),
                "load": [int(instance.sites[pickup].load)],
            }
            for pickup, dropoff in instance.pairs
        ],
        "drivers": [
            {"id": f"v{number}", "location": 0, "end_location": 0, "capacity": [instance.capacity], **shift}
            for number in range(instance.vehicles)
        ],
        "options": {"objective": "fewest_drivers", "time_limit_s": time_limit_s},
    }


def stops_of(reply: Mapping[str, Any]) -> list[list[int]]:
    """The order of places in every route of a reply; its times are not believed."""
    return [[int(step["location"]) for step in route["steps"]] for route in reply["routes"]]


def _stop(instance: Instance, number: int) -> dict[str, Any]:
    site = instance.sites[number]
    return {
        "location": number,
        "windows": [[_parts(site.opens), _parts(site.closes)]],
        "service_s": _parts(site.service),
    }


def _parts(units: float) -> int:
    return int(units * PARTS)
