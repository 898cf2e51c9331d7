"""Surcharges apply where all their conditions hold, each as one line that can be checked by hand."""

from datetime import datetime
from typing import Any

import pytest

from marketplace.pricing import (
    BadPromises,
    BadSurcharge,
    PricedFacts,
    Promises,
    RateCard,
    Surcharge,
    price_delivery,
    read_surcharges,
)

MONDAY_NOON = datetime(2026, 3, 2, 12, 0)
EVENING = Surcharge(code="evening", amount_minor=500, from_minute=18 * 60, to_minute=22 * 60)
NIGHT = Surcharge(code="night", amount_minor=900, from_minute=22 * 60, to_minute=6 * 60, weekdays=(5,))


def card(*surcharges: Surcharge, minimum_minor: int = 0) -> RateCard:
    return RateCard(
        version=3,
        service_level="STANDARD",
        currency="USD",
        base_minor=1_000,
        per_km_minor=100,
        per_stop_minor=50,
        minimum_minor=minimum_minor,
        surcharges=surcharges,
    )


def added(surcharge: Surcharge, **facts: Any) -> int:
    lines = price_delivery(card(surcharge), distance_m=2_000, facts=PricedFacts(**{"opens": MONDAY_NOON} | facts))
    return sum(line.amount_minor for line in lines if line.code.startswith("surcharge:"))


@pytest.mark.parametrize(("hour", "minute", "amount"), [(17, 59, 0), (18, 0, 500), (21, 59, 500), (22, 0, 0)])
def test_a_time_of_day_counts_from_its_first_minute_to_before_its_last(hour: int, minute: int, amount: int) -> None:
    assert added(EVENING, opens=MONDAY_NOON.replace(hour=hour, minute=minute)) == amount


@pytest.mark.parametrize(
    ("day", "hour", "amount"), [(6, 23, 900), (7, 3, 900), (7, 6, 0), (7, 23, 0), (6, 3, 0), (5, 23, 0)]
)
def test_a_night_belongs_to_the_day_on_which_it_began(day: int, hour: int, amount: int) -> None:
    # 6 March 2026 is a Friday.
    assert added(NIGHT, opens=datetime(2026, 3, day, hour)) == amount


def test_a_percentage_is_of_base_distance_and_stop_and_rounded_once() -> None:
    weekend = Surcharge(code="weekend", percent=15, weekdays=(6, 7))

    lines = price_delivery(card(weekend), distance_m=2_345, facts=PricedFacts(opens=datetime(2026, 3, 7, 12)))

    assert [(line.code, line.amount_minor) for line in lines] == [
        ("base", 1_000),
        ("distance", 235),
        ("stop", 50),
        ("surcharge:weekend", 193),  # 15 percent of 1,285 is 192.75
    ]
    assert lines[-1].rule == "rate_card:STANDARD:3:surcharge:weekend"


def test_what_is_asked_of_driver_or_vehicle_and_the_size_may_cost_more() -> None:
    cold = Surcharge(code="cold", amount_minor=300, requirement="COLD")
    heavy = Surcharge(code="heavy", amount_minor=400, over_weight_g=20_000)
    large = Surcharge(code="large", amount_minor=600, over_volume_dm3=100)

    assert (added(cold), added(cold, requirements=frozenset({"COLD"}))) == (0, 300)
    assert (added(heavy, weight_g=20_000), added(heavy, weight_g=20_001)) == (0, 400)
    assert (added(large, volume_dm3=100), added(large, volume_dm3=101)) == (0, 600)


def test_the_minimum_counts_surcharges_too() -> None:
    lines = price_delivery(card(EVENING, minimum_minor=1_800), distance_m=0, facts=PricedFacts(opens=MONDAY_NOON))
    with_it = price_delivery(
        card(EVENING, minimum_minor=1_800), distance_m=0, facts=PricedFacts(opens=MONDAY_NOON.replace(hour=19))
    )

    assert [line.amount_minor for line in lines] == [1_000, 50, 750]
    assert [line.amount_minor for line in with_it] == [1_000, 50, 500, 250]


@pytest.mark.parametrize(
    "values",
    [
        {"code": "", "amount_minor": 1},
        {"code": "a"},
        {"code": "a", "amount_minor": 1, "percent": 1},
        {"code": "a", "percent": 501},
        {"code": "a", "amount_minor": -1},
        {"code": "a", "amount_minor": 1.5},
        {"code": "a", "amount_minor": 1, "weekdays": (0,)},
        {"code": "a", "amount_minor": 1, "weekdays": (8,)},
        {"code": "a", "amount_minor": 1, "from_minute": 1_440},
        {"code": "a", "amount_minor": 1, "to_minute": 1_441},
    ],
)
def test_a_surcharge_that_nobody_could_apply_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(BadSurcharge):
        Surcharge(**values)


def test_kept_surcharges_are_read_back_as_they_were() -> None:
    assert read_surcharges([EVENING.as_json(), NIGHT.as_json()]) == (EVENING, NIGHT)


@pytest.mark.parametrize("kept", [[{"code": "a", "amount_minor": 1, "colour": 1}], [EVENING.as_json()] * 2])
def test_unknown_conditions_and_doubled_codes_are_refused(kept: list[dict[str, Any]]) -> None:
    with pytest.raises(BadSurcharge):
        read_surcharges(kept)


@pytest.mark.parametrize(
    "kept", [{"no_show_percent": 101}, {"sla_grace_s": -1}, {"cancel_free_s": 1.5}, {"gift_percent": 1}]
)
def test_promises_that_cannot_be_kept_are_refused(kept: dict[str, Any]) -> None:
    with pytest.raises(BadPromises):
        Promises.of(kept)
