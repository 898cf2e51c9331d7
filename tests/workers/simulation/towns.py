"""Small hand-made meal-delivery instances, in the form of the published ones."""

from collections.abc import Sequence
from pathlib import Path

PARAMETERS = {
    "meters_per_minute": 100,
    "pickup service minutes": 4,
    "dropoff service minutes": 4,
    "target click-to-door": 40,
    "maximum click-to-door": 90,
    "pay per order": 10,
    "guaranteed pay per hour": 15,
}
Row = Sequence[object]


def write_instance(
    folder: Path, *, meals: Sequence[Row], couriers: Sequence[Row], restaurants: Sequence[Row] = (("r1", 0, 0),)
) -> Path:
    """Writes an instance in which a hundred metres take a minute and every stop four, and returns its folder."""
    folder.mkdir(exist_ok=True)
    _write(folder / "orders.txt", ("order", "x", "y", "placement_time", "restaurant", "ready_time"), meals)
    _write(folder / "couriers.txt", ("courier", "x", "y", "on_time", "off_time"), couriers)
    _write(folder / "restaurants.txt", ("restaurant", "x", "y"), restaurants)
    _write(folder / "instance_parameters.txt", tuple(PARAMETERS), [tuple(PARAMETERS.values())])
    return folder


def _write(path: Path, names: Row, rows: Sequence[Row]) -> None:
    path.write_text("".join("\t".join(map(str, row)) + "\n" for row in (names, *rows)))
