"""Docks bound what a window takes: deliveries of one route load together, those without a route alone."""

from datetime import UTC, datetime, timedelta

from marketplace.core.window import Window
from marketplace.core.work import Work
from marketplace.hubs import Opening, Slot, places_left
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


def test_a_window_takes_as_many_vehicles_as_docks_can_load_one_after_the_other() -> None:
    two_hours = Window(NOON.opens_at, NOON.opens_at + timedelta(hours=2))

    assert Opening(docks=3, dock_s=2_400).vehicles_in(two_hours) == 9
    assert Opening().vehicles_in(two_hours) is None
    assert (Opening().is_without_bound, Opening(docks=1).is_without_bound) == (True, False)
