"""A hub opens for all shippers or for one; to the others it does not exist."""

from typing import Any
from uuid import UUID

import pytest

from marketplace.core.geo import Point
from marketplace.core.ids import to_wire
from marketplace.core.window import BadWindow
from marketplace.core.work import Work
from marketplace.hubs import create_hub, hubs_of_market, hubs_open_to
from marketplace.markets.models import Market
from tests.builders import make_market, make_shipper

PLACE = Point(lat=-29.9045, lon=-71.2489)


async def open_hub(work: Work, market: Market, **changes: Any) -> UUID:
    values: dict[str, Any] = {
        "shipper_id": None,
        "name": "Centro",
        "address": "Calle Balmaceda 300",
        "place": PLACE,
        "time_zone": "America/Santiago",
    }
    return await create_hub(work, market_id=market.id, **values | changes)


async def test_a_hub_stands_at_its_place_on_the_clock_of_its_zone(work: Work) -> None:
    market = await make_market(work)

    hub_id = await open_hub(work, market)

    assert await hubs_of_market(work, market_id=market.id) == [
        {
            "id": to_wire("hub", hub_id),
            "name": "Centro",
            "address": "Calle Balmaceda 300",
            "time_zone": "America/Santiago",
            "lat": PLACE.lat,
            "lon": PLACE.lon,
        }
    ]


async def test_a_hub_needs_a_clock(work: Work) -> None:
    market = await make_market(work)

    with pytest.raises(BadWindow, match="IANA time zone"):
        await open_hub(work, market, time_zone="La Serena")

    assert await hubs_of_market(work, market_id=market.id) == []


async def test_a_shipper_may_use_its_own_hubs_and_those_of_all(work: Work) -> None:
    market = await make_market(work)
    ana, bruno = await make_shipper(work, market), await make_shipper(work, market)
    common = await open_hub(work, market)
    of_ana, of_bruno = [await open_hub(work, market, shipper_id=shipper.id) for shipper in (ana, bruno)]
    wanted = [common, of_ana, of_bruno, UUID(int=404)]

    assert (await hubs_open_to(work, shipper_id=ana.id, hub_ids=wanted)).keys() == {common, of_ana}
    assert (await hubs_open_to(work, shipper_id=bruno.id, hub_ids=wanted)).keys() == {common, of_bruno}
    assert await hubs_open_to(work, shipper_id=ana.id, hub_ids=[]) == {}


async def test_lists_show_the_same_and_operations_see_all(work: Work) -> None:
    market, elsewhere = await make_market(work), await make_market(work)
    ana, bruno = await make_shipper(work, market), await make_shipper(work, market)
    common = await open_hub(work, market)
    of_ana, of_bruno = [await open_hub(work, market, shipper_id=shipper.id) for shipper in (ana, bruno)]
    await open_hub(work, elsewhere)

    async def listed(shipper_id: UUID | None) -> list[object]:
        return [hub["id"] for hub in await hubs_of_market(work, market_id=market.id, shipper_id=shipper_id)]

    assert await listed(None) == [to_wire("hub", hub_id) for hub_id in sorted([common, of_ana, of_bruno])]
    assert await listed(ana.id) == [to_wire("hub", hub_id) for hub_id in sorted([common, of_ana])]
    assert await listed(bruno.id) == [to_wire("hub", hub_id) for hub_id in sorted([common, of_bruno])]
