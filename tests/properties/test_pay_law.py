"""Pay laws in any history: floors hold, more work never pays less, order means nothing, shares lose nothing."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.core.money import rate_times
from marketplace.markets import ExactRate, OfferFloor, PayCalendar, PayFloors, PayPolicy, PayUnit, PeriodFloor
from marketplace.pricing import (
    DrivenFacts,
    Engagement,
    PeriodFacts,
    PeriodWork,
    PoolFacts,
    PoolWork,
    RouteFacts,
    dearest_first,
    engaged_by_version,
    joined,
    length,
    offer_floor_lines,
    offer_pay,
    pool_lines,
    seconds,
    share_shortfall,
    statement_digest,
    statement_pay,
    total_minor,
    true_up_digest,
    true_up_lines,
)

NOON = datetime(2026, 3, 8, tzinfo=UTC)
amounts = st.integers(0, 10**6)
metres = st.integers(0, 10**6)
spent = st.integers(0, 10**5)
more = st.integers(1, 10**4)
minor = st.integers(0, 10**5)
time_rates = st.builds(
    ExactRate, minor=minor, per=st.sampled_from([PayUnit.MINUTE, PayUnit.HOUR]), percent=st.integers(0, 300)
)
distance_rates = st.builds(ExactRate, minor=minor, per=st.sampled_from([PayUnit.KM, PayUnit.MILE]))
calendar = PayCalendar(first_day=date(2026, 3, 2), hour=4, days=7, settle_after_h=0)
offers = st.builds(OfferFloor, time=time_rates, distance=st.none() | distance_rates, minimum_minor=amounts)
periods = st.builds(
    PeriodFloor,
    time=time_rates,
    distance=st.none() | distance_rates,
    calendar=st.just(calendar),
    is_pooled=st.just(True),
)
floors = st.builds(
    PayFloors, jurisdiction=st.just("X"), pack=st.none() | st.just("some_pack"), offer=offers, period=periods
)
policies = st.builds(
    PayPolicy,
    version=st.integers(1, 9),
    base_minor=amounts,
    per_km_minor=amounts,
    per_minute_minor=amounts,
    per_stop_minor=amounts,
    wait_per_minute_minor=amounts,
    wait_grace_s=st.integers(0, 900),
    minimum_minor=amounts,
    floors=floors,
)
planned = st.builds(RouteFacts, distance_m=metres, duration_s=spent, stop_count=st.integers(0, 50))
driven = st.builds(
    DrivenFacts,
    distance_m=metres,
    engaged_s=spent,
    stop_count=st.integers(0, 50),
    stop_times_s=st.lists(spent, max_size=6).map(tuple),
    return_m=metres,
    return_count=st.integers(0, 5),
)
routes = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 600), st.integers(1, 3)), min_size=1, max_size=8)
pure = settings(deadline=None, max_examples=150)


def floor_of(policy: PayPolicy, distance_m: int, duration_s: int) -> int:
    return total_minor(offer_floor_lines(policy, distance_m=distance_m, duration_s=duration_s))


def engagements(drawn: list[tuple[int, int, int]]) -> list[Engagement]:
    return [
        Engagement(
            begins_at=NOON + timedelta(minutes=begin), ends_at=NOON + timedelta(minutes=begin + long), version=version
        )
        for begin, long, version in drawn
    ]


@pure
@given(rate=time_rates | distance_rates, quantity=metres)
def test_a_rate_of_the_law_is_exact_and_rounded_once(rate: ExactRate, quantity: int) -> None:
    counted = {
        PayUnit.MINUTE: Fraction(60),
        PayUnit.HOUR: Fraction(3600),
        PayUnit.KM: Fraction(1000),
        PayUnit.MILE: Fraction("1609.344"),
    }[rate.per]

    exact = Fraction(rate.minor * rate.percent, 100) * quantity / counted

    assert Fraction(-1, 2) < rate_times(rate.ratio[0], quantity, rate.ratio[1]) - exact <= Fraction(1, 2)


@pure
@given(policy=policies, facts=planned, raise_minor=amounts, bonus_minor=amounts)
def test_an_offer_is_never_below_the_law_and_raise_and_bonus_are_beyond_it(
    policy: PayPolicy, facts: RouteFacts, raise_minor: int, bonus_minor: int
) -> None:
    pay = offer_pay(policy, facts, raise_minor, bonus_minor)

    floor = max(floor_of(policy, facts.distance_m, facts.duration_s), policy.minimum_minor)
    assert pay.total_minor >= floor + raise_minor + bonus_minor
    assert all(line.amount_minor > 0 for line in pay.lines)
    without = offer_pay(replace(policy, floors=None), facts, raise_minor, bonus_minor)
    assert pay.total_minor == max(without.total_minor, floor + raise_minor + bonus_minor)


@pure
@given(policy=policies, facts=driven, guarantee_minor=amounts, raise_minor=amounts, bonus_minor=amounts)
def test_a_statement_is_never_below_the_law_the_guarantee_or_what_it_would_be_without_the_law(
    policy: PayPolicy, facts: DrivenFacts, guarantee_minor: int, raise_minor: int, bonus_minor: int
) -> None:
    promised = (guarantee_minor, raise_minor, bonus_minor)

    pay = statement_pay(policy, facts, *promised).total_minor

    assert pay >= floor_of(policy, facts.engaged_m, facts.engaged_s) + raise_minor + bonus_minor
    assert pay >= guarantee_minor
    assert pay >= statement_pay(replace(policy, floors=None), facts, *promised).total_minor


@pure
@given(policy=policies, facts=planned, raise_minor=amounts, bonus_minor=amounts, further_m=metres, longer_s=spent)
def test_an_offer_is_at_most_its_statement(
    policy: PayPolicy, facts: RouteFacts, raise_minor: int, bonus_minor: int, further_m: int, longer_s: int
) -> None:
    offered = offer_pay(policy, facts, raise_minor, bonus_minor).total_minor
    as_driven = DrivenFacts(
        distance_m=facts.distance_m + further_m, engaged_s=facts.duration_s + longer_s, stop_count=facts.stop_count
    )
    shorter = DrivenFacts(distance_m=0, engaged_s=0, stop_count=0)

    assert statement_pay(policy, as_driven, offered, raise_minor, bonus_minor).total_minor >= offered
    assert statement_pay(policy, shorter, offered, raise_minor, bonus_minor).total_minor >= offered


@pure
@given(
    policy=policies,
    facts=driven,
    guarantee_minor=amounts,
    grown=st.sampled_from(["distance_m", "engaged_s", "stop_count", "return_m", "return_count"]),
    by=more,
)
def test_more_work_never_pays_less_under_a_law(
    policy: PayPolicy, facts: DrivenFacts, guarantee_minor: int, grown: str, by: int
) -> None:
    harder = replace(facts, **{grown: getattr(facts, grown) + by})

    pay = statement_pay(policy, facts, guarantee_minor, 0).total_minor

    assert statement_pay(policy, harder, guarantee_minor, 0).total_minor >= pay


@pure
@given(policy=policies, later=policies, facts=driven, guarantee_minor=amounts, raise_minor=amounts, bonus_minor=amounts)
def test_a_statement_reckoned_again_after_other_policies_has_the_same_bytes(
    policy: PayPolicy, later: PayPolicy, facts: DrivenFacts, guarantee_minor: int, raise_minor: int, bonus_minor: int
) -> None:
    promised: dict[str, Any] = {
        "guarantee_minor": guarantee_minor,
        "raise_minor": raise_minor,
        "bonus_minor": bonus_minor,
    }
    first = statement_pay(policy, facts, **promised)
    digest = statement_digest(policy, facts, first, **promised)
    statement_pay(later, facts, **promised)
    assert policy.floors is not None

    kept = PayPolicy.of(policy.version, policy.rates(), policy.floors.as_json())
    again = statement_pay(kept, DrivenFacts.from_json(facts.as_json()), **promised)

    assert again == first
    assert statement_digest(kept, facts, again, **promised) == digest
    assert (statement_digest(later, facts, again, **promised) == digest) == (later == policy)


@pure
@given(drawn=routes, order=st.randoms(use_true_random=False))
def test_engaged_time_is_the_union_of_the_routes_in_any_order(drawn: list[tuple[int, int, int]], order: object) -> None:
    found = engagements(drawn)
    shuffled = list(found)
    order.shuffle(shuffled)  # type: ignore[attr-defined]

    engaged = engaged_by_version(found, [1, 2, 3])

    assert engaged == engaged_by_version(shuffled, [1, 2, 3])
    whole = length(joined([(one.begins_at, one.ends_at) for one in found]))
    assert sum(engaged.values()) == seconds(whole)
    minutes = {minute for begin, long, _ in drawn for minute in range(begin, begin + long)}
    assert sum(engaged.values()) == 60 * len(minutes)


@pure
@given(
    drawn=routes,
    added=st.tuples(st.integers(0, 5000), st.integers(0, 600), st.integers(1, 3)),
    laws=st.tuples(periods, periods, periods),
)
def test_one_more_route_never_lowers_the_floor_of_a_period(
    drawn: list[tuple[int, int, int]], added: tuple[int, int, int], laws: tuple[PeriodFloor, PeriodFloor, PeriodFloor]
) -> None:
    nothing = dict.fromkeys(PayPolicy.__dataclass_fields__.keys() - {"version", "floors"}, 0)
    policies_by = {
        version: PayPolicy(version=version, floors=PayFloors(jurisdiction="X", period=law), **nothing)
        for version, law in enumerate(laws, start=1)
    }
    order = dearest_first(policies_by)

    def exact(routes_driven: list[tuple[int, int, int]]) -> Fraction:
        engaged = engaged_by_version(engagements(routes_driven), order)
        return sum(
            (Fraction(*laws[version - 1].time.ratio) * time for version, time in engaged.items()), start=Fraction(0)
        )

    assert exact([*drawn, added]) >= exact(drawn)


works = st.lists(
    st.builds(PeriodWork, version=st.integers(1, 3), engaged_s=spent, distance_m=metres),
    min_size=1,
    max_size=3,
    unique_by=lambda work: work.version,
)


@pure
@given(work=works, earned=amounts, before=amounts, late=amounts, by=more, law=floors)
def test_a_true_up_makes_up_exactly_what_is_missing_and_adjustments_never_overpay(
    work: list[PeriodWork], earned: int, before: int, late: int, by: int, law: PayFloors
) -> None:
    nothing = dict.fromkeys(PayPolicy.__dataclass_fields__.keys() - {"version", "floors"}, 0)
    by_version = {version: PayPolicy(version=version, floors=law, **nothing) for version in (1, 2, 3)}
    facts = PeriodFacts(work=tuple(work), earned_minor=earned, paid_before_minor=0, routes=1)
    floor = total_minor(true_up_lines(by_version, replace(facts, earned_minor=0)))

    first = total_minor(true_up_lines(by_version, facts))
    harder = replace(facts, work=(replace(work[0], engaged_s=work[0].engaged_s + by), *work[1:]))
    adjusted = replace(harder, earned_minor=earned + late, paid_before_minor=first)
    second = total_minor(true_up_lines(by_version, adjusted))

    assert first == max(0, floor - earned)
    new_floor = total_minor(true_up_lines(by_version, replace(harder, earned_minor=0)))
    assert new_floor >= floor
    assert earned + late + first + second == max(new_floor, earned + late + first)
    shuffled = replace(facts, work=tuple(reversed(facts.work)))
    assert true_up_lines(by_version, shuffled) == true_up_lines(by_version, facts)
    again = PeriodFacts.from_json(facts.as_json())
    lines = true_up_lines(by_version, again)
    when = {"starts_at": "a"}
    assert true_up_digest(by_version, again, when, lines) == true_up_digest(by_version, facts, when, lines)


@pure
@given(shortfall=st.integers(0, 10**12), times=st.lists(spent, max_size=40))
def test_shares_of_a_shortfall_lose_nothing_and_are_fair_to_one_unit(shortfall: int, times: list[int]) -> None:
    shares = share_shortfall(shortfall, times)

    if sum(times) == 0:
        assert shares == []
        return
    assert sum(share.minor for share in shares) == shortfall
    assert all(
        abs(share.minor - Fraction(shortfall * time, sum(times))) < 1 for share, time in zip(shares, times, strict=True)
    )


@pure
@given(law=floors, engaged_s=spent, on_call_s=spent, paid=amounts, before=amounts)
def test_all_together_are_paid_at_least_the_pooled_floor(
    law: PayFloors, engaged_s: int, on_call_s: int, paid: int, before: int
) -> None:
    nothing = dict.fromkeys(PayPolicy.__dataclass_fields__.keys() - {"version", "floors"}, 0)
    policy = PayPolicy(version=1, floors=law, **nothing)
    work = (PoolWork(version=1, engaged_s=engaged_s, on_call_s=on_call_s),)
    facts = PoolFacts(work=work, paid_minor=paid, paid_before_minor=before, drivers=1)
    assert law.period is not None

    shortfall = total_minor(pool_lines({1: policy}, facts))

    rate, per = law.period.time.ratio
    floor = rate_times(rate, engaged_s, per) + rate_times(rate, on_call_s, per)
    assert shortfall == max(0, floor - paid - before)
