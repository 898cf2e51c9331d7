"""Amounts are whole minor units of one currency; a split loses nothing. Properties of both are in tests/properties."""

import pytest

from marketplace.core.money import MAX_MINOR, BadMoney, Money, allocate, rate_times


def test_amounts_of_one_currency_add_up() -> None:
    assert Money(700, "CLP") + Money(300, "CLP") == Money(1000, "CLP")
    assert Money(700, "CLP") - Money(900, "CLP") == Money(-200, "CLP")
    assert -Money(700, "CLP") == Money(-700, "CLP")


def test_currencies_do_not_mix() -> None:
    with pytest.raises(BadMoney, match="cannot mix CLP and USD"):
        Money(1, "CLP") + Money(1, "USD")
    with pytest.raises(BadMoney, match="cannot mix CLP and USD"):
        Money(1, "CLP") - Money(1, "USD")


def test_a_sum_stays_in_range_too() -> None:
    with pytest.raises(BadMoney, match=r"below 2\^53"):
        Money(MAX_MINOR, "CLP") + Money(1, "CLP")


@pytest.mark.parametrize("currency", ["", "cl", "CL", "clp", "CLPX", "ÄÖÜ", "CL ", "C1P"])
def test_a_currency_is_a_code_of_three_capitals(currency: str) -> None:
    with pytest.raises(BadMoney, match="ISO 4217"):
        Money(1, currency)


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (10, [1, 2, 3], [2, 3, 5]),
        (1, [1, 1, 1, 1], [1, 0, 0, 0]),
        (7, [0, 5, 0], [0, 7, 0]),
        (0, [3, 4], [0, 0]),
        (5, [1], [5]),
        (MAX_MINOR, [10**9, 1], [9_007_199_245_733_792, 9_007_199]),
    ],
)
def test_the_largest_remainder_gets_what_is_over_and_of_equals_the_earlier(
    total: int, weights: list[int], shares: list[int]
) -> None:
    assert allocate(Money(total, "CLP"), weights) == [Money(share, "CLP") for share in shares]


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [1, -1], [-1]])
def test_a_split_needs_weights(weights: list[int]) -> None:
    with pytest.raises(BadMoney, match="weights"):
        allocate(Money(100, "CLP"), weights)


@pytest.mark.parametrize(
    ("rate", "quantity", "per", "amount"),
    [(180, 1000, 1000, 180), (180, 2777, 1000, 500), (1, 1, 2, 1), (1, 1, 3, 0), (3, 1, 2, 2), (60, 29, 60, 29)],
)
def test_half_a_unit_is_rounded_up(rate: int, quantity: int, per: int, amount: int) -> None:
    assert rate_times(rate, quantity, per) == amount
