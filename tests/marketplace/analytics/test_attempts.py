"""First-attempt success, reasons and costs, by shipper and local day, every event once."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from marketplace.analytics import BadDays, Days, attempt_figures, roll_up_all
from marketplace.batches.events import DeliveryAttempted, DeliveryDelivered, DeliveryFailed, DeliveryReturned
from marketplace.core.ids import MarketId
from marketplace.core.work import Works
from marketplace.markets.models import Market
from tests.builders import make_batch, make_delivery, make_hub, make_market, make_shipper
from tests.marketplace.analytics.test_roll_up import about, publish

MONTH = Days(first=date(2026, 3, 1), last=date(2026, 3, 31))


async def read(works: Works, market: Market, shipper_id: UUID | None = None) -> list[dict[str, Any]]:
    async with works.open() as work:
        return list(await attempt_figures(work.connection, market_id=market.id, days=MONTH, shipper_id=shipper_id))


async def test_the_doors_of_a_day_are_counted_once_and_for_their_shipper(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        shipper, other = await make_shipper(work, market), await make_shipper(work, market, name="Otra")
        hub, batch = await make_hub(work, market), await make_batch(work, market, shipper)
        first = await make_delivery(work, market, shipper, hub, batch)
        second = await make_delivery(work, market, shipper, hub, batch, attempts=1, redelivery_minor=2100)
        gone = await make_delivery(work, market, shipper, hub, batch, attempts=2)
        back = await make_delivery(work, market, shipper, hub, batch, return_of=gone.id, price_minor=3300)
        driven: dict[str, Any] = {"route_id": hub.id, "driver_id": hub.id, "occurred_at": work.now}
        failed: dict[str, Any] = driven | {"reason": "RECIPIENT_UNAVAILABLE", "next_step": "REDELIVER", "waited_s": 200}
        work.emit(DeliveryDelivered(**about(first), **driven, is_on_time=True, left_at="NEIGHBOUR"))
        work.emit(DeliveryAttempted(**about(second), **failed, number=1))
        work.emit(DeliveryDelivered(**about(second), **driven, is_on_time=True))
        work.emit(DeliveryAttempted(**about(gone), **failed, number=1))
        work.emit(DeliveryAttempted(**about(gone), **failed | {"reason": "OTHER"}, number=2))
        work.emit(DeliveryDelivered(**about(back), **driven, is_on_time=True))
        work.emit(DeliveryReturned(**about(gone)))
        work.emit(DeliveryFailed(**about(gone), reason="DISCARDED"))
    await publish(works, market)

    for _ in range(2):
        await roll_up_all(works, market_id=MarketId(market.id))

    [day] = await read(works, market)
    reasons = day.pop("reasons")
    assert {key: value for key, value in day.items() if key not in {"day", "shipper_id"}} == {
        "delivered_first": 1,
        "attempted_first": 2,
        "attempts": 3,
        "first_attempt_percent": 33.3,
        "redelivered": 1,
        "left_safe": 1,
        "returned": 1,
        "discarded": 1,
        "return_minor": 3300,
        "redelivery_minor": 2100,
        "currency": "CLP",
    }
    assert reasons == [
        {"reason": "RECIPIENT_UNAVAILABLE", "attempts": 2, "waited_s": 400},
        {"reason": "OTHER", "attempts": 1, "waited_s": 200},
    ]
    assert await read(works, market, shipper.id) == [day | {"reasons": reasons}]
    assert await read(works, market, other.id) == []


@pytest.mark.parametrize(
    ("first", "last"), [(date(2026, 3, 2), date(2026, 3, 1)), (date(2026, 1, 1), date(2026, 4, 3))]
)
def test_days_are_in_order_and_not_too_many(first: date, last: date) -> None:
    with pytest.raises(BadDays):
        Days(first=first, last=last)
