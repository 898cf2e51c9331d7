"""Whom to ask, how many at once and for how much: the cheapest way in expectation, reckoned by hand."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations
from uuid import UUID

import pytest

from marketplace.fleet import ContractKind
from marketplace.matching.acceptance import PRIOR, PRIOR_WEIGHTS, AcceptanceModel
from marketplace.offers.choosing import (
    Reachable,
    Terms,
    costs_first,
    decide,
    done_minor,
    how_many,
    mode,
    rank,
    weigh,
)
from marketplace.offers.states import Outcome

HOUR_S = 3600
FLAT = AcceptanceModel(7, dict.fromkeys(PRIOR_WEIGHTS, 0.0))
"""Half of all offers are taken, whatever they are."""
TERMS = Terms(
    model=FLAT,
    usual_per_minute=150.0,
    local_hour=12.0,
    ttl_s=60,
    together_at_most=10,
    broadcast_below_ttls=2,
    broadcast_fill=0.95,
    waiting_minor_per_s=1.0,
    rest_s=120,
    at_risk_minor=8_000,
    duration_s=1_800,
    stop_count=4,
    planned_driver_id=None,
)


def driver(number: int, *, kind: ContractKind = ContractKind.CROWDSOURCED, **changes: object) -> Reachable:
    """Somebody who is five minutes away and gets 4,000."""
    usual = Reachable(
        driver_id=UUID(int=number),
        kind=kind,
        approach_m=2_000,
        approach_s=300,
        pay_minor=4_000,
        slack_s=HOUR_S,
        passed_minor=None,
        open_offers=0,
    )
    return replace(usual, **changes)  # type: ignore[arg-type]  # names of its fields, given by the tests below


def numbers(ranked: Sequence[object]) -> list[int]:
    return [one.driver.driver_id.int for one in ranked]  # type: ignore[attr-defined]  # ranked drivers


def test_a_search_costs_what_a_yes_and_what_a_no_cost() -> None:
    near, far = driver(1), driver(2, approach_s=600, pay_minor=4_500)

    ranked = rank(TERMS, [far, near], 0)

    # A yes: pay and the drive. A no: a minute, and the next one. After both: a minute, a rest, and the near one.
    assert numbers(ranked) == [1, 2]
    assert [one.done_minor for one in ranked] == [4_300, 5_100]
    after_both = 60 + 120 + 4_300
    assert weigh(TERMS, ranked, 1) == (0.5, 0.5 * 4_300 + 0.5 * (60 + 0.5 * 5_100 + 0.5 * after_both))
    assert costs_first(TERMS, ranked) == [
        0.5 * 4_300 + 0.5 * (60 + 0.5 * 5_100 + 0.5 * after_both),
        0.5 * 5_100 + 0.5 * (60 + 0.5 * 4_300 + 0.5 * after_both),
    ]


def test_the_rank_is_the_cheapest_order_to_ask() -> None:
    some = [
        driver(1, pay_minor=4_100, approach_s=200),
        driver(2, pay_minor=4_000, open_offers=2),
        driver(3, pay_minor=4_000, kind=ContractKind.CONTRACTED),
        driver(4, pay_minor=5_200, approach_s=60),
    ]
    terms = replace(TERMS, model=PRIOR, waiting_minor_per_s=6.0, at_risk_minor=0)

    ranked = rank(terms, some, 0)

    cost = {order: weigh(terms, order, 1)[1] for order in permutations(ranked)}
    assert cost[tuple(ranked)] == min(cost.values())


def test_without_another_driver_a_no_costs_a_rest() -> None:
    assert weigh(TERMS, rank(TERMS, [driver(1)], 0), 1) == (0.5, 0.5 * 4_300 + 0.5 * (60 + 4_300 + 120))


@pytest.mark.parametrize(("slack_s", "risk"), [(HOUR_S, 0), (239, 8_000), (60, 8_000), (0, 8_000), (-600, 8_000)])
def test_a_no_that_leaves_too_little_time_loses_the_route(slack_s: int, risk: int) -> None:
    # A rest takes two minutes, and then somebody has a minute to answer.
    ranked = rank(TERMS, [driver(1, slack_s=slack_s)], 0)
    done = ranked[0].done_minor

    assert weigh(TERMS, ranked, 1)[1] == 0.5 * done + 0.5 * (60 + done + 120 + risk)


def test_a_driver_who_comes_too_late_costs_the_whole_route() -> None:
    assert done_minor(TERMS, driver(1, slack_s=-1), 0) == 4_300 + 8_000
    assert numbers(rank(TERMS, [driver(1, slack_s=-1), driver(2, approach_s=900)], 0)) == [2, 1]


def test_a_driver_who_weighs_other_offers_is_less_likely_to_take_this_one() -> None:
    ranked = rank(TERMS, [driver(1, open_offers=1)], 0)

    assert ranked[0].accept_prob == 0.25


def test_at_equal_cost_contracted_drivers_come_before_the_crowd_and_then_the_nearest() -> None:
    crowd, contracted = driver(1), driver(2, kind=ContractKind.CONTRACTED)

    assert numbers(rank(TERMS, [crowd, contracted], 0)) == [2, 1]
    # They say yes more often, and so may be some way farther off.
    known = replace(TERMS, model=PRIOR)
    assert numbers(rank(known, [driver(1), driver(2, kind=ContractKind.CONTRACTED, approach_s=350)], 0)) == [2, 1]
    assert numbers(rank(known, [driver(1), driver(2, kind=ContractKind.CONTRACTED, approach_s=1200)], 0)) == [1, 2]


def test_the_planned_driver_is_first_unless_another_is_much_cheaper() -> None:
    terms = replace(TERMS, planned_driver_id=UUID(int=2))

    assert numbers(rank(terms, [driver(1), driver(2, approach_s=330)], 0)) == [2, 1]
    assert numbers(rank(terms, [driver(1), driver(2, pay_minor=9_000)], 0)) == [1, 2]


def test_who_let_it_pass_is_asked_only_for_more() -> None:
    some = [driver(1, passed_minor=200)]

    assert rank(TERMS, some, 200) == []
    assert numbers(rank(TERMS, some, 201)) == [1]


@pytest.mark.parametrize(
    ("slack_s", "outcome"),
    [(121, Outcome.EXCLUSIVE), (120, Outcome.BROADCAST), (-5, Outcome.BROADCAST), (None, Outcome.BROADCAST)],
)
def test_with_more_than_two_answer_times_one_driver_is_asked(slack_s: int | None, outcome: Outcome) -> None:
    assert mode(TERMS, slack_s) is outcome


@pytest.mark.parametrize(("fill", "most", "count"), [(0.95, 10, 5), (0.5, 10, 1), (0.95, 3, 3), (1.0, 10, 8)])
def test_a_broadcast_goes_to_as_few_as_make_a_yes_likely_enough(fill: float, most: int, count: int) -> None:
    terms = replace(TERMS, broadcast_fill=fill, together_at_most=most)
    ranked = rank(terms, [driver(number) for number in range(8)], 0)

    # 1 - 0.5 ** 5 is the first above 0.95
    assert how_many(terms, ranked, Outcome.BROADCAST) == count
    assert how_many(terms, ranked, Outcome.EXCLUSIVE) == 1


def test_a_broadcast_costs_what_any_of_several_yeses_costs() -> None:
    ranked = rank(TERMS, [driver(1), driver(2, pay_minor=5_000), driver(3, pay_minor=6_000)], 0)

    # Half each, so both as likely first; then the third one, and then a rest.
    third = 0.5 * 6_300 + 0.5 * (60 + 4_300 + 120)
    assert weigh(TERMS, ranked, 2) == (0.75, 0.75 * 4_800 + 0.25 * (60 + third))


def test_no_raise_is_paid_where_it_brings_less_than_it_costs() -> None:
    decision = decide(replace(TERMS, model=PRIOR), [driver(1), driver(2)], [0, 200, 400])

    assert decision is not None
    assert (decision.raise_minor, decision.outcome, decision.asked) == (0, Outcome.EXCLUSIVE, 1)
    assert [one.raise_minor for one in decision.alternatives] == [0, 200, 400]


def test_the_raise_is_paid_that_costs_least_where_a_no_is_dear() -> None:
    dear = replace(TERMS, model=PRIOR, waiting_minor_per_s=100.0)
    decision = decide(dear, [driver(1, approach_s=0)], range(0, 3_001, 100))

    assert decision is not None
    costs = {one.raise_minor: round(one.cost_minor) for one in decision.alternatives}
    assert decision.raise_minor > 0
    assert costs[decision.raise_minor] == min(costs.values())
    assert decision.raise_minor == min(one for one, cost in costs.items() if cost == min(costs.values()))


def test_the_dearer_a_no_the_higher_the_raise() -> None:
    paid = []
    for waiting in (1.0, 30.0, 60.0, 120.0, 240.0):
        terms = replace(TERMS, model=PRIOR, waiting_minor_per_s=waiting)
        decision = decide(terms, [driver(1, approach_s=0)], range(0, 3_001, 100))
        assert decision is not None
        paid.append(decision.raise_minor)

    assert paid == sorted(paid)
    assert paid[0] == 0 < paid[-1]


def test_raises_that_bring_nobody_are_not_weighed_and_without_any_nobody_is_asked() -> None:
    some = [driver(1, passed_minor=200)]

    decision = decide(TERMS, some, [200, 400])

    assert decision is not None
    assert [one.raise_minor for one in decision.alternatives] == [400]
    assert decide(TERMS, some, [200]) is None
    assert decide(TERMS, [], [0]) is None


def test_the_order_of_the_candidates_decides_nothing() -> None:
    some = [driver(number, approach_s=300 + number % 3) for number in range(9)]

    assert decide(TERMS, some, [0, 200]) == decide(TERMS, some[::-1], [0, 200])
