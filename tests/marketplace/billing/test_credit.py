"""Before a batch is posted its shipper must be good for it: a card, money paid ahead, or credit that is left."""

import asyncio
from typing import Any

import pytest

from marketplace.batches import PostBatch, PostResult
from marketplace.batches.states import DeliveryState
from marketplace.billing import (
    PROOFS_OF_BILLS,
    CreditExhausted,
    PaymentRequired,
    Shortfall,
    Terms,
    accrue_delivery,
    check_credit,
)
from marketplace.billing.models import BillingProfile
from marketplace.core.errand import run_errand
from marketplace.core.errors import Refusal
from marketplace.core.ids import DeliveryId
from marketplace.core.money import Money
from marketplace.core.work import Work, Works
from marketplace.ledger import (
    GATEWAY_PENDING,
    Entry,
    check_ledger,
    post_journal,
    shipper_prepaid,
    shipper_receivable,
)
from tests.builders import make_batch, make_delivery, make_hub, make_market, make_shipper
from tests.marketplace.batches.orders import ROUTER, order
from tests.marketplace.billing.world import BillingWorld
from tests.races.together import Verb, at_once, codes

DECLINED = "pm_card_chargeCustomerFail"


async def post(billing: BillingWorld, *names: str) -> PostResult:
    errand = PostBatch(
        router=ROUTER,
        gate=check_credit,
        shipper_id=billing.shipper.id,
        market_id=billing.market.id,
        requests=[order(name, hub_id=billing.hub.id) for name in names],
    )
    result = await run_errand(billing.works, errand)
    assert result is not None
    return result


async def posted(billing: BillingWorld) -> int:
    async with billing.works.open() as work:
        count: int = await work.fetch_value("SELECT count(*) FROM delivery")
        assert await work.fetch_value("SELECT count(*) FROM batch") <= count
        return count


async def price_of_one(billing: BillingWorld) -> int:
    async with billing.works.open() as work:
        price: int = await work.fetch_value("SELECT price_minor FROM delivery LIMIT 1")
        return price


async def test_a_shipper_without_a_card_posts_nothing_by_card(billing: BillingWorld) -> None:
    await billing.open(Terms.CARD, card=None)

    with pytest.raises(PaymentRequired, match="no card"):
        await post(billing, "a")

    assert await posted(billing) == 0


async def test_a_shipper_with_a_card_posts_up_to_what_may_be_unpaid(billing: BillingWorld) -> None:
    await billing.open(Terms.CARD)
    await post(billing, "a")
    price = await price_of_one(billing)
    await billing.set_terms(Terms.CARD, limit_minor=2 * price)

    await post(billing, "b")
    with pytest.raises(CreditExhausted, match=f"^{price} USD"):
        await post(billing, "c")

    assert await posted(billing) == 2


async def test_what_is_paid_makes_room_again(billing: BillingWorld) -> None:
    await billing.open(Terms.CARD)
    result = await post(billing, "a")
    price = await price_of_one(billing)
    await billing.set_terms(Terms.CARD, limit_minor=price)
    async with billing.works.open() as work:
        await work.execute("UPDATE delivery SET state = 'DELIVERED'")
    [row] = result.rows
    assert row.delivery_id is not None
    await billing.job("accrue_delivery", row.delivery_id)
    with pytest.raises(CreditExhausted):  # billed and being charged is not paid yet
        await post(billing, "b")

    await billing.run()

    await post(billing, "b")
    assert await posted(billing) == 2


async def test_a_declined_payment_lets_nothing_new_in(billing: BillingWorld) -> None:
    await billing.open(Terms.CARD, card=DECLINED)
    await billing.bill(6_500)

    with pytest.raises(PaymentRequired, match="past due"):
        await post(billing, "a")

    assert await posted(billing) == 1


async def test_a_shipper_that_pays_ahead_posts_what_it_has_paid(billing: BillingWorld) -> None:
    await billing.open(Terms.PREPAID, limit_minor=0)
    with pytest.raises(CreditExhausted, match="top up"):
        await post(billing, "a")

    await billing.pay_in(10_000)
    await post(billing, "a")

    assert await price_of_one(billing) <= 10_000 < 2 * await price_of_one(billing)
    with pytest.raises(CreditExhausted):
        await post(billing, "b")


async def test_a_shipper_without_terms_is_told_so(billing: BillingWorld) -> None:
    await billing.open(Terms.INVOICE, card=None)
    async with billing.works.open() as work:
        await BillingProfile.filter(shipper_id=billing.shipper.id).using_db(work.db).delete()

    with pytest.raises(PaymentRequired, match="no billing terms"):
        await post(billing, "a")


