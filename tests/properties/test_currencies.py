"""Amounts in any currency: nothing is lost on the way to the gateway and back, and what is split adds up."""

import random
from fractions import Fraction
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.adapters.stripe_sandbox.currencies import check_amount, check_currency, processing_fee
from marketplace.core.currencies import (
    KNOWN,
    LARGEST_AT_GATEWAY,
    Movement,
    decimals,
    from_gateway,
    gateway_step,
    movable_part,
    to_gateway,
)
from marketplace.core.money import MAX_MINOR, BadMoney, Money, allocate, allocate_among

pure = settings(deadline=None, max_examples=300)
currencies = st.sampled_from(sorted(KNOWN))
movements = st.sampled_from(["charge", "payout"])
amounts = st.one_of(st.integers(1, LARGEST_AT_GATEWAY), st.integers(1, 10_000), st.integers(1, MAX_MINOR))
ids = st.integers(0, 2**128 - 1).map(lambda number: UUID(int=number))
weights = st.dictionaries(ids, st.integers(0, 10**6), min_size=1, max_size=20)


@pure
@given(currency=currencies, minor=amounts, movement=movements)
def test_what_is_sent_comes_back_and_the_stand_in_takes_it(currency: str, minor: int, movement: Movement) -> None:
    money = Money(minor, currency)

    try:
        sent = to_gateway(money, movement)
    except BadMoney:
        assert movable_part(money, movement) != money
        return

    assert movable_part(money, movement) == money
    assert from_gateway(sent, currency.lower()) == money
    check_amount(sent, check_currency(currency), is_payout=movement == "payout")


@pure
@given(currency=currencies, minor=amounts, movement=movements)
def test_the_movable_part_is_the_largest_and_the_rest_stays(currency: str, minor: int, movement: Movement) -> None:
    money = Money(minor, currency)

    part = movable_part(money, movement)

    rest = money - part
    assert 0 <= part.minor <= money.minor
    assert movable_part(part, movement) == part
    one_more = Money(part.minor + 1, currency)
    assert movable_part(one_more, movement) in {part, one_more}
    if rest.minor:
        sent = to_gateway(part, movement) if part.minor else 0
        factor = 100 if gateway_step(currency) == 100 else 1
        assert rest.minor * factor < gateway_step(currency, movement) or sent + 100 > LARGEST_AT_GATEWAY


@pure
@given(currency=currencies, amount=st.integers(1, LARGEST_AT_GATEWAY))
def test_a_fee_of_the_stand_in_is_an_amount_of_its_currency(currency: str, amount: int) -> None:
    step = gateway_step(currency) if decimals(currency) == 0 else 1
    whole = max(amount // step, 1) * step

    fee = processing_fee(whole, currency.lower())

    assert 0 <= from_gateway(fee, currency.lower()).minor <= from_gateway(whole, currency.lower()).minor


@pure
@given(total=st.integers(-MAX_MINOR, MAX_MINOR), shared=weights, seed=st.integers(0, 2**32))
def test_a_split_is_exact_fair_and_the_same_in_any_order_and_sign(
    total: int, shared: dict[UUID, int], seed: int
) -> None:
    if not any(shared.values()):
        shared[next(iter(shared))] = 1
    shuffled = random.Random(seed).sample(sorted(shared), len(shared))

    split = allocate_among(Money(total, "USD"), shared)

    assert sum(share.minor for share in split.values()) == total
    whole = sum(shared.values())
    assert all(abs(share.minor - Fraction(total * shared[one], whole)) < 1 for one, share in split.items())
    assert split == allocate_among(Money(total, "USD"), {one: shared[one] for one in shuffled})
    assert {one: -share for one, share in split.items()} == allocate_among(Money(-total, "USD"), shared)


@pure
@given(total=st.integers(0, MAX_MINOR), shares=st.lists(st.integers(0, 10**6), min_size=1, max_size=20))
def test_who_weighs_more_never_gets_less_by_more_than_the_odd_unit(total: int, shares: list[int]) -> None:
    if not any(shares):
        shares[0] = 1

    split = [share.minor for share in allocate(Money(total, "USD"), shares)]

    assert all(
        mine + 1 >= theirs
        for w, mine in zip(shares, split, strict=True)
        for v, theirs in zip(shares, split, strict=True)
        if w >= v
    )
    assert all(share == 0 for share, weight in zip(split, shares, strict=True) if weight == 0)
