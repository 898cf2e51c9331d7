"""Meal-delivery instances in the form of Grubhub's public set: a folder of tab-separated tables in minutes and metres.

`orders.txt`, `couriers.txt`, `restaurants.txt` and `instance_parameters.txt` say who orders what where and when, when
it is ready, who drives when, and how fast. Nothing of any instance comes with Doorstep; name a folder of your own.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from marketplace.core.errors import Invalid

TABLES = ("orders", "couriers", "restaurants", "instance_parameters")
GIVE_UP_MIN = 120
"""An order that is this long past the largest click-to-door time is lost."""


class BadInstance(Invalid):
    """A folder that does not hold an instance."""

    code = "BAD_INSTANCE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meal:
    """An order: where it goes, where it is cooked, and the minutes at which it is placed and ready."""

    name: str
    restaurant: str
    east_m: float
    north_m: float
    placed_min: int
    ready_min: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Somebody on duty between two minutes, who begins at a place."""

    name: str
    east_m: float
    north_m: float
    on_min: int
    off_min: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One day of one town."""

    name: str
    metres_per_minute: float
    pickup_service_min: int
    dropoff_service_min: int
    target_min: int
    largest_min: int
    restaurants: dict[str, tuple[float, float]]
    meals: tuple[Meal, ...]
    couriers: tuple[Courier, ...]

    @property
    def last_off_min(self) -> int:
        """When the last courier goes off duty."""
        return max(courier.off_min for courier in self.couriers)


def read_instance(folder: Path) -> Instance:
    """The instance of a folder; refuses one in which a table or a column is missing or wrong."""
    try:
        orders, couriers, restaurants, parameters = (_rows(folder / f"{table}.txt") for table in TABLES)
        return _instance(folder.name, orders, couriers, restaurants, parameters[0])
    except (OSError, KeyError, ValueError, IndexError) as failure:
        raise BadInstance(
            f"{folder} holds no instance that can be read: {type(failure).__name__} {failure}", field="mdrp"
        ) from failure


def _instance(
    name: str,
    orders: list[dict[str, str]],
    couriers: list[dict[str, str]],
    restaurants: list[dict[str, str]],
    parameters: dict[str, str],
) -> Instance:
    places = {row["restaurant"]: (float(row["x"]), float(row["y"])) for row in restaurants}
    meals = tuple(
        Meal(
            name=row["order"],
            restaurant=row["restaurant"],
            east_m=float(row["x"]),
            north_m=float(row["y"]),
            placed_min=int(row["placement_time"]),
            ready_min=int(row["ready_time"]),
        )
        for row in orders
    )
    if unknown := {meal.restaurant for meal in meals} - places.keys():
        raise ValueError(f"there is no restaurant {min(unknown)}")
    return Instance(
        name=name,
        metres_per_minute=float(parameters["meters_per_minute"]),
        pickup_service_min=int(parameters["pickup service minutes"]),
        dropoff_service_min=int(parameters["dropoff service minutes"]),
        target_min=int(parameters["target click-to-door"]),
        largest_min=int(parameters["maximum click-to-door"]),
        restaurants=places,
        meals=meals,
        couriers=tuple(
            Courier(
                name=row["courier"],
                east_m=float(row["x"]),
                north_m=float(row["y"]),
                on_min=int(row["on_time"]),
                off_min=int(row["off_time"]),
            )
            for row in couriers
        ),
    )


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))
