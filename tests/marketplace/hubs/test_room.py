"""Docks bound what a window takes: deliveries of one route load together, those without a route alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from marketplace.core.window import Window
from marketplace.core.work import Work
from marketplace.hubs import Opening, Slot, add_transfer, places_left
from marketplace.hubs.room import day_of, room_of
from tests.builders import make_batch, make_delivery, make_hub, make_market, make_route, make_shipper

NOON = Window(datetime(2026, 3, 2, 15, tzinfo=UTC), datetime(2026, 3, 2, 18, tzinfo=UTC))


async def test_vehicles_at_the_docks_are_counted_and_not_parcels(work: Work) -> None:
    market = await make_market(work)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    batch = await make_batch(work, market, shipper)
    opening = Opening(docks=2, dock_s=3_600)

    async def left() -> int:
        slots = [Slot.of(NOON, NOON)]
        [places] = await places_left(work, hub_id=hub.id, opening=opening, slots=slots, time_zone=market.time_zone)
        return places

    seen = [await left()]
    waiting = [await make_delivery(work, market, shipper, hub, batch) for _ in range(3)]
    seen.append(await left())
    await make_route(work, market, waiting[:2])
    seen.append(await left())
    for _ in range(5):
        await make_delivery(work, market, shipper, hub, batch)
    seen.append(await left())

    assert seen == [6, 3, 4, 0]


async def test_a_dock_is_taken_when_the_vehicle_loads_and_a_place_when_it_hands_over(work: Work) -> None:
    market = await make_market(work)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    batch = await make_batch(work, market, shipper)
    evening = Window(NOON.closes_at + timedelta(hours=3), NOON.closes_at + timedelta(hours=6))
    slots = [Slot.of(NOON, NOON), Slot.of(NOON, evening), Slot.of(evening, evening)]
    changes = {"dropoff_opens_at": evening.opens_at, "dropoff_closes_at": evening.closes_at}

    async def left(opening: Opening) -> list[int]:
        return await places_left(work, hub_id=hub.id, opening=opening, slots=slots, time_zone=market.time_zone)

    for opens_at, closes_at in ((NOON.opens_at, NOON.closes_at), (NOON.opens_at, NOON.opens_at)):
        window = {"pickup_opens_at": opens_at, "pickup_closes_at": closes_at}
        await make_delivery(work, market, shipper, hub, batch, **changes | window)

    assert await left(Opening(docks=1, dock_s=600)) == [18 - 2, 18 - 2, 18 - 0]
    assert await left(Opening(places_per_hour=1)) == [3, 1, 1]


async def test_what_is_taken_while_one_looks_is_what_is_counted_once_it_is_written(work: Work) -> None:
    market = await make_market(work)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    batch = await make_batch(work, market, shipper)
    at = [NOON.opens_at + timedelta(minutes=45 * i) for i in range(-4, 9)]
    spans = [(0, 4, 2, 6), (4, 8, 4, 8), (1, 2, 6, 9), (3, 3, 3, 3), (0, 12, 6, 8), (4, 12, 2, 5)]
    windows = [(Window(at[a], at[b]), Window(at[c], at[d])) for a, b, c, d in spans]
    slots = [Slot.of(pickup, dropoff) for pickup, dropoff in windows]
    asked: dict[str, Any] = {"hub_id": hub.id, "opening": Opening(docks=1, places_per_hour=9), "slots": slots}
    room = await room_of(work, **asked, time_zone=market.time_zone)

    for slot, (pickup, dropoff) in zip(slots, windows, strict=True):
        room.take(slot)
        await make_delivery(
            work, market, shipper, hub, batch,
            pickup_opens_at=pickup.opens_at, pickup_closes_at=pickup.closes_at,
            dropoff_opens_at=dropoff.opens_at, dropoff_closes_at=dropoff.closes_at,
        )  # fmt: skip

    counted = await room_of(work, **asked, time_zone=market.time_zone)
    assert room.days == counted.days == {at_midnight(market.time_zone): len(spans)}
    for slot in slots:
        assert room.tallies[slot].places == pytest.approx(counted.tallies[slot].places)
        assert room.tallies[slot].calls == pytest.approx(counted.tallies[slot].calls)


def at_midnight(time_zone: str) -> datetime:
    return day_of(NOON.opens_at, time_zone)[0]


async def test_a_transfer_takes_a_dock_of_the_hub_where_it_arrives_and_no_place(work: Work) -> None:
    market = await make_market(work)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    sender = await make_hub(work, market, name="Norte")
    batch = await make_batch(work, market, shipper)
    delivery = await make_delivery(work, market, shipper, sender, batch)
    hubs = {"from_hub_id": sender.id, "to_hub_id": hub.id}
    assert await add_transfer(work, market_id=market.id, delivery_id=delivery.id, **hubs, replenishment_id=None)

    found = [
        await places_left(work, hub_id=hub.id, opening=opening, slots=[Slot.of(NOON, NOON)], time_zone=market.time_zone)
        for opening in (Opening(docks=1, dock_s=3_600), Opening(places_per_hour=1))
    ]

    assert found == [[2], [3]]


def test_a_vehicle_loads_when_it_is_nearly_time_or_when_it_must() -> None:
    three, six = NOON.opens_at, NOON.closes_at
    early, late = three - timedelta(hours=9), three + timedelta(hours=9)

    assert Slot.of(Window(early, late), NOON).loading == Window(three - timedelta(minutes=30), six)
    assert Slot.of(Window(early, early + timedelta(hours=1)), NOON).loading == Window(early, early + timedelta(hours=1))
    assert Slot.of(NOON, Window(early, three + timedelta(hours=1))).loading == Window(three, three + timedelta(hours=1))


def test_a_window_takes_as_many_vehicles_as_docks_can_load_one_after_the_other() -> None:
    two_hours = Window(NOON.opens_at, NOON.opens_at + timedelta(hours=2))

    assert Opening(docks=3, dock_s=2_400).vehicles_in(two_hours) == 9
    assert Opening().vehicles_in(two_hours) is None
    assert (Opening().is_without_bound, Opening(docks=1).is_without_bound) == (True, False)
