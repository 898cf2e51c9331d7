"""Published examples of pay laws come out to the cent, from the packs that are shipped."""

from collections.abc import Mapping

import pytest

from marketplace.markets import ExactRate, PayPolicy, PayUnit, pay_pack
from marketplace.pricing import (
    DrivenFacts,
    PayLines,
    PeriodFacts,
    PeriodWork,
    RouteFacts,
    offer_floor_lines,
    offer_pay,
    statement_pay,
    total_minor,
    true_up_lines,
)

MILE = 1609.344
NO_RATES = dict.fromkeys(
    ("base_minor", "per_km_minor", "per_minute_minor", "per_stop_minor", "wait_per_minute_minor", "wait_grace_s",
     "minimum_minor"), 0,
)  # fmt: skip


def policy(pack: str, parameters: Mapping[str, int] | None = None, **rates: int) -> PayPolicy:
    """A policy with the floors of a pack and hardly any rates of its own."""
    return PayPolicy.of(1, NO_RATES | rates, pay_pack(pack).floors(parameters or {}).as_json())


def amounts(pay: PayLines) -> dict[str, int]:
    return {line.code: line.amount_minor for line in pay.lines}


def planned(minutes: int, miles: float) -> RouteFacts:
    return RouteFacts(distance_m=round(miles * MILE), duration_s=60 * minutes, stop_count=1)


def driven(minutes: int, miles: float) -> DrivenFacts:
    return DrivenFacts(distance_m=round(miles * MILE), engaged_s=60 * minutes, stop_count=1)


def period(hours: float, miles: float, earned_minor: int) -> PeriodFacts:
    work = PeriodWork(version=1, engaged_s=round(3600 * hours), distance_m=round(miles * MILE))
    return PeriodFacts(work=(work,), earned_minor=earned_minor, paid_before_minor=0, routes=1)


@pytest.mark.parametrize(
    ("pack", "minutes", "miles", "worked", "promised"),
    [
        ("seattle_payup_2024", 5, 2, 368, 500),
        ("seattle_payup_2024", 10, 5, 810, 810),
        ("seattle_payup_2025", 5, 2, 379, 520),
        ("seattle_payup_2025", 10, 5, 835, 835),
    ],
)
def test_an_offer_in_seattle_promises_its_time_and_miles_or_the_minimum(
    pack: str, minutes: int, miles: int, worked: int, promised: int
) -> None:
    law = policy(pack)

    floor = offer_floor_lines(law, distance_m=round(miles * MILE), duration_s=60 * minutes)

    assert sum(line.amount_minor for line in floor if line.code != "floor_minimum") == worked
    assert offer_pay(law, planned(minutes, miles), 0).total_minor == promised


def test_own_rates_are_lifted_to_the_law_of_seattle_by_a_line_that_says_so() -> None:
    pay = offer_pay(policy("seattle_payup_2024", per_minute_minor=44, per_km_minor=46), planned(5, 2), 0)

    assert amounts(pay) == {"time": 220, "distance": 148, "legal_floor": 132}
    assert pay.lines[-1].rule == "pay_policy:1:offer_floor:seattle_payup_2024"


def test_a_longer_drive_than_offered_is_paid_the_difference_in_seattle() -> None:
    law = policy("seattle_payup_2024")
    offered = offer_pay(law, planned(10, 5), 0).total_minor

    paid = statement_pay(law, driven(12, 6), offered, 0)

    assert (offered, paid.total_minor, paid.total_minor - offered) == (810, 972, 162)
    assert amounts(paid) == {"legal_floor": 972}


def test_a_shorter_drive_than_offered_is_paid_as_offered() -> None:
    law = policy("seattle_payup_2024")

    paid = statement_pay(law, driven(5, 2), 810, 0)

    assert amounts(paid) == {"legal_floor": 500, "guarantee": 310}


def test_the_way_back_counts_as_engaged_miles_and_its_pay_counts_towards_the_floor() -> None:
    law = policy("seattle_payup_2024", per_stop_minor=100)
    facts = DrivenFacts(
        distance_m=round(5 * MILE), engaged_s=720, stop_count=1, return_m=round(1 * MILE), return_count=1
    )

    paid = statement_pay(law, facts, 0, 0)

    assert amounts(paid) == {"stop": 100, "legal_floor": 772, "return_stop": 100}
    assert paid.total_minor == 972


@pytest.mark.parametrize(
    ("hours", "wage", "mile_minor", "miles", "earned", "floor", "missing"),
    [(4, 1678, 36, 15, 6000, 8594, 2594), (0.25, 1500, 35, 8, 0, 730, 730)],
)
def test_the_published_examples_of_california(
    hours: float, wage: int, mile_minor: int, miles: int, earned: int, floor: int, missing: int
) -> None:
    floors = pay_pack("california_prop_22_2025").floors({"local_minimum_wage_minor": wage}).as_json()
    floors["period"]["distance"]["minor"] = mile_minor  # type: ignore[index]

    lines = true_up_lines({1: PayPolicy.of(1, NO_RATES, floors)}, period(hours, miles, earned))

    assert sum(line.amount_minor for line in lines if line.code.startswith("floor_")) == floor
    assert total_minor(lines) == missing


@pytest.mark.parametrize(("earned", "missing"), [(70_000, 5_240), (75_240, 0), (80_000, 0)])
def test_what_was_earned_beyond_the_guarantee_stays_the_drivers(earned: int, missing: int) -> None:
    # 752.40 is 30 hours at 120 % of 20.90.
    law = policy("california_prop_22_2025", {"local_minimum_wage_minor": 2090})

    assert total_minor(true_up_lines({1: law}, period(30, 0, earned))) == missing


@pytest.mark.parametrize(
    ("pack", "hours", "km", "floor"),
    [
        ("new_york_city_2025", 1, 0, 2144),
        ("new_york_city_2026", 1, 0, 2213),
        ("new_york_city_2026", 1 / 60, 0, 37),
        ("british_columbia_2024", 1, 10, 2088 + 350),
        ("british_columbia_2024", 0.5, 3.3, 1044 + 116),
    ],
)
def test_hours_and_kilometres_at_the_rates_of_new_york_and_british_columbia(
    pack: str, hours: float, km: float, floor: int
) -> None:
    assert total_minor(true_up_lines({1: policy(pack)}, period(hours, km / 1.609344, 0))) == floor


def test_a_rate_of_the_law_is_kept_exactly() -> None:
    assert ExactRate(minor=77, per=PayUnit.MILE).ratio == (9625, 201168)
    assert ExactRate(minor=1678, per=PayUnit.HOUR, percent=120).ratio == (1678 * 6, 3600 * 5)
    assert ExactRate(minor=45, per=PayUnit.MINUTE).ratio == (45, 60)
    assert ExactRate(minor=35, per=PayUnit.KM).ratio == (35, 1000)
    assert ExactRate(minor=35, per=PayUnit.KM, percent=0).ratio == (0, 1000)


def test_a_raise_and_a_bonus_come_on_top_of_the_law() -> None:
    law = policy("seattle_payup_2024")

    pay = offer_pay(law, planned(5, 2), 100, 250)

    assert amounts(pay) == {"legal_floor": 500, "raise": 100, "bonus": 250}
    assert amounts(statement_pay(law, driven(5, 2), pay.total_minor, 100, 250)) == amounts(pay)
    assert [line.rule for line in pay.lines[1:]] == ["offer:raise_minor", "offer:bonus_minor"]
