"""Days of meal delivery: reading the public instances, from their archives or from folders.

An instance counts in whole minutes and metres. Travel takes the distance over the speed, rounded up to whole minutes.
"""

import csv
import math
import statistics
import tarfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

TABLES = ("instance_parameters", "restaurants", "orders", "couriers")

Place = tuple[float, float]
Rows = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meal:
    """What one customer ordered: when, from which restaurant, when it is really ready, and where it goes."""

    placed_at: int
    restaurant: str
    ready_at: int
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Somebody on duty from one minute to another, and where the shift begins."""

    on_at: int
    off_at: int
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class MealDay:
    """One day of one town, with the rules it is measured by; times are minutes, pay is dollars."""

    name: str
    metres_per_minute: float
    pickup_min: int
    dropoff_min: int
    target_min: int
    longest_min: int
    pay_per_meal: float
    least_pay_per_hour: float
    restaurants: Mapping[str, Place]
    meals: Mapping[str, Meal]
    couriers: Mapping[str, Courier]

    def travel_min(self, here: Place, there: Place) -> int:
        """Minutes from one place to another."""
        return math.ceil(math.dist(here, there) / self.metres_per_minute)

    def usual_preparation(self) -> dict[str, int]:
        """The mean minutes from order to ready, by restaurant: all that is known where times are hidden."""
        minutes: dict[str, list[int]] = defaultdict(list)
        for meal in self.meals.values():
            minutes[meal.restaurant].append(meal.ready_at - meal.placed_at)
        return {restaurant: round(statistics.mean(known)) for restaurant, known in minutes.items()}


class UnreadableDay(ValueError):
    """A meal-delivery instance lacks a table or a column; the message says which instance."""


def day_names(folder: Path) -> list[str]:
    """The names of all days in the folder, in archives or unpacked."""
    names = {file.parent.name for file in folder.rglob("instance_parameters.txt")}
    for archive in folder.glob("*.tar.xz"):
        with tarfile.open(archive) as members:
            names |= {
                PurePosixPath(name).parent.name for name in members.getnames() if name.endswith(f"{TABLES[0]}.txt")
            }
    return sorted(names)


def read_days(folder: Path, names: Iterable[str]) -> Iterator[MealDay]:
    """Reads the named days, in the order of their names; an unpacked one goes before one in an archive."""
    wanted = set(names)
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for archive in sorted(folder.glob("*.tar.xz")):
        with tarfile.open(archive) as members:
            for member in members:
                path = PurePosixPath(member.name)
                if path.parent.name in wanted and path.stem in TABLES and (opened := members.extractfile(member)):
                    found[path.parent.name][path.stem] = opened.read().decode()
    for file in sorted(folder.rglob("*.txt")):
        if file.parent.name in wanted and file.stem in TABLES:
            found[file.parent.name][file.stem] = file.read_text()
    for name in sorted(wanted):
        yield read_day(name, found[name])


def read_day(name: str, tables: Mapping[str, str]) -> MealDay:
    """Reads a day from the text of its four tables, whose columns are parted by tabs."""
    try:
        (rules,), restaurants, orders, couriers = (_rows(tables[table]) for table in TABLES)
        return MealDay(
            name=name,
            metres_per_minute=float(rules["meters_per_minute"]),
            pickup_min=int(rules["pickup service minutes"]),
            dropoff_min=int(rules["dropoff service minutes"]),
            target_min=int(rules["target click-to-door"]),
            longest_min=int(rules["maximum click-to-door"]),
            pay_per_meal=float(rules["pay per order"]),
            least_pay_per_hour=float(rules["guaranteed pay per hour"]),
            restaurants={row["restaurant"]: _place(row) for row in restaurants},
            meals={row["order"]: _meal(row) for row in orders},
            couriers={
                row["courier"]: Courier(on_at=int(row["on_time"]), off_at=int(row["off_time"]), place=_place(row))
                for row in couriers
            },
        )
    except (KeyError, ValueError) as fault:
        raise UnreadableDay(f"{name} is not a meal-delivery instance: {fault!r}") from fault


def _meal(row: Mapping[str, str]) -> Meal:
    return Meal(
        placed_at=int(row["placement_time"]),
        restaurant=row["restaurant"],
        ready_at=int(row["ready_time"]),
        place=_place(row),
    )


def _place(row: Mapping[str, str]) -> Place:
    return float(row["x"]), float(row["y"])


def _rows(table: str) -> Rows:
    return list(csv.DictReader(table.splitlines(), delimiter="\t"))
