"""Overlapping work is counted once, and a second of it goes to the policy that pays most for it."""

from datetime import UTC, datetime, timedelta

from marketplace.pricing import Engagement, clipped, engaged_by_version, joined

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def span(begin: float, end: float) -> tuple[datetime, datetime]:
    return NOON + timedelta(minutes=begin), NOON + timedelta(minutes=end)


def engaged(begin: float, end: float, version: int | None = 1) -> Engagement:
    begins_at, ends_at = span(begin, end)
    return Engagement(begins_at=begins_at, ends_at=ends_at, version=version)


def test_routes_apart_from_each_other_add_up() -> None:
    assert engaged_by_version([engaged(0, 10), engaged(20, 25)], [1]) == {1: 900}


def test_a_route_within_another_adds_nothing() -> None:
    assert engaged_by_version([engaged(0, 30), engaged(5, 10), engaged(20, 40)], [1]) == {1: 2400}


def test_a_second_of_two_policies_goes_to_the_dearer() -> None:
    routes = [engaged(0, 30, 1), engaged(20, 40, 2)]

    assert engaged_by_version(routes, [2, 1]) == {1: 1200, 2: 1200}
    assert engaged_by_version(routes, [1, 2]) == {1: 1800, 2: 600}


def test_time_that_is_counted_elsewhere_is_not_counted_again() -> None:
    assert engaged_by_version([engaged(0, 30), engaged(-10, 5, None)], [1]) == {1: 1500}


def test_a_part_of_a_second_is_the_drivers() -> None:
    assert engaged_by_version([engaged(0, 1.001)], [1]) == {1: 61}


def test_a_route_that_ended_before_it_began_counts_nothing() -> None:
    assert engaged_by_version([engaged(5, 4)], [1]) == {1: 0}


def test_spans_that_touch_are_one() -> None:
    assert joined([span(5, 10), span(0, 5), span(20, 20), span(15, 16)]) == [span(0, 10), span(15, 16)]


def test_spans_are_cut_to_a_period() -> None:
    assert clipped([span(0, 10), span(8, 30), span(40, 50)], span(5, 20)) == [span(5, 10), span(8, 20)]
