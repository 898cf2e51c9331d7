"""Room is what a place gives out, less what is taken, less what others have reserved and not used or given up."""

from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import pytest

from marketplace.core.window import Window
from marketplace.hubs import DayHours, Opening
from marketplace.reservations import BadReservation, Place, Reserved, Room, Taken, Terms

HUB, OTHER_HUB, LARGE, SMALL = (UUID(int=number) for number in range(1, 5))
DAY = date(2026, 3, 3)
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOURS = tuple(DayHours(day=day, opens=time(8), closes=time(18)) for day in range(1, 7))


def hours(opens: int, closes: int) -> Window:
    return Window(datetime(2026, 3, 3, opens, tzinfo=UTC), datetime(2026, 3, 3, closes, tzinfo=UTC))


def kept(places: int, *, hub: UUID | None = HUB, span: Window | None = None, **changes: Any) -> Reserved:
    values: dict[str, Any] = {
        "reservation_id": UUID(int=9),
        "shipper_id": LARGE,
        "hub_id": hub,
        "day": DAY,
        "span": span or Terms(first_day=DAY, places=0).span(DAY, "UTC"),
        "is_of_hours": span is not None,
        "places": places,
        "released_at": datetime(2026, 3, 2, 18, tzinfo=UTC),
    }
    return Reserved(**values | changes)


def room(*reserved: Reserved, taken: tuple[Taken, ...] = (), now: datetime = NOW, **opening: Any) -> Room:
    place = Place(time_zone="UTC", opening=Opening(hours=HOURS, **opening))
    return Room.of(now, {HUB: place}, reserved, taken)


def takes(shipper: UUID, count: int, window: Window, hub: UUID | None = HUB) -> Taken:
    return Taken(shipper_id=shipper, hub_id=hub, window=window, count=count)


def test_what_is_reserved_is_there_for_its_shipper_alone_until_it_is_released() -> None:
    noon = hours(11, 13)
    before = room(kept(6), places_per_day=10)
    after = room(kept(6), places_per_day=10, now=datetime(2026, 3, 2, 18, tzinfo=UTC))

    assert (before.left(SMALL, HUB, noon), before.left(LARGE, HUB, noon)) == (4, 10)
    assert (after.left(SMALL, HUB, noon), after.left(LARGE, HUB, noon)) == (10, 10)


def test_a_shipper_uses_its_own_places_first_and_others_see_what_it_leaves() -> None:
    noon = hours(11, 13)
    seen = []
    there = room(kept(3), places_per_day=10)
    for shipper, count in ((LARGE, 2), (SMALL, 7), (LARGE, 1)):
        there.take(takes(shipper, count, noon))
        seen.append((there.left(SMALL, HUB, noon), there.left(LARGE, HUB, noon)))

    # The last place was the large shipper's own: nobody else could have it.
    assert seen == [(7, 8), (0, 1), (0, 0)]
    assert there.reserved[0].unused == 0


def test_who_has_reserved_is_let_in_where_the_place_is_full_and_is_told_so_apart() -> None:
    noon = hours(11, 13)
    there = room(kept(2), taken=(takes(SMALL, 10, noon),), places_per_day=10)

    assert (there.left(SMALL, HUB, noon), there.left(LARGE, HUB, noon)) == (0, 2)
    assert not there.is_kept_for_others(SMALL, HUB, noon)
    assert room(kept(10), places_per_day=10).is_kept_for_others(SMALL, HUB, noon)


def test_hours_are_kept_as_far_as_a_window_lies_in_them() -> None:
    # Ten an hour; of four hours in the morning 20 are reserved, which is five an hour.
    there = room(kept(20, span=hours(8, 12)), places_per_hour=10)

    left = {window: there.left(SMALL, HUB, hours(*window)) for window in ((8, 10), (10, 14), (13, 15))}
    assert left == {(8, 10): 10, (10, 14): 30, (13, 15): 20}
    assert there.left(LARGE, HUB, hours(8, 10)) == 20


def test_a_delivery_takes_a_place_of_its_hub_before_one_of_the_market_and_only_in_its_hours() -> None:
    morning, anywhere = kept(1, span=hours(8, 12)), kept(2, hub=None)
    there = Room.of(NOW, {None: Place(time_zone="UTC", per_day=10)}, (anywhere, morning), ())

    there.take(takes(LARGE, 1, hours(10, 12)))
    assert (morning.used, anywhere.used) == (1, 0)
    there.take(takes(LARGE, 1, hours(12, 14)))
    there.take(takes(LARGE, 1, hours(9, 11), OTHER_HUB))
    assert (morning.used, anywhere.used) == (1, 2)
    # In the market all that is reserved at its hubs is kept, too.
    there = Room.of(NOW, {None: Place(time_zone="UTC", per_day=10)}, (kept(4), kept(3, hub=None)), ())
    assert (there.left(SMALL, OTHER_HUB, hours(9, 11)), there.left(LARGE, OTHER_HUB, hours(9, 11))) == (3, 6)


def test_a_place_has_the_least_of_its_bounds_and_rests_when_it_is_closed() -> None:
    place = Place(time_zone="UTC", opening=Opening(hours=HOURS, places_per_hour=5, places_per_day=60))

    assert (place.on(DAY), place.rests_on(DAY)) == (50, False)
    assert place.rests_on(date(2026, 3, 8))
    assert Place(time_zone="UTC", opening=Opening(hours=HOURS, places_per_day=60)).on(DAY) == 60
    assert Place(time_zone="UTC", opening=Opening()).on(DAY) is None
    assert place.day_of(datetime(2026, 3, 4, tzinfo=UTC)) == DAY


def test_terms_hold_on_their_days_and_are_released_by_the_clock_on_the_wall() -> None:
    terms = Terms(
        first_day=DAY, last_day=date(2026, 4, 30), weekdays=frozenset({2, 7}), places=5, release_days=1,
        opens=time(8), closes=time(12),
    )  # fmt: skip

    assert [terms.holds_on(date(2026, 3, day)) for day in (1, 3, 4, 8)] == [False, True, False, True]
    assert not terms.holds_on(date(2026, 5, 3))
    # The clocks of Santiago are set back in the night to 5 April: the same hour is another instant then.
    instants = [terms.released_at(date(2026, 4, day), "America/Santiago") for day in (4, 7)]
    assert [one.hour for one in instants] == [21, 22]
    assert terms.meets(Terms(first_day=DAY, places=1, opens=time(11), closes=time(13)))
    assert not terms.meets(Terms(first_day=DAY, places=1, opens=time(12), closes=time(13)))
    assert not terms.meets(Terms(first_day=DAY, places=1, weekdays=frozenset({1})))
    assert Terms.of(terms.as_json() | {"version": 0}) == terms


@pytest.mark.parametrize(
    "wrong",
    [
        {"places": -1}, {"fee_minor": -1}, {"release_days": 15}, {"weekdays": frozenset({0})},
        {"weekdays": frozenset()}, {"opens": time(8)}, {"opens": time(12), "closes": time(8)},
        {"last_day": date(2026, 3, 2)},
    ],
)  # fmt: skip
def test_terms_outside_their_limits_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadReservation):
        Terms(**dict[str, Any](first_day=DAY, places=1) | wrong)
