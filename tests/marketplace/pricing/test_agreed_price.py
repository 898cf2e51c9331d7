"""A company's price for a route lifts the work and nothing else: raises and bonuses come on top of it."""

from marketplace.pricing import RouteFacts, offer_pay, with_agreed_price
from tests.marketplace.pricing.test_driver_pay import POLICY

FACTS = RouteFacts(distance_m=10_000, duration_s=1_800, stop_count=2)


def test_a_price_below_what_the_market_pays_changes_nothing() -> None:
    pay = offer_pay(POLICY, FACTS, 300)

    assert with_agreed_price(pay, pay.total_minor - 300) == pay


def test_a_price_lifts_the_work_and_leaves_raise_and_bonus_on_top() -> None:
    pay = offer_pay(POLICY, FACTS, 300, 200, "surge:sgd_1:borne_by_platform")

    lifted = with_agreed_price(pay, 100_000)

    assert lifted.total_minor == 100_500
    assert [line.code for line in lifted.lines][-3:] == ["company_price", "raise", "bonus"]
    assert with_agreed_price(lifted, 100_000).total_minor == 100_500
