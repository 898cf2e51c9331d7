"""An offer is a floor and never a ceiling: the golden vectors, and what each line stands for."""

from dataclasses import replace
from typing import Any

import pytest

from marketplace.markets import PayPolicy
from marketplace.pricing import (
    BadFacts,
    DrivenFacts,
    PayLines,
    RouteFacts,
    offer_pay,
    statement_digest,
    statement_pay,
)
from tests.builders import PAY_RATES

POLICY = PayPolicy.of(1, PAY_RATES)
SEATTLE_2024 = PayPolicy(
    version=2024,
    base_minor=0,
    per_km_minor=46,
    per_minute_minor=44,
    per_stop_minor=0,
    wait_per_minute_minor=0,
    wait_grace_s=0,
    minimum_minor=500,
)
"""44 cents a minute, 74 cents a mile (46 a kilometre, the same to the cent here), 5 dollars an offer."""
NOTHING = replace(SEATTLE_2024, per_km_minor=0, per_minute_minor=0, minimum_minor=0)
FACTS = DrivenFacts(distance_m=6_200, engaged_s=1_500, stop_count=3, stop_times_s=(120, 400, 301))


def amounts(pay: PayLines) -> list[tuple[str, int]]:
    return [(line.code, line.amount_minor) for line in pay.lines]


def test_an_offer_pays_base_distance_time_and_stops() -> None:
    pay = offer_pay(POLICY, RouteFacts(distance_m=6_000, duration_s=1_440, stop_count=4), 0)

    assert amounts(pay) == [("base", 900), ("distance", 1080), ("time", 1440), ("stop", 1000)]
    assert (pay.total_minor, pay.policy_version) == (4420, 1)


def test_a_raise_comes_on_top_of_the_minimum_and_is_not_swallowed_by_it() -> None:
    pay = offer_pay(POLICY, RouteFacts(distance_m=0, duration_s=60, stop_count=1), 400)

    assert amounts(pay) == [("base", 900), ("time", 60), ("stop", 250), ("minimum", 290), ("raise", 400)]
    assert pay.total_minor == 1900


def test_seattle_2024_lifts_a_short_offer_to_its_floor() -> None:
    pay = offer_pay(SEATTLE_2024, RouteFacts(distance_m=3_219, duration_s=300, stop_count=1), 0)

    assert amounts(pay) == [("distance", 148), ("time", 220), ("minimum", 132)]
    assert pay.total_minor == 500


def test_seattle_2024_pays_the_difference_where_the_drive_was_longer_than_offered() -> None:
    offered = offer_pay(SEATTLE_2024, RouteFacts(distance_m=8_047, duration_s=600, stop_count=1), 0)

    driven = statement_pay(
        SEATTLE_2024, DrivenFacts(distance_m=9_656, engaged_s=720, stop_count=1), offered.total_minor, 0
    )

    assert (offered.total_minor, driven.total_minor) == (810, 972)
    assert "guarantee" not in dict(amounts(driven))


@pytest.mark.parametrize(("earned_minor", "top_up_minor"), [(70_000, 5_240), (75_240, 0), (80_000, 0)])
def test_a_guarantee_tops_up_what_is_missing_and_nothing_more(earned_minor: int, top_up_minor: int) -> None:
    policy = replace(NOTHING, base_minor=earned_minor)

    pay = statement_pay(policy, DrivenFacts(distance_m=0, engaged_s=0, stop_count=0), 75_240, 0)

    assert dict(amounts(pay)).get("guarantee", 0) == top_up_minor
    assert pay.total_minor == earned_minor + top_up_minor


def test_waiting_pays_only_beyond_the_grace_of_each_stop() -> None:
    pay = statement_pay(POLICY, FACTS, 0, 0)

    # 120 s is within the grace of 300 s; 400 s and 301 s leave 101 s at 80 a minute: 134.67.
    assert amounts(pay) == [("base", 900), ("distance", 1116), ("time", 1500), ("stop", 750), ("wait", 135)]
    assert FACTS.waited_s(300) == 101


