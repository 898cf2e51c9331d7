"""A paused part of the city: nothing new is planned, offered or promised there until the pause is over."""

from datetime import timedelta
from typing import Any

import pytest

from marketplace.accounts import add_operator
from marketplace.core.geo import Point
from marketplace.core.ids import MarketId
from marketplace.core.work import Work
from marketplace.markets import cells_around, cells_within, open_pauses, pause_zone, paused_until, resume_zone
from marketplace.markets.pauses import BadPause
from marketplace.matching.snapshot import take_snapshot
from marketplace.offers import clear_paused_routes, plan_after_pause
from tests.builders import (
    HOME_PLACE,
    HUB_PLACE,
    make_batch,
    make_delivery,
    make_hub,
    make_market,
    make_route,
    make_shipper,
)


async def test_what_waits_there_is_set_aside_and_routes_that_look_for_a_driver_are_given_up(work: Work) -> None:
    market = await make_market(work)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    batch = await make_batch(work, market, shipper)
    away = {"dropoff_lat": HUB_PLACE.lat + 0.03, "dropoff_lon": HUB_PLACE.lon}
    waits, offered = [await make_delivery(work, market, shipper, hub, batch) for _ in range(2)]
    elsewhere = await make_delivery(work, market, shipper, hub, batch, **away)
    route, _ = await make_route(work, market, [offered])
    marta = await add_operator(work, name="Marta", email="m@example.com", market_id=MarketId(market.id))
    until = work.now + timedelta(hours=1)

    pause_id = await pause_zone(
        work, market_id=market.id, cells=[HOME_PLACE.cell], reason="a flood", expires_at=until, operator_id=marta
    )
    given_up = await clear_paused_routes(work, market_id=market.id)
    seen = await take_snapshot(work, market_id=market.id)

    assert given_up == 1
    assert await work.fetch_value("SELECT state FROM route WHERE id = $1", route.id) == "DISSOLVED"
    assert seen is not None
    assert [one.id for one in seen.deliveries] == [elsewhere.id]
    rows = await work.fetch(
        "SELECT unassigned_reason, plan_after FROM delivery WHERE id = ANY($1)", [waits.id, offered.id]
    )
    assert {tuple(row) for row in rows} == {("PAUSED", until)}

    assert await resume_zone(work, market_id=market.id, pause_id=pause_id)
    assert not await resume_zone(work, market_id=market.id, pause_id=pause_id)
    assert await plan_after_pause(work, market_id=market.id) == 2
    again = await take_snapshot(work, market_id=market.id)
    assert again is not None
    assert len(again.deliveries) == 3


async def test_a_pause_has_cells_a_reason_and_an_end(work: Work) -> None:
    market = await make_market(work)
    marta = await add_operator(work, name="Marta", email="m@example.com", market_id=MarketId(market.id))
    good: dict[str, Any] = {
        "cells": cells_around(HOME_PLACE, 1),
        "reason": "a flood",
        "expires_at": work.now + timedelta(hours=1),
    }
    bad: list[dict[str, Any]] = [{"cells": []}, {"cells": ["x"]}, {"reason": " "}, {"expires_at": work.now}]

    for one in bad:
        with pytest.raises(BadPause):
            await pause_zone(work, market_id=market.id, operator_id=marta, **good | one)

    assert len(cells_around(HOME_PLACE, 1)) == 7
    await pause_zone(work, market_id=market.id, operator_id=marta, **good)
    pauses = await open_pauses(work.connection, market_id=market.id, at=work.now)
    assert paused_until(pauses, HUB_PLACE, HOME_PLACE) == good["expires_at"]
    assert paused_until(pauses, HUB_PLACE) is None
    assert await open_pauses(work.connection, market_id=market.id, at=work.now + timedelta(hours=1)) == []


def test_a_drawn_zone_is_every_cell_that_it_touches() -> None:
    def drawn(size: float) -> list[Point]:
        return [
            Point(lat=HOME_PLACE.lat + north * size, lon=HOME_PLACE.lon + east * size)
            for north, east in ((-1, -1), (-1, 1), (1, 1), (1, -1))
        ]

    assert cells_within(drawn(0.00001)) == [HOME_PLACE.cell]
    assert set(cells_around(HOME_PLACE, 1)) < set(cells_within(drawn(0.02)))
    for bad in (drawn(0.001)[:2], drawn(0.2), drawn(20.0)):
        with pytest.raises(BadPause):
            cells_within(bad)
