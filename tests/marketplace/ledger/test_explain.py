"""An account is explained as lines that add up to what stands there."""

from datetime import timedelta
from uuid import UUID

import pytest

from marketplace.core.errors import NotFound
from marketplace.core.ids import BadId, to_wire
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import (
    DRIVER_PAY,
    Entry,
    NameMore,
    driver_wallet,
    explain_account,
    hold_money,
    settle_hold,
    void_hold,
)
from marketplace.markets.models import Market
from tests.builders import make_driver, make_market
from tests.marketplace.ledger.world import earn, pay_out, pesos, post

MINUTE = timedelta(minutes=1)


async def make_story(work: Work) -> tuple[Market, UUID]:
    """A driver who earns 1000 and 500, of whom 300 are held and 200 of them paid, and 100 held and freed."""
    market = await make_market(work)
    driver_id: UUID = (await make_driver(work, market)).id
    for number, minor in enumerate((1000, 500)):
        work.now += MINUTE
        await post(work, market, f"route-{number}", earn(driver_id, minor), kind="DRIVER_PAY")
    for number, minor in enumerate((300, 100)):
        work.now += MINUTE
        hold_id = await hold_money(
            work,
            market_id=market.id,
            key=f"hold-{number}",
            kind="PAYOUT_HOLD",
            subject_id=driver_id,
            entry=pay_out(driver_id, minor),
        )
        work.now += MINUTE
        if minor == 300:
            await settle_hold(work, hold_id=hold_id, kind="PAYOUT_PAID", amount=pesos(200))
        else:
            await void_hold(work, hold_id=hold_id, kind="PAYOUT_FAILED")
    return market, driver_id


async def test_a_wallet_is_its_lines_oldest_first(work: Work) -> None:
    market, driver_id = await make_story(work)
    name = f"driver:{to_wire('driver', driver_id)}:wallet"

    told = await explain_account(work, name=name)

    assert (told.account, told.market_id, told.currency) == (name, market.id, "CLP")
    assert (told.opening_minor, told.balance_minor, told.on_hold_minor) == (0, 1300, 0)
    assert [(line.kind, line.other, line.amount_minor, line.held_minor, line.balance_minor) for line in told.lines] == [
        ("DRIVER_PAY", "driver_pay", 1000, 0, 1000),
        ("DRIVER_PAY", "driver_pay", 500, 0, 1500),
        ("PAYOUT_HOLD", "gateway:available", 0, 300, 1500),
        ("PAYOUT_PAID", "gateway:available", -200, -300, 1300),
        ("PAYOUT_HOLD", "gateway:available", 0, 100, 1300),
        ("PAYOUT_FAILED", "gateway:available", 0, -100, 1300),
    ]
    assert {line.subject for line in told.lines} == {to_wire("market", market.id), to_wire("driver", driver_id)}


async def test_the_other_side_has_the_same_lines_the_other_way_round(work: Work) -> None:
    _, driver_id = await make_story(work)

    told = await explain_account(work, name="gateway:available")

    wallet = f"driver:{to_wire('driver', driver_id)}:wallet"
    assert [(line.other, line.amount_minor, line.held_minor, line.balance_minor) for line in told.lines] == [
        (wallet, 0, 0, 0),
        (wallet, -200, 0, -200),
        (wallet, 0, 0, -200),
        (wallet, 0, 0, -200),
    ]


async def test_the_newest_lines_begin_with_what_stood_before_them(work: Work) -> None:
    _, driver_id = await make_story(work)

    told = await explain_account(work, name=f"driver:{to_wire('driver', driver_id)}:wallet", first=3)

    assert told.opening_minor == 1500
    assert [line.balance_minor for line in told.lines] == [1300, 1300, 1300]


async def test_an_account_is_named_with_its_market_and_currency_where_there_are_several(work: Work) -> None:
    here, driver_id = await make_story(work)
    there = await make_market(work)
    await post(work, there, "elsewhere", earn(driver_id, 7))
    dollars = Entry(debit=DRIVER_PAY, credit=driver_wallet(driver_id), amount=Money(9, "USD"))
    await post(work, here, "dollars", dollars)

    with pytest.raises(NameMore, match="3 accounts are called driver_pay"):
        await explain_account(work, name="driver_pay")
    told = await explain_account(work, name="driver_pay", market_id=here.id, currency="USD")

    assert [line.amount_minor for line in told.lines] == [9]
    assert (await explain_account(work, name="driver_pay", market_id=there.id)).balance_minor == 7


async def test_what_is_no_account_is_a_refusal(work: Work) -> None:
    market, _ = await make_story(work)

    with pytest.raises(NotFound, match="nothing was ever posted to an account piggy_bank there"):
        await explain_account(work, name="piggy_bank", market_id=market.id)
    with pytest.raises(BadId):
        await explain_account(work, name="driver:ana:wallet")
    with pytest.raises(NotFound):
        await explain_account(work, name=f"driver:{to_wire('shipper', market.id)}:wallet")