def test_short_stops_do_not_make_up_for_a_long_one() -> None:
    facts = replace(FACTS, stop_times_s=(0, 0, 360))

    assert facts.waited_s(300) == 60


def test_returns_are_paid_beyond_the_guarantee() -> None:
    without = statement_pay(POLICY, FACTS, 6_000, 0)

    back = statement_pay(POLICY, replace(FACTS, return_m=2_500, return_count=1), 6_000, 0)

    assert without.total_minor == 6_000
    assert amounts(back)[-3:] == [("guarantee", 1599), ("return_distance", 450), ("return_stop", 250)]
    assert back.total_minor == 6_700


def test_a_statement_repeats_the_raise_of_the_offer() -> None:
    pay = statement_pay(POLICY, FACTS, 0, 600)

    assert amounts(pay)[-1] == ("raise", 600)
    assert pay.total_minor == 5_001


def test_a_statement_of_nothing_driven_pays_the_minimum() -> None:
    pay = statement_pay(POLICY, DrivenFacts(distance_m=0, engaged_s=0, stop_count=0), 0, 0)

    assert amounts(pay) == [("base", 900), ("minimum", 600)]


def test_every_line_names_its_rule() -> None:
    pay = statement_pay(POLICY, replace(FACTS, return_count=1, return_m=9), 9_000, 100)

    assert [line.rule for line in pay.lines] == [
        "pay_policy:1:base_minor",
        "pay_policy:1:per_km_minor",
        "pay_policy:1:per_minute_minor",
        "pay_policy:1:per_stop_minor",
        "pay_policy:1:wait_per_minute_minor",
        "offer:raise_minor",
        "offer:guarantee_minor",
        "pay_policy:1:per_km_minor",
        "pay_policy:1:per_stop_minor",
    ]


@pytest.mark.parametrize(
    "wrong",
    [{"distance_m": -1}, {"engaged_s": 1.5}, {"stop_count": -2}, {"stop_times_s": (5, -1)}, {"return_m": -1}],
)
def test_facts_that_nobody_can_have_driven_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadFacts):
        replace(FACTS, **wrong)


def test_a_negative_raise_or_guarantee_is_refused() -> None:
    with pytest.raises(BadFacts):
        offer_pay(POLICY, RouteFacts(distance_m=1, duration_s=1, stop_count=1), -1)
    with pytest.raises(BadFacts):
        statement_pay(POLICY, FACTS, -1, 0)


def test_the_digest_is_the_same_bytes_for_the_same_statement() -> None:
    facts = replace(FACTS, return_m=2_500, return_count=1)
    pay = statement_pay(POLICY, facts, 6_000, 400)

    digest = statement_digest(POLICY, facts, pay, guarantee_minor=6_000, raise_minor=400)

    assert digest.hex() == "fd203b968f5d06de4f0bf30a2521dcc89b8d0be459ccefa72d8bc3a2dacde036"


def test_the_digest_tells_every_input_apart() -> None:
    pay = statement_pay(POLICY, FACTS, 6_000, 400)

    digests = {
        statement_digest(POLICY, FACTS, pay, guarantee_minor=6_000, raise_minor=400),
        statement_digest(POLICY, FACTS, pay, guarantee_minor=6_001, raise_minor=400),
        statement_digest(POLICY, FACTS, pay, guarantee_minor=6_000, raise_minor=401),
        statement_digest(POLICY, replace(FACTS, engaged_s=1_501), pay, guarantee_minor=6_000, raise_minor=400),
        statement_digest(replace(POLICY, version=2), FACTS, pay, guarantee_minor=6_000, raise_minor=400),
        statement_digest(POLICY, FACTS, replace(pay, lines=pay.lines[1:]), guarantee_minor=6_000, raise_minor=400),
    }

    assert len(digests) == 6


def test_kept_facts_come_back_as_they_were() -> None:
    assert DrivenFacts.from_json(FACTS.as_json()) == FACTS
