"""Figures count every published event once, on the local day of its market; returns are no deliveries of their own."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from marketplace.analytics import headline, roll_up, roll_up_all
from marketplace.analytics.roll_up import COUNTED_AT_ONCE
from marketplace.batches.events import (
    DeliveryAttempted,
    DeliveryCancelled,
    DeliveryDelivered,
    DeliveryExpired,
    DeliveryFailed,
    DeliveryPosted,
    DeliveryReturned,
)
from marketplace.batches.models import Delivery
from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.ids import MarketId
from marketplace.core.outbox import publish_events
from marketplace.core.work import Work, Works
from marketplace.fleet.events import DriverWentOnline
from marketplace.fleet.states import PresenceState
from marketplace.markets.models import Market
from marketplace.offers.events import OfferAccepted, OfferDeclined, OfferExpired, OfferSent
from marketplace.payouts.events import PayoutPaid, PayStatementIssued
from marketplace.routes.events import RouteAssigned, RouteCompleted
from marketplace.routes.states import RouteState
from tests.builders import make_batch, make_delivery, make_driver, make_hub, make_market, make_route, make_shipper


async def publish(works: Works, market: Market) -> None:
    async with works.open() as work:
        while await publish_events(work, MarketId(market.id)):
            pass


async def figures(works: Works, market: Market) -> dict[date, dict[str, int]]:
    """The figures of each day that are not zero."""
    async with works.open() as work:
        rows = await work.fetch("SELECT * FROM market_day WHERE market_id = $1 ORDER BY day", market.id)
    return {
        row["day"]: {key: value for key, value in dict(row).items() if key not in {"id", "market_id", "day"} and value}
        for row in rows
    }


def about(delivery: Delivery, state: str = "") -> dict[str, Any]:
    return {
        "market_id": delivery.market_id,
        "shipper_id": delivery.shipper_id,
        "delivery_id": delivery.id,
        "batch_id": delivery.batch_id,
        "sequence": 1,
        "state": state,
    }


def emit_one_of_each(work: Work, delivery: Delivery) -> None:
    some_id, market_id = work.new_id(), delivery.market_id
    driven: dict[str, Any] = {"route_id": some_id, "driver_id": some_id}
    paid: dict[str, Any] = {"driver_id": some_id, "currency": "CLP"}
    offer = {"market_id": market_id, "offer_id": some_id, **driven}
    work.emit(DeliveryPosted(**about(delivery)))
    work.emit(DeliveryDelivered(**about(delivery), **driven, occurred_at=work.now, is_on_time=True))
    work.emit(DeliveryDelivered(**about(delivery), **driven, occurred_at=work.now, is_on_time=False))
    work.emit(
        DeliveryAttempted(
            **about(delivery), **driven, occurred_at=work.now, reason="OTHER", number=1, next_step="RETURN", waited_s=0
        )
    )
    work.emit(DeliveryFailed(**about(delivery), reason="OTHER"))
    work.emit(DeliveryExpired(**about(delivery), reason="NO_DRIVER"))
    work.emit(DeliveryReturned(**about(delivery)))
    work.emit(DeliveryCancelled(**about(delivery), reason="OTHER"))
    work.emit(OfferSent(**offer, wave_number=1, pay_minor=1, currency="CLP", expires_at=work.now))
    work.emit(OfferAccepted(**offer, pay_minor=1, currency="CLP"))
    work.emit(OfferDeclined(**offer, reason=None))
    work.emit(OfferExpired(**offer))
    work.emit(RouteAssigned(market_id=market_id, **driven, pay_minor=1, currency="CLP"))
    work.emit(RouteCompleted(market_id=market_id, **driven, occurred_at=work.now))
    issued: dict[str, Any] = {"statement_id": some_id, "route_id": some_id, "is_held": False}
    work.emit(PayStatementIssued(market_id=market_id, **issued, **paid, total_minor=7_000))
    work.emit(PayoutPaid(market_id=market_id, payout_id=some_id, **paid, amount_minor=5_000))


EACH_ONCE = {
    "posted": 1,
    "delivered": 2,
    "on_time": 1,
    "attempted": 1,
    "failed": 2,
    "returned": 1,
    "cancelled": 1,
    "offers_sent": 1,
    "offers_accepted": 1,
    "offers_declined": 1,
    "offers_expired": 1,
    "routes_assigned": 1,
    "routes_completed": 1,
    "earned_minor": 7_000,
    "paid_minor": 5_000,
}


async def a_delivery(work: Work, market: Market, **changes: Any) -> Delivery:
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    return await make_delivery(work, market, shipper, hub, await make_batch(work, market, shipper), **changes)


async def test_each_event_counts_in_its_figure_and_only_once(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        emit_one_of_each(work, await a_delivery(work, market))
    await publish(works, market)

    counted = [await roll_up_all(works, market_id=MarketId(market.id)) for _ in range(2)]

    assert counted == [16, 0]
    assert await figures(works, market) == {date(2026, 3, 2): EACH_ONCE}


async def test_a_run_that_is_broken_off_counts_nothing(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        emit_one_of_each(work, await a_delivery(work, market))
    await publish(works, market)

    with pytest.raises(ZeroDivisionError):
        async with works.open() as work:
            await roll_up(work, market_id=MarketId(market.id))
            _ = 1 / 0
    await roll_up_all(works, market_id=MarketId(market.id))

    assert await figures(works, market) == {date(2026, 3, 2): EACH_ONCE}


async def test_what_is_not_published_yet_is_counted_when_it_is(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        delivery = await a_delivery(work, market)
        work.emit(DeliveryPosted(**about(delivery)))
    await publish(works, market)
    await roll_up_all(works, market_id=MarketId(market.id))
    async with works.open() as work:
        work.emit(DeliveryPosted(**about(delivery)))

    assert await roll_up_all(works, market_id=MarketId(market.id)) == 0
    await publish(works, market)
    assert await roll_up_all(works, market_id=MarketId(market.id)) == 1

    assert await figures(works, market) == {date(2026, 3, 2): {"posted": 2}}


async def test_returns_are_not_deliveries_of_their_own(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        original = await a_delivery(work, market)
        back = await a_delivery(work, market, return_of=original.id)
        driven: dict[str, Any] = {"route_id": back.id, "driver_id": back.id}
        work.emit(DeliveryPosted(**about(back)))
        work.emit(DeliveryDelivered(**about(back), **driven, occurred_at=work.now, is_on_time=True))
        work.emit(DeliveryReturned(**about(original)))
    await publish(works, market)

    await roll_up_all(works, market_id=MarketId(market.id))

    assert await figures(works, market) == {date(2026, 3, 2): {"returned": 1}}


async def test_a_day_is_the_local_day_of_the_market(works: Works, clock: ManualClock) -> None:
    # Midnight in Chile's summer time is 03:00 in UTC.
    clock.now = datetime(2026, 3, 3, 2, 59, tzinfo=UTC)
    async with works.open() as work:
        market = await make_market(work)
        delivery = await a_delivery(work, market)
        work.emit(DeliveryPosted(**about(delivery)))
    clock.now += timedelta(minutes=1)
    async with works.open() as work:
        work.emit(DeliveryPosted(**about(delivery)))
    await publish(works, market)

    await roll_up_all(works, market_id=MarketId(market.id))

    assert await figures(works, market) == {date(2026, 3, 2): {"posted": 1}, date(2026, 3, 3): {"posted": 1}}


async def test_a_long_stream_is_counted_in_bounded_parts(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        await work.execute(
            "INSERT INTO event (id, market_id, name, payload, occurred_at)"
            " SELECT gen_random_uuid(), $1, 'OfferSent', '{}', $2 FROM generate_series(1, $3)",
            market.id,
            work.now,
            COUNTED_AT_ONCE + 1,
        )
    await publish(works, market)

    async with works.open() as work:
        assert await roll_up(work, market_id=MarketId(market.id)) == COUNTED_AT_ONCE
    async with works.open() as work:
        assert await roll_up(work, market_id=MarketId(market.id)) == 1

    assert await figures(works, market) == {date(2026, 3, 2): {"offers_sent": COUNTED_AT_ONCE + 1}}


async def test_the_headline_shows_the_day_and_what_is_under_way(works: Works) -> None:
    async with works.open() as work:
        market = await make_market(work)
        shipper, hub = await make_shipper(work, market), await make_hub(work, market)
        batch = await make_batch(work, market, shipper)
        deliveries = [await make_delivery(work, market, shipper, hub, batch) for _ in range(5)]
        ended = await make_delivery(work, market, shipper, hub, batch, state="DELIVERED")
        driver = await make_driver(work, market)
        await make_driver(work, market, state=PresenceState.OFFERED)
        await make_driver(work, market, state=PresenceState.OFFLINE)
        await make_route(work, market, deliveries[:1])
        await make_route(work, market, deliveries[1:3], driver=driver, state=RouteState.STARTED)
        work.emit(DeliveryPosted(**about(ended)))
        work.emit(DriverWentOnline(market_id=market.id, driver_id=driver.id))
    await publish(works, market)
    await roll_up_all(works, market_id=MarketId(market.id))

    async with works.open() as work:
        today = await headline(work, market_id=MarketId(market.id))
        yesterday = await headline(work, market_id=MarketId(market.id), day=date(2026, 3, 1))

    assert (today.day, today.currency, today.posted, today.delivered) == (date(2026, 3, 2), "CLP", 1, 0)
    assert (today.waiting, today.offering, today.assigned, today.on_the_way, today.returning) == (2, 1, 2, 0, 0)
    assert (today.routes_offered, today.routes_driven) == (1, 1)
    assert (today.drivers_available, today.drivers_engaged) == (1, 1)
    assert (yesterday.posted, yesterday.waiting) == (0, 2)


async def test_there_is_no_headline_of_an_unknown_market(work: Work) -> None:
    with pytest.raises(NotFound):
        await headline(work, market_id=MarketId(work.new_id()))
