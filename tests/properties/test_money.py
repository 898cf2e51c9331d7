"""Money in any history: nothing is lost by splitting or rounding, floors hold, more work never pays less."""

from dataclasses import replace
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from marketplace.core.money import MAX_MINOR, BadMoney, Money, allocate, rate_times
from marketplace.core.work import Work
from marketplace.ledger import (
    GATEWAY_AVAILABLE,
    HoldResolved,
    Overdrawn,
    balance_of,
    check_ledger,
    hold_money,
    settle_hold,
    void_hold,
    wallet_available,
)
from marketplace.markets import PayPolicy
from marketplace.pricing import (
    DrivenFacts,
    PriceLine,
    RateCard,
    RouteFacts,
    offer_pay,
    price_delivery,
    statement_digest,
    statement_pay,
    total_minor,
)
from tests.builders import make_market
from tests.marketplace.ledger.world import earn, pay_out, pesos, post

amounts = st.integers(0, 10**7)
metres = st.integers(0, 10**6)
seconds = st.integers(0, 10**5)
more = st.integers(1, 10**5)
cards = st.builds(
    RateCard,
    version=st.integers(1, 99),
    service_level=st.sampled_from(["STANDARD", "EXPRESS"]),
    currency=st.sampled_from(["CLP", "USD", "BHD"]),
    base_minor=amounts,
    per_km_minor=amounts,
    per_stop_minor=amounts,
    minimum_minor=amounts,
)
policies = st.builds(
    PayPolicy,
    version=st.integers(1, 99),
    base_minor=amounts,
    per_km_minor=amounts,
    per_minute_minor=amounts,
    per_stop_minor=amounts,
    wait_per_minute_minor=amounts,
    wait_grace_s=st.integers(0, 900),
    minimum_minor=amounts,
)
planned = st.builds(RouteFacts, distance_m=metres, duration_s=seconds, stop_count=st.integers(0, 50))
driven = st.builds(
    DrivenFacts,
    distance_m=metres,
    engaged_s=seconds,
    stop_count=st.integers(0, 50),
    stop_times_s=st.lists(seconds, max_size=12).map(tuple),
    return_m=metres,
    return_count=st.integers(0, 5),
)
pure = settings(deadline=None, max_examples=200)


def assert_explains_itself(line: PriceLine) -> None:
    """The line's amount is what anybody reckons from its own rate and quantity."""
    exact = Fraction(line.rate_minor * line.quantity, line.per)
    assert Fraction(-1, 2) < line.amount_minor - exact <= Fraction(1, 2)
    assert line.amount_minor > 0


