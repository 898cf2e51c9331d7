"""The probe finds the cheapest way to keep a window, and none where there is none."""

import numpy as np

from marketplace.windows.probe import Probe, Terms, Wish
from marketplace.windows.states import WindowReason
from marketplace.windows.timeline import Timeline

HUB, NEAR, FAR, HOME = 0, 1, 2, 3
MINUTE, HOUR = 60.0, 3_600.0
AWAY_M = np.array(
    [[0, 5_000, 20_000, 2_000], [5_000, 0, 18_000, 6_000], [20_000, 18_000, 0, 21_000], [2_000, 6_000, 21_000, 0]],
    dtype=np.float64,
)
AWAY_S = AWAY_M / 10
ONE = (1, 1_000, 10)
TERMS = Terms(
    pickup_service_s=60, dropoff_service_s=120, margin_s=10 * MINUTE, travel_factor=1.0, offer_s=5 * MINUTE,
    per_km_minor=100, per_minute_minor=10, per_trip_minor=500,
)  # fmt: skip


def driver(*, until: float = 10 * HOUR, packages: int = 30, max_stops: int = 12, skills: str = "") -> Timeline:
    return Timeline(
        place=HOME,
        free_at=0.0,
        until=until,
        capacity=(packages, 200_000, 800),
        skills=frozenset(skills.split()),
        max_stops=max_stops,
    )


def wish(place: int = NEAR, *, load: tuple[int, ...] = ONE, skills: str = "", ready: float = 0.0) -> Wish:
    return Wish(pickup=HUB, dropoff=place, ready=ready, gone=10 * HOUR, load=load, skills=frozenset(skills.split()))


def probe(*timelines: Timeline) -> Probe:
    return Probe(timelines, AWAY_S, AWAY_M, TERMS)


def test_a_free_driver_keeps_a_window_with_a_trip_of_its_own() -> None:
    [place] = probe(driver()).windows(wish(), [(0, HOUR)])

    assert place is not None
    # Home to the hub 2 km, to the door 5 km: 700 m-hundreds and 700 s of driving, and the trip itself.
    assert (place.extra_m, place.extra_s, place.reason) == (7_000, 700, WindowReason.OWN_TRIP)
    assert place.cost_minor == 500 + 700 + round(10 * 700 / 60)
    assert (place.row, place.position, place.room) == (0, 0, 1)


def test_nobody_is_promised_who_cannot_be_there_with_the_margin() -> None:
    # Somebody takes it after 5 min, drives 200 s, loads 60 s and drives 500 s: there after 1,060 s.
    soonest = 5 * MINUTE + 200 + 60 + 500

    found = probe(driver()).windows(wish(), [(0, soonest + 10 * MINUTE - 1), (0, soonest + 10 * MINUTE)])

    assert [place is not None for place in found] == [False, True]


def test_it_must_fit_into_the_drivers_hours_vehicle_and_skills() -> None:
    window = [(HOUR, 2 * HOUR)]

    assert probe(driver(until=HOUR)).windows(wish(), window) == [None]
    assert probe(driver(until=HOUR + 120)).windows(wish(), window) != [None]
    assert probe(driver(packages=1)).windows(wish(load=(2, 1, 1)), window) == [None]
    assert probe(driver()).windows(wish(skills="COLD"), window) == [None]
    assert probe(driver(skills="COLD HEAVY")).windows(wish(skills="COLD"), window) != [None]
    assert probe().windows(wish(), window) == [None]


def test_a_parcel_joins_a_trip_that_loads_where_it_lies() -> None:
    asked = probe(driver())
    assert asked.settle(wish(FAR), 0, 2 * HOUR)

    [joined] = asked.windows(wish(NEAR), [(0, 2 * HOUR)])

    assert joined is not None
    # By way of the near door the far one is 3 km further; nothing else is cheaper.
    assert (joined.reason, joined.extra_m, joined.joins, joined.position) == (WindowReason.SHARED_TRIP, 3_000, 1, 1)

    [same_door] = asked.windows(wish(FAR), [(0, 2 * HOUR)])
    assert same_door is not None
    assert (same_door.reason, same_door.extra_m) == (WindowReason.ON_THE_WAY, 0)


def test_a_full_vehicle_is_not_joined() -> None:
    asked = probe(driver(packages=2))
    assert asked.settle(wish(FAR, load=(2, 1, 1)), 0, 2 * HOUR)

    [place] = asked.windows(wish(FAR), [(0, 4 * HOUR)])

    assert place is not None
    assert place.reason is WindowReason.OWN_TRIP


def test_what_was_promised_before_stays_in_time() -> None:
    asked = probe(driver(packages=1))
    assert asked.settle(wish(FAR), HOUR, HOUR + 20 * MINUTE)

    before, during, after = asked.windows(
        wish(FAR), [(0, 50 * MINUTE), (HOUR, HOUR + 20 * MINUTE), (2 * HOUR, 3 * HOUR)]
    )

    # The driver is back from the far door too late to be there again within the hour.
    assert before is None
    assert during is None
    assert after is not None
    assert after.position == 2


def test_every_driver_who_could_keep_it_is_counted() -> None:
    [place] = probe(driver(), driver(), driver(until=MINUTE)).windows(wish(), [(0, HOUR)])

    assert place is not None
    assert place.room == 2


def test_a_whole_day_of_settled_deliveries_is_legal() -> None:
    asked = probe(*(driver() for _ in range(3)))
    settled = [asked.settle(wish(place), 0, 8 * HOUR) for place in (NEAR, FAR, HOME) * 12]

    assert all(settled)
    for timeline in asked.fleet.timelines:
        assert _is_legal(timeline)


def _is_legal(timeline: Timeline) -> bool:
    """Drives a timeline once more, by itself: windows, load and hours all hold."""
    now, here, aboard = timeline.free_at, timeline.place, np.zeros(3)
    for visit in timeline.visits:
        now = max(now + AWAY_S[here, visit.place], visit.opens)
        if now > visit.closes:
            return False
        now, here = now + visit.service_s, visit.place
        aboard = aboard + np.array(visit.load) * (1 if visit.is_pickup else -1)
        if (aboard < 0).any() or (aboard > np.array(timeline.capacity)).any():
            return False
    return bool(now <= timeline.until and not aboard.any())
