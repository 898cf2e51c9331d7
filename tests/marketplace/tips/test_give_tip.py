"""A recipient tips within the market's limit and its days, one page at a time."""

import pytest

from marketplace.core.clock import ManualClock
from marketplace.core.errors import Refusal
from marketplace.core.money import Money
from marketplace.ledger import driver_wallet
from marketplace.pricing import smallest_tip, suggested_tips
from marketplace.tips import AnotherTipWaits, BadTipAmount, TipsAreOver, TipState
from tests.marketplace.tips.conftest import TipWorld


async def count(tips: TipWorld) -> tuple[int, int]:
    async with tips.works.open() as work:
        return (
            await work.fetch_value("SELECT count(*) FROM tip"),
            await work.fetch_value("SELECT count(*) FROM stripe_operation"),
        )


async def refused(tips: TipWorld, refusal: type[Refusal], minor: int = 300, currency: str = "USD") -> None:
    before = await count(tips)
    with pytest.raises(refusal):
        await tips.give(minor, currency)
    assert await count(tips) == before


async def test_the_same_amount_again_is_the_same_tip(tips: TipWorld) -> None:
    first, second = await tips.give(), await tips.give()

    assert first == second
    assert await count(tips) == (1, 1)


async def test_no_token_and_no_delivery_is_told_to_the_provider(tips: TipWorld) -> None:
    tip_id = await tips.give()
    await tips.go_on(tip_id)

    session = tips.payments.rows("checkout.session")[0]
    assert session["success_url"] == "https://example.com/t/back?tip=paid"
    assert session["cancel_url"] == "https://example.com/t/back?tip=back"
    assert tips.delivery_id.hex not in str(session).replace("-", "")


async def test_amounts_are_bounded_one_by_one_and_together(tips: TipWorld) -> None:
    for minor in (-1, 0, 99, 10_001):
        await refused(tips, BadTipAmount, minor)
    await refused(tips, BadTipAmount, 300, "CLP")

    await tips.paid(9_800)
    await refused(tips, BadTipAmount, 201)
    await tips.paid(200)

    assert await tips.balance(driver_wallet(tips.driver_id)) == 10_000


async def test_a_tip_is_for_what_has_arrived_not_long_ago(tips: TipWorld, clock: ManualClock) -> None:
    async with tips.works.open() as work:
        await work.execute("UPDATE delivery SET state = 'PICKED_UP' WHERE id = $1", tips.delivery_id)
    await refused(tips, TipsAreOver)
    async with tips.works.open() as work:
        await work.execute("UPDATE delivery SET state = 'DELIVERED' WHERE id = $1", tips.delivery_id)
        await work.execute("UPDATE market SET tip_limit_minor = 0 WHERE id = $1", tips.world.market_id)
    await refused(tips, TipsAreOver)
    async with tips.works.open() as work:
        await work.execute("UPDATE market SET tip_limit_minor = 10000 WHERE id = $1", tips.world.market_id)

    clock.advance(seconds=604_800)
    await tips.give()
    clock.advance(seconds=1)
    await refused(tips, TipsAreOver)


async def test_another_amount_closes_the_page_of_the_first(tips: TipWorld) -> None:
    first = await tips.give(300)
    await refused(tips, AnotherTipWaits, 500)
    await tips.go_on(first)

    second = await tips.give(500)
    await tips.go_on(first, second)

    assert (await tips.state(first), await tips.state(second)) == (TipState.EXPIRED, TipState.WAITING)


async def test_a_page_that_was_paid_while_it_was_closed_counts_too(tips: TipWorld) -> None:
    first = await tips.give(300)
    await tips.go_on(first)
    second = await tips.give(500)

    await tips.pay(first)
    await tips.go_on(first, second)
    await tips.pay(second)
    await tips.go_on(first, second)

    assert await tips.balance(driver_wallet(tips.driver_id)) == 800


def test_suggestions_fit_the_currency_and_what_is_left() -> None:
    dollars, pesos = Money(10_000, "USD"), Money(50_000, "CLP")

    assert [one.minor for one in suggested_tips(dollars, dollars)] == [200, 300, 500]
    assert [one.minor for one in suggested_tips(pesos, pesos)] == [1_000, 1_500, 2_500]
    assert [one.minor for one in suggested_tips(dollars, Money(300, "USD"))] == [200, 300]
    assert suggested_tips(Money(10, "USD"), Money(10, "USD")) == []
    assert smallest_tip(dollars) == Money(100, "USD")
