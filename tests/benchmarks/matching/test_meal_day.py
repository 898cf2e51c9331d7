"""A day of three meals, worked out by hand: handing over takes 4 minutes, half before the event and half after."""

import tarfile
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.benchmarks.matching.meal_dispatchers import assign, greedy, town_request
from tests.benchmarks.matching.meal_simulation import NoDispatch, simulate
from tests.benchmarks.matching.meal_town import Brought, Send, Sight, Town
from tests.benchmarks.matching.meals import UnreadableDay, day_names, read_days
from tests.benchmarks.matching.small_problems import THREE_MEALS, lay_out, three_meals

BY_HAND = {
    "meals": 3,
    "undelivered_percent": 0.0,
    # Soup: picked 10, away 12, dropped 12 + 8 + 2. Rice: Ben is there at 2 + 10 + 2, drops at 16 + 5 + 2.
    # Fish: Ben, at the door of the rice, is there at 30 + 5 + 2 and drops at 39 + 2 + 2.
    "click_to_door_min": (22 + 21 + 13) / 3,
    "click_to_door_90th_min": 22,
    "ready_to_pickup_min": (0 + 2 + 2) / 3,
    "dollars_per_meal": (15 + 20) / 3,  # Ana's hour is worth more than her meal, Ben's two meals more than his hour
    "meals_per_send": 1.0,
    "refused": 0,
    "early": 0,
    "failed": 0,
}


def test_greedy_sends_the_nearest_courier_at_once() -> None:
    figures = simulate(three_meals(), greedy)

    assert asdict(figures) == pytest.approx(BY_HAND | {"looks": 3})  # at 0, 2 and 30 somebody waits


def test_the_assignment_holds_a_send_until_it_is_due_and_brings_the_same() -> None:
    figures = simulate(three_meals(), assign)

    assert asdict(figures) == pytest.approx(
        BY_HAND | {"looks": 6}
    )  # Ana leaves at 4: from 0 to 4 the soup is looked at


def test_a_bundle_is_picked_up_when_all_of_it_is_ready_and_dropped_in_order() -> None:
    town = Town(day=three_meals())

    assert town.carry_out(2, Send("ana", ["rice", "soup"]))

    assert town.brought == {"rice": Brought("ana", 12, 21), "soup": Brought("ana", 12, 35)}
    assert town.free_at["ana"] == 37
    assert town.place["ana"] == (800, 0)


@pytest.mark.parametrize(
    ("now", "send"),
    [
        (2, Send("ana", ["fish"])),  # not ordered yet
        (2, Send("ana", [])),
        (2, Send("ana", ["cake"])),
        (2, Send("ana", ["soup", "soup"])),
        (2, Send("ana", ["soup", "cake"])),
        (2, Send("eve", ["soup"])),
        (56, Send("ana", ["soup"])),  # there at 61, and the shift ends at 60
    ],
)
def test_what_the_rules_forbid_moves_nothing(now: int, send: Send) -> None:
    town = Town(day=three_meals())

    assert not town.carry_out(now, send)

    assert town.brought == {}
    assert set(town.open) == {"soup", "rice", "fish"}
    assert town.free_at == {"ana": 0, "ben": 0}


def test_meals_of_two_restaurants_are_no_bundle() -> None:
    orders = THREE_MEALS["orders"].replace("2\tkitchen\t12", "2\tgrill\t12")
    town = Town(day=three_meals(orders=orders))

    assert not town.carry_out(2, Send("ana", ["soup", "rice"]))


def test_sends_of_busy_couriers_and_forbidden_ones_are_counted_apart() -> None:
    def hasty(sight: Sight) -> list[Send]:
        return [Send("ana", [meal.name]) for meal in sight.waiting] + [Send("ben", ["cake"])]

    figures = simulate(three_meals(), hasty)

    assert figures.undelivered_percent == 0
    # Ana brings the soup until 24, the rice until 45, then the fish.
    assert figures.early == (24 - 2) + (45 - 30)
    assert figures.refused == figures.looks == 1 + (25 - 2) + (46 - 30)  # nobody ordered a cake


def test_a_dispatcher_that_fails_costs_its_looks_and_not_the_day() -> None:
    def broken(sight: Sight) -> list[Send]:
        raise NoDispatch

    figures = simulate(three_meals(), broken)

    assert figures.failed == figures.looks == 61
    assert figures.undelivered_percent == 100


def test_hidden_preparation_shows_the_restaurants_mean_until_the_meal_is_ready() -> None:
    day = three_meals()
    town = Town(day=day, usual_min=day.usual_preparation())

    shown = [sight.waiting[0].ready_at for now in (0, 9, 10) if (sight := town.sight(now))]

    assert shown == [8, 9, 10]  # (10 + 10 + 5) / 3 rounded; then any moment; then it is there


def test_a_request_folds_handing_over_into_the_travel_times() -> None:
    sight = Town(day=three_meals()).sight(2)

    assert sight is not None
    request = town_request(sight, time_limit_s=0.5)
    kitchen, soup, rice, ana = 0, 1, 2, 3
    assert request["durations_s"][ana][kitchen] == (3 + 2) * 60
    assert request["durations_s"][kitchen][soup] == (2 + 8 + 2) * 60
    assert request["durations_s"][soup][rice] == (2 + 10 + 2) * 60
    assert request["deliveries"][1]["dropoff"] == {"location": rice, "due_at": 42 * 60}


def test_days_are_read_from_folders_and_from_archives_alike(tmp_path: Path) -> None:
    unpacked = lay_out(tmp_path / "unpacked") / "mdrp"
    packed = tmp_path / "packed"
    packed.mkdir()
    with tarfile.open(packed / "seed0.tar.xz", "w:xz") as archive:
        archive.add(unpacked / "0o50small", "0o50small")

    names = day_names(unpacked)

    assert names == day_names(packed) == ["0o50small"]
    assert list(read_days(unpacked, names)) == list(read_days(packed, names))
    assert next(read_days(packed, names)).meals == three_meals().meals


def test_a_day_without_a_column_is_named() -> None:
    with pytest.raises(UnreadableDay, match=r"^small is not a meal-delivery instance: KeyError"):
        three_meals(couriers="courier\tx\ty\nana\t300\t0\n")
