"""The terms of a payout: the standard one is free, tips are whole, remainders stay, debts take their share only."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.markets import Dials
from marketplace.payouts.payable import EntryToPay, Payable
from marketplace.payouts.states import PayoutMethod
from marketplace.payouts.terms import Terms, payout_terms

STANDARD, INSTANT = PayoutMethod.STANDARD, PayoutMethod.INSTANT


def payable(*amounts: int, currency: str = "USD", **given: int) -> Payable:
    """Entries of these amounts."""
    entries = tuple(
        EntryToPay(posting_id=UUID(int=n), journal_id=UUID(int=n), kind="DRIVER_PAY", amount_minor=amount)
        for n, amount in enumerate(amounts)
    )
    values = {"carried_minor": 0, "waiting_minor": 0, "repayable_minor": sum(amounts), "debt_minor": 0} | given
    return Payable(currency=currency, entries=entries, **values)


def terms(what: Payable, method: PayoutMethod = STANDARD, **dials: Any) -> Terms:
    """The terms under these dials."""
    return payout_terms(what, Dials(market_id=UUID(int=9), time_zone="UTC", currency=what.currency, **dials), method)


def test_a_standard_payout_costs_nothing() -> None:
    assert (terms(payable(1000, 250)).amount.minor, terms(payable(1000, 250)).fee_minor) == (1250, 0)


@pytest.mark.parametrize(
    ("gross", "least", "fee"), [(10_000, 0, 100), (10_050, 0, 101), (10_049, 0, 100), (100, 50, 50)]
)
def test_an_instant_payout_costs_a_share_and_at_least_the_minimum(gross: int, least: int, fee: int) -> None:
    agreed = terms(payable(gross), INSTANT, instant_fee_minimum_minor=least)

    assert (agreed.fee_minor, agreed.amount.minor) == (fee, gross - fee)


def test_a_debt_takes_its_share_of_pay_and_nothing_of_tips() -> None:
    agreed = terms(payable(1000, 400, repayable_minor=1000, debt_minor=5000), debt_repay_percent=25)

    assert (agreed.debt_minor, agreed.amount.minor) == (250, 1150)


def test_a_debt_takes_no_more_than_is_owed() -> None:
    assert terms(payable(1000, debt_minor=40)).debt_minor == 40


def test_what_a_bank_cannot_move_stays_on_the_wallet() -> None:
    agreed = terms(payable(12_345, currency="HUF", carried_minor=20))

    assert (agreed.amount.minor, agreed.carried_minor) == (12_300, -45)


amounts = st.integers(0, 10**8)


@given(
    entries=st.lists(amounts, max_size=5),
    carried=amounts,
    owed=amounts,
    tips=st.integers(0, 100),
    percent=st.integers(0, 100),
    points=st.integers(0, 1000),
    currency=st.sampled_from(["USD", "CLP", "HUF", "BHD", "UGX"]),
    method=st.sampled_from(PayoutMethod),
)
def test_nothing_is_made_or_lost(
    entries: list[int],
    carried: int,
    owed: int,
    tips: int,
    percent: int,
    points: int,
    currency: str,
    method: PayoutMethod,
) -> None:
    repayable = sum(entries) * (100 - tips) // 100
    what = payable(*entries, currency=currency, carried_minor=carried, debt_minor=owed, repayable_minor=repayable)

    agreed = terms(what, method, debt_repay_percent=percent, instant_fee_basis_points=points)

    assert agreed.taken_minor == agreed.entries_minor + agreed.carried_minor
    assert 0 <= agreed.taken_minor <= sum(entries) + carried
    assert min(agreed.fee_minor, agreed.debt_minor) >= 0
    assert agreed.debt_minor <= min(owed, repayable * percent // 100)
    assert method is INSTANT or agreed.fee_minor == 0