async def test_the_same_posting_again_needs_no_credit(billing: BillingWorld) -> None:
    await billing.open(Terms.INVOICE, card=None)
    first = await post(billing, "a")
    await billing.set_terms(Terms.INVOICE, limit_minor=0)

    again = await post(billing, "a")

    assert [row.delivery_id for row in again.rows] == [row.delivery_id for row in first.rows]


async def test_prepaid_money_is_drawn_when_deliveries_end_and_never_below_nothing(billing: BillingWorld) -> None:
    await billing.open(Terms.PREPAID, limit_minor=0)
    await billing.pay_in(10_000)

    await billing.bill(7_000)
    await billing.bill(7_000)  # more than is there: what is missing stays on the bill

    assert await billing.balance(shipper_prepaid(billing.shipper.id)) == 0
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 4_000
    drawn = [charge.amount_minor for charge in await billing.charges() if charge.means == "PREPAID"]
    assert sorted(drawn) == [3_000, 7_000]
    await billing.pay_in(5_000)  # what is paid in pays what was left
    assert await billing.balance(shipper_prepaid(billing.shipper.id)) == 1_000
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0
    assert (await billing.ledger()).is_sound


async def test_what_prepaid_money_does_not_cover_is_charged_to_the_card_where_the_terms_say_so(
    billing: BillingWorld,
) -> None:
    await billing.open(Terms.PREPAID)
    await billing.set_terms(Terms.PREPAID, shortfall=Shortfall.CARD)
    await billing.pay_in(1_000)

    await billing.bill(7_000, 500)

    taken = [(charge.means, charge.state, charge.amount_minor) for charge in await billing.charges()]
    assert sorted(taken) == [("CARD", "PAID", 6_500), ("PREPAID", "PAID", 1_000), ("TOP_UP", "PAID", 1_000)]
    assert await billing.balance(shipper_prepaid(billing.shipper.id)) == 0
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0
    async with billing.works.open() as work:
        report = await check_ledger(work, market_id=billing.market.id, further=PROOFS_OF_BILLS)
    assert report.is_sound


async def test_without_a_card_what_is_missing_waits_whatever_the_terms_say(billing: BillingWorld) -> None:
    await billing.open(Terms.PREPAID, card=None)
    await billing.set_terms(Terms.PREPAID, shortfall=Shortfall.CARD)

    await billing.bill(7_000)

    assert await billing.charges() == []
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 7_000


async def test_postings_at_the_same_moment_never_overrun_the_credit(committed_works: Works) -> None:
    async with committed_works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    answers: list[PostResult | Refusal] = []

    async def one(number: int) -> PostResult | Refusal:
        errand = PostBatch(
            router=ROUTER,
            gate=check_credit,
            shipper_id=shipper.id,
            market_id=market.id,
            requests=[order(f"order-{number}", hub_id=hub.id)],
        )
        try:
            result = await run_errand(committed_works, errand)
        except Refusal as refusal:
            return refusal
        assert result is not None
        return result

    answers.append(await one(0))
    async with committed_works.open() as work:
        price = await work.fetch_value("SELECT price_minor FROM delivery")
        await work.execute("UPDATE billing_profile SET credit_limit_minor = $1", 4 * price + price // 2)

    answers += await asyncio.gather(*(one(number) for number in range(1, 11)))

    refused = [answer.code for answer in answers if isinstance(answer, Refusal)]
    async with committed_works.open() as work:
        total = await work.fetch_value("SELECT sum(price_minor) FROM delivery")
        batches = await work.fetch_value("SELECT count(*) FROM batch")
    assert refused == ["CREDIT_EXHAUSTED"] * 7
    assert (total, batches) == (4 * price, 4)


async def test_prepaid_money_is_drawn_by_several_at_once_to_the_last_unit(committed_works: Works) -> None:
    async with committed_works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        await work.execute("UPDATE billing_profile SET terms = 'PREPAID'")
        batch = await make_batch(work, market, shipper)
        ended = {"state": DeliveryState.DELIVERED.value, "price_minor": 300}
        deliveries = [await make_delivery(work, market, shipper, hub, batch, **ended) for _ in range(10)]
        entry = Entry(debit=GATEWAY_PENDING, credit=shipper_prepaid(shipper.id), amount=Money(1_000, "CLP"))
        await post_journal(
            work, market_id=market.id, key="paid in", kind="TEST", subject_id=shipper.id, entries=[entry]
        )

    def bill(delivery_id: DeliveryId) -> Verb:
        async def run(work: Work) -> Any:
            return await accrue_delivery(work, delivery_id=delivery_id)

        return run

    answers = await at_once(*[(committed_works, bill(DeliveryId(one.id))) for one in deliveries])

    assert codes(answers) == {"done": 10}
    async with committed_works.open() as work:
        drawn = await work.fetch_value("SELECT sum(amount_minor) FROM charge WHERE means = 'PREPAID'")
        report = await check_ledger(work, market_id=market.id)
    assert drawn == 1_000
    assert report.is_sound
