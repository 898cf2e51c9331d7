"""Money goes back to shippers: never more than was taken, and once."""

from typing import Any

import asyncpg
import pytest

from marketplace.billing import NotRefundable, RefundTooLarge, Terms, refund_charge, refund_delivery, settle_refund
from marketplace.billing.models import Charge
from marketplace.core.errors import Invalid, NotFound
from marketplace.core.money import Money
from marketplace.core.work import Work, Works
from marketplace.ledger import (
    DELIVERY_REVENUE,
    DISPUTE_LOSS,
    DISPUTES_CLEARING,
    GATEWAY_AVAILABLE,
    GATEWAY_FEE,
    Entry,
    post_journal,
    shipper_prepaid,
    shipper_receivable,
)
from tests.builders import make_market, make_shipper
from tests.marketplace.billing.world import BillingWorld
from tests.races.together import at_once, codes


async def refund(billing: BillingWorld, minor: int, **more: Any) -> Any:
    [charge] = await billing.charges()
    async with billing.works.open() as work:
        return await refund_charge(
            work,
            market_id=billing.market.id,
            charge_id=charge.id,
            amount=Money(minor, "USD"),
            reason="the parcel was wet",
            **more,
        )


async def test_a_part_of_a_charge_goes_back_and_then_the_rest_but_no_more(billing: BillingWorld) -> None:
    await billing.open()
    await billing.bill(10_000)

    await refund(billing, 4_000)
    await refund(billing, 6_000)
    with pytest.raises(RefundTooLarge, match="0 of this charge"):
        await refund(billing, 1)
    await billing.run()

    assert [(one.state, one.amount_minor) for one in await billing.refunds()] in (
        [("PAID", 4_000), ("PAID", 6_000)],
        [("PAID", 6_000), ("PAID", 4_000)],
    )
    assert sorted(row["amount"] for row in billing.payments.rows("refund")) == [4_000, 6_000]
    assert await billing.balance(DELIVERY_REVENUE) == 0
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0
    assert (await billing.ledger()).is_sound


async def test_a_refund_is_settled_once_however_often_it_is_looked_at(billing: BillingWorld) -> None:
    await billing.open()
    await billing.bill(10_000)
    refund_id = await refund(billing, 4_000)
    await billing.run()
    before = (await billing.ledger()).journals

    for _ in range(3):
        async with billing.works.open() as work:
            await settle_refund(work, refund_id=refund_id)

    assert (await billing.ledger()).journals == before


async def test_a_refund_that_comes_back_is_undone_and_can_be_made_again(billing: BillingWorld) -> None:
    await billing.open()
    await billing.bill(10_000)
    await refund(billing, 10_000)
    await billing.run()
    [row] = billing.payments.rows("refund")

    await billing.payments.control("POST", f"/refunds/{row['id']}/fail")
    await billing.run()

    [failed], [charge] = await billing.refunds(), await billing.charges()
    assert (failed.state, charge.refunded_minor) == ("FAILED", 0)
    assert await billing.balance(DELIVERY_REVENUE) == 10_000
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0
    await refund(billing, 10_000)


async def test_of_a_charge_each_delivery_gives_back_its_own_part_at_most(billing: BillingWorld) -> None:
    await billing.open()
    small, large = await billing.bill(1_000, 9_000)
    market_id = billing.market.id

    async with billing.works.open() as work:
        await refund_delivery(work, market_id=market_id, delivery_id=small.id, amount=None, reason="lost")
    with pytest.raises(RefundTooLarge, match="0 of this delivery"):
        async with billing.works.open() as work:
            amount = Money(1, "USD")
            await refund_delivery(work, market_id=market_id, delivery_id=small.id, amount=amount, reason="lost")
    async with billing.works.open() as work:
        await refund_delivery(work, market_id=market_id, delivery_id=large.id, amount=None, reason="lost")

    [charge] = await billing.charges()
    assert charge.refunded_minor == 10_000


@pytest.mark.parametrize("minor", [0, -1])
async def test_a_refund_of_nothing_or_less_is_refused(billing: BillingWorld, minor: int) -> None:
    await billing.open()
    await billing.bill(10_000)

    with pytest.raises(Invalid):
        await refund(billing, minor)

    assert await billing.refunds() == []


