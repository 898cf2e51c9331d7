"""Traffic changes from phase to phase, and nobody arrives earlier by departing later."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from marketplace.routing import SLOTS, Phase, Traffic, through_phases

CHILE = "America/Santiago"
EIGHT = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
NINE = EIGHT + timedelta(hours=1)


def traffic_with(city: list[float], live_from: datetime | None = None, live_city: float = 1.0) -> Traffic:
    factors = np.array(city, np.float32)
    return Traffic(
        version=1, time_zone=CHILE, city=factors, roads=np.repeat(factors[:, None], 3, axis=1),
        cells=np.zeros(0, np.int64), places=np.ones((0, SLOTS, 3), np.float32),
        live_from=live_from, live_city=live_city,
    )  # fmt: skip


def drive_s(traffic: Traffic, depart_at: datetime, free_s: int) -> int:
    def in_phase(phase: Phase) -> np.ndarray:
        return np.rint(np.array([free_s]) * traffic.city_factor(phase)).astype(np.int32)

    return int(through_phases(in_phase(traffic.phase_at(depart_at)), depart_at, traffic, in_phase)[0])


def test_a_phase_ends_with_its_slot() -> None:
    traffic = traffic_with([1.0] * SLOTS)

    assert traffic.phase_at(EIGHT + timedelta(minutes=20)).ends_at == NINE
    assert traffic.phase_at(EIGHT).key == traffic.phase_at(NINE - timedelta(seconds=1)).key
    assert traffic.phase_at(EIGHT).key != traffic.phase_at(NINE).key


def test_what_happens_now_makes_phases_of_its_own() -> None:
    now = EIGHT + timedelta(minutes=30)
    traffic = traffic_with([1.0] * SLOTS, live_from=now, live_city=2.0)

    assert traffic.phase_at(now).ends_at == NINE
    assert traffic.phase_at(NINE).ends_at == now + timedelta(minutes=45)
    assert traffic.phase_at(EIGHT).ends_at == now
    assert (traffic.city_factor(traffic.phase_at(now)), traffic.city_factor(traffic.phase_at(EIGHT))) == (2.0, 1.0)


def test_a_drive_that_is_half_done_when_its_slot_ends_goes_on_at_the_next_ones_pace() -> None:
    city = [1.0] * SLOTS
    slow = traffic_with([1.0] * SLOTS).phase_at(EIGHT).slot
    city[slow] = 2.0
    traffic = traffic_with(city)

    # Half of 20 minutes is done at nine, the other half then takes 5 instead of 10.
    assert drive_s(traffic, NINE - timedelta(minutes=10), 600) == 900
    assert drive_s(traffic, NINE - timedelta(minutes=20), 600) == 1_200
    assert drive_s(traffic, NINE, 600) == 600


@given(
    city=st.lists(st.floats(0.5, 5.0, width=32), min_size=SLOTS, max_size=SLOTS),
    departs_after_s=st.integers(0, 86_400),
    waits_s=st.integers(1, 7_200),
    free_s=st.integers(1, 5_000),
    live=st.floats(0.5, 4.0),
)
def test_nobody_arrives_earlier_by_departing_later(
    city: list[float], departs_after_s: int, waits_s: int, free_s: int, live: float
) -> None:
    traffic = traffic_with(city, live_from=EIGHT + timedelta(minutes=17), live_city=live)
    early = EIGHT - timedelta(hours=1) + timedelta(seconds=departs_after_s)
    late = early + timedelta(seconds=waits_s)

    arrives_early = early + timedelta(seconds=drive_s(traffic, early, free_s))
    arrives_late = late + timedelta(seconds=drive_s(traffic, late, free_s))

    assert arrives_late >= arrives_early
