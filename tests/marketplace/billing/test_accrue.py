"""A delivery is owed by its shipper once it was delivered or came back, and only once."""

import pytest

from marketplace.batches.models import Delivery
from marketplace.batches.states import DeliveryState
from marketplace.billing import NotEarned, accrue_delivery
from marketplace.billing.accrue import ENDED_STATES
from marketplace.core.errors import NotFound
from marketplace.core.ids import DeliveryId
from marketplace.core.work import Work
from marketplace.ledger import DELIVERY_REVENUE, balance_of, check_ledger, shipper_receivable
from tests.builders import make_batch, make_delivery, make_hub, make_market, make_shipper


async def make_ended_delivery(work: Work, state: DeliveryState, price_minor: int = 4200) -> Delivery:
    market = await make_market(work)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    batch = await make_batch(work, market, shipper)
    return await make_delivery(work, market, shipper, hub, batch, state=state.value, price_minor=price_minor)


async def owed(work: Work, delivery: Delivery) -> tuple[int, int]:
    """What the shipper owes, and what we earned."""
    sides = [shipper_receivable(delivery.shipper_id), DELIVERY_REVENUE]
    balances = [
        await balance_of(work, market_id=delivery.market_id, account=account, currency="CLP") for account in sides
    ]
    return balances[0].minor, balances[1].minor


@pytest.mark.parametrize("state", [DeliveryState.DELIVERED, DeliveryState.RETURNED])
async def test_a_delivery_at_its_end_is_owed_at_its_price(work: Work, state: DeliveryState) -> None:
    delivery = await make_ended_delivery(work, state)

    await accrue_delivery(work, delivery_id=DeliveryId(delivery.id))

    assert await owed(work, delivery) == (4200, 4200)
    assert (await check_ledger(work, market_id=delivery.market_id)).is_sound


async def test_a_delivery_is_owed_once_however_often_it_is_accrued(work: Work) -> None:
    delivery = await make_ended_delivery(work, DeliveryState.DELIVERED)

    first = await accrue_delivery(work, delivery_id=DeliveryId(delivery.id))
    again = await accrue_delivery(work, delivery_id=DeliveryId(delivery.id))

    assert first == again
    assert await owed(work, delivery) == (4200, 4200)
    assert await work.fetch_value("SELECT key FROM journal") == f"delivery:{delivery.id}:charge"


@pytest.mark.parametrize("state", sorted(set(DeliveryState) - ENDED_STATES))
async def test_a_delivery_that_has_not_arrived_is_not_owed(work: Work, state: DeliveryState) -> None:
    delivery = await make_ended_delivery(work, DeliveryState.SCHEDULED)
    await work.execute("ALTER TABLE delivery DROP CONSTRAINT delivery_on_a_route")
    back = "brought_back_at = CASE WHEN $1::text = 'ATTEMPTED' THEN changed_at END"
    await work.execute(f"UPDATE delivery SET state = $1::text, {back}", state.value)

    with pytest.raises(NotEarned):
        await accrue_delivery(work, delivery_id=DeliveryId(delivery.id))

    assert await owed(work, delivery) == (0, 0)


async def test_a_delivery_without_a_price_moves_nothing(work: Work) -> None:
    delivery = await make_ended_delivery(work, DeliveryState.DELIVERED, price_minor=0)

    assert await accrue_delivery(work, delivery_id=DeliveryId(delivery.id)) is None

    assert await work.fetch_value("SELECT count(*) FROM journal") == 0


async def test_an_unknown_delivery_is_not_found(work: Work) -> None:
    with pytest.raises(NotFound):
        await accrue_delivery(work, delivery_id=DeliveryId(work.new_id()))
