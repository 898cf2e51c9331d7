"""The middle of where drivers have handed over."""

from marketplace.addresses.middle import Visit, middle_of
from marketplace.core.geo import Point


def at(lat: float, lon: float, weight: int = 1) -> Visit:
    return Visit(point=Point(lat=lat, lon=lon), weight=weight)


def test_two_visits_say_too_little() -> None:
    assert middle_of([at(-29.9, -71.2), at(-29.9, -71.2)]) is None


def test_three_visits_have_a_middle_which_is_a_median() -> None:
    middle = middle_of([at(-29.90000, -71.20000), at(-29.90010, -71.20010), at(-29.90011, -71.20050)])

    assert middle == Point(lat=-29.90010, lon=-71.20010)


def test_whoever_was_elsewhere_does_not_count() -> None:
    visits = [at(-29.9, -71.2), at(-29.9, -71.2), at(-29.9001, -71.2), at(-29.95, -71.3)]

    assert middle_of(visits) == Point(lat=-29.9, lon=-71.2)


def test_three_who_were_at_three_places_know_nothing() -> None:
    assert middle_of([at(-29.90, -71.2), at(-29.91, -71.2), at(-29.92, -71.2)]) is None


def test_a_corrected_pin_counts_for_three() -> None:
    assert middle_of([at(-29.9002, -71.2, 3), at(-29.9, -71.2), at(-29.9, -71.2)]) == Point(lat=-29.9002, lon=-71.2)
    assert middle_of([at(-29.9002, -71.2, 3)]) == Point(lat=-29.9002, lon=-71.2)
