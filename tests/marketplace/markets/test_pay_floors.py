"""A floor is complete, whole and of the right units, or it is refused."""

from typing import Any

import pytest

from marketplace.markets import BadPayFloor, ExactRate, OfferFloor, PayFloors, PayPolicy, PayUnit, pay_pack
from tests.builders import PAY_RATES

MINUTE, MILE = ExactRate(minor=45, per=PayUnit.MINUTE), ExactRate(minor=77, per=PayUnit.MILE)
SEATTLE = pay_pack("seattle_payup_2025").floors({})


@pytest.mark.parametrize("wrong", [{"minor": -1}, {"minor": 1.5}, {"minor": True}, {"percent": 1001}, {"percent": -1}])
def test_a_rate_that_is_not_whole_or_out_of_range_is_refused(wrong: dict[str, Any]) -> None:
    values: dict[str, Any] = {"minor": 45, "per": PayUnit.MINUTE, "percent": 100}

    with pytest.raises(BadPayFloor) as refused:
        ExactRate(**values | wrong)

    assert refused.value.field == next(iter(wrong))


@pytest.mark.parametrize(("time", "distance"), [(MILE, None), (MINUTE, MINUTE), (None, MILE)])
def test_time_and_distance_are_not_mixed_up(time: Any, distance: Any) -> None:
    with pytest.raises(BadPayFloor, match="a rate for time"):
        OfferFloor(time=time, distance=distance, minimum_minor=0)


def test_floors_of_nothing_are_none() -> None:
    with pytest.raises(BadPayFloor, match="for each offer, for each pay period, or both"):
        PayFloors(jurisdiction="US-WA-SEA")


def test_an_unknown_or_missing_word_is_refused() -> None:
    kept = SEATTLE.as_json()

    with pytest.raises(BadPayFloor):
        PayFloors.from_json(kept | {"tips": True})
    with pytest.raises(BadPayFloor):
        PayFloors.from_json({name: value for name, value in kept.items() if name != "pack"})


def test_plans_are_weighed_with_what_the_law_makes_of_cheap_rates() -> None:
    own = PAY_RATES | {"per_minute_minor": 1, "per_km_minor": 1}

    rates = PayPolicy.of(1, own, SEATTLE.as_json()).planning_rates()

    # 45 cents a minute, and 77 cents a mile, which is 47.85 a kilometre.
    assert rates == own | {"per_minute_minor": 45, "per_km_minor": 48}
    assert PayPolicy.of(1, PAY_RATES).planning_rates() == PAY_RATES