async def test_a_charge_of_another_market_is_not_found(billing: BillingWorld) -> None:
    await billing.open()
    await billing.bill(10_000)
    [charge] = await billing.charges()

    with pytest.raises(NotFound):
        async with billing.works.open() as work:
            await refund_charge(
                work, market_id=work.new_id(), charge_id=charge.id, amount=Money(1, "USD"), reason="a mistake"
            )


async def test_what_was_prepaid_goes_back_to_what_is_prepaid(billing: BillingWorld) -> None:
    await billing.open(Terms.PREPAID)
    await billing.pay_in(20_000)
    await billing.bill(8_000)
    drawn = next(charge for charge in await billing.charges() if charge.means == "PREPAID")

    async with billing.works.open() as work:
        amount = Money(3_000, "USD")
        await refund_charge(
            work, market_id=billing.market.id, charge_id=drawn.id, amount=amount, reason="the parcel was wet"
        )

    assert await billing.balance(shipper_prepaid(billing.shipper.id)) == 15_000
    assert await billing.balance(DELIVERY_REVENUE) == 5_000
    assert [one.state for one in await billing.refunds()] == ["PAID"]


@pytest.mark.parametrize(("verdict", "lost", "disputed"), [("won", 0, 0), ("lost", 10_000, 10_000)])
async def test_a_dispute_is_held_with_its_fee_and_then_won_or_lost(
    billing: BillingWorld, verdict: str, lost: int, disputed: int
) -> None:
    await billing.open()
    await billing.bill(10_000)
    [intent] = billing.payments.rows("payment_intent")
    taken = await billing.balance(GATEWAY_FEE)

    dispute = await billing.payments.control("POST", f"/charges/{intent['latest_charge']}/dispute", reason="fraudulent")
    await billing.run()
    held = await billing.balance(DISPUTES_CLEARING)
    with pytest.raises(NotRefundable):
        await refund(billing, 1)
    await billing.payments.control("POST", f"/disputes/{dispute['id']}/close", status=verdict)
    await billing.run()

    [charge] = await billing.charges()
    assert held == 10_000
    assert await billing.balance(DISPUTES_CLEARING) == 0
    assert await billing.balance(DISPUTE_LOSS) == lost
    assert await billing.balance(GATEWAY_FEE) == taken + 1_500
    assert await billing.balance(GATEWAY_AVAILABLE) == -1_500 - lost  # the payment itself is still pending
    assert charge.disputed_minor == disputed
    assert (await billing.ledger()).is_sound


async def test_refunds_at_the_same_moment_never_exceed_what_was_taken(committed_works: Works) -> None:
    async with committed_works.open() as work:
        market = await make_market(work, currency="USD")
        shipper = await make_shipper(work, market)
        charge_id = work.new_id()
        await Charge.create(
            using_db=work.db,
            id=charge_id,
            market_id=market.id,
            shipper_id=shipper.id,
            means="TOP_UP",
            amount_minor=1_000,
            captured_minor=1_000,
            currency="USD",
            state="PAID",
            intent_id="pi_1",
            created_at=work.now,
            paid_at=work.now,
        )
        entry = Entry(debit=GATEWAY_AVAILABLE, credit=shipper_prepaid(shipper.id), amount=Money(1_000, "USD"))
        await post_journal(work, market_id=market.id, key="paid in", kind="TEST", subject_id=charge_id, entries=[entry])

    async def give_back(work: Work) -> object:
        return await refund_charge(
            work, market_id=market.id, charge_id=charge_id, amount=Money(300, "USD"), reason="asked for it"
        )

    answers = await at_once(*[(committed_works, give_back)] * 10)

    assert codes(answers) == {"done": 3, "REFUND_TOO_LARGE": 7}
    async with committed_works.open() as work:
        [charge] = await Charge.all().using_db(work.db)
        wanted = await work.fetch_value("SELECT sum(amount_minor) FROM stripe_operation WHERE kind = 'REFUND'")
    assert (charge.refunded_minor, wanted) == (900, 900)


async def test_the_database_itself_refuses_more_refunds_than_was_taken(billing: BillingWorld) -> None:
    await billing.open()
    await billing.bill(10_000)

    with pytest.raises(asyncpg.CheckViolationError, match="charge_refunds"):
        async with billing.works.open() as work:
            await work.execute("UPDATE charge SET refunded_minor = 10001")
