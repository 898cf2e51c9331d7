"""A tip that was paid reaches the driver whole, once, whatever the order of news; what follows is the platform's."""

import random

import pytest

from marketplace.core.clock import ManualClock
from marketplace.ledger import (
    DISPUTE_LOSS,
    GATEWAY_AVAILABLE,
    GATEWAY_FEE,
    GATEWAY_PENDING,
    GOODWILL,
    TIPS_CLEARING,
    check_ledger,
    driver_wallet,
)
from marketplace.payments import OperationKind, latest_outcome
from marketplace.payouts import find_earnings
from marketplace.tips import TipState, settle_tip, sweep_tips
from tests.marketplace.tips.conftest import TipWorld

FEE_OF_300 = 39


async def test_the_page_is_shown_once_the_provider_has_made_it(tips: TipWorld) -> None:
    tip_id = await tips.give()

    before = await tips.tip(tip_id)
    await tips.go_on(tip_id)
    after = await tips.tip(tip_id)

    assert (before["state"], before["url"]) == ("WANTED", None)
    assert (after["state"], after["url"]) == ("WAITING", tips.payments.rows("checkout.session")[0]["url"])
    assert tips.payments.rows("checkout.session")[0]["amount_total"] == 300


async def test_a_paid_tip_is_the_drivers_whole_and_its_fee_the_platforms(tips: TipWorld) -> None:
    tip_id = await tips.paid()

    tip = await tips.tip(tip_id)
    assert (tip["state"], tip["url"], tip["settled_at"]) == ("PAID", None, None)
    assert await tips.balance(driver_wallet(tips.driver_id)) == 300
    assert await tips.balance(GATEWAY_PENDING) == 300 - FEE_OF_300
    assert await tips.balance(GATEWAY_FEE) == FEE_OF_300
    assert await tips.balance(TIPS_CLEARING) == 0
    async with tips.works.open() as work:
        names = await work.fetch("SELECT name FROM event WHERE delivery_id = $1 ORDER BY ordinal", tips.delivery_id)
        given = await work.fetch_value("SELECT payload FROM event WHERE name = 'TipGiven'")
        report = await check_ledger(work, market_id=tips.world.market_id)
    async with tips.works.read() as connection:
        earned = await find_earnings(connection, driver_id=tips.driver_id)
    assert [row["name"] for row in names] == ["TipChanged", "DriverTipped", "TipGiven"]
    assert "300" in given
    assert report.findings == ()
    assert earned is not None
    assert earned["tips_minor"] == 300


@pytest.mark.parametrize("seed", range(4))
async def test_news_in_any_order_and_twice_book_it_once(tips: TipWorld, seed: int) -> None:
    tip_id = await tips.give()
    await tips.payments.send_all()
    async with tips.works.open() as work:
        made = await latest_outcome(work, kind=OperationKind.CREATE_CHECKOUT, subject_id=tip_id)
    assert made is not None
    await tips.payments.control("POST", f"/checkout/{made.object_id}/pay", card="visa")
    news = tips.payments.take_events() * 2
    random.Random(seed).shuffle(news)

    for event in news:
        await tips.payments.hear([event])
        await tips.payments.apply_all()
        async with tips.works.open() as work:
            await settle_tip(work, tip_id=tip_id)

    assert await tips.state(tip_id) is TipState.PAID
    assert await tips.balance(driver_wallet(tips.driver_id)) == 300


async def test_money_is_ours_once_its_day_has_come(tips: TipWorld, clock: ManualClock) -> None:
    tip_id = await tips.paid()

    clock.advance(seconds=3650 * 86_400)
    async with tips.works.open() as work:
        due = await sweep_tips(work, market_id=tips.world.market_id)
    await tips.go_on(tip_id)

    assert ("settle_tip", tip_id) in due
    assert await tips.balance(GATEWAY_AVAILABLE) == 300 - FEE_OF_300
    assert await tips.balance(GATEWAY_PENDING) == 0
    async with tips.works.open() as work:
        assert await sweep_tips(work, market_id=tips.world.market_id) == []


async def test_a_declined_card_gives_nothing_and_the_page_stays(tips: TipWorld) -> None:
    tip_id = await tips.give()
    await tips.go_on(tip_id)

    declined = await tips.pay(tip_id, "chargeDeclined")
    await tips.go_on(tip_id)

    assert declined["outcome"] == "declined"
    assert await tips.state(tip_id) is TipState.WAITING
    assert await tips.balance(driver_wallet(tips.driver_id)) == 0
    await tips.pay(tip_id)
    await tips.go_on(tip_id)
    assert await tips.balance(driver_wallet(tips.driver_id)) == 300


async def test_a_page_on_which_nobody_pays_expires(tips: TipWorld) -> None:
    tip_id = await tips.give()
    await tips.go_on(tip_id)

    await tips.payments.pass_time(86_400)
    await tips.go_on(tip_id)

    assert await tips.state(tip_id) is TipState.EXPIRED
    assert (await tips.tip(tip_id))["look_at"] is None


async def test_a_page_that_the_provider_refuses_to_make_is_refused(tips: TipWorld) -> None:
    async with tips.works.open() as work:
        await work.execute("UPDATE market SET tip_limit_minor = 1000 WHERE id = $1", tips.world.market_id)
    tip_id = await tips.give(10)

    await tips.go_on(tip_id)

    tip = await tips.tip(tip_id)
    assert (tip["state"], tip["error_code"]) == ("REFUSED", "amount_too_small")


async def test_a_tip_that_was_refunded_stays_the_drivers(tips: TipWorld) -> None:
    tip_id = await tips.paid()
    await tips.payments.float()
    intent_id = (await tips.tip(tip_id))["intent_id"]

    refund = await tips.payments.v1.refunds.create_async({"payment_intent": intent_id, "amount": 200})
    await tips.go_on(tip_id)
    after = await tips.balance(GOODWILL), (await tips.tip(tip_id))["refunded_minor"]
    await tips.payments.control("POST", f"/refunds/{refund.id}/fail")
    await tips.go_on(tip_id)

    assert after == (200, 200)
    assert await tips.balance(GOODWILL) == 0
    assert (await tips.tip(tip_id))["refunded_minor"] == 0
    assert await tips.balance(driver_wallet(tips.driver_id)) == 300


async def test_a_tip_that_was_disputed_and_lost_is_the_platforms_loss(tips: TipWorld) -> None:
    tip_id = await tips.paid(card="createDispute")

    dispute_id = tips.payments.rows("dispute")[0]["id"]
    await tips.payments.control("POST", f"/disputes/{dispute_id}/close", status="lost")
    await tips.go_on(tip_id)

    assert await tips.balance(DISPUTE_LOSS) == 300
    assert (await tips.tip(tip_id))["disputed_minor"] == 300
    assert await tips.balance(driver_wallet(tips.driver_id)) == 300
