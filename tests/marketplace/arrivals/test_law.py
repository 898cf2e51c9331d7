"""A market goes by its plan until its own stops and arrivals have taught it better."""

from dataclasses import replace
from itertools import pairwise
from random import Random
from statistics import mean
from uuid import UUID

import orjson
import pytest

from marketplace.arrivals.law import HORIZONS_MIN, Law, Stage, Told, Wait, horizon_of, planned_service_s
from marketplace.markets import Dials
from marketplace.routes import StopKind

DIALS = Dials(market_id=UUID(int=1), time_zone="UTC", currency="CLP", pickup_service_s=60, dropoff_service_s=120)


def test_a_market_that_has_learnt_nothing_takes_what_it_plans() -> None:
    law = Law()

    assert law.service_s(StopKind.PICKUP, 5, DIALS) == pytest.approx(300.0)
    assert law.service_s(StopKind.DROPOFF, 1, DIALS) == pytest.approx(120.0)
    assert law.service_s(StopKind.RETURN, 1, DIALS) == pytest.approx(120.0)
    assert planned_service_s(StopKind.PICKUP, 5, replace(DIALS, one_origin_per_route=True)) == 60.0


def test_a_pickup_that_takes_as_long_for_many_parcels_as_for_one_is_learnt() -> None:
    law = Law()
    for parcels in (1, 3, 6, 9) * 100:
        law.learn_service(StopKind.PICKUP, parcels, 100.0)

    assert law.service_s(StopKind.PICKUP, 1, DIALS) == pytest.approx(100.0, abs=6)
    assert law.service_s(StopKind.PICKUP, 9, DIALS) == pytest.approx(100.0, abs=6)
    assert law.service_s(StopKind.DROPOFF, 1, DIALS) == pytest.approx(120.0)


def test_a_lunch_and_a_stay_before_the_arrival_teach_nothing() -> None:
    law = Law()

    law.learn_service(StopKind.DROPOFF, 1, 1_801.0)
    law.learn_service(StopKind.DROPOFF, 1, -1.0)

    assert law.services == {}


def test_waits_lean_on_the_guess_until_there_are_some() -> None:
    law = Law()
    before = law.wait_s(Wait.FILL)
    for _ in range(95):
        law.learn_wait(Wait.FILL, 290.0)

    assert before == 90.0
    assert law.wait_s(Wait.FILL) == pytest.approx(280.0)
    assert law.wait_s(Wait.SET_OFF) == 30.0


@pytest.mark.parametrize(("minutes", "horizon"), [(-3, 0), (4.9, 0), (5, 1), (15, 2), (39, 3), (40, 4), (500, 5)])
def test_arrivals_are_told_apart_by_how_far_away_they_are(minutes: float, horizon: int) -> None:
    assert horizon_of(60 * minutes) == horizon
    assert HORIZONS_MIN[horizon] <= max(minutes, 0)


def test_drives_that_always_take_half_as_long_again_widen_the_window_and_leave_the_middle_to_the_router() -> None:
    law = Law()
    for _ in range(300):
        law.learn_arrival(Stage.ABOARD, 900.0, 1_380.0, Told.WITHIN)
    learnt = Law.from_json(orjson.loads(orjson.dumps(law.as_json())))

    expected, other_stage = learnt.expect(Stage.ABOARD, 900.0), learnt.expect(Stage.COMING, 900.0)

    assert expected.p50_s == 900.0
    assert 1_360.0 < expected.p90_s < 1_440.0
    assert expected.p10_s == 900.0
    assert other_stage == Law().expect(Stage.COMING, 900.0)


def test_what_the_router_has_just_learnt_is_not_added_a_second_time() -> None:
    law = Law()
    for _ in range(200):
        law.learn_arrival(Stage.NEXT, 600.0, 900.0, Told.LATER)

    # The router has found out, and says 900 itself: that is then what is expected, and no half of it on top.
    assert law.expect(Stage.NEXT, 900.0).p50_s == 900.0


def test_a_market_that_has_learnt_nothing_knows_a_near_stage_better_than_a_far_one() -> None:
    widths = [law.p90_s - law.p10_s for law in (Law().expect(stage, 1_200.0) for stage in Stage)]

    assert list(Stage) == [Stage.WAITING, Stage.COMING, Stage.ABOARD, Stage.NEXT]
    assert widths == sorted(widths, reverse=True)


def test_misses_on_one_side_widen_that_side_of_that_stage() -> None:
    law = Law()
    for _ in range(3):
        law.learn_arrival(Stage.NEXT, 600.0, 600.0, Told.LATER)
    law.learn_arrival(Stage.NEXT, 600.0, 600.0, Told.EARLIER)

    early, late = law.tails["NEXT"]
    assert early == pytest.approx(0.1 + 3 * 0.002 - 0.018)
    assert late == pytest.approx(0.1 - 3 * 0.018 + 0.002)
    assert set(law.tails) == {"NEXT"}


def test_windows_hold_eight_of_ten_in_the_long_run_though_the_streets_change() -> None:
    """Seeded drives whose spread doubles half-way, each judged by the law as it was before it."""
    source, law, held = Random(3), Law(), []
    for number in range(1_600):
        actual_s = 900.0 * source.lognormvariate(0.0, 0.15 if number < 800 else 0.30)
        expected = Law.from_json(law.as_json()).expect(Stage.ABOARD, 900.0)
        told = Told.EARLIER if actual_s < expected.p10_s else Told.LATER if actual_s > expected.p90_s else Told.WITHIN
        held.append(told is Told.WITHIN)
        law.learn_arrival(Stage.ABOARD, 900.0, actual_s, told)

    assert 0.78 <= mean(held[:800]) <= 0.85
    assert 0.78 <= mean(held[800:]) <= 0.85


def test_what_is_expected_never_jumps_at_the_border_of_a_horizon() -> None:
    law = Law()
    for _ in range(300):
        law.learn_arrival(Stage.ABOARD, 450.0, 900.0, Told.WITHIN)

    steps = [law.expect(Stage.ABOARD, float(seconds)).p90_s for seconds in range(60, 8_000, 10)]

    assert max(abs(after - before) for before, after in pairwise(steps)) < 40.0


def test_the_chance_of_being_late_is_certain_when_the_window_is_over() -> None:
    law = Law()

    assert law.chance_after(Stage.ABOARD, 600.0, -1.0) == 1.0
    assert law.chance_after(Stage.ABOARD, 600.0, 600.0) == pytest.approx(0.5, abs=0.02)
    assert law.chance_after(Stage.ABOARD, 600.0, 3_000.0) == 0.0
