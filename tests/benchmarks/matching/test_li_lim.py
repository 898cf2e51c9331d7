"""Instances of Li and Lim are read as they are published and asked in whole numbers that cannot be late."""

from pathlib import Path

import pytest

from tests.benchmarks.matching.li_lim import (
    BestKnown,
    Site,
    UnreadableInstance,
    ask_for_plan,
    read_best_known,
    read_instance,
    whole_durations,
)
from tests.benchmarks.matching.small_problems import two_pairs


def test_an_instance_is_its_vehicles_its_sites_and_who_goes_with_whom(tmp_path: Path) -> None:
    instance = two_pairs(tmp_path)

    assert (instance.name, instance.vehicles, instance.capacity) == ("small", 2, 10)
    assert len(instance.sites) == 5
    assert instance.sites[4] == Site(x=0, y=8, load=-5, opens=20, closes=70, service=1)
    assert instance.pairs == [(1, 2), (3, 4)]


def test_durations_are_thousandths_rounded_up(tmp_path: Path) -> None:
    durations = whole_durations(two_pairs(tmp_path))

    assert durations[0] == [0, 3_000, 5_000, 4_000, 8_000]
    assert durations[1][4] == durations[4][1] == 8_545  # the root of 73 is 8.5440037...


def test_every_pair_is_asked_as_one_delivery_from_the_depot_and_back(tmp_path: Path) -> None:
    request = ask_for_plan(two_pairs(tmp_path), time_limit_s=0.5)

    assert request["deliveries"][1] == {
        "id": "d3",
        "pickup": {"location": 3, "windows": [[0, 50_000]], "service_s": 1_000},
        "dropoff": {"location": 4, "windows": [[20_000, 70_000]], "service_s": 1_000},
        "load": [5],
    }
    assert [driver["id"] for driver in request["drivers"]] == ["v0", "v1"]
    assert request["drivers"][0]["shift_end"] == 100_000
    assert request["options"] == {"objective": "fewest_drivers", "time_limit_s": 0.5}


def test_best_known_plans_are_read_from_the_table_and_from_the_published_json(tmp_path: Path) -> None:
    table, published = tmp_path / "bks.csv", tmp_path / "BKS.json"
    table.write_text("instance,class,vehicles,distance\nsmall,li_lim_100,1,22.5\n")
    published.write_text('{"small": {"class": "li_lim_100", "solved_with_vehicles": 1, "best_known_cost": 22.5}}')

    assert read_best_known(table) == read_best_known(published) == {"small": BestKnown(1, 22.5)}


def test_a_file_that_is_something_else_is_named(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear reader,\nthis is no instance.\n")

    with pytest.raises(UnreadableInstance, match=r"^letter\.txt is not an instance of Li and Lim"):
        read_instance(file)
