"""Calling off costs what was shown, a no-show costs its fee, and a broken promise gives back: all by the rate card."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from marketplace.batches import CancelReason, FeeChanged, TooLateToCancel, cancel_delivery, quote_cancellation
from marketplace.batches.models import Batch, Delivery
from marketplace.batches.states import DeliveryState
from marketplace.billing import CreditTooLarge, Terms, accrue_delivery, issue_credit_note
from marketplace.core.ids import DeliveryId
from marketplace.core.money import Money
from marketplace.core.work import Work
from marketplace.ledger import (
    CANCELLATION_REVENUE,
    DELIVERY_REVENUE,
    SLA_CREDIT,
    balance_of,
    check_ledger,
    shipper_receivable,
)
from marketplace.markets.models import Market
from marketplace.shippers import set_rate_card
from tests.builders import make_batch, make_delivery, make_hub, make_market, make_route, make_shipper
from tests.marketplace.billing.world import BillingWorld

PROMISES = {
    "cancel_free_s": 3_600,
    "cancel_late_percent": 20,
    "cancel_taken_percent": 50,
    "cancel_at_pickup_percent": 80,
    "no_show_percent": 60,
    "sla_grace_s": 600,
    "sla_credit_percent": 25,
}
WAY = {"ASSIGNED": 2_000, "EN_ROUTE_TO_PICKUP": 2_000, "ARRIVED_AT_PICKUP": 3_200, "OFFERING": 800}


async def promised(work: Work, **changes: Any) -> Delivery:
    """A delivery of 4,000 pesos under a card with promises, whose pickup window opens in half an hour."""
    market = await make_market(work)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    version = await set_rate_card(
        work,
        shipper_id=shipper.id,
        market_id=market.id,
        service_level="STANDARD",
        currency="CLP",
        base_minor=1,
        per_km_minor=0,
        per_stop_minor=0,
        minimum_minor=0,
        promises=PROMISES,
    )
    batch = await make_batch(work, market, shipper)
    values = {
        "price_minor": 4_000,
        "rate_card_version": version,
        "pickup_opens_at": work.now + timedelta(minutes=30),
    }
    return await make_delivery(work, market, shipper, hub, batch, **values | changes)


async def amounts(work: Work, delivery: Delivery) -> dict[str, int]:
    accounts = [shipper_receivable(delivery.shipper_id), DELIVERY_REVENUE, CANCELLATION_REVENUE, SLA_CREDIT]
    return {
        account.name.split(":")[-1]: (
            await balance_of(work, market_id=delivery.market_id, account=account, currency="CLP")
        ).minor
        for account in accounts
    }


async def cancel(work: Work, delivery: Delivery, **more: Any) -> None:
    await cancel_delivery(
        work, shipper_id=delivery.shipper_id, delivery_id=delivery.id, reason=CancelReason.OTHER, **more
    )


async def bill(work: Work, delivery_id: UUID) -> None:
    await accrue_delivery(work, delivery_id=DeliveryId(delivery_id))


async def test_calling_off_early_is_free_and_says_until_when(work: Work) -> None:
    delivery = await promised(work, pickup_opens_at=work.now + timedelta(hours=3))

    shown = await quote_cancellation(work, shipper_id=delivery.shipper_id, delivery_id=delivery.id)
    await cancel(work, delivery, fee_at_most_minor=0)
    await bill(work, delivery.id)

    assert (shown.fee.minor, shown.free_until) == (0, work.now + timedelta(hours=2))
    assert await work.fetch_value("SELECT count(*) FROM bill_line") == 0


async def test_calling_off_late_costs_what_was_shown(work: Work) -> None:
    delivery = await promised(work)

    shown = await quote_cancellation(work, shipper_id=delivery.shipper_id, delivery_id=delivery.id)
    await cancel(work, delivery, fee_at_most_minor=shown.fee.minor)
    await bill(work, delivery.id)

    assert (shown.fee, shown.free_until) == (Money(800, "CLP"), None)
    assert await amounts(work, delivery) == {
        "receivable": 800,
        "delivery_revenue": 0,
        "cancellation_revenue": 800,
        "sla_credit": 0,
    }
    assert (await check_ledger(work, market_id=delivery.market_id)).is_sound


@pytest.mark.parametrize(("state", "fee"), WAY.items())
async def test_the_further_a_delivery_has_come_the_more_calling_off_costs(work: Work, state: str, fee: int) -> None:
    delivery = await promised(work)
    await work.execute("ALTER TABLE delivery DROP CONSTRAINT delivery_on_a_route")
    await work.execute("UPDATE delivery SET state = $2 WHERE id = $1", delivery.id, state)

    shown = await quote_cancellation(work, shipper_id=delivery.shipper_id, delivery_id=delivery.id)

    assert shown.fee.minor == fee


async def test_a_fee_that_has_risen_since_it_was_shown_is_refused_and_nothing_is_called_off(work: Work) -> None:
    delivery = await promised(work)
    shown = await quote_cancellation(work, shipper_id=delivery.shipper_id, delivery_id=delivery.id)
    await work.execute("ALTER TABLE delivery DROP CONSTRAINT delivery_on_a_route")
    await work.execute("UPDATE delivery SET state = 'ASSIGNED' WHERE id = $1", delivery.id)

    with pytest.raises(FeeChanged, match="2000 CLP"):
        await cancel(work, delivery, fee_at_most_minor=shown.fee.minor)

    assert await work.fetch_value("SELECT state FROM delivery WHERE id = $1", delivery.id) == "ASSIGNED"


async def test_what_is_on_its_way_can_be_neither_quoted_nor_called_off(work: Work) -> None:
    delivery = await promised(work)
    await work.execute("ALTER TABLE delivery DROP CONSTRAINT delivery_on_a_route")
    await work.execute("UPDATE delivery SET state = 'PICKED_UP' WHERE id = $1", delivery.id)

    with pytest.raises(TooLateToCancel):
        await quote_cancellation(work, shipper_id=delivery.shipper_id, delivery_id=delivery.id)


@pytest.mark.parametrize(
    ("reason", "fee"), [("PACKAGE_NOT_READY", 2_400), ("PICKUP_CLOSED", 2_400), ("UNSAFE_LOCATION", 0)]
)
async def test_a_driver_who_came_for_nothing_is_a_no_show_where_it_was_the_shipper(
    work: Work, reason: str, fee: int
) -> None:
    delivery = await promised(work, state=DeliveryState.FAILED.value, failure_reason=reason)

    await bill(work, delivery.id)
    await bill(work, delivery.id)

    assert (await amounts(work, delivery))["cancellation_revenue"] == fee
    assert await work.fetch_value("SELECT count(*) FROM bill_line WHERE kind = 'NO_SHOW'") == (1 if fee else 0)


@pytest.mark.parametrize(("late_s", "credit"), [(0, 0), (600, 0), (601, 1_000)])
async def test_a_hand_over_after_the_grace_gives_back_what_the_card_says(work: Work, late_s: int, credit: int) -> None:
    closes_at = work.now + timedelta(hours=1)
    delivery = await promised(work, dropoff_closes_at=closes_at, pickup_opens_at=work.now)
    await work.execute(
        "UPDATE delivery SET state = 'DELIVERED', changed_at = $2 WHERE id = $1",
        delivery.id,
        closes_at + timedelta(seconds=late_s),
    )

    await bill(work, delivery.id)
    await bill(work, delivery.id)

    assert await amounts(work, delivery) == {
        "receivable": 4_000 - credit,
        "delivery_revenue": 4_000,
        "cancellation_revenue": 0,
        "sla_credit": credit,
    }


async def test_lateness_is_that_of_the_hand_over_and_not_of_its_report(work: Work) -> None:
    closes_at = work.now + timedelta(hours=1)
    delivery = await promised(work, dropoff_closes_at=closes_at, pickup_opens_at=work.now)
    market = await _market_of(work, delivery)
    _, (_, dropoff) = await make_route(work, market, [delivery])
    await work.execute("UPDATE stop SET state = 'COMPLETED', ended_at = $2 WHERE id = $1", dropoff.id, closes_at)
    await work.execute(
        "UPDATE delivery SET state = 'DELIVERED', changed_at = $2 WHERE id = $1",
        delivery.id,
        closes_at + timedelta(hours=2),
    )

    await bill(work, delivery.id)

    assert (await amounts(work, delivery))["sla_credit"] == 0


async def test_credit_notes_never_exceed_what_was_billed(work: Work) -> None:
    delivery = await promised(work, state=DeliveryState.DELIVERED.value)
    await bill(work, delivery.id)
    given: dict[str, Any] = {
        "market_id": delivery.market_id,
        "delivery_id": delivery.id,
        "reason": "billed twice by us",
    }

    await issue_credit_note(work, amount=Money(3_000, "CLP"), **given)
    with pytest.raises(CreditTooLarge, match="1000 of this delivery"):
        await issue_credit_note(work, amount=Money(1_001, "CLP"), **given)

    assert (await amounts(work, delivery))["receivable"] == 1_000


async def test_fees_and_credits_are_collected_with_their_batch(billing: BillingWorld) -> None:
    await billing.open(Terms.CARD)
    async with billing.works.open() as work:
        version = await set_rate_card(
            work,
            shipper_id=billing.shipper.id,
            market_id=billing.market.id,
            service_level="STANDARD",
            currency="USD",
            base_minor=1,
            per_km_minor=0,
            per_stop_minor=0,
            minimum_minor=0,
            promises=PROMISES,
        )
        late: dict[str, Any] = {
            "dropoff_closes_at": work.now + timedelta(hours=1),
            "changed_at": work.now + timedelta(hours=3),
        }
    [delivered] = await billing.batch(10_000, rate_card_version=version, **late)
    async with billing.works.open() as work:
        cancelled = await make_delivery(
            work,
            billing.market,
            billing.shipper,
            billing.hub,
            await work_batch(work, delivered),
            state="CANCELLED",
            price_minor=5_000,
            fee_minor=700,
            currency="USD",
        )

    for one in (cancelled, delivered):
        await billing.job("accrue_delivery", one.id)
    await billing.run()

    assert [charge.amount_minor for charge in await billing.charges()] == [10_000 - 2_500 + 700]
    assert await billing.balance(shipper_receivable(billing.shipper.id)) == 0


async def work_batch(work: Work, delivery: Delivery) -> Batch:
    """The batch of a delivery."""
    return await Batch.get(id=delivery.batch_id, using_db=work.db)


async def _market_of(work: Work, delivery: Delivery) -> Market:
    return await Market.get(id=delivery.market_id, using_db=work.db)
