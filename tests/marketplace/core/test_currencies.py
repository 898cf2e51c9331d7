"""Each currency is counted as it is: decimals, what the gateway takes, what a bank can be paid."""

import pytest

from marketplace.core.currencies import (
    KNOWN,
    LARGEST_AT_GATEWAY,
    SENT_TIMES_HUNDRED,
    THREE_DECIMAL,
    TWO_DECIMAL,
    ZERO_DECIMAL,
    Movement,
    decimals,
    from_gateway,
    gateway_step,
    movable_part,
    to_gateway,
)
from marketplace.core.money import BadMoney, Money


def test_there_are_sixteen_currencies_without_decimals_and_five_with_three() -> None:
    assert (len(ZERO_DECIMAL), len(THREE_DECIMAL), len(SENT_TIMES_HUNDRED)) == (16, 5, 2)
    assert not TWO_DECIMAL & (ZERO_DECIMAL | THREE_DECIMAL | SENT_TIMES_HUNDRED)
    assert all(Money(1, currency).currency == currency for currency in KNOWN)


@pytest.mark.parametrize(
    ("currency", "places", "charged_in", "paid_out_in"),
    [
        ("USD", 2, 1, 1),
        ("CLP", 0, 1, 1),
        ("JPY", 0, 1, 1),
        ("BHD", 3, 10, 10),
        ("KWD", 3, 10, 10),
        ("ISK", 0, 100, 100),
        ("UGX", 0, 100, 100),
        ("HUF", 2, 1, 100),
        ("TWD", 2, 1, 100),
    ],
)
def test_a_currency_has_its_decimals_and_steps(currency: str, places: int, charged_in: int, paid_out_in: int) -> None:
    assert decimals(currency) == places
    assert (gateway_step(currency), gateway_step(currency, "payout")) == (charged_in, paid_out_in)


@pytest.mark.parametrize(
    ("money", "movement", "sent"),
    [
        (Money(1050, "USD"), "charge", 1050),
        (Money(500, "CLP"), "payout", 500),
        (Money(1230, "KWD"), "charge", 1230),
        (Money(7, "ISK"), "charge", 700),
        (Money(7, "UGX"), "payout", 700),
        (Money(12_345, "HUF"), "charge", 12_345),
        (Money(12_300, "HUF"), "payout", 12_300),
    ],
)
def test_an_amount_is_sent_as_the_gateway_counts_and_comes_back_the_same(
    money: Money, movement: Movement, sent: int
) -> None:
    assert to_gateway(money, movement) == sent
    assert from_gateway(sent, money.currency.lower()) == money


@pytest.mark.parametrize(
    ("money", "movement"),
    [
        (Money(1234, "KWD"), "charge"),
        (Money(12_345, "HUF"), "payout"),
        (Money(12_345, "TWD"), "payout"),
        (Money(0, "USD"), "charge"),
        (Money(-1, "USD"), "charge"),
        (Money(LARGEST_AT_GATEWAY + 1, "USD"), "charge"),
        (Money(LARGEST_AT_GATEWAY // 100 + 1, "ISK"), "charge"),
        (Money(5, "XXX"), "charge"),
    ],
)
def test_what_the_gateway_cannot_move_is_a_typed_error(money: Money, movement: Movement) -> None:
    with pytest.raises(BadMoney):
        to_gateway(money, movement)


@pytest.mark.parametrize(("amount", "currency"), [(750, "isk"), (1, "ugx"), (5, "xxx"), (1.5, "usd"), (True, "usd")])
def test_what_the_gateway_cannot_have_told_is_a_typed_error(amount: int, currency: str) -> None:
    with pytest.raises(BadMoney):
        from_gateway(amount, currency)


@pytest.mark.parametrize(
    ("money", "movement", "part"),
    [
        (Money(12_345, "HUF"), "payout", 12_300),
        (Money(12_345, "HUF"), "charge", 12_345),
        (Money(99, "TWD"), "payout", 0),
        (Money(1239, "BHD"), "payout", 1230),
        (Money(7, "ISK"), "payout", 7),
        (Money(-300, "USD"), "payout", 0),
        (Money(LARGEST_AT_GATEWAY + 5, "USD"), "payout", LARGEST_AT_GATEWAY),
        (Money(LARGEST_AT_GATEWAY, "ISK"), "payout", LARGEST_AT_GATEWAY // 100),
    ],
)
def test_what_can_be_moved_is_rounded_down(money: Money, movement: Movement, part: int) -> None:
    assert movable_part(money, movement) == Money(part, money.currency)
