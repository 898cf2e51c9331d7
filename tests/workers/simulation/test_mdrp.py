"""Published meal-delivery instances are read from their tables, and refused in words when something is missing."""

from pathlib import Path

import pytest

from tests.workers.simulation.towns import write_instance
from workers.simulation import BadInstance, read_instance
from workers.simulation.mdrp import Courier, Meal


def test_an_instance_is_read_as_it_is_written(tmp_path: Path) -> None:
    write_instance(tmp_path / "small", meals=[("o1", 300, 400, 10, "r1", 20)], couriers=[("c1", 1000, 0, 0, 300)])

    instance = read_instance(tmp_path / "small")

    assert (instance.name, instance.metres_per_minute) == ("small", 100.0)
    assert (instance.pickup_service_min, instance.dropoff_service_min) == (4, 4)
    assert (instance.target_min, instance.largest_min, instance.last_off_min) == (40, 90, 300)
    assert instance.restaurants == {"r1": (0.0, 0.0)}
    assert instance.meals == (Meal(name="o1", restaurant="r1", east_m=300, north_m=400, placed_min=10, ready_min=20),)
    assert instance.couriers == (Courier(name="c1", east_m=1000, north_m=0, on_min=0, off_min=300),)


@pytest.mark.parametrize("table", ["orders", "couriers", "restaurants", "instance_parameters"])
def test_a_folder_without_one_of_the_tables_is_no_instance(tmp_path: Path, table: str) -> None:
    write_instance(tmp_path, meals=[("o1", 0, 0, 0, "r1", 0)], couriers=[("c1", 0, 0, 0, 9)])
    (tmp_path / f"{table}.txt").unlink()

    with pytest.raises(BadInstance, match=f"{table}.txt"):
        read_instance(tmp_path)


@pytest.mark.parametrize(("was", "becomes"), [("ready_time", "done"), ("20", "soon"), ("r1", "r9")])
def test_an_order_that_cannot_be_read_makes_no_instance(tmp_path: Path, was: str, becomes: str) -> None:
    write_instance(tmp_path, meals=[("o1", 300, 400, 10, "r1", 20)], couriers=[("c1", 1000, 0, 0, 300)])
    orders = tmp_path / "orders.txt"
    orders.write_text(orders.read_text().replace(was, becomes))

    with pytest.raises(BadInstance, match="can be read"):
        read_instance(tmp_path)
