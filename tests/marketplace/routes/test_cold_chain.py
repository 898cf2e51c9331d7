"""Time out of the cold is counted from hand to hand, shown to the driver, and a breach of it is told and kept."""

from typing import Any

import orjson
import pytest

from marketplace.accounts import PrincipalKind
from marketplace.attention import needs_attention
from marketplace.claims import ClaimKind, Party, list_claims, open_claim
from marketplace.core.clock import ManualClock
from marketplace.core.errors import NotFound
from marketplace.core.ids import DeliveryId, MarketId
from marketplace.core.work import Works
from marketplace.offers.candidates import find_needs
from marketplace.routes import custody_of, my_route, settle_cold_breach
from tests.builders import make_market
from tests.marketplace.payouts.world import make_operator
from tests.marketplace.routes.drives import Drive, make_drive


async def cold_drive(works: Works, clock: ManualClock, *, keeps_cold: bool = False) -> Drive:
    """One parcel that may be out of the cold for half an hour, on a started route, picked up at minute 0."""
    drive = await make_drive(works, clock, count=1, out_of_cold_limit_s=1_800)
    if keeps_cold:
        async with works.open() as work:
            await work.execute("UPDATE driver SET skills = '{COLD}' WHERE id = $1", drive.driver.id)
    await drive.start()
    await drive.pick_up(0)
    return drive


async def links(drive: Drive) -> list[tuple[str, bool | None, int | None]]:
    """The chain, as far as it is about the cold."""
    async with drive.works.read() as connection:
        found = await custody_of(
            connection, delivery_id=drive.deliveries[0].id, shipper_id=drive.shipper.id, market_id=None
        )
    return [(one["kind"], one["keeps_cold"], one["out_of_cold_s"]) for one in found or ()]


async def cold_until(drive: Drive) -> str | None:
    """Until when the driver is told to hand over."""
    async with drive.works.read() as connection:
        route = await my_route(connection, driver_id=drive.driver.id, now=drive.clock.now)
    assert route is not None
    door = next(stop for stop in route["stops"] if stop["kind"] == "DROPOFF")
    until: str | None = door["tasks"][0]["delivery"]["cold_until"]
    return until


async def breaches(drive: Drive) -> list[dict[str, Any]]:
    """What was told of broken chains."""
    async with drive.works.open() as work:
        rows = await work.fetch("SELECT payload FROM event WHERE name = 'ColdChainBroken'")
    return [orjson.loads(row["payload"]) for row in rows]


async def test_in_a_vehicle_without_a_cold_box_the_clock_runs_from_pickup_to_door(
    works: Works, clock: ManualClock
) -> None:
    drive = await cold_drive(works, clock)
    picked_at = clock.now
    told = await cold_until(drive)

    clock.advance(seconds=1_500)
    await drive.arrive(1)
    clock.advance(seconds=240)
    await drive.drop_off(1)

    assert told is not None
    assert (clock.now.fromisoformat(told) - picked_at).total_seconds() == 1_800
    assert await links(drive) == [("PICKED_UP", False, 0), ("HANDED_OVER", None, 1_740)]
    assert await breaches(drive) == []


async def test_in_a_cold_vehicle_the_clock_stands_and_runs_again_at_the_door(works: Works, clock: ManualClock) -> None:
    drive = await cold_drive(works, clock, keeps_cold=True)
    on_the_way = await cold_until(drive)

    clock.advance(seconds=3_600)
    await drive.arrive(1)
    arrived_at, at_the_door = clock.now, await cold_until(drive)
    clock.advance(seconds=300)
    await drive.drop_off(1)

    assert on_the_way is None
    assert at_the_door is not None
    assert (clock.now.fromisoformat(at_the_door) - arrived_at).total_seconds() == 1_800
    assert await links(drive) == [("PICKED_UP", True, 0), ("HANDED_OVER", None, 300)]
    assert await breaches(drive) == []


async def test_what_was_too_long_out_of_the_cold_is_told_once_waits_for_a_person_and_speaks_in_a_claim(
    works: Works, clock: ManualClock
) -> None:
    drive = await cold_drive(works, clock)
    delivery_id, market_id = DeliveryId(drive.deliveries[0].id), MarketId(drive.market.id)
    clock.advance(seconds=2_400)
    await drive.arrive(1)

    await drive.drop_off(1)

    assert await drive.deliveries_are() == ["DELIVERED"]
    assert [(one["out_of_cold_s"], one["limit_s"]) for one in await breaches(drive)] == [(2_400, 1_800)]
    shipper = Party(kind=PrincipalKind.SHIPPER, id=drive.shipper.id)
    async with works.open() as work:
        needs = await needs_attention(work, market_id=market_id)
        await open_claim(
            work, by=shipper, delivery_id=delivery_id, kind=ClaimKind.DAMAGED, asked_minor=500, text="The milk is off."
        )
    assert [(one.kind.value, one.delivery_id, one.reason) for one in needs] == [
        ("COLD_CHAIN", delivery_id, "40 / 30 min")
    ]
    async with works.read() as connection:
        claims = await list_claims(connection, party=shipper, only_open=True)
    assert [(one["cold_breach"]["out_of_cold_s"], one["cold_breach"]["limit_s"]) for one in claims] == [(2_400, 1_800)]


async def test_a_breach_is_settled_by_an_operator_of_its_market_and_the_first_note_stays(
    works: Works, clock: ManualClock
) -> None:
    drive = await cold_drive(works, clock)
    clock.advance(seconds=2_400)
    await drive.arrive(1)
    await drive.drop_off(1)
    delivery_id = drive.deliveries[0].id

    async with works.open() as work:
        elsewhere = await make_market(work, name="Arica")
        marta = await make_operator(work, drive.market.id)
        settled = {"delivery_id": delivery_id, "operator_id": marta}
        with pytest.raises(NotFound):
            await settle_cold_breach(work, market_id=elsewhere.id, note="Not mine.", **settled)
        assert len(await needs_attention(work, market_id=drive.market.id)) == 1
        await settle_cold_breach(work, market_id=drive.market.id, note="Shipper told; sent anew.", **settled)
        await settle_cold_breach(work, market_id=drive.market.id, note="Something else.", **settled)

        assert await needs_attention(work, market_id=drive.market.id) == []
        assert await work.fetch_value("SELECT note FROM cold_breach") == "Shipper told; sent anew."


@pytest.mark.parametrize(("limit_s", "skills"), [(420, []), (400, ["COLD"]), (None, [])])
async def test_only_a_cold_vehicle_is_asked_where_the_planned_way_is_longer_than_it_keeps(
    works: Works, clock: ManualClock, limit_s: int | None, skills: list[str]
) -> None:
    drive = await make_drive(works, clock, count=1, out_of_cold_limit_s=limit_s)

    async with works.open() as work:
        needs = await find_needs(work, route_id=drive.route.id)

    assert needs is not None
    assert needs.skills == skills
