"""A market goes by its plan until its own stops and arrivals have taught it better."""

from dataclasses import replace
from itertools import pairwise
from uuid import UUID

import orjson
import pytest

from marketplace.arrivals.law import HORIZONS_MIN, Law, Stage, Wait, horizon_of, planned_service_s
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


def test_drives_that_always_take_half_as_long_again_are_expected_to() -> None:
    law = Law()
    for _ in range(300):
        law.learn_arrival(Stage.MOVING, 900.0, 1_380.0)
    learnt = Law.from_json(orjson.loads(orjson.dumps(law.as_json())))

    expected, elsewhere = learnt.expect(Stage.MOVING, 900.0), learnt.expect(Stage.MOVING, 7_200.0)

    assert expected.p50_s == pytest.approx(1_380.0, rel=0.03)
    assert expected.p10_s < expected.p50_s < expected.p90_s
    assert elsewhere.p50_s == pytest.approx(7_200.0, rel=0.02)
    assert learnt.expect(Stage.WAITING, 900.0).p50_s == pytest.approx(900.0, rel=0.03)


def test_what_is_expected_never_jumps_at_the_border_of_a_horizon() -> None:
    law = Law()
    for _ in range(300):
        law.learn_arrival(Stage.MOVING, 450.0, 900.0)

    steps = [law.expect(Stage.MOVING, float(seconds)).p90_s for seconds in range(60, 8_000, 10)]

    assert max(abs(after - before) for before, after in pairwise(steps)) < 40.0


def test_the_chance_of_being_late_is_certain_when_the_window_is_over() -> None:
    law = Law()

    assert law.chance_after(Stage.MOVING, 600.0, -1.0) == 1.0
    assert law.chance_after(Stage.MOVING, 600.0, 600.0) == pytest.approx(0.5, abs=0.02)
    assert law.chance_after(Stage.MOVING, 600.0, 3_000.0) == 0.0
