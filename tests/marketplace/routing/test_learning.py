"""What sums of driven seconds say about streets: much where many drove, what is usual around where few did."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from marketplace.routing import SLOTS, Layer, RoadGroup, SpeedSum, Traffic, fade, slot_at, traffic_of

CHILE = "America/Santiago"
MORNING = datetime(2026, 3, 2, 11, 10, tzinfo=UTC)
RUSH = slot_at(MORNING, CHILE)
HERE, THERE, ELSEWHERE = 11, 22, 33


def usual(cell: int, ratio: float, *, free_s: float, slot: int = RUSH, group: RoadGroup = RoadGroup.MAIN) -> SpeedSum:
    return SpeedSum(Layer.USUAL, slot, cell, group, free_s, ratio * free_s)


def live(cell: int, ratio: float, *, free_s: float) -> SpeedSum:
    return SpeedSum(Layer.LIVE, -1, cell, RoadGroup.MAIN, free_s, ratio * free_s)


def learnt(*sums: SpeedSum, live_from: datetime | None = None) -> Traffic:
    return traffic_of(sums, version=3, time_zone=CHILE, live_from=live_from)


def factor(traffic: Traffic, cell: int, *, at: datetime = MORNING, group: RoadGroup = RoadGroup.MAIN) -> float:
    found = traffic.factors(traffic.phase_at(at), np.array([cell]), np.array([int(group)]))
    return float(found[0])


def test_without_any_drive_all_streets_are_empty() -> None:
    traffic = learnt()

    assert factor(traffic, HERE) == 1.0
    assert traffic.city.tolist() == [1.0] * SLOTS


def test_where_many_drove_the_factor_is_what_their_drives_took() -> None:
    traffic = learnt(usual(HERE, 2.0, free_s=1e6), usual(THERE, 1.0, free_s=1e6))

    assert factor(traffic, HERE) == pytest.approx(2.0, abs=0.01)
    assert factor(traffic, THERE) == pytest.approx(1.0, abs=0.01)
    assert factor(traffic, ELSEWHERE) == pytest.approx(1.5, abs=0.01)


def test_one_short_drive_moves_its_cell_a_little_and_its_surroundings_hardly() -> None:
    many = [usual(cell, 1.5, free_s=10_000) for cell in range(100, 120)]

    traffic = learnt(*many, usual(HERE, 4.0, free_s=30))

    assert 1.5 < factor(traffic, HERE) < 1.9
    assert factor(traffic, ELSEWHERE) == pytest.approx(1.5, abs=0.01)


def test_the_city_leans_on_empty_streets_with_a_prior_of_two_minutes() -> None:
    traffic = learnt(usual(HERE, 2.0, free_s=120))

    # City (240 + 120) / (120 + 120) = 1.5; the slot (240 + 120 × 1.5) / 240 = 1.75; its kind of road 1.875.
    assert float(traffic.city[RUSH]) == pytest.approx(1.75)
    assert float(traffic.roads[RUSH, RoadGroup.MAIN]) == pytest.approx(1.875)
    assert float(traffic.roads[RUSH, RoadGroup.LOCAL]) == pytest.approx(1.75)


def test_a_cell_that_is_slow_at_other_times_is_taken_to_be_slow_now() -> None:
    others = [usual(HERE, 2.0, free_s=5_000, slot=slot) for slot in range(SLOTS) if slot != RUSH]
    around = [usual(THERE, 1.0, free_s=5_000, slot=slot) for slot in range(SLOTS)]

    assert factor(learnt(*others, *around), HERE) > 1.2


def test_now_is_a_layer_on_what_is_usual_and_holds_for_a_while() -> None:
    sums = [usual(HERE, 1.5, free_s=1e6), usual(THERE, 1.5, free_s=1e6), live(HERE, 2.0, free_s=1e6)]

    traffic = learnt(*sums, live_from=MORNING)

    assert factor(traffic, HERE, at=MORNING) == pytest.approx(3.0, abs=0.02)
    assert factor(traffic, HERE, at=MORNING + timedelta(days=7)) == pytest.approx(1.5, abs=0.01)
    assert factor(traffic, HERE, at=MORNING - timedelta(minutes=5)) == pytest.approx(1.5, abs=0.01)


def test_what_few_see_now_is_not_believed_at_once() -> None:
    traffic = learnt(usual(HERE, 1.5, free_s=1e6), live(HERE, 3.0, free_s=60), live_from=MORNING)

    assert factor(traffic, HERE) < 1.5 * 1.35


def test_the_usual_fades_over_weeks_and_now_within_the_hour() -> None:
    assert fade(Layer.USUAL, timedelta(days=21)) == 0.5
    assert fade(Layer.LIVE, timedelta(minutes=20)) == 0.5
    assert fade(Layer.LIVE, timedelta(minutes=-5)) == 1.0