@pure
@given(total=st.integers(-MAX_MINOR, MAX_MINOR), weights=st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_a_split_loses_nothing_and_is_fair_to_one_unit(total: int, weights: list[int]) -> None:
    if sum(weights) == 0:
        weights[0] = 1

    shares = allocate(pesos(total), weights)

    assert sum(share.minor for share in shares) == total
    assert all(
        abs(share.minor - Fraction(total * weight, sum(weights))) < 1
        for share, weight in zip(shares, weights, strict=True)
    )
    assert [-share for share in shares] == allocate(pesos(-total), weights)


@pure
@given(rate=amounts, quantity=metres, per=st.integers(1, 3600))
def test_a_rate_is_rounded_half_up_once(rate: int, quantity: int, per: int) -> None:
    exact = Fraction(rate * quantity, per)

    assert Fraction(-1, 2) < rate_times(rate, quantity, per) - exact <= Fraction(1, 2)


@pure
@given(amount=st.one_of(st.floats(), st.integers(MAX_MINOR + 1), st.integers(max_value=-MAX_MINOR - 1), st.booleans()))
def test_what_is_not_a_whole_amount_in_range_is_a_typed_error(amount: Any) -> None:
    with pytest.raises(BadMoney):
        Money(amount, "CLP")


@pure
@given(card=cards, distance_m=metres, further_m=more)
def test_a_price_is_its_lines_never_below_the_minimum_and_never_less_for_more(
    card: RateCard, distance_m: int, further_m: int
) -> None:
    lines = price_delivery(card, distance_m=distance_m)

    for line in lines:
        assert_explains_itself(line)
    work_minor = card.base_minor + rate_times(card.per_km_minor, distance_m, 1000) + card.per_stop_minor
    assert total_minor(lines) == max(work_minor, card.minimum_minor)
    assert total_minor(price_delivery(card, distance_m=distance_m + further_m)) >= total_minor(lines)


@pure
@given(policy=policies, facts=planned, raise_minor=amounts, step=more)
def test_an_offer_is_its_lines_and_a_raise_always_reaches_the_driver(
    policy: PayPolicy, facts: RouteFacts, raise_minor: int, step: int
) -> None:
    pay = offer_pay(policy, facts, raise_minor)

    for line in pay.lines:
        assert_explains_itself(line)
    assert pay.total_minor == sum(line.amount_minor for line in pay.lines)
    assert pay.total_minor >= policy.minimum_minor + raise_minor
    assert offer_pay(policy, facts, raise_minor + step).total_minor == pay.total_minor + step


@pure
@given(policy=policies, facts=planned, grown=st.sampled_from(["distance_m", "duration_s", "stop_count"]), by=more)
def test_a_longer_route_is_never_offered_for_less(policy: PayPolicy, facts: RouteFacts, grown: str, by: int) -> None:
    longer = replace(facts, **{grown: getattr(facts, grown) + by})

    assert offer_pay(policy, longer, 0).total_minor >= offer_pay(policy, facts, 0).total_minor


@pure
@given(policy=policies, facts=driven, guarantee_minor=amounts, raise_minor=amounts)
def test_a_statement_is_its_lines_and_never_below_guarantee_or_minimum(
    policy: PayPolicy, facts: DrivenFacts, guarantee_minor: int, raise_minor: int
) -> None:
    pay = statement_pay(policy, facts, guarantee_minor, raise_minor)

    for line in pay.lines:
        assert_explains_itself(line)
    returns = sum(line.amount_minor for line in pay.lines if line.code.startswith("return"))
    assert pay.total_minor == sum(line.amount_minor for line in pay.lines)
    assert pay.total_minor - returns >= max(guarantee_minor, policy.minimum_minor + raise_minor)


@pure
@given(
    policy=policies,
    facts=driven,
    guarantee_minor=amounts,
    grown=st.sampled_from(["distance_m", "engaged_s", "stop_count", "return_m", "return_count"]),
    by=more,
)
def test_more_work_never_pays_less(
    policy: PayPolicy, facts: DrivenFacts, guarantee_minor: int, grown: str, by: int
) -> None:
    harder: DrivenFacts = replace(facts, **{grown: getattr(facts, grown) + by})
    waited = replace(facts, stop_times_s=(*facts.stop_times_s, by))

    pay = statement_pay(policy, facts, guarantee_minor, 0)

    assert statement_pay(policy, harder, guarantee_minor, 0).total_minor >= pay.total_minor
    assert statement_pay(policy, waited, guarantee_minor, 0).total_minor >= pay.total_minor
    assert statement_pay(policy, facts, guarantee_minor + by, 0).total_minor >= pay.total_minor


@pure
@given(policy=policies, facts=planned, raise_minor=amounts, further_m=metres, longer_s=seconds)
def test_an_offer_that_was_driven_as_planned_or_longer_is_paid_in_full(
    policy: PayPolicy, facts: RouteFacts, raise_minor: int, further_m: int, longer_s: int
) -> None:
    offered = offer_pay(policy, facts, raise_minor)
    as_driven = DrivenFacts(
        distance_m=facts.distance_m + further_m, engaged_s=facts.duration_s + longer_s, stop_count=facts.stop_count
    )

    paid = statement_pay(policy, as_driven, offered.total_minor, raise_minor)

    assert paid.total_minor >= offered.total_minor
    assert all(line.code != "guarantee" for line in paid.lines)


@pure
@given(policy=policies, facts=driven, guarantee_minor=amounts, raise_minor=amounts)
def test_a_statement_reckoned_again_has_the_same_bytes(
    policy: PayPolicy, facts: DrivenFacts, guarantee_minor: int, raise_minor: int
) -> None:
    promised: dict[str, Any] = {"guarantee_minor": guarantee_minor, "raise_minor": raise_minor}
    first = statement_pay(policy, facts, **promised)

    again_policy = PayPolicy.of(policy.version, policy.rates())
    again_facts = DrivenFacts.from_json(facts.as_json())
    again = statement_pay(again_policy, again_facts, **promised)

    assert again == first
    assert statement_digest(again_policy, again_facts, again, **promised) == statement_digest(
        policy, facts, first, **promised
    )


DRIVERS = [UUID(int=n) for n in range(2)]
steps = st.lists(
    st.tuples(
        st.sampled_from(["earn", "pay", "hold", "settle", "void", "repeat"]), st.integers(0, 1), st.integers(1, 500)
    ),
    min_size=15,
    max_size=40,
)


class Shadow:
    """The ledger as plain numbers, driven side by side with the real one."""

    def __init__(self) -> None:
        self.available = dict.fromkeys(DRIVERS, 0)
        self.holds: list[tuple[UUID, UUID, int]] = []
        self.resolved: dict[UUID, str] = {}
        self.paid = 0

    def give(self, driver_id: UUID, minor: int) -> None:
        if self.available[driver_id] < minor:
            raise Overdrawn("the shadow has not enough")
        self.available[driver_id] -= minor

    def resolve(self, hold_id: UUID, driver_id: UUID, minor: int, how: str) -> None:
        if self.resolved.get(hold_id, how) != how:
            raise HoldResolved("the shadow resolved it the other way")
        if hold_id not in self.resolved:
            self.resolved[hold_id] = how
            self.available[driver_id] += minor if how == "void" else 0
            self.paid += minor if how == "settle" else 0


async def take_step(work: Work, market: Any, shadow: Shadow, key: str, step: tuple[str, int, int]) -> None:
    """Does one thing to both ledgers; they agree about what is refused, and a repeated key does nothing."""
    verb, which, minor = step
    driver_id = DRIVERS[which]
    if verb == "earn":
        shadow.available[driver_id] += 5 * minor
        await post(work, market, key, earn(driver_id, 5 * minor))
    elif verb in {"pay", "repeat"}:
        shadow.give(driver_id, minor)
        shadow.paid += minor
        for _ in range(2 if verb == "repeat" else 1):
            await post(work, market, key, pay_out(driver_id, minor))
    elif verb == "hold":
        shadow.give(driver_id, minor)
        entry = pay_out(driver_id, minor)
        hold_id = await hold_money(work, market_id=market.id, key=key, kind="HOLD", subject_id=driver_id, entry=entry)
        shadow.holds.append((hold_id, driver_id, minor))
    elif shadow.holds:
        held = shadow.holds[minor % len(shadow.holds)]
        shadow.resolve(*held, how=verb)
        resolve = settle_hold if verb == "settle" else void_hold
        await resolve(work, hold_id=held[0], kind="DONE")


class Undo(Exception):
    """Ends an example's savepoint."""


@settings(
    deadline=None,
    max_examples=40,
    # Each example runs in a savepoint of the same Work, so the fixture may be shared.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    # To shrink a history means to post it hundreds of times: longer than a test may take.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(history=steps)
async def test_the_ledger_agrees_with_plain_arithmetic_after_any_history(
    work: Work, history: list[tuple[str, int, int]]
) -> None:
    with pytest.raises(Undo):
        async with work.connection.transaction():
            market, shadow = await make_market(work), Shadow()
            for number, step in enumerate(history):
                try:
                    await take_step(work, market, shadow, f"{market.id}:{number}", step)
                except (Overdrawn, HoldResolved) as refusal:
                    await assert_both_refuse(work, market, shadow, f"{market.id}:{number}", step, refusal)
            await assert_agreement(work, market, shadow)
            raise Undo


async def assert_both_refuse(
    work: Work, market: Any, shadow: Shadow, key: str, step: tuple[str, int, int], refusal: Exception
) -> None:
    """What the shadow refuses, the ledger refuses with the same class."""
    verb, which, minor = step
    with pytest.raises(type(refusal)):
        if verb in {"settle", "void"}:
            resolve = settle_hold if verb == "settle" else void_hold
            await resolve(work, hold_id=shadow.holds[minor % len(shadow.holds)][0], kind="DONE")
        else:
            await post(work, market, key, pay_out(DRIVERS[which], minor))


async def assert_agreement(work: Work, market: Any, shadow: Shadow) -> None:
    """Wallets, the gateway's account, open holds and every rule of the check."""
    for driver_id, minor in shadow.available.items():
        wallet = await wallet_available(work, market_id=market.id, driver_id=driver_id, currency="CLP")
        assert wallet == pesos(minor)
    asset = await balance_of(work, market_id=market.id, account=GATEWAY_AVAILABLE, currency="CLP")
    report = await check_ledger(work, market_id=market.id)
    assert asset == pesos(-shadow.paid)
    assert report.open_holds == len(shadow.holds) - len(shadow.resolved)
    assert report.is_sound
