"""Operations see who is online in their market, with the route of each; nobody else is shown."""

from marketplace.core.ids import to_wire
from marketplace.core.work import Work
from marketplace.fleet import PresenceState, live_drivers
from marketplace.fleet.queries import DRIVERS_AT_MOST
from marketplace.routes.states import RouteState
from tests.builders import (
    HUB_PLACE,
    make_batch,
    make_delivery,
    make_driver,
    make_hub,
    make_market,
    make_route,
    make_shipper,
)


async def test_live_drivers_are_those_of_the_market_who_are_not_offline(work: Work) -> None:
    market, elsewhere = await make_market(work), await make_market(work)
    online = [
        await make_driver(work, market, state=state) for state in PresenceState if state is not PresenceState.OFFLINE
    ]
    await make_driver(work, market, state=PresenceState.OFFLINE)
    await make_driver(work, elsewhere)

    rows = await live_drivers(work, market_id=market.id)

    assert [row["id"] for row in rows] == sorted(to_wire("driver", driver.id) for driver in online)
    assert {row["presence"] for row in rows} == {"AVAILABLE", "OFFERED", "ENGAGED", "PAUSED"}
    assert rows[0] | {"name": "Ana Rojas", "lat": HUB_PLACE.lat, "lon": HUB_PLACE.lon, "route_id": None} == rows[0]


async def test_a_driver_whose_place_nobody_knows_is_on_no_map(work: Work) -> None:
    market = await make_market(work)
    driver = await make_driver(work, market)
    await work.execute("UPDATE presence SET lat = NULL, lon = NULL WHERE driver_id = $1", driver.id)

    assert await live_drivers(work, market_id=market.id) == []


async def test_a_driver_is_shown_with_the_route_under_way_and_no_other(work: Work) -> None:
    market = await make_market(work)
    shipper, hub = await make_shipper(work, market), await make_hub(work, market)
    batch, driver = await make_batch(work, market, shipper), await make_driver(work, market)
    done, now = [await make_delivery(work, market, shipper, hub, batch) for _ in range(2)]
    await make_route(work, market, [done], driver=driver, state=RouteState.COMPLETED)
    route, _ = await make_route(work, market, [now], driver=driver, state=RouteState.STARTED)

    (row,) = await live_drivers(work, market_id=market.id)

    assert (row["presence"], row["route_id"]) == ("ENGAGED", to_wire("route", route.id))


async def test_a_list_is_bounded(work: Work) -> None:
    market = await make_market(work)
    await work.execute(
        "WITH made AS (INSERT INTO driver (id, market_id, name, phone, contract_kind, account_state, vehicle, capacity,"
        " skills, max_stops, created_at) SELECT gen_random_uuid(), $1, 'x', 'p' || i, 'CROWDSOURCED', 'ACTIVE', 'CAR',"
        " '{1,1,1}', '{}', 1, $2 FROM generate_series(0, $3) AS i RETURNING id)"
        " INSERT INTO presence (driver_id, market_id, state, lat, lon, changed_at) SELECT id, $1, 'AVAILABLE', 0, 0, $2"
        " FROM made",
        market.id,
        work.now,
        DRIVERS_AT_MOST,
    )

    assert len(await live_drivers(work, market_id=market.id)) == DRIVERS_AT_MOST
