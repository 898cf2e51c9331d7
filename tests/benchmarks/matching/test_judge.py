"""The judge knows a legal plan's vehicles and way, and refuses every kind of illegal one."""

import math
from dataclasses import replace
from pathlib import Path

import pytest

from tests.benchmarks.matching.judge import IllegalPlan, Verdict, judge
from tests.benchmarks.matching.small_problems import two_pairs


@pytest.mark.parametrize(
    ("routes", "verdict"),
    [
        ([[1, 2, 3, 4]], Verdict(1, 22.0, 0)),
        ([[1, 2], [3, 4]], Verdict(2, 28.0, 0)),
        ([[3, 4], []], Verdict(1, 16.0, 1)),
        ([], Verdict(0, 0.0, 2)),
    ],
)
def test_a_legal_plan_is_worth_its_vehicles_its_way_and_what_it_leaves(
    tmp_path: Path, routes: list[list[int]], verdict: Verdict
) -> None:
    assert judge(two_pairs(tmp_path), routes) == verdict


@pytest.mark.parametrize(
    ("routes", "reason"),
    [
        ([[1, 2], [3, 4, 3]], "place 3 is visited twice"),
        ([[1, 2], [1, 2]], "place 1 is visited twice"),
        ([[1, 2, 5]], "there is no place 5 to stop at"),
        ([[0, 1, 2]], "there is no place 0 to stop at"),
        ([[1, 2, 3]], "only half of the delivery from 3 to 4 is planned"),
        ([[1, 2, 4]], "only half of the delivery from 3 to 4 is planned"),
        ([[1, 2, 3], [4]], "the delivery from 3 to 4 is split over two vehicles"),
        ([[2, 1]], "the drop-off 2 comes before its pickup 1"),
        ([[1, 3, 2, 4]], "11 aboard at place 3, and there is room for 10"),
        ([[3, 4, 1, 2]], "place 1 closes at 25, and the vehicle comes at 29.544"),
    ],
)
def test_an_illegal_plan_is_refused_with_its_reason(tmp_path: Path, routes: list[list[int]], reason: str) -> None:
    with pytest.raises(IllegalPlan, match=f"^{reason}$"):
        judge(two_pairs(tmp_path), routes)


def test_more_vehicles_than_there_are_is_illegal(tmp_path: Path) -> None:
    instance = replace(two_pairs(tmp_path), vehicles=1)

    with pytest.raises(IllegalPlan, match=r"^2 vehicles drive, and there are 1$"):
        judge(instance, [[1, 2], [3, 4]])


def test_coming_home_late_is_illegal(tmp_path: Path) -> None:
    instance = two_pairs(tmp_path)
    depot = replace(instance.sites[0], closes=28.0)

    with pytest.raises(IllegalPlan, match=r"^place 0 closes at 28, and the vehicle comes at 29\.000$"):
        judge(replace(instance, sites=[depot, *instance.sites[1:]]), [[1, 2, 3, 4]])


def test_ways_are_counted_in_double_precision(tmp_path: Path) -> None:
    instance = two_pairs(tmp_path)
    unhurried = [replace(site, closes=100.0) for site in instance.sites]

    verdict = judge(replace(instance, sites=unhurried), [[3, 4, 1, 2]])

    assert verdict.distance == pytest.approx(4 + 4 + math.sqrt(73) + 4 + 5, abs=1e-12)
